//! Frames of a process that reads a table: nothing that it says is trusted.

#![no_main]

use std::io::Cursor;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use naqsha_fuzz::{profile, settings, take};
use naqsha_ingest::{Profile, Tables};

static PROFILE: OnceLock<Profile> = OnceLock::new();

fuzz_target!(|bytes: &[u8]| {
    let any = PROFILE.get_or_init(|| profile("[input]\nformat = \"parquet\"\n"));
    let frames = bytes.to_vec();
    let tables = Tables::new(move |_file, _request| Ok(Box::new(Cursor::new(frames.clone()))));
    take(b"PAR1", any, &settings(Some(tables)));
});
