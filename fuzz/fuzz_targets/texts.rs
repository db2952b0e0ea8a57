//! Free text: what is personal is taken out, whatever surrounds it.

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

const COLUMNS: [&str; 2] = ["description", "place"];

const FIELDS: &str = r#"
[[field]]
from = ["description"]
to = "description"
transform = "redact_pii"
[[field]]
from = ["place"]
to = "location.place_text"
transform = "redact_pii"
"#;
