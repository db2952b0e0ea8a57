//! Corrections through the real program: resending, revising, withdrawing, restoring, releasing, replacing a period.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};

use naqsha_tests::manifest::{manifest, totals};
use naqsha_tests::program::naqsha;
use naqsha_tests::skip;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Real formats, invented records: the first rows of the sample that ships.
const FIRS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../data/sample/pakistan/punjab.fir-001.csv"
);

struct Bureau(TempDir);

impl Bureau {
    fn new() -> Self {
        let bureau = Self(tempfile::tempdir().unwrap());
        bureau.run(&["init"], 0);
        bureau
    }

    /// Runs a command that ends with this exit code; gives the last line on stdout, or all of it, as JSON.
    fn run(&self, args: &[&str], code: i32) -> Value {
        let mut command = naqsha();
        command
            .arg("--json")
            .arg("--data")
            .arg(self.0.path().join("store"));
        let output = command.args(args).output().unwrap();
        let (stdout, stderr) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert_eq!(
            output.status.code(),
            Some(code),
            "{args:?}: {stdout}{stderr}"
        );
        serde_json::from_str(&stdout)
            .or_else(|_| serde_json::from_str(stdout.lines().last().unwrap_or("null")))
            .unwrap_or(Value::Null)
    }

    fn ingest(&self, file: &Path, more: &[&str], code: i32) -> Value {
        let mut args = vec!["ingest", "--profile", "punjab.fir", file.to_str().unwrap()];
        args.extend(more);
        self.run(&args, code)
    }

    fn write(&self, name: &str, header: &str, rows: &[String]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, format!("{header}\n{}\n", rows.join("\n"))).unwrap();
        path
    }

    /// Records that are current, as the export of the layer counts them.
    fn current(&self) -> usize {
        let out = self.0.path().join("incidents.geojsonl");
        let args = [
            "export",
            "incidents",
            "--format",
            "geojsonseq",
            "--out",
            out.to_str().unwrap(),
        ];
        self.run(&args, 0);
        let text = std::fs::read_to_string(&out).unwrap();
        text.lines()
            .filter(|line| line.contains("\"Feature\""))
            .count()
    }

    fn batch(&self, outcome: &Value) -> Value {
        self.run(&["batch", "show", outcome["batch"].as_str().unwrap()], 0)
    }
}

/// What a reader of its own finds different between two editions in the columns that the profile reads: the numbers of the
/// attacks that changed, and of those that are new.
const DIFFERENCES: &str = r#"
import csv, json, sys
COLUMNS = ["Date", "Target Type", "Location Category", "Open/Closed Space", "Blast Day Type", "Holiday Type",
           "Islamic Date", "Time", "Location", "City", "Province", "Longitude", "Latitude"]
def edition(path):
    with open(path, encoding="cp1252", newline="") as file:
        return {row["S#"]: [" ".join(row[name].split()) for name in COLUMNS] for row in csv.DictReader(file)}
old, new = map(edition, sys.argv[1:])
assert not set(old) - set(new)
changed = [number for number in old if old[number] != new[number]]
print(json.dumps({"changed": len(changed), "new": len(set(new) - set(old)), "same": len(old) - len(changed)}))
"#;

#[test]
fn a_later_edition_changes_exactly_the_rows_that_changed() {
    const NAME: &str = "a_later_edition_changes_exactly_the_rows_that_changed";
    let file = |name: &str| skip::shared(NAME, &format!("data/pk-suicide-attacks/{name}"));
    let (Some(old), Some(new)) = (
        file("PakistanSuicideAttacks_v6_2017-10-10.csv"),
        file("PakistanSuicideAttacks_v11_2017-11-30.csv"),
    ) else {
        return;
    };
    let Some(mut python) = skip::python(NAME, "csv") else {
        return;
    };
    let output = python
        .args(["-c", DIFFERENCES])
        .args([&old, &new])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let expected: Value = serde_json::from_slice(&output.stdout).unwrap();
    let bureau = Bureau::new();
    let ingest = |file: &Path| {
        let args = [
            "ingest",
            "--profile",
            "open.pk-suicide-attacks",
            file.to_str().unwrap(),
        ];
        bureau.run(&args, 0)
    };
    ingest(&old);
    let before = bureau.current();
    let later = ingest(&new);
    assert_eq!(
        (&later["revised"], &later["codes"]["D701"]),
        (&expected["changed"], &expected["same"]),
        "{expected}"
    );
    let (changed, new_rows) = (
        expected["changed"].as_u64().unwrap(),
        expected["new"].as_u64().unwrap(),
    );
    assert!(changed > 0 && new_rows > 0, "{expected}");
    assert_eq!(later["accepted"], changed + new_rows);
    assert_eq!(bureau.current() as u64, before as u64 + new_rows);
    bureau.run(
        &[
            "batch",
            "withdraw",
            later["batch"].as_str().unwrap(),
            "--reason",
            "superseded",
        ],
        0,
    );
    assert_eq!(bureau.current(), before, "the older edition is whole again");
}

