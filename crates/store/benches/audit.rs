//! The audit log at size: how fast records are added in groups, and how long it takes to verify all of them; then whatever can
//! be done to them, each of which has to be found, and nothing where nothing was done.
//!
//! `cargo bench --workspace --bench audit -- 1000000 [FOLDER]` fills a store in a new folder and prints what it measures.

#![expect(clippy::print_stdout, reason = "what it measures")]

use std::path::Path;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use naqsha_model::AuditAction;
use naqsha_store::{
    AuditCheck, AuditFault, AuditRecord, By, CheckpointKey, Checkpoints, Places, Store, StoreError,
};
use sqlx::{ConnectOptions as _, Connection as _};

/// Records of a group commit, as a busy service gathers in some milliseconds.
const GROUP: u64 = 100;

/// What a bench passes on its own, and the default: small, so that a run of all benches stays short.
const RECORDS: u64 = 20_000;

fn record(number: u64, at: Timestamp) -> AuditRecord {
    let by = By {
        request: Some(format!("{number:032x}")),
        ..By::operator("0123456789ab")
    };
    by.did(
        AuditAction::Read,
        "/collections/hotspots/items".to_owned(),
        at,
    )
    .about(Some(number % 1_000), number / 1_000)
}

async fn fill(folder: &Path, to: &Checkpoints, records: u64) -> Result<Vec<Duration>, StoreError> {
    let store = Store::create(folder).await?;
    let mut groups = Vec::new();
    let mut at = Timestamp::UNIX_EPOCH;
    for first in (0..records).step_by(usize::try_from(GROUP).unwrap_or(usize::MAX)) {
        let numbers = first..(first + GROUP).min(records);
        let group: Vec<AuditRecord> = numbers.map(|number| record(number, at)).collect();
        let start = Instant::now();
        store.audit(&group).await?;
        groups.push(start.elapsed());
        store.checkpoint(to, at).await?;
        at += SignedDuration::from_millis(50);
    }
    // Of the last record too.
    store
        .checkpoint(to, at + SignedDuration::from_hours(1))
        .await?;
    Ok(groups)
}

async fn execute(folder: &Path, sql: String) -> Result<(), sqlx::Error> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.join("ledger.sqlite"));
    let mut connection = options.connect().await?;
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(&mut connection)
        .await?;
    connection.close().await
}

/// What is done, how it is undone, and the record that must be named first.
fn deeds(records: u64) -> Vec<(&'static str, String, String, u64)> {
    let (middle, last) = (records / 2, records);
    let keep =
        |condition: String| format!("CREATE TABLE kept AS SELECT * FROM audit WHERE {condition};");
    let back = |condition: &str| {
        format!(
            "DELETE FROM audit WHERE {condition}; INSERT INTO audit SELECT * FROM kept ORDER BY record; DROP TABLE kept"
        )
    };
    let one = format!("record = {middle}");
    let tail = format!("record > {}", last - 10);
    vec![
        (
            "edit",
            keep(one.clone()) + &format!("UPDATE audit SET row_count = 5000 WHERE {one}"),
            back(&one),
            middle,
        ),
        (
            "delete",
            keep(one.clone()) + &format!("DELETE FROM audit WHERE {one}"),
            back(&one),
            middle,
        ),
        (
            "reorder",
            keep(format!("record IN ({middle}, {last})"))
                + &format!(
                    "UPDATE audit SET record = 0 WHERE {one}; UPDATE audit SET record = {middle} WHERE record = {last}; \
                     UPDATE audit SET record = {last} WHERE record = 0"
                ),
            back(&format!("record IN ({middle}, {last})")),
            middle,
        ),
        (
            "cut tail",
            keep(tail.clone()) + &format!("DELETE FROM audit WHERE {tail}"),
            back(&tail),
            last - 9,
        ),
    ]
}

async fn verified(
    folder: &Path,
    checkpoints: &Path,
    key: [u8; 32],
) -> Result<(AuditCheck, Duration), StoreError> {
    let start = Instant::now();
    let check = Store::verify_audit(folder, &Places::default(), checkpoints, Some(key)).await?;
    Ok((check, start.elapsed()))
}

async fn run(folder: &Path, records: u64) -> Result<(), Box<dyn std::error::Error>> {
    let checkpoints = folder.with_file_name("checkpoints.jsonl");
    let key = CheckpointKey::from_seed(&[1; 32]);
    let public = key.public();
    let start = Instant::now();
    let mut groups = fill(folder, &Checkpoints::new(&checkpoints, key), records).await?;
    let filled = start.elapsed();
    groups.sort_unstable();
    let of = |share: usize| groups.get((groups.len() - 1) * share / 100).copied();
    println!(
        "{records} records in groups of {GROUP}: {filled:.1?} with checkpoints, a group {:.2?} (99th of 100: {:.2?})",
        of(50).unwrap_or_default(),
        of(99).unwrap_or_default()
    );
    let bytes = std::fs::metadata(folder.join("ledger.sqlite"))?.len();
    println!("the ledger has {bytes} bytes, {} a record", bytes / records);
    let (check, took) = verified(folder, &checkpoints, public).await?;
    println!(
        "verified in {took:.1?}: {} records, {} checkpoints, fault {:?}, not known {:?}",
        check.records, check.checkpoints, check.fault, check.unknown
    );
    if !check.is_whole() || !check.unknown.is_empty() {
        return Err("a false alarm".into());
    }
    let guards = "DROP TRIGGER audit_stays; DROP TRIGGER audit_is_kept";
    execute(folder, guards.to_owned()).await?;
    for (name, deed, undo, first) in deeds(records) {
        execute(folder, deed).await?;
        let (check, took) = verified(folder, &checkpoints, public).await?;
        let found = check.fault.as_ref().and_then(AuditFault::record);
        println!("{name}: found record {found:?} in {took:.1?}");
        if found != Some(first) {
            return Err(format!("{name}: record {first} was to be found").into());
        }
        execute(folder, undo).await?;
    }
    let (check, _) = verified(folder, &checkpoints, public).await?;
    if !check.is_whole() {
        return Err("a false alarm after all was undone".into());
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut named = arguments.iter().filter(|word| !word.starts_with("--"));
    let records = named.next().and_then(|text| text.parse().ok());
    let scratch = match named.next() {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    tokio::runtime::Runtime::new()?.block_on(run(
        &scratch.path().join("store"),
        records.unwrap_or(RECORDS),
    ))
}
