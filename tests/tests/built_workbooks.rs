//! Workbooks built part by part: taken in every wrapping, refused for what they may not hold, and bombs that end the
//! child alone.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use naqsha_tests::program::naqsha;
use naqsha_tests::workbook::{ROWS, SHEET, SHEET_END, archive, workbook};
use serde_json::{Value, json};
use tempfile::TempDir;

struct Bureau(TempDir);

impl Bureau {
    fn new() -> Self {
        let bureau = Self(tempfile::tempdir().unwrap());
        assert!(bureau.run(&["init"]).status.success());
        bureau
    }

    fn run(&self, args: &[&str]) -> Output {
        naqsha()
            .args(["--json", "--data"])
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

    fn ingest(&self, file: &Path) -> Output {
        self.run(&[
            "ingest",
            "--profile",
            "open.generic-points",
            "--set",
            "lon=lon",
            "--set",
            "lat=lat",
            "--set",
            "date=when",
            "--set",
            "category=DT",
            file.to_str().unwrap(),
        ])
    }

    fn refuses(&self, name: &str, bytes: &[u8], code: &str, word: &str) {
        let output = self.ingest(&self.file(name, bytes));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{name}: {said}");
        assert!(said.contains(code) && said.contains(word), "{name}: {said}");
    }
}

#[test]
fn a_workbook_is_taken_plain_and_in_every_wrapping() {
    let bureau = Bureau::new();
    let strings = ("xl/sharedStrings.xml", "<sst/>", "", 0, "");
    for (i, wrapping) in ["", "gz", "zip"].iter().enumerate() {
        // Different bytes, or the file would be one received before.
        let comment = format!("<!-- {i} -->{ROWS}");
        let book = workbook((SHEET, &comment, 1, SHEET_END), &[strings]);
        let bytes = match *wrapping {
            "gz" => {
                let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
                gzip.write_all(&book).unwrap();
                gzip.finish().unwrap()
            }
            "zip" => stored("May/return.xlsx", &book),
            _ => book,
        };
        let output = bureau.ingest(&bureau.file(&format!("return.xlsx.{wrapping}"), &bytes));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{wrapping}: {said}");
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (&summary["rows"], &summary["accepted"]),
            (&json!(1), &json!(1)),
            "{wrapping}"
        );
    }
}

/// An archive of one member that is not packed.
fn stored(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    let size = u32::try_from(bytes.len()).unwrap().to_le_bytes();
    let common = [
        &[20, 0, 0, 0, 0, 0, 0, 0, 0, 0][..],
        &crc.sum().to_le_bytes(),
        &size,
        &size,
        &u16::try_from(name.len()).unwrap().to_le_bytes(),
        &[0; 2],
    ]
    .concat();
    let mut out = [b"PK\x03\x04", &common[..], name.as_bytes(), bytes].concat();
    let at = u32::try_from(out.len()).unwrap().to_le_bytes();
    let entry = [
        b"PK\x01\x02\x14\x00",
        &common[..],
        &[0; 14],
        name.as_bytes(),
    ]
    .concat();
    let length = u32::try_from(entry.len()).unwrap().to_le_bytes();
    out.extend(
        [
            &entry[..],
            b"PK\x05\x06\0\0\0\0\x01\0\x01\0",
            &length,
            &at,
            &[0; 2],
        ]
        .concat(),
    );
    out
}

#[test]
fn bombs_end_the_child_and_not_the_program() {
    let bureau = Bureau::new();
    // One shared string of 400 MB: a parser that doubles its memory for it needs more than there may be.
    let strings = (
        "xl/sharedStrings.xml",
        "<sst><si><t>",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        10_000_000,
        "</t></si></sst>",
    );
    let bomb = workbook((SHEET, ROWS, 1, SHEET_END), &[strings]);
    assert!(bomb.len() < 8 << 20, "{} bytes", bomb.len());
    let path = bureau.file("bomb.xlsx", &bomb);
    let mut running = naqsha()
        .arg("--data")
        .arg(bureau.0.path().join("store"))
        .args(["profile", "check", "open.generic-points"])
        .args([
            "--set",
            "lon=lon",
            "--set",
            "lat=lat",
            "--set",
            "date=when",
            "--set",
            "category=DT",
        ])
        .arg(&path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut peak = 0;
    while running.try_wait().unwrap().is_none() {
        peak = peak.max(peak_kib(running.id()));
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(peak < 256 * 1024, "the program itself took {peak} KiB");
    bureau.refuses("bomb.xlsx", &bomb, "B909", "512 MiB");
}

/// A page of a Parquet file may claim any size: fuzzing found one of 1.3 GiB in a file of 236 bytes.
#[test]
fn a_page_that_claims_more_than_the_memory_of_the_child_is_refused() {
    let page = include_bytes!("../../fuzz/seeds/parquet/5");
    Bureau::new().refuses("page.parquet", page, "B909", "512 MiB");
}

#[test]
fn what_a_workbook_may_not_hold_is_refused_by_name() {
    let bureau = Bureau::new();
    let sound = (SHEET, ROWS, 1, SHEET_END);
    let far = r#"<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>"#;
    bureau.refuses(
        "far.xlsx",
        &workbook((SHEET, &format!("{ROWS}{far}"), 1, SHEET_END), &[]),
        "B909",
        "column 16384",
    );
    let dtd = SHEET.replace("<worksheet", "<!DOCTYPE x [<!ENTITY a \"b\">]><worksheet");
    bureau.refuses(
        "dtd.xlsx",
        &workbook((&dtd, ROWS, 1, SHEET_END), &[]),
        "B908",
        "document type",
    );
    let with_macro = workbook(sound, &[("xl/vbaProject.bin", "x", "", 0, "")]);
    bureau.refuses("macro.xlsm", &with_macro, "B908", "macros");
    let names: Vec<String> = (0..100).map(|i| format!("xl/{i}.xml")).collect();
    let many: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), "<x/>", "", 0, ""))
        .collect();
    bureau.refuses("many.xlsx", &workbook(sound, &many), "B909", "100 entries");
    let cut = workbook((SHEET, ROWS, 1, "<row"), &[]);
    bureau.refuses("cut.xlsx", &cut, "B908", "damaged");
    bureau.refuses(
        "old.xls",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest",
        "B908",
        "old Excel",
    );
    bureau.refuses(
        "sheet.ods",
        &archive(&[("content.xml", "<x/>", "", 0, "")]),
        "B908",
        "OpenDocument",
    );
    bureau.refuses("bad.parquet", b"PAR1 no such thing PAR1", "B908", "Parquet");
    let inner = archive(&[("a.csv", "lon,lat,when\n", "", 0, "")]);
    bureau.refuses("zip.zip", &stored("a.zip", &inner), "B908", "inside");
}

/// Greatest resident memory of a process so far; 0 once it has gone.
fn peak_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}