/// The header and some rows of the sample.
fn firs(from: usize, count: usize) -> (String, Vec<String>) {
    let text = std::fs::read_to_string(FIRS).unwrap();
    let mut lines = text.lines().map(str::to_owned);
    let header = lines.next().unwrap();
    (header, lines.skip(from).take(count).collect())
}

/// A row with its date of occurrence (the fourth column) made unreadable.
fn without_date(row: &str) -> String {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(row.as_bytes());
    let record = reader.records().next().unwrap().unwrap();
    row.replacen(&record[3], "shortly before Eid", 1)
}

#[test]
fn fixing_and_resending_yields_exactly_the_missing_rows() {
    let bureau = Bureau::new();
    let (header, rows) = firs(0, 40);
    let damaged: Vec<String> = (0..)
        .zip(&rows)
        .map(|(at, row)| {
            if at % 8 == 3 {
                without_date(row)
            } else {
                row.clone()
            }
        })
        .collect();
    let report = bureau.0.path().join("result.csv");
    let sent = bureau.write("january.csv", &header, &damaged);
    let first = bureau.ingest(&sent, &["--report", report.to_str().unwrap()], 0);
    assert_eq!(
        (&first["accepted"], &first["rejected"]),
        (&json!(35), &json!(5)),
        "{first}"
    );
    // The clerk corrects the rows that the report marks, and sends the whole file again.
    let mut marked = csv::Reader::from_path(&report).unwrap();
    let outcome = marked
        .headers()
        .unwrap()
        .iter()
        .position(|name| name == "naqsha_outcome")
        .unwrap();
    let mut fixed = damaged;
    for (at, record) in marked.records().enumerate() {
        if record.unwrap()[outcome] == *"rejected" {
            fixed[at].clone_from(&rows[at]);
        }
    }
    assert_eq!(fixed, rows, "the report names the rows that were damaged");
    let second = bureau.ingest(&bureau.write("again.csv", &header, &fixed), &[], 0);
    assert_eq!(
        (
            &second["accepted"],
            &second["rejected"],
            &second["duplicate"]
        ),
        (&json!(5), &json!(0), &json!(35))
    );
    assert_eq!(second["codes"]["D701"], 35);
    assert_eq!(second["codes"]["D702"], Value::Null);
    assert_eq!(bureau.current(), 40);
}

#[test]
fn a_withdrawn_batch_stays_away_until_it_is_restored() {
    let bureau = Bureau::new();
    let (header, rows) = firs(0, 12);
    let file = bureau.write("a.csv", &header, &rows);
    let outcome = bureau.ingest(&file, &[], 0);
    let batch = outcome["batch"].as_str().unwrap();
    let gone = bureau.run(
        &[
            "batch",
            "withdraw",
            batch.get(..12).unwrap(),
            "--reason",
            "R3 wrong month",
            "--by",
            "sho",
        ],
        0,
    );
    assert_eq!(
        (&gone["state"], &gone["gone"], &gone["data_version"]),
        (&json!("withdrawn"), &json!(12), &json!(2))
    );
    assert_eq!(bureau.current(), 0);
    let replay = bureau.ingest(&file, &[], 0);
    assert_eq!(
        (&replay["codes"]["B902"], &replay["state"]),
        (&json!(1), &json!("withdrawn"))
    );
    assert_eq!(bureau.current(), 0, "a replay revives nothing");
    let shown = bureau.batch(&outcome);
    assert_eq!(shown["events"][0]["reason"], "R3 wrong month");
    assert_eq!(shown["events"][0]["by"], "sho");
    assert!(shown["events"][0]["at"].as_str().unwrap().ends_with('Z'));
    bureau.run(&["batch", "withdraw", batch, "--reason", "twice"], 3);
    bureau.run(&["batch", "withdraw", batch], 2);
    let back = bureau.run(&["batch", "restore", batch], 0);
    assert_eq!(
        (&back["state"], &back["back"]),
        (&json!("live"), &json!(12))
    );
    bureau.run(
        &[
            "batch", "withdraw", batch, "--record", "3", "--record", "5", "--reason", "quashed",
        ],
        0,
    );
    assert_eq!(bureau.current(), 10);
    bureau.run(
        &[
            "batch", "withdraw", batch, "--record", "99", "--reason", "quashed",
        ],
        2,
    );
    bureau.run(&["batch", "restore", batch, "--record", "5"], 0);
    assert_eq!(bureau.current(), 11);
    let list = bureau.run(&["batch", "list"], 0);
    assert_eq!(list["batches"][0]["events"].as_array().unwrap().len(), 4);
}

