//! Workbooks built part by part: taken in every wrapping, refused for what they may not hold, and bombs that end the
//! child alone.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use naqsha_tests::program::naqsha;
use serde_json::{Value, json};
use tempfile::TempDir;

const XLSX_PARTS: [(&str, &str); 4] = [
    (
        "[Content_Types].xml",
        r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"#,
    ),
    (
        "_rels/.rels",
        r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    ),
    (
        "xl/workbook.xml",
        r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
    ),
    (
        "xl/_rels/workbook.xml.rels",
        r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#,
    ),
];

/// An archive of parts, each a beginning, something repeated, and an end.
fn archive(parts: &[(&str, &str, &str, usize, &str)]) -> Vec<u8> {
    let (mut out, mut directory, mut number) = (Vec::new(), Vec::new(), 0_u16);
    for (name, start, repeated, times, end) in parts {
        let (mut crc, mut size) = (flate2::Crc::new(), 0_usize);
        let mut packed = DeflateEncoder::new(Vec::new(), Compression::fast());
        let block = repeated.repeat(times.div_ceil(64).min(*times));
        let whole = if block.is_empty() {
            0
        } else {
            times * repeated.len() / block.len()
        };
        let pieces = [*start]
            .into_iter()
            .chain(std::iter::repeat_n(block.as_str(), whole))
            .chain([*end]);
        for piece in pieces {
            packed.write_all(piece.as_bytes()).unwrap();
            crc.update(piece.as_bytes());
            size += piece.len();
        }
        let packed = packed.finish().unwrap();
        let common = [
            &20_u16.to_le_bytes()[..],
            &0_u16.to_le_bytes(),
            &8_u16.to_le_bytes(),
            &[0; 4],
            &crc.sum().to_le_bytes(),
            &u32::try_from(packed.len()).unwrap().to_le_bytes(),
            &u32::try_from(size).unwrap().to_le_bytes(),
            &u16::try_from(name.len()).unwrap().to_le_bytes(),
            &0_u16.to_le_bytes(),
        ]
        .concat();
        let at = u32::try_from(out.len()).unwrap();
        out.extend([b"PK\x03\x04", &common[..], name.as_bytes(), &packed].concat());
        directory.extend(
            [
                b"PK\x01\x02\x14\x00",
                &common[..],
                &[0; 10],
                &at.to_le_bytes(),
                name.as_bytes(),
            ]
            .concat(),
        );
        number += 1;
    }
    let at = u32::try_from(out.len()).unwrap();
    let length = u32::try_from(directory.len()).unwrap();
    out.extend(directory);
    out.extend(b"PK\x05\x06\x00\x00\x00\x00");
    out.extend([number.to_le_bytes(), number.to_le_bytes()].concat());
    out.extend([&length.to_le_bytes()[..], &at.to_le_bytes(), &[0; 2]].concat());
    out
}

const SHEET: &str = r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#;
const SHEET_END: &str = "</sheetData></worksheet>";

/// A workbook of one sheet, with more parts.
fn workbook(sheet: (&str, &str, usize, &str), more: &[(&str, &str, &str, usize, &str)]) -> Vec<u8> {
    let mut parts: Vec<_> = XLSX_PARTS
        .iter()
        .map(|(name, text)| (*name, *text, "", 0, ""))
        .collect();
    parts.push((
        "xl/worksheets/sheet1.xml",
        sheet.0,
        sheet.1,
        sheet.2,
        sheet.3,
    ));
    parts.extend(more);
    archive(&parts)
}

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

const ROWS: &str = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>lon</t></is></c><c r="B1" t="inlineStr"><is><t>lat</t></is></c><c r="C1" t="inlineStr"><is><t>when</t></is></c></row><row r="2"><c r="A2"><v>67.1</v></c><c r="B2"><v>30.2</v></c><c r="C2" t="inlineStr"><is><t>2024-05-06</t></is></c></row>"#;

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
