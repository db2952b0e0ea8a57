//! FIR numbers, quantities with units, money.

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

const COLUMNS: [&str; 4] = ["case", "substance", "quantity", "money"];

const FIELDS: &str = r#"
[[field]]
from = ["case"]
to = "case.number"
transform = "fir_number"
[[field]]
from = ["money"]
to = "money.amount_pkr"
transform = "money"
[[repeat]]
to = "seizures"
group_by = "case"
fields = { substance = "substance", quantity = "quantity", unit = "unit" }
[repeat.substance_map]
"0" = "heroin"
"#;
