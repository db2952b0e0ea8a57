//! Synthetic bureau files: the same for the same seed, and read by the profiles they are made for.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::collections::BTreeMap;
use std::io::Cursor;

use naqsha_ingest::{
    GenerateSettings, Ingested, Profile, Reference, Settings, digest, generate, ingest,
    manifest_says_synthetic, shipped_profiles,
};
use naqsha_model::Incident;

fn profile(id: &str) -> Profile {
    let (_, toml) = shipped_profiles()
        .iter()
        .find(|(name, _)| *name == id)
        .unwrap();
    Profile::parse(toml).unwrap()
}

fn settings() -> Settings {
    Settings::received(
        "2026-01-02T03:04:05Z".parse().unwrap(),
        "2026-01-02".parse().unwrap(),
    )
}

fn run(id: &str, text: &str) -> (Ingested, Vec<Incident>) {
    let mut taken = Vec::new();
    let done = ingest(
        Cursor::new(text),
        &profile(id),
        &Reference::embedded(),
        &settings(),
        &mut |incidents| {
            taken.extend(incidents);
            Ok(Vec::new())
        },
    )
    .unwrap();
    (done, taken)
}

fn generated(seed: u64, messy: f64) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let settings = GenerateSettings {
        incidents: 3_000,
        seed,
        messy,
        first_year: 2022,
        last_year: 2024,
    };
    generate(&settings, &Reference::embedded(), &mut |name, bytes| {
        files.insert(name.to_owned(), bytes.to_vec());
        Ok(())
    })
    .unwrap();
    files
}

#[test]
fn generated_files_are_the_same_for_the_same_seed_and_synthetic() {
    let files = generated(7, 0.1);
    assert_eq!(files, generated(7, 0.1));
    assert_ne!(files, generated(8, 0.1));
    let manifest = std::str::from_utf8(&files["MANIFEST.toml"]).unwrap();
    for (name, bytes) in files.iter().filter(|(name, _)| *name != "MANIFEST.toml") {
        assert!(
            manifest_says_synthetic(manifest, &digest(&bytes[..]).unwrap()),
            "{name}"
        );
    }
    assert!(!manifest_says_synthetic(
        manifest,
        &digest(&b"other"[..]).unwrap()
    ));
    assert!(!manifest_says_synthetic(
        "synthetic = false",
        &digest(&b"other"[..]).unwrap()
    ));
}

#[test]
fn generated_files_go_through_their_profiles() {
    for messy in [0.0, 0.2] {
        let files = generated(1, messy);
        let truth = std::str::from_utf8(&files["truth.csv"]).unwrap();
        let mut categories = BTreeMap::new();
        for id in ["anf.seizure", "ctd.tf", "punjab.fir"] {
            let name = format!("{id}-001.csv");
            let (done, taken) = run(id, std::str::from_utf8(&files[&name]).unwrap());
            assert_eq!(done.held, None, "{id}: {:?}", done.codes);
            let damaged = truth
                .lines()
                .filter(|line| line.starts_with(&name) && !line.ends_with(','))
                .count();
            assert_eq!(damaged == 0, messy == 0.0);
            if messy == 0.0 {
                assert_eq!(
                    (done.accepted, taken.len() as u64),
                    (done.rows, done.incidents),
                    "{id}: {:?}",
                    done.codes
                );
                assert!(
                    taken.iter().all(|i| i.location.cell().is_some()),
                    "every place is found"
                );
            } else {
                assert!(done.rejected > 0);
            }
            done.categories
                .iter()
                .for_each(|(c, n)| *categories.entry(c.code()).or_insert(0) += n);
        }
        assert_eq!(
            categories.keys().copied().collect::<Vec<_>>(),
            ["CY", "DT", "HT", "TF"]
        );
        let incidents: u64 = categories.values().sum();
        assert!(
            if messy == 0.0 {
                incidents == 3_000
            } else {
                incidents < 3_000
            },
            "{incidents}"
        );
    }
}
