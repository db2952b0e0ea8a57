//! Coordinates in every shape, districts, distances and bearings.

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

const COLUMNS: [&str; 5] = ["point", "lon", "lat", "district", "offset"];

const FIELDS: &str = r#"
[[field]]
from = ["lon"]
to = "location.lon"
[[field]]
from = ["lat"]
to = "location.lat"
[[field]]
from = ["district"]
to = "location.admin.district"
transform = "district"
[[field]]
from = ["offset"]
to = "location.offset_from_station"
transform = "distance_bearing"
"#;
