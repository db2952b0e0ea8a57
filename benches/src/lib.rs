//! What the benchmarks run on: a long street-crime file made from the shipped month, and a store filled with it.

pub mod loopback;

use std::io::{Cursor, Read as _};
use std::path::Path;

use flate2::read::GzDecoder;
use jiff::Timestamp;
use jiff::civil::date;
use naqsha_ingest::{Ingested, Profile, Reference, Settings, shipped_profiles};
use naqsha_model::{Agency, BatchDigest, Incident};
use naqsha_store::{BatchHeader, BatchState, BatchTotals, OnChange, Store};

const MONTH: &[u8] =
    include_bytes!("../../data/sample/west-yorkshire/2018-07-west-yorkshire-street.csv.gz");

/// A CSV of `rows` rows: the shipped month over and over, without its ids, so that no row repeats a key.
pub fn street_file(rows: usize) -> Vec<u8> {
    let mut month = String::new();
    GzDecoder::new(MONTH)
        .read_to_string(&mut month)
        .expect("the shipped month is whole");
    let (header, body) = month.split_once('\n').expect("a header");
    let lines: Vec<&str> = body.lines().collect();
    let mut file = format!("{header}\n");
    for line in lines.iter().cycle().take(rows) {
        let (_id, rest) = line.split_once(',').expect("columns");
        file.push(',');
        file.push_str(rest);
        file.push('\n');
    }
    file.into_bytes()
}

/// The profile of street-crime files.
pub fn street_profile() -> Profile {
    let (_, text) = shipped_profiles()
        .iter()
        .find(|(id, _)| *id == "open.police-uk")
        .expect("it ships");
    Profile::parse(text).expect("it is valid")
}

/// Settings with a fixed clock.
pub fn settings() -> Settings {
    Settings::received(Timestamp::UNIX_EPOCH, date(2026, 1, 1))
}

/// Reads a file through its profile and hands the incidents to `sink`.
pub fn ingest(file: &[u8], mut sink: impl FnMut(Vec<Incident>)) -> Ingested {
    let mut take = |incidents: Vec<Incident>| {
        sink(incidents);
        Ok(Vec::new())
    };
    naqsha_ingest::ingest(
        Cursor::new(file),
        &street_profile(),
        &Reference::embedded(),
        &settings(),
        &mut take,
    )
    .expect("the file is sound")
}

/// Takes a file into a new store below `folder`: durable, indexed, queryable.
pub async fn filled_store(folder: &Path, file: &[u8]) -> Store {
    let store = Store::create(folder).await.expect("a new store");
    let digest: BatchDigest = naqsha_ingest::digest(Cursor::new(file)).expect("bytes in memory");
    let header = BatchHeader {
        digest,
        profile: "open.police-uk@1.0.0".to_owned(),
        agency: Agency::new("POLICE-UK").expect("a code"),
        file_name: "street.csv".to_owned(),
        received_at: Timestamp::UNIX_EPOCH,
        synthetic: false,
        study_area: Some("west-yorkshire".to_owned()),
        on_change: OnChange::Report,
        replaces: None,
        manifest: None,
    };
    let mut writer = store.begin(header).await.expect("nobody else writes");
    let ingested = ingest(file, |incidents| {
        writer.push(incidents).expect("room on the disk");
    });
    let totals = BatchTotals {
        rows: ingested.rows,
        accepted: ingested.accepted,
        ..BatchTotals::default()
    };
    writer
        .commit(totals, BatchState::Live)
        .await
        .expect("a durable commit");
    store
}