#[test]
fn a_correction_takes_the_place_of_its_records_and_of_nothing_else() {
    let bureau = Bureau::new();
    let (header, rows) = firs(0, 12);
    bureau.ingest(&bureau.write("a.csv", &header, &rows), &[], 0);
    let changed: Vec<String> = rows[2..5]
        .iter()
        .map(|row| row.replace("SYNTHETIC", "INVENTED").replace("2024", "2023"))
        .collect();
    let correction = bureau.write("correction.csv", &header, &changed);
    let reported = bureau.ingest(&correction, &["--dry-run"], 0);
    assert_eq!(reported["accepted"], 0, "{reported}");
    let revised = bureau.ingest(&correction, &["--revise"], 0);
    let n = revised["accepted"].as_u64().unwrap();
    assert!(n > 0, "{revised}");
    assert_eq!(revised["revised"], n);
    assert_eq!(reported["codes"]["D702"], n);
    assert_eq!(bureau.current(), 12);
    assert_eq!(bureau.batch(&revised)["revised"], n);
    bureau.run(
        &[
            "batch",
            "withdraw",
            revised["batch"].as_str().unwrap(),
            "--reason",
            "wrong",
        ],
        0,
    );
    assert_eq!(bureau.current(), 12, "the older revisions are back");
}

#[test]
fn a_period_is_replaced_in_one_version() {
    let bureau = Bureau::new();
    let (header, rows) = firs(0, 200);
    let of_january = |row: &&String| row.contains("-01-2024 ");
    let january: Vec<String> = rows.iter().filter(of_january).cloned().collect();
    assert!(january.len() > 3, "{}", january.len());
    bureau.ingest(&bureau.write("all.csv", &header, &rows), &[], 0);
    let before = bureau.current();
    let again = bureau.write("january.csv", &header, &january[..2]);
    let done = bureau.ingest(&again, &["--replace-period", "2024-01"], 0);
    assert_eq!(
        (&done["accepted"], &done["data_version"]),
        (&json!(2), &json!(2)),
        "{done}"
    );
    let replaced = usize::try_from(done["replaced"].as_u64().unwrap()).unwrap();
    assert_eq!(bureau.current(), before - replaced + 2);
    assert_eq!(bureau.batch(&done)["replaces"], "2024-01-01..2024-01-31");
    bureau.run(
        &[
            "batch",
            "withdraw",
            done["batch"].as_str().unwrap(),
            "--reason",
            "partial",
        ],
        0,
    );
    assert_eq!(bureau.current(), before);
    bureau.ingest(&again, &["--replace-period", "January"], 2);
}

