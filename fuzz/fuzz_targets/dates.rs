//! Dates, moments and ranges of them.

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

const COLUMNS: [&str; 3] = ["start", "end", "reported"];

const FIELDS: &str = r#"
[dates]
order = "dmy"
numerals = ["ascii", "urdu", "arabic"]
[[field]]
from = ["start"]
to = "occurred.start"
transform = "datetime"
[[field]]
from = ["end"]
to = "occurred.end"
transform = "datetime"
[[field]]
from = ["reported"]
to = "reported_at"
transform = "date"
"#;
