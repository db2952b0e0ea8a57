//! What the law calls it: statute and section, their role, and the ICCS code.

use crate::coded::coded;

coded! {
    /// What a cited section does.
    OffenceRole, "offence role" {
        /// Defines an offence.
        Substantive = "substantive",
        /// States the punishment of another section.
        Punishment = "punishment",
        /// Extends liability (common intention, abetment, attempt); never the principal offence.
        Modifier = "modifier",
        /// Gives the context, such as terrorism.
        Context = "context",
    }
}

/// One cited section of law.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offence {
    /// Statute key such as `CNSA-1997`; empty where the source names no law.
    pub statute: String,
    /// Section as normalised, such as `9(c)`; empty where the source names no law.
    pub section: String,
    /// What the section does.
    pub role: OffenceRole,
    /// International Classification of Crime for Statistical Purposes, without dots.
    pub iccs: String,
    /// Whether it decides the category.
    pub principal: bool,
    /// Whether only an attempt is charged (PPC 511).
    pub attempted: bool,
    /// The citation in the source's own words, at most 120 letters, personal data removed.
    pub raw: Option<String>,
}
