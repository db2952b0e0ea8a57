//! What a sender asks for beside the profile.

use naqsha_model::{BatchDigest, DayRange};
use naqsha_store::Manifest;

/// What a sender asks for beside the profile and its settings.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Name of the file as received.
    pub file_name: String,
    /// Tell what would happen; store nothing.
    pub dry_run: bool,
    /// Let changed records take the place of those held, whatever the profile says.
    pub revise: bool,
    /// The days whose records of the same agency and profile the batch takes the place of.
    pub replaces: Option<DayRange>,
    /// What the sender states about the file.
    pub manifest: Option<Manifest>,
    /// Whether the records are invented.
    pub synthetic: Synthetic,
    /// Whether the store that takes the batch shows it too: a service does; a command, which ends soon, saves the memory.
    pub shown_here: bool,
}

/// Whether records are invented.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Synthetic {
    /// They are not.
    #[default]
    No,
    /// They are.
    Yes,
    /// They are where the manifest of `naqsha generate`, which is this text, names the file's digest.
    IfListed(String),
}

impl Synthetic {
    pub(crate) fn is_of(&self, digest: &BatchDigest) -> bool {
        match self {
            Self::No => false,
            Self::Yes => true,
            Self::IfListed(manifest) => naqsha_ingest::manifest_says_synthetic(manifest, digest),
        }
    }
}
