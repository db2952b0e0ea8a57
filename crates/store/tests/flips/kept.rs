//! A store whose every row is known, and what it answers after a damage.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use jiff::Timestamp;
use naqsha_model::{
    Agency, BatchDigest, Category, ContentDigest, Day, DayRange, Incident, NaturalKey, Occurred,
    RecordStage, TimePrecision,
};
use naqsha_store::{
    Act, BatchHeader, BatchState, BatchTotals, Filter, OnChange, Selection, Snapshot, Store,
    StoreError,
};

use crate::damage::Damage;

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Runtime::new().unwrap());

/// Batches, each with days of its own; the last is withdrawn.
const BATCHES: u8 = 5;
const WITHDRAWN: u8 = BATCHES - 1;
const ROWS: u64 = 40;
const FIRST_DAY: u16 = 40_000;
const DAYS: u16 = 100;

/// The bytes of a whole store, and what is served of each batch.
pub(crate) struct Kept {
    files: BTreeMap<PathBuf, Vec<u8>>,
    served: Vec<BTreeSet<String>>,
    told: String,
}

/// What a damaged store answers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It does not open, and says why.
    Refused,
    /// It names exactly the damaged file and serves the rest as it was.
    Named,
    /// Everything is as before the damage.
    AsItWas,
    /// Something else, without a word.
    Other(String),
}

impl Kept {
    /// Makes the store and takes down what it answers while it is whole.
    pub(crate) fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = wait(Store::create(folder.path())).unwrap();
        for number in 0..BATCHES {
            let mut writer = wait(store.begin(header(number))).unwrap();
            writer
                .push((1..=ROWS).map(|row| incident(number, row)).collect())
                .unwrap();
            let totals = BatchTotals {
                rows: ROWS,
                accepted: ROWS,
                ..BatchTotals::default()
            };
            wait(writer.commit(totals, BatchState::Live)).unwrap();
        }
        let act = Act {
            actor: "officer".to_owned(),
            reason: "flips".to_owned(),
            at: Timestamp::UNIX_EPOCH,
        };
        wait(store.withdraw(&digest(WITHDRAWN), Selection::Batch, act)).unwrap();
        let snapshot = store.snapshot();
        let served: Vec<BTreeSet<String>> = (0..BATCHES)
            .map(|number| rows(&snapshot, number).unwrap())
            .collect();
        let counts: Vec<usize> = served.iter().map(BTreeSet::len).collect();
        assert_eq!(
            counts,
            [40, 40, 40, 40, 0],
            "a store in which every row is told apart"
        );
        let told = told(&store);
        // A copy by SQLite itself: the ledger's file may lack what is in its journal yet.
        drop((snapshot, store));
        Self {
            files: settled(folder.path()),
            served,
            told,
        }
    }

    pub(crate) const fn files(&self) -> &BTreeMap<PathBuf, Vec<u8>> {
        &self.files
    }

    /// Writes the store anew with a damage, opens it and reads all of it.
    pub(crate) fn answer_after(&self, damage: &Damage) -> Answer {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("incidents")).unwrap();
        for (path, bytes) in &self.files {
            let bytes = if *path == damage.path {
                &damage.bytes
            } else {
                bytes
            };
            fs::write(folder.path().join(path), bytes).unwrap();
        }
        let store = match wait(Store::open(folder.path())) {
            Ok(store) => store,
            Err(error) => return refused(damage, &error),
        };
        let snapshot = store.snapshot();
        let mut named = BTreeSet::new();
        for number in 0..BATCHES {
            match rows(&snapshot, number) {
                Ok(rows) if rows == self.served[usize::from(number)] => {}
                Ok(rows) => {
                    return Answer::Other(format!(
                        "batch {number} has {} rows, or other ones",
                        rows.len()
                    ));
                }
                Err(StoreError::Damaged { path, .. }) if path == parquet(number) => {
                    named.insert(path);
                }
                Err(error) => return Answer::Other(format!("batch {number}: {error}")),
            }
        }
        let listed: BTreeSet<PathBuf> = snapshot
            .damaged()
            .iter()
            .map(|file| file.path.clone())
            .collect();
        if listed != named {
            return Answer::Other(format!(
                "{listed:?} are listed as damaged, {named:?} cannot be read"
            ));
        }
        match (named.is_empty(), damage.is_of_ledger()) {
            (true, _) if told(&store) == self.told => Answer::AsItWas,
            (true, _) => Answer::Other(format!("the ledger tells {}", told(&store))),
            (false, true) => Answer::Named,
            (false, false) if named == BTreeSet::from([damage.path.clone()]) => Answer::Named,
            (false, false) => Answer::Other(format!("{named:?} are named instead")),
        }
    }
}

