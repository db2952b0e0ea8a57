//! Who asks.

use std::fmt;
use std::sync::Arc;

use naqsha_layers::Scope;
use naqsha_model::{Agency, Role};

/// How somebody is known: what they begin belongs to them by it, and the audit log names them by it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Who {
    /// Nobody in particular: a request without a key.
    Anonymous,
    /// The bearer of a key, by its id.
    Key(Arc<str>),
    /// A person, by the name that the issuer of their access token gives.
    Person(Arc<str>),
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::Key(id) => write!(f, "key:{id}"),
            Self::Person(name) => write!(f, "oidc:{name}"),
        }
    }
}

/// Somebody with the role they act in.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    who: Who,
    agency: Option<Agency>,
    scope: Scope,
}

impl Subject {
    /// Somebody with a role, which may be held for an agency.
    pub(crate) fn new(who: Who, role: Role, agency: Option<Agency>) -> Self {
        // Readers of a role that is not held for an agency see the same, so that they share what is kept.
        let scope = match agency.clone().filter(|_| role.is_of_an_agency()) {
            Some(agency) => Scope::of_agency(role, agency),
            None => Scope::of(role),
        };
        Self { who, agency, scope }
    }

    /// A request without a key.
    pub(crate) const fn anonymous(role: Role) -> Self {
        Self {
            who: Who::Anonymous,
            agency: None,
            scope: Scope::of(role),
        }
    }

    pub(crate) const fn who(&self) -> &Who {
        &self.who
    }

    pub(crate) const fn role(&self) -> Role {
        self.scope.role()
    }

    /// The agency that the key is of, whatever the role.
    pub(crate) const fn agency(&self) -> Option<&Agency> {
        self.agency.as_ref()
    }

    pub(crate) const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Whether it came with a key, or the like.
    pub(crate) fn is_known(&self) -> bool {
        self.who != Who::Anonymous
    }
}
