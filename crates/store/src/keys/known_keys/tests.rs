//! Keys in runs and in memory beside a list of them all, and every byte of a run damaged.

use std::fs;
use std::path::Path;

use naqsha_model::{BatchDigest, ContentDigest, Status};
use proptest::prelude::*;

use super::*;
use crate::keys::{kept, merge};

const LIMITS: Limits = Limits {
    recent: 200,
    batches: 5,
    waiting: 250,
};

fn digest(sequence: u64) -> BatchDigest {
    BatchDigest::new([u8::try_from(sequence % 251).unwrap(); 32])
}

/// Few keys, some of which share their high half.
fn entry(sequence: u64, row: u64, key: u16) -> Entry {
    let key = u128::from(key);
    Entry {
        key: NaturalKey(((key % 40) << 64) | (key % 7)),
        keyed: Keyed {
            at: RecordAt { sequence, row },
            content: ContentDigest((u128::from(row) << 70) | key),
            status: Status::from_index(u8::try_from(row % 4).unwrap())
                .filter(|_| !row.is_multiple_of(3)),
        },
    }
}

fn add(keys: &mut Keys, folder: &Path, sequence: u64, entries: &[Entry]) {
    let mut gathered = Gathered::new(folder, LIMITS);
    for part in entries.chunks(100) {
        gathered.add(part.to_vec(), part.len() as u64).unwrap();
    }
    let batch = Covered::from([(sequence, digest(sequence))]);
    keys.add("A", gathered, batch).unwrap();
}

/// Each key's records as a list of all entries has them.
fn naive(all: &[Entry]) -> HashMap<NaturalKey, Vec<Keyed>> {
    let mut found: HashMap<NaturalKey, Vec<Keyed>> = HashMap::new();
    for entry in all {
        found.entry(entry.key).or_default().push(entry.keyed);
    }
    found
}

fn same(keys: &Keys, all: &[Entry]) {
    let asked = (0..300).flat_map(|key| [entry(0, 0, key).key, NaturalKey(u128::from(key) << 60)]);
    let mut asked: Vec<NaturalKey> = asked.collect();
    asked.sort_unstable();
    asked.dedup();
    let sorted = |found: HashMap<NaturalKey, Vec<Keyed>>| {
        let mut found: Vec<_> = found.into_iter().collect();
        found.sort_by_key(|&(key, _)| key);
        for (_, records) in &mut found {
            records.sort_by_key(|keyed| keyed.at);
        }
        found
    };
    assert_eq!(sorted(keys.records(&asked).unwrap()), sorted(naive(all)));
}

fn batches() -> impl Strategy<Value = Vec<Vec<u16>>> {
    prop::collection::vec(prop::collection::vec(0_u16..300, 0..400), 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn keys_in_runs_and_in_memory_are_those_of_a_list(batches in batches()) {
        let folder = tempfile::tempdir().unwrap();
        let (mut keys, mut all, mut live) = (Keys::default(), Vec::new(), Covered::new());
        for (sequence, batch) in (1..).zip(batches) {
            let entries: Vec<Entry> = (0..)
                .zip(batch)
                .map(|(row, key)| entry(sequence, row, key))
                .collect();
            add(&mut keys, folder.path(), sequence, &entries);
            all.extend(entries);
            live.insert(sequence, digest(sequence));
            if sequence % 6 == 0 && let Some(chosen) = keys.chosen() {
                let merged = merge::of_runs(folder.path(), "A", &chosen).unwrap();
                keys.replace(&chosen, merged);
            }
            if sequence % 5 == 0 {
                same(&keys, &all);
            }
        }
        same(&keys, &all);
        prop_assert!((1..=live.len() as u64).all(|sequence| keys.has(sequence)));
        // After a start: what runs hold is found again, the rest is read anew.
        let mut again = Keys::of(kept(folder.path(), "A", &live));
        prop_assert!(kept(folder.path(), "B", &live).is_empty());
        let missing: Vec<u64> = live.keys().copied().filter(|&at| !again.has(at)).collect();
        prop_assert!(missing.len() <= LIMITS.batches);
        for sequence in missing {
            let entries: Vec<Entry> = all
                .iter()
                .filter(|entry| entry.keyed.at.sequence == sequence)
                .copied()
                .collect();
            add(&mut again, folder.path(), sequence, &entries);
        }
        same(&again, &all);
        // A ledger that has another batch of that number does not know the runs with it.
        live.insert(1, digest(250));
        let theirs = kept(folder.path(), "A", &live);
        prop_assert!(theirs.iter().all(|run| !run.covered.contains_key(&1)));
    }
}

#[test]
fn each_flipped_byte_of_a_run_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let all: Vec<Entry> = (0..300_u16).map(|row| entry(1, row.into(), row)).collect();
    let mut keys = Keys::default();
    add(&mut keys, folder.path(), 1, &all);
    let [run] = keys.runs.as_slice() else {
        panic!("300 records make a run");
    };
    let mut asked: Vec<NaturalKey> = all.iter().map(|entry| entry.key).collect();
    asked.sort_unstable();
    let path = fs::read_dir(folder.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let whole = fs::read(&path).unwrap();
    assert_eq!(run.entries, 300);
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        *bytes.get_mut(at).unwrap() ^= 1 << (at % 8);
        let damaged = folder.path().join("damaged");
        fs::write(&damaged, bytes).unwrap();
        let read = Run::open(&damaged).and_then(|run| run.find(&asked, |_entry| {}));
        assert!(read.is_err(), "byte {at}");
    }
    for length in [0, 1, 71, whole.len() - 1] {
        fs::write(&path, whole.get(..length).unwrap()).unwrap();
        assert!(Run::open(&path).is_err(), "{length} bytes");
    }
}
