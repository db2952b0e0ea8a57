//! Mapping profiles: any text is one or is refused, and one takes a file or refuses it.

#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use naqsha_fuzz::{reference, settings};
use naqsha_ingest::{IngestError, Profile, ingest};

const FILE: &[u8] = b"when,lon,lat,kind,id,place\n2024-05-06,67.0,30.2,DT,1,Lahore\n13/25/2024,x,30.2,,2,PS Kahna\n";

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(profile) = Profile::parse(text) else {
        return;
    };
    let settings = settings(None);
    match ingest(Cursor::new(FILE), &profile, reference(), &settings, &mut |_chunk| Ok(Vec::new())) {
        Ok(done) => assert_eq!(done.rows, done.accepted + done.rejected + done.duplicate + done.skipped),
        Err(IngestError::Refused(refusal)) => assert!(!refusal.detail.is_empty()),
        Err(IngestError::Settings(why)) => assert!(!why.is_empty()),
        Err(other) => panic!("bytes in memory can be read: {other:?}"),
    }
});
