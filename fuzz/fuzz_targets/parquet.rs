//! A Parquet file, read as the program's child reads it.

#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use naqsha_fuzz::expect_panics_of;
use naqsha_ingest::{TableRequest, write_table};

fuzz_target!(init: expect_panics_of("/parquet-"), |bytes: &[u8]| {
    let request: TableRequest = serde_json::from_str(
        r#"{"holder":"parquet","sheets":[],"skip":0,"header_rows":null,"columns":64,"field_bytes":4096}"#,
    )
    .expect("a request");
    let mut frames = Vec::new();
    write_table(Cursor::new(bytes.to_vec()), &request, &mut frames).expect("memory");
    assert!(!frames.is_empty());
});
