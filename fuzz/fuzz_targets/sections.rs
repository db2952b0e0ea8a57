//! Sections of law.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use naqsha_fuzz::{profile, settings, take_value};
use naqsha_ingest::Profile;

static PROFILE: OnceLock<Profile> = OnceLock::new();

fuzz_target!(|bytes: &[u8]| {
    let fields = PROFILE.get_or_init(|| profile(FIELDS));
    take_value(bytes, &COLUMNS, fields, &settings(None));
});

const COLUMNS: [&str; 1] = ["sections"];

const FIELDS: &str = r#"
[[field]]
from = ["sections"]
to = "sections"
transform = "sections:PPC"
"#;
