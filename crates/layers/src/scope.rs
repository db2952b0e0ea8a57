//! What a reader may see. The scope goes into every scan and every cache key; no answer exists without one.

use std::ops::Deref;

use h3o::Resolution;
use naqsha_model::{Agency, Incident, Role};

use crate::query::LayerQuery;

/// What somebody may see, as the scan uses it: the rules of a role and, where the role is held for an agency, which records.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope {
    role: Role,
    agency: Option<Agency>,
}

impl Scope {
    /// The scope of a role that is not held for an agency. One that is, as an uploader's, reads nothing without.
    pub const fn of(role: Role) -> Self {
        Self { role, agency: None }
    }

    /// The scope of a role of an agency.
    pub const fn of_agency(role: Role, agency: Agency) -> Self {
        Self {
            role,
            agency: Some(agency),
        }
    }

    /// Who is asking.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Whether layers that nobody released may be read. A partner reads released layers alone, and there is no release
    /// yet: its minimum counts hold for tables made once, not for questions that anyone may cut as he likes.
    pub const fn reads_unreleased(&self) -> bool {
        match self.role {
            Role::Analyst | Role::Operator => true,
            Role::Uploader | Role::Approver => self.agency.is_some(),
            Role::Public | Role::Partner | Role::Custodian | Role::Auditor => false,
        }
    }

    /// Finest resolution at which the place of a single record is shown (domain rule: analysts see resolution 8, an agency
    /// its own points).
    pub const fn finest_record_resolution(&self) -> Resolution {
        if self.sees_points() {
            Resolution::Nine
        } else {
            Resolution::Eight
        }
    }

    /// Whether the exact points of records are shown.
    pub const fn sees_points(&self) -> bool {
        matches!(self.role, Role::Operator | Role::Uploader | Role::Approver)
    }

    /// The agency whose records alone are read.
    pub fn only_agency(&self) -> Option<&str> {
        let agency = self.agency.as_ref().map(Agency::as_str);
        agency.filter(|_| self.role.is_of_an_agency())
    }

    /// Whether a record is one of those that are read.
    pub(crate) fn admits(&self, incident: &Incident) -> bool {
        let own = |agency| incident.agency.as_str() == agency;
        self.reads_unreleased() && self.only_agency().is_none_or(own)
    }

    /// The question with the row filter of the scope in it.
    pub(crate) fn narrow(&self, query: &LayerQuery) -> Narrowed {
        let mut query = query.clone();
        if let Some(own) = self.only_agency() {
            let asked = query.agencies.as_deref();
            let asks = asked.is_none_or(|codes| codes.iter().any(|code| code == own));
            query.agencies = Some(if asks {
                vec![own.to_owned()]
            } else {
                Vec::new()
            });
            // A cluster is of several agencies: which of its records counts would tell that another's is there.
            query.deduplicated = false;
        }
        Narrowed(query)
    }

    /// Name of the rules applied, as the response member `policy` states it.
    pub const fn policy(&self) -> &'static str {
        self.role.code()
    }
}

/// A question with the row filter of a scope in it: nothing else is asked of a snapshot.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Narrowed(LayerQuery);

impl Deref for Narrowed {
    type Target = LayerQuery;

    fn deref(&self) -> &LayerQuery {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agency(code: &str) -> Agency {
        Agency::new(code).unwrap()
    }

    fn asked(scope: &Scope, agencies: Option<&[&str]>) -> Option<Vec<String>> {
        let codes = |codes: &[&str]| codes.iter().copied().map(str::to_owned).collect();
        let query = LayerQuery {
            agencies: agencies.map(codes),
            ..LayerQuery::default()
        };
        scope.narrow(&query).agencies.clone()
    }

    #[test]
    fn an_uploader_asks_about_its_own_records_whatever_it_asks() {
        let own = Scope::of_agency(Role::Uploader, agency("ANF"));
        assert_eq!(asked(&own, None), Some(vec!["ANF".to_owned()]));
        let some = Some(&["FIA", "ANF"][..]);
        assert_eq!(asked(&own, some), Some(vec!["ANF".to_owned()]));
        assert_eq!(asked(&own, Some(&["FIA"])), Some(Vec::new()));
        let analyst = Scope::of_agency(Role::Analyst, agency("NPB"));
        assert_eq!(
            asked(&analyst, None),
            None,
            "an analyst's agency is no filter"
        );
    }

    #[test]
    fn who_reads_no_incidents_reads_none_of_an_agency_either() {
        for role in Role::ALL {
            let read = [Scope::of(*role), Scope::of_agency(*role, agency("ANF"))];
            let expected = match role {
                Role::Analyst | Role::Operator => [true, true],
                Role::Uploader | Role::Approver => [false, true],
                Role::Public | Role::Partner | Role::Custodian | Role::Auditor => [false, false],
            };
            assert_eq!(
                read.map(|scope| scope.reads_unreleased()),
                expected,
                "{role:?}"
            );
        }
    }
}
