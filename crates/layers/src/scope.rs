//! What a reader may see. The scope goes into every scan and every cache key; no answer exists without one.

use h3o::Resolution;

/// Who is asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Anyone: metadata and released layers only (no release exists yet).
    Public,
    /// The coordinating agency's analyst: cells, never points.
    Analyst,
    /// Whoever runs commands on the store's machine: exact points.
    Operator,
}

/// What the role allows, as the scan uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scope {
    role: Role,
}

impl Scope {
    /// The scope of a role.
    pub const fn of(role: Role) -> Self {
        Self { role }
    }

    /// Who is asking.
    pub const fn role(self) -> Role {
        self.role
    }

    /// Whether layers that nobody released may be read.
    pub const fn reads_unreleased(self) -> bool {
        !matches!(self.role, Role::Public)
    }

    /// Finest resolution at which the place of a single record is shown (domain rule: analysts see resolution 8).
    pub const fn finest_record_resolution(self) -> Resolution {
        match self.role {
            Role::Public | Role::Analyst => Resolution::Eight,
            Role::Operator => Resolution::Nine,
        }
    }

    /// Whether the exact points of records are shown.
    pub const fn sees_points(self) -> bool {
        matches!(self.role, Role::Operator)
    }

    /// Name of the rules applied, as the response member `policy` states it.
    pub const fn policy(self) -> &'static str {
        match self.role {
            Role::Public => "public",
            Role::Analyst => "analyst",
            Role::Operator => "operator",
        }
    }
}
