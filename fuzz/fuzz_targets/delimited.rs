//! Delimited text: the first byte picks the layout, the rest is the file.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use naqsha_fuzz::{profile, settings, take};
use naqsha_ingest::Profile;

static PROFILES: OnceLock<Vec<Profile>> = OnceLock::new();

fuzz_target!(|bytes: &[u8]| {
    let layouts = PROFILES.get_or_init(|| {
        [
            "format = \"csv\"\nencoding = [\"windows-1252\"]",
            "format = \"tsv\"\nskip_rows = 2",
            "format = \"csv\"\ndelimiter = \"|\"\nheader_rows = 2",
            "format = \"csv\"",
        ]
        .map(|input| profile(&format!("[input]\n{input}\n")))
        .into()
    });
    if let Some((&first, file)) = bytes.split_first() {
        take(file, &layouts[usize::from(first) % layouts.len()], &settings(None));
    }
});