#[test]
fn a_held_batch_is_released_without_doubling_a_record() {
    let bureau = Bureau::new();
    let (header, rows) = firs(0, 10);
    let damaged: Vec<String> = (0..)
        .zip(&rows)
        .map(|(at, row)| {
            if at < 3 {
                without_date(row)
            } else {
                row.clone()
            }
        })
        .collect();
    let held = bureau.ingest(&bureau.write("held.csv", &header, &damaged), &[], 3);
    assert_eq!(
        (&held["held"], &held["accepted"]),
        (&json!("B904"), &json!(7))
    );
    let shown = bureau.batch(&held);
    assert_eq!(
        (&shown["state"], &shown["held_for"]),
        (&json!("held"), &json!(["B904"]))
    );
    assert_eq!(bureau.current(), 0);
    bureau.ingest(&bureau.write("some.csv", &header, &rows[..5]), &[], 0);
    assert_eq!(bureau.current(), 5);
    let released = bureau.run(
        &[
            "batch",
            "release",
            held["batch"].as_str().unwrap(),
            "--reason",
            "checked",
        ],
        0,
    );
    assert_eq!(
        (&released["state"], &released["codes"]),
        (&json!("live"), &json!({"D701": 2}))
    );
    assert_eq!(bureau.current(), 10);
    bureau.run(
        &[
            "batch",
            "release",
            held["batch"].as_str().unwrap(),
            "--reason",
            "twice",
        ],
        3,
    );
}

#[test]
fn a_file_that_is_not_what_its_manifest_states_is_held() {
    let bureau = Bureau::new();
    let (header, rows) = firs(0, 12);
    let file = bureau.write("a.csv", &header, &rows);
    let plain = bureau.ingest(&file, &["--dry-run"], 0);
    let right = manifest(
        bureau.0.path(),
        "right.toml",
        &format!("rows = 12\n[control_totals]\n{}", totals(&plain)),
    );
    let short = manifest(bureau.0.path(), "short.toml", "rows = 13");
    let wrong = manifest(
        bureau.0.path(),
        "wrong.toml",
        "rows = 12\n[control_totals]\nHT = 400",
    );
    let path = file.to_str().unwrap();
    for other in [&short, &wrong] {
        let held = bureau.run(&["ingest", "--dry-run", "--manifest", other, path], 3);
        assert_eq!(
            (&held["held"], &held["codes"]["B903"]),
            (&json!("B903"), &json!(1)),
            "{held}"
        );
    }
    let taken = bureau.run(&["ingest", "--manifest", &right, path], 0);
    assert_eq!(taken["held"], Value::Null);
    let stated = bureau.batch(&taken)["manifest"].clone();
    assert_eq!(
        stated,
        json!({ "period": "2024-01-01..2024-01-31", "rows": 12, "control_totals": plain["categories"],
            "uploader": "clerk", "approver": "inspector" })
    );
    // The whole file again with a row more: what is held already counts towards the total.
    let (_, more) = firs(0, 13);
    let longer = bureau.write("b.csv", &header, &more);
    let plain = Bureau::new().ingest(&longer, &["--dry-run"], 0);
    let next = manifest(
        bureau.0.path(),
        "next.toml",
        &format!("rows = 13\n[control_totals]\n{}", totals(&plain)),
    );
    let again = bureau.run(
        &["ingest", "--manifest", &next, longer.to_str().unwrap()],
        0,
    );
    assert_eq!(
        (&again["accepted"], &again["duplicate"]),
        (&json!(1), &json!(12)),
        "{again}"
    );
    let older = manifest(bureau.0.path(), "older.toml", "");
    let text = std::fs::read_to_string(&older)
        .unwrap()
        .replace("punjab.fir", "punjab.fir@0.9.0");
    std::fs::write(&older, text).unwrap();
    bureau.run(&["ingest", "--manifest", &older, path], 3);
    bureau.run(&["ingest", "--manifest", &right, path, path], 2);
}

#[test]
fn an_agency_can_state_that_a_period_has_nothing_to_report() {
    let bureau = Bureau::new();
    let nil = manifest(bureau.0.path(), "nil.toml", "nil_return = true");
    for _ in 0..2 {
        let stated = bureau.run(&["ingest", "--manifest", &nil], 0);
        assert_eq!(stated["nil_return"], "2024-01-01..2024-01-31");
    }
    let list = bureau.run(&["batch", "list"], 0);
    assert_eq!(
        (
            &list["batches"],
            list["nil_returns"].as_array().unwrap().len()
        ),
        (&json!([]), 1)
    );
    assert_eq!(list["nil_returns"][0]["period"], "2024-01-01..2024-01-31");
    let (header, rows) = firs(0, 60);
    bureau.ingest(&bureau.write("a.csv", &header, &rows), &[], 0);
    bureau.run(&["ingest", "--manifest", &nil], 3);
    bureau.run(&["ingest", "--manifest", &nil, "a.csv"], 2);
}