/// Whether a file holds rows that are served.
pub(crate) fn is_current(path: &Path) -> bool {
    path != parquet(WITHDRAWN)
}

/// Only a damaged ledger may keep a store from opening, and an error that stands for a panic is none.
fn refused(damage: &Damage, error: &StoreError) -> Answer {
    if damage.is_of_ledger() && !matches!(error, StoreError::Interrupted) {
        Answer::Refused
    } else {
        Answer::Other(format!("does not open: {error}"))
    }
}

/// The files of a store that nobody has open, the ledger without a journal beside it.
fn settled(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let journal = folder.join("ledger.sqlite-wal");
    for _ in 0..500 {
        if !journal.exists() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(!journal.exists(), "the ledger is not closed");
    let mut names: Vec<PathBuf> = (0..BATCHES).map(parquet).collect();
    names.push("ledger.sqlite".into());
    names
        .into_iter()
        .map(|name| (name.clone(), fs::read(folder.join(name)).unwrap()))
        .collect()
}

/// All that the ledger says of batches and events.
fn told(store: &Store) -> String {
    format!(
        "{:?} {:?} {:?}",
        store.snapshot().version(),
        store.batches(),
        store.events()
    )
}

fn rows(snapshot: &Snapshot, number: u8) -> Result<BTreeSet<String>, StoreError> {
    let first = FIRST_DAY + u16::from(number) * DAYS;
    let days = DayRange::new(Day(first), Day(first + DAYS - 1)).unwrap();
    let filter = Filter {
        days: Some(days),
        ..Filter::default()
    };
    let page = snapshot.rows(&filter, 0, usize::MAX)?;
    Ok(page
        .rows
        .iter()
        .map(|stored| format!("{stored:?}"))
        .collect())
}

fn wait<F: Future>(future: F) -> F::Output {
    RUNTIME.block_on(future)
}

fn digest(number: u8) -> BatchDigest {
    BatchDigest::new([number + 1; 32])
}

fn parquet(number: u8) -> PathBuf {
    Path::new("incidents").join(format!("{}-00000.parquet", digest(number)))
}

/// Agencies differ, so that no batch needs the keys of another.
fn agency(number: u8) -> Agency {
    Agency::new(["ANF", "CTD", "FIA", "NGO", "PUNJAB"][usize::from(number)]).unwrap()
}

fn header(number: u8) -> BatchHeader {
    BatchHeader {
        digest: digest(number),
        profile: "flips@1.0.0".to_owned(),
        agency: agency(number),
        file_name: format!("flips-{number}.csv"),
        received_at: Timestamp::UNIX_EPOCH,
        synthetic: true,
        study_area: None,
        on_change: OnChange::Report,
        replaces: None,
        manifest: None,
    }
}

fn incident(number: u8, row: u64) -> Incident {
    let day = FIRST_DAY + u16::from(number) * DAYS + u16::try_from(row).unwrap();
    let bare = Incident::bare(
        agency(number),
        RecordStage::Fir,
        Category::DrugTrafficking,
        Timestamp::UNIX_EPOCH,
        row,
    );
    Incident {
        natural_key: Some(NaturalKey(u128::from(row))),
        content: ContentDigest(u128::from(row) * 7),
        occurred: Some(Occurred {
            days: DayRange::new(Day(day), Day(day)).unwrap(),
            precision: TimePrecision::Day,
            start: None,
            end: None,
        }),
        ..bare
    }
}
