//! Reference data embedded at this one place.

/// Gazetteer, statutes and aliases.
#[derive(Debug)]
pub struct Reference {}

impl Reference {
    /// The reference data that ships with the program.
    pub const fn embedded() -> Self {
        Self {}
    }
}
