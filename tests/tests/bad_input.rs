//! Files that are not what they claim: each gets its code and exit status, within bounded memory, and stores nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use naqsha_tests::program::naqsha;
use serde_json::Value;
use tempfile::TempDir;

const HEADER: &str = "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,Last outcome category,Context\n";
const ROW: &str = ",2018-07,WYP,WYP,-1.55,53.80,On or near X,E01,Leeds,Drugs,,\n";

/// The bound of interface.md on memory for text files.
const MEMORY_KIB: u64 = 256 * 1024;

struct Bureau(TempDir);

impl Bureau {
    fn new() -> Self {
        let bureau = Self(tempfile::tempdir().unwrap());
        assert!(bureau.run(&["init"]).status.success());
        bureau
    }

    fn run(&self, args: &[&str]) -> Output {
        naqsha()
            .arg("--json")
            .arg("--data")
            .arg(self.0.path().join("store"))
            .args(args)
            .output()
            .unwrap()
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn refuses(&self, name: &str, bytes: &[u8], code: &str) {
        let file = self.file(name, bytes);
        self.refuses_file(&file, code);
    }

    fn refuses_file(&self, file: &Path, code: &str) {
        let output = self.run(&[
            "ingest",
            "--profile",
            "open.police-uk",
            file.to_str().unwrap(),
        ]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            output.status.code(),
            Some(1),
            "{}: {stderr}",
            file.display()
        );
        assert!(stderr.contains(code), "{}: {stderr}", file.display());
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(summary["codes"][code], 1, "{summary}");
        self.holds_nothing();
    }

    fn holds_nothing(&self) {
        let batches: Value = serde_json::from_slice(&self.run(&["batch", "list"]).stdout).unwrap();
        assert_eq!(batches["batches"], Value::Array(Vec::new()));
        let files = self.0.path().join("store/incidents");
        let left = std::fs::read_dir(files).map_or(0, Iterator::count);
        assert_eq!(left, 0, "no file is left behind");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn an_empty_file_and_a_header_alone_are_b906() {
    let bureau = Bureau::new();
    bureau.refuses("empty.csv", b"", "B906");
    bureau.refuses("header.csv", HEADER.as_bytes(), "B906");
}

#[test]
fn a_truncated_gzip_is_b907() {
    let whole = gzip(format!("{HEADER}{}", ROW.repeat(5_000)).as_bytes());
    Bureau::new().refuses("cut.csv.gz", &whole[..whole.len() / 2], "B907");
}

#[test]
fn a_binary_file_is_b908() {
    let bureau = Bureau::new();
    let png: Vec<u8> = b"\x89PNG\r\n\x1a\n"
        .iter()
        .copied()
        .chain((0..4096_u32).flat_map(u32::to_le_bytes))
        .collect();
    bureau.refuses("picture.csv", &png, "B908");
    bureau.refuses(
        "sheet.csv",
        b"PK\x03\x04\x14\x00\x06\x00rest of a workbook\x00\x00",
        "B907",
    );
}

#[test]
fn a_missing_required_column_is_e101_and_an_unmapped_one_e103() {
    let bureau = Bureau::new();
    bureau.refuses(
        "missing.csv",
        format!("{}{ROW}", HEADER.replace("Month,", "")).as_bytes(),
        "E101",
    );
    let wider = format!(
        "{}\n{}\n",
        HEADER.trim_end().to_owned() + ",CNIC",
        ROW.trim_end().to_owned() + ",35202-1234567-1"
    );
    bureau.refuses("unmapped.csv", wider.as_bytes(), "E103");
}

#[test]
fn a_compression_bomb_is_b909() {
    let zeros = vec![b'a'; 64 << 20];
    Bureau::new().refuses(
        "bomb.csv.gz",
        &gzip(&[HEADER.as_bytes(), &zeros].concat()),
        "B909",
    );
}

#[test]
fn a_line_of_a_gigabyte_is_b909_within_bounded_memory() {
    let bureau = Bureau::new();
    let path = bureau.0.path().join("line.csv");
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(HEADER.as_bytes()).unwrap();
    let mebibyte = vec![b'a'; 1 << 20];
    for _ in 0..1024 {
        file.write_all(&mebibyte).unwrap();
    }
    drop(file);
    let mut child = naqsha()
        .arg("--data")
        .arg(bureau.0.path().join("store"))
        .args([
            "ingest",
            "--profile",
            "open.police-uk",
            path.to_str().unwrap(),
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut peak = 0;
    let status = loop {
        peak = peak.max(peak_kib(child.id()));
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None => std::thread::sleep(std::time::Duration::from_millis(5)),
        }
    };
    assert_eq!(status.code(), Some(1));
    assert!(peak > 0 && peak < MEMORY_KIB, "peak memory was {peak} KiB");
    bureau.refuses_file(&path, "B909");
}

/// Greatest resident memory of a process so far; 0 once it has gone.
fn peak_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}

#[test]
fn a_batch_of_which_a_fifth_is_rejected_is_held_and_invisible() {
    let bureau = Bureau::new();
    let bad = ROW.replace("2018-07", "July");
    let file = bureau.file(
        "bad.csv",
        format!("{HEADER}{}{}", ROW.repeat(7), bad.repeat(3)).as_bytes(),
    );
    let output = bureau.run(&[
        "ingest",
        "--profile",
        "open.police-uk",
        file.to_str().unwrap(),
    ]);
    assert_eq!(
        output.status.code(),
        Some(3),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&summary["held"], &summary["rejected"]),
        (&Value::from("B904"), &Value::from(3))
    );
    let batches: Value = serde_json::from_slice(&bureau.run(&["batch", "list"]).stdout).unwrap();
    assert_eq!(
        (
            &batches["batches"][0]["state"],
            &batches["batches"][0]["data_version"]
        ),
        (&Value::from("held"), &Value::from(0)),
        "a held batch is listed, and in no version"
    );
}

#[test]
fn a_dry_run_stores_nothing_and_says_the_same_as_the_real_run() {
    let bureau = Bureau::new();
    let bad = ROW.replace("2018-07", "July");
    let file = bureau.file(
        "month.csv",
        format!("{HEADER}{}{bad}", ROW.repeat(9)).as_bytes(),
    );
    let path = file.to_str().unwrap();
    let dry = bureau.run(&["ingest", "--profile", "open.police-uk", "--dry-run", path]);
    bureau.holds_nothing();
    let real = bureau.run(&["ingest", "--profile", "open.police-uk", path]);
    let [dry, real]: [Value; 2] =
        [dry, real].map(|output| serde_json::from_slice(&output.stdout).unwrap());
    for name in [
        "rows",
        "accepted",
        "warned",
        "rejected",
        "duplicate",
        "skipped",
        "codes",
        "batch",
    ] {
        assert_eq!(dry[name], real[name], "{name}");
    }
    assert_eq!(real["rejected"], 1);
}

#[test]
fn a_missing_store_is_exit_1_and_a_wrong_argument_exit_2() {
    let dir = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        naqsha()
            .arg("--data")
            .arg(dir.path().join("none"))
            .args(args)
            .output()
            .unwrap()
            .status
            .code()
    };
    assert_eq!(run(&["batch", "list"]), Some(1));
    assert_eq!(run(&["export", "counts"]), Some(2), "--out is missing");
    let bureau = Bureau::new();
    let unknown = bureau.run(&[
        "export",
        "hotspots",
        "--param",
        "resolution=99",
        "--out",
        "x.geojson",
    ]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("from 3 to 9"));
}
