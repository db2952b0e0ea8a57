//! Published workbooks through their shipped profiles and the real program, against openpyxl.

use std::path::Path;

use naqsha_tests::program::naqsha;
use naqsha_tests::skip::{python, shared};
use serde_json::Value;

#[test]
fn published_workbooks_reconcile_to_the_row() {
    let test = "published_workbooks_reconcile_to_the_row";
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("oracles/workbook_outcomes.py");
    for (name, file) in [
        (
            "aggravated-assaults",
            "crimemappingdata/aggravated_assaults.xlsx",
        ),
        ("eurepoc", "eurepoc/EuRepoC_Global_Database_1.1.xlsx"),
    ] {
        let (Some(path), Some(mut oracle)) = (
            shared(test, &format!("data/{file}")),
            python(test, "openpyxl"),
        ) else {
            return;
        };
        let told = oracle.arg(&script).arg(name).arg(&path).output().unwrap();
        let errors = String::from_utf8_lossy(&told.stderr);
        assert!(told.status.success(), "{errors}");
        let theirs: Value = serde_json::from_slice(&told.stdout).unwrap();

        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store");
        let run = |arguments: &[&str]| {
            let mut command = naqsha();
            command.arg("--data").arg(&store).args(arguments);
            command
        };
        assert!(run(&["init"]).output().unwrap().status.success());
        let profile = format!("open.{name}");
        let done = run(&["--json", "ingest", "--profile", &profile])
            .arg(&path)
            .output()
            .unwrap();
        let ours: Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!(ours["rows"], theirs["rows"], "{file}: {ours}");
        assert_eq!(ours["accepted"], theirs["accepted"], "{file}: {ours}");
        for code in ["E101", "E303"] {
            let count = ours["codes"][code].as_u64().unwrap_or(0);
            assert_eq!(count, theirs[code].as_u64().unwrap(), "{code} of {file}");
        }
    }
}

#[test]
fn tables_of_numbers_are_refused_and_not_taken_for_incidents() {
    let test = "tables_of_numbers_are_refused_and_not_taken_for_incidents";
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let init = naqsha().arg("--data").arg(&store).arg("init").output();
    assert!(init.unwrap().status.success());
    for (file, date) in [
        ("in-ncb-seizures/ncb_final_cleaned_dataset_v2.csv", "Year"),
        ("iom-missing-migrants/mmp-2025-03-10.csv", "year"),
    ] {
        let Some(path) = shared(test, &format!("data/{file}")) else {
            return;
        };
        let refused = naqsha()
            .arg("--data")
            .arg(&store)
            .args(["--json", "ingest", "--profile", "open.generic-points"])
            .args([
                "--set",
                "lon=lon",
                "--set",
                "lat=lat",
                "--set",
                "category=DT",
            ])
            .args(["--set", &format!("date={date}"), "--set", "drop=rest"])
            .arg(&path)
            .output()
            .unwrap();
        let said: Value = serde_json::from_slice(&refused.stdout).unwrap();
        assert_eq!(refused.status.code(), Some(1), "{file}");
        assert_eq!(said["codes"], serde_json::json!({ "B910": 1 }), "{file}");
    }
}
