//! Who asks or acts, as far as rights depend on it.

use crate::coded::coded;

coded! {
    /// What somebody may do follows from this alone; no role contains another.
    Role, "role" {
        /// Anyone, without a key.
        Public = "public",
        /// A partner outside the police: coarser cells and higher minimum counts than an analyst's.
        Partner = "partner",
        /// The coordinating agency's analyst: cells, never points.
        Analyst = "analyst",
        /// Whoever sends an agency's batches; reads that agency's own records.
        Uploader = "uploader",
        /// The second of the four eyes on an agency's withdrawals, restorations and purges.
        Approver = "approver",
        /// Keeps keys and releases; reads no incidents.
        Custodian = "custodian",
        /// Reads the audit log and nothing else.
        Auditor = "auditor",
        /// Whoever runs commands on the store's machine. No key has this role.
        Operator = "operator",
    }
}

impl Role {
    /// Whether a key can carry the role: it needs one, and one can have it.
    pub const fn is_granted_by_key(self) -> bool {
        !matches!(self, Self::Public | Self::Operator)
    }

    /// Whether the role is held for one agency: a key of it names one.
    pub const fn is_of_an_agency(self) -> bool {
        matches!(self, Self::Uploader | Self::Approver)
    }
}

#[cfg(test)]
mod tests {
    use super::Role;

    #[test]
    fn keys_carry_the_six_roles_between_anyone_and_the_operator() {
        let of_keys: Vec<&str> = Role::ALL
            .iter()
            .filter(|role| role.is_granted_by_key())
            .map(|role| role.code())
            .collect();
        let expected = [
            "partner",
            "analyst",
            "uploader",
            "approver",
            "custodian",
            "auditor",
        ];
        assert_eq!(of_keys, expected);
        assert!(Role::parse("Analyst").is_err() && Role::parse("").is_err());
    }
}
