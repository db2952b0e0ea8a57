//! JSON: collections, features one after another, objects one after another.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use naqsha_fuzz::{profile, settings, take};
use naqsha_ingest::Profile;

static PROFILE: OnceLock<Profile> = OnceLock::new();

fuzz_target!(|bytes: &[u8]| {
    let (&first, rest) = bytes.split_first().unwrap_or((&0, &[]));
    let any = PROFILE.get_or_init(|| profile(""));
    let (start, end): (&[u8], &[u8]) = match first % 4 {
        0 => (b"{\"type\":\"FeatureCollection\",\"features\":[", b"]}"),
        1 => (b"{\"type\":\"Feature\",\"properties\":{", b"}}"),
        2 => (b"\x1e{\"type\":\"Feature\",", b""),
        _ => (b"{", b""),
    };
    take(&[start, rest, end].concat(), any, &settings(None));
});
