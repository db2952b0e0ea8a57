//! Any bytes: compression, archives, encodings, and which format it is.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use naqsha_fuzz::{profile, settings, take};
use naqsha_ingest::Profile;

static PROFILE: OnceLock<Profile> = OnceLock::new();

fuzz_target!(|bytes: &[u8]| {
    let any = PROFILE.get_or_init(|| profile("[input]\nencoding = [\"utf-8\", \"windows-1256\"]\n"));
    take(bytes, any, &settings(None));
});
