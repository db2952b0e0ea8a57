//! What every target does with its bytes: the whole way from a file to incidents and back to a report, and the
//! promises that hold whatever the bytes are.

use std::io::Cursor;
use std::panic;
use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::civil::date;
use naqsha_ingest::{
    IngestError, Limits, Profile, Reference, ReportInput, Settings, Tables, check, ingest, write_report,
};

const BEGINNING: &str = r#"
profile = "fuzz.any"
version = "1.0.0"
agency = "FUZZ"
record_stage = "fir"
default_category = "DT"
timezone = "Asia/Karachi"
[parameters]
drop = "optional"
"#;

/// A profile that takes any file, with an `[input]` and fields of its own.
pub fn profile(more: &str) -> Profile {
    Profile::parse(&format!("{BEGINNING}{more}")).expect("the target's own profile")
}

/// The reference tables, read once.
pub fn reference() -> &'static Reference {
    static REFERENCE: OnceLock<Reference> = OnceLock::new();
    REFERENCE.get_or_init(Reference::embedded)
}

/// Settings of a fixed clock, under which columns that no field reads are dropped.
pub fn settings(tables: Option<Tables>) -> Settings {
    let mut settings = Settings::received(Timestamp::UNIX_EPOCH, date(2026, 1, 1));
    settings.set.insert("drop".to_owned(), "rest".to_owned());
    settings.limits = Limits {
        // Small, so that limits are met.
        record_bytes: 64 * 1024,
        field_bytes: 4096,
        columns: 64,
        decoded_bytes: 16 * 1024 * 1024,
        ..Limits::default()
    };
    settings.tables = tables;
    settings
}

/// Panics of a crate that reads a format are answered by `write_table`; any other ends the run, as before.
pub fn expect_panics_of(path: &'static str) {
    let abort = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !info.location().is_some_and(|at| at.file().contains(path)) {
            abort(info);
        }
    }));
}

/// Takes a file: every row is accounted for once, the report has them all, and a check reads as many.
pub fn take(file: &[u8], profile: &Profile, settings: &Settings) {
    let mut incidents = 0;
    let taken = ingest(Cursor::new(file), profile, reference(), settings, &mut |chunk| {
        incidents += chunk.len() as u64;
        Ok(Vec::new())
    });
    let done = match taken {
        Ok(done) => done,
        Err(IngestError::Refused(refusal)) => {
            assert!(!refusal.detail.is_empty());
            return;
        }
        Err(other) => panic!("bytes in memory can be read: {other:?}"),
    };
    assert_eq!(done.rows, done.accepted + done.rejected + done.duplicate + done.skipped);
    assert_eq!(done.incidents, incidents);
    let input = ReportInput {
        profile,
        reference: reference(),
        settings,
        outcomes: &done.outcomes,
    };
    let mut report = Vec::new();
    let rows = write_report(Cursor::new(file), input, &mut report).expect("the same file again");
    assert_eq!(rows, done.rows);
    let lines = csv::Reader::from_reader(report.as_slice()).into_byte_records();
    assert_eq!(lines.map(|line| line.expect("a report is CSV")).count() as u64, done.rows);
    let found = check(Cursor::new(file), profile, reference(), settings).expect("the same file again");
    assert_eq!(found.rows, done.rows);
}

/// Takes a file of one row that has the same text in each of these columns.
pub fn take_value(text: &[u8], columns: &[&str], profile: &Profile, settings: &Settings) {
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let mut file = csv::Writer::from_writer(Vec::new());
    file.write_record(columns).expect("memory");
    file.write_record(columns.iter().map(|_| text)).expect("memory");
    take(&file.into_inner().expect("memory"), profile, settings);
}
