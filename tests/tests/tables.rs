//! Workbooks and Parquet files: read by the program's child as others read them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use std::fs::File;
use std::path::Path;
use std::process::Output;

use naqsha_tests::program::naqsha;
use naqsha_tests::skip::{python, shared};
use serde_json::{Value, json};
use tempfile::TempDir;

/// What the child said: its header and rows, or its refusal; `None` where it ended without a word.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Rows(Vec<Vec<String>>),
    Refused(Vec<String>),
    Nothing,
}

/// The frames of the child's output: a kind, a number of cells, and each cell's length and text.
fn frames(mut bytes: &[u8]) -> Said {
    let mut rows = Vec::new();
    let take = |n: usize, bytes: &mut &[u8]| -> Vec<u8> {
        let (taken, rest) = bytes.split_at(n);
        *bytes = rest;
        taken.to_vec()
    };
    while !bytes.is_empty() {
        let kind = take(1, &mut bytes)[0];
        let number = u32::from_le_bytes(take(4, &mut bytes).try_into().unwrap());
        let cells = (0..number)
            .map(|_| {
                let length = u32::from_le_bytes(take(4, &mut bytes).try_into().unwrap());
                String::from_utf8(take(length as usize, &mut bytes)).unwrap()
            })
            .collect();
        match kind {
            b'E' => return Said::Rows(rows),
            b'X' => return Said::Refused(cells),
            _ => rows.push(cells),
        }
    }
    Said::Nothing
}

/// Runs the hidden command of the program as the program does.
fn child(path: &Path, request: &Value) -> Output {
    naqsha()
        .arg("read-table")
        .arg(request.to_string())
        // As the program starts it.
        .env("MIMALLOC_ARENA_RESERVE", "64MiB")
        .current_dir("/")
        .stdin(File::open(path).unwrap())
        .output()
        .unwrap()
}

fn request(holder: &str, sheets: &Value, skip: usize) -> Value {
    json!({ "holder": holder, "sheets": sheets, "skip": skip, "header_rows": null, "columns": 256,
        "field_bytes": 65_536 })
}

fn rows(path: &Path, request: &Value) -> Vec<Vec<String>> {
    match frames(&child(path, request).stdout) {
        Said::Rows(rows) => rows,
        other => panic!("{}: {other:?}", path.display()),
    }
}

/// The files that other programs write, or `None` where there is no Python with them.
fn made(test: &str) -> Option<TempDir> {
    let mut command = python(test, "openpyxl, pyarrow")?;
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("oracles/tables_made.py");
    assert!(
        command
            .arg(script)
            .arg(folder.path())
            .status()
            .unwrap()
            .success()
    );
    Some(folder)
}

#[test]
fn a_register_of_a_spreadsheet_program_is_read_as_it_is_seen() {
    let Some(folder) = made("a_register_of_a_spreadsheet_program_is_read_as_it_is_seen") else {
        return;
    };
    let found = rows(
        &folder.path().join("register.xlsx"),
        &request("workbook", &json!([]), 2),
    );
    let expected = [
        [
            "FIR No",
            "Date Occurred",
            "Date Reported",
            "Victims Male",
            "Victims Female",
            "CNIC",
            "Closed",
            "Rate",
        ],
        ["", "", "", "", "", "", "", ""],
        [
            "604/23",
            "2024-05-06",
            "2024-05-07T14:30:00",
            "1",
            "2",
            "3520212345671",
            "TRUE",
            "0.25",
        ],
        [
            "604/23",
            "2024-05-08",
            "09:05:00",
            "",
            "1",
            "",
            "FALSE",
            "#N/A",
        ],
        [
            "۱۲",
            "1900-03-01",
            "",
            "1.5",
            "3.52E+12",
            "3.520212345671234E+16",
            "",
            "",
        ],
    ];
    assert_eq!(found, expected);
}

