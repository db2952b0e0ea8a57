//! Who may do what: one table, one function. What the table does not allow is denied, and no role contains another.

use naqsha_layers::Scope;
use naqsha_model::Role;

use super::subject::{Subject, Who};

/// What a route is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    /// Asking whether the service runs. Nobody is asked who they are.
    Probe,
    /// Reading what the service is: documents, schemas, styles, the dashboard. Nothing of it is of records.
    Describe,
    /// Reading layers and records, as far as the scope shows them.
    Read,
    /// Starting an execution and looking after the jobs that one has begun.
    Compute,
    /// Sending files of an agency's records.
    Upload,
    /// Looking after an agency's batches: listing, withdrawing and restoring them.
    Keep,
}

impl Action {
    /// Whether it is recorded when it is allowed; what is refused always is.
    pub(crate) const fn is_of_data(self) -> bool {
        match self {
            Self::Probe | Self::Describe => false,
            Self::Read | Self::Compute | Self::Upload | Self::Keep => true,
        }
    }

    /// Whether it is about files that are sent and what became of them.
    pub(super) const fn is_of_files(self) -> bool {
        matches!(self, Self::Upload | Self::Keep)
    }

    /// The word in the audit log and in documents.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::Describe => "describe",
            Self::Read => "read",
            Self::Compute => "compute",
            Self::Upload => "upload",
            Self::Keep => "keep",
        }
    }
}

/// What each role may do. A role that is not held for an agency and ought to be reads nothing (see [`Scope`]).
const TABLE: [(Role, &[Action]); 8] = {
    use Action::{Compute, Describe, Keep, Probe, Read, Upload};
    [
        (Role::Public, &[Probe, Describe]),
        (Role::Partner, &[Probe, Describe]),
        (Role::Analyst, &[Probe, Describe, Read, Compute]),
        (
            Role::Uploader,
            &[Probe, Describe, Read, Compute, Upload, Keep],
        ),
        (Role::Approver, &[Probe, Describe, Read, Compute, Keep]),
        (Role::Custodian, &[Probe, Describe]),
        (Role::Auditor, &[Probe, Describe]),
        (
            Role::Operator,
            &[Probe, Describe, Read, Compute, Upload, Keep],
        ),
    ]
};

/// What a role may do.
pub(crate) fn may(role: Role) -> impl Iterator<Item = Action> {
    let rows = TABLE.iter().filter(move |(of, _)| *of == role);
    rows.flat_map(|(_, may)| may.iter().copied())
}

/// What is acted on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Resource<'a> {
    /// What is the same for all who may act on it; the scope says how much of it they see.
    Shared,
    /// What somebody has begun, and is theirs.
    Of(&'a Who),
}

/// Why somebody may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// They have not said who they are.
    Unknown,
    /// Their role may not.
    Forbidden,
    /// It is another's: to be answered as if it were not there.
    Absent,
}

/// Leave to act. There is none but what [`decide`] gives.
#[derive(Debug, Clone)]
pub(crate) struct Permit {
    subject: Subject,
}

impl Permit {
    /// What may be seen.
    pub(crate) const fn scope(&self) -> &Scope {
        self.subject.scope()
    }

    /// Who acts.
    pub(crate) const fn subject(&self) -> &Subject {
        &self.subject
    }
}

/// Whether somebody may do something to something.
///
/// # Errors
/// Why not.
pub(crate) fn decide(
    subject: &Subject,
    action: Action,
    resource: Resource<'_>,
) -> Result<Permit, Refusal> {
    let in_table = may(subject.role()).any(|may| may == action);
    let sees = match action {
        Action::Probe | Action::Describe => true,
        Action::Read | Action::Compute | Action::Upload | Action::Keep => {
            subject.scope().reads_unreleased()
        }
    };
    if !(in_table && sees) {
        return Err(if subject.is_known() {
            Refusal::Forbidden
        } else {
            Refusal::Unknown
        });
    }
    match resource {
        Resource::Of(owner) if owner != subject.who() => Err(Refusal::Absent),
        Resource::Of(_) | Resource::Shared => Ok(Permit {
            subject: subject.clone(),
        }),
    }
}

/// Leave to read what the service is, for those who ask nothing of it: links and documents in tests.
#[cfg(test)]
pub(crate) fn described() -> Permit {
    Permit {
        subject: Subject::anonymous(Role::Public),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use naqsha_model::Agency;

    fn of(role: Role, agency: Option<&str>) -> Subject {
        let agency = agency.map(|code| Agency::new(code).unwrap());
        Subject::new(Who::Key("k1".into()), role, agency)
    }

    #[test]
    fn the_table_names_every_role_once() {
        let named: Vec<Role> = TABLE.iter().map(|(role, _)| *role).collect();
        assert_eq!(named, Role::ALL);
    }

    #[test]
    fn incidents_are_read_by_analysts_operators_and_their_own_agency() {
        let reads = |subject: &Subject| decide(subject, Action::Read, Resource::Shared).err();
        for (role, agency, refused) in [
            (Role::Public, None, Some(Refusal::Forbidden)),
            (Role::Partner, Some("HRCP"), Some(Refusal::Forbidden)),
            (Role::Analyst, None, None),
            (Role::Uploader, Some("ANF"), None),
            (Role::Uploader, None, Some(Refusal::Forbidden)),
            (Role::Approver, Some("ANF"), None),
            (Role::Custodian, Some("NPB"), Some(Refusal::Forbidden)),
            (Role::Auditor, Some("NPB"), Some(Refusal::Forbidden)),
            (Role::Operator, None, None),
        ] {
            assert_eq!(reads(&of(role, agency)), refused, "{role:?} {agency:?}");
        }
        let nobody = Subject::anonymous(Role::Public);
        assert_eq!(reads(&nobody), Some(Refusal::Unknown));
    }

    #[test]
    fn what_another_has_begun_is_not_there() {
        let analyst = of(Role::Analyst, None);
        let own = Who::Key("k1".into());
        let others = Who::Key("k2".into());
        let about = |who| decide(&analyst, Action::Compute, Resource::Of(who)).err();
        assert_eq!(about(&own), None);
        assert_eq!(about(&others), Some(Refusal::Absent));
        assert_eq!(about(&Who::Anonymous), Some(Refusal::Absent));
    }
}