#[test]
fn sheets_are_named_or_the_only_one_with_cells() {
    let Some(folder) = made("sheets_are_named_or_the_only_one_with_cells") else {
        return;
    };
    let path = folder.path().join("sheets.xlsx");
    let months = rows(&path, &request("workbook", &json!(["Jan", "Feb"]), 0));
    assert_eq!(
        months,
        [["FIR", "Place"], ["1/24", "Lahore"], ["2/24", "Lahore"]]
    );
    assert_eq!(rows(&path, &request("workbook", &json!([1]), 0)).len(), 2);
    for (sheets, code, word) in [
        (json!([]), "B908", "3 sheets"),
        (json!(["Mar"]), "B908", "Mar"),
        (json!(["Jan", "Notes"]), "B908", "different headers"),
        (json!(["Empty"]), "B906", "no cell"),
    ] {
        let said = frames(&child(&path, &request("workbook", &sheets, 0)).stdout);
        let Said::Refused(cells) = said else {
            panic!("{said:?}");
        };
        assert!(cells[0] == code && cells[1].contains(word), "{cells:?}");
    }
}

#[test]
fn published_workbooks_are_read_cell_by_cell_as_openpyxl_reads_them() {
    let test = "published_workbooks_are_read_cell_by_cell_as_openpyxl_reads_them";
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("oracles/sheet_cells.py");
    for (file, sheet) in [
        ("crimemappingdata/qld_stalking.xlsx", "Sheet1"),
        ("crimemappingdata/aggravated_assaults.xlsx", "Austin"),
        (
            "eurepoc/EuRepoC_Global_Database_1.1.xlsx",
            "EuRepoC_Global_Database_1.1",
        ),
    ] {
        let (Some(path), Some(mut oracle)) = (
            shared(test, &format!("data/{file}")),
            python(test, "openpyxl"),
        ) else {
            return;
        };
        let output = oracle.arg(&script).arg(&path).arg(sheet).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let expected: Vec<Vec<String>> = String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let mut found = rows(&path, &request("workbook", &json!([sheet]), 0));
        for row in &mut found {
            while row.last().is_some_and(|cell| cell.trim().is_empty()) {
                row.pop();
            }
        }
        assert_eq!(found.len(), expected.len(), "{file}");
        for (number, (row, other)) in found.iter().zip(&expected).enumerate() {
            let blank = |cell: &String| {
                if cell.trim().is_empty() {
                    String::new()
                } else {
                    cell.clone()
                }
            };
            let other: Vec<String> = other.iter().map(blank).collect();
            assert_eq!(*row, other, "{file} row {number}");
        }
    }
}

#[test]
fn parquet_in_every_compression_reads_as_text() {
    let Some(folder) = made("parquet_in_every_compression_reads_as_text") else {
        return;
    };
    let expected = [
        [
            "text", "whole", "number", "small", "single", "yes", "day", "local", "micro", "utc",
            "money", "kind",
        ],
        [
            "a",
            "604",
            "3520212345671",
            "1",
            "0.1",
            "true",
            "2024-05-06",
            "2024-05-06T14:30:00",
            "2024-05-06T14:30:00",
            "2024-05-06T14:30:00Z",
            "12.50",
            "x",
        ],
        ["", "", "", "2", "", "false", "", "", "", "", "", "y"],
        [
            "تھانہ",
            "1.5",
            "-1",
            "",
            "2",
            "",
            "1969-12-31",
            "2024-05-06",
            "2024-05-06T14:30:00",
            "2024-05-06T14:30:00Z",
            "-0.05",
            "x",
        ],
    ];
    let ask = request("parquet", &json!([]), 0);
    for compression in ["none", "snappy", "gzip", "zstd", "lz4"] {
        let path = folder.path().join(format!("{compression}.parquet"));
        assert_eq!(rows(&path, &ask), expected, "{compression}");
    }
    let path = folder.path().join("brotli.parquet");
    assert!(matches!(
        frames(&child(&path, &ask).stdout),
        Said::Refused(_)
    ));
    let many = rows(&folder.path().join("many.parquet"), &ask);
    assert_eq!(many.len(), 200_001);
    assert_eq!(many[200_000][0], "199999");
}
