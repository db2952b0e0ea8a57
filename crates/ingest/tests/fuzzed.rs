//! Inputs that fuzzing found, each with the answer it must have.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

use std::io::{Cursor, Write};

use naqsha_ingest::{
    Code, IngestError, Profile, Reference, Settings, TableRequest, Tables, ingest, write_table,
};

const PROFILE: &str = r#"
profile = "any.table"
version = "1.0.0"
agency = "ANY"
record_stage = "fir"
default_category = "DT"
timezone = "Asia/Karachi"
[input]
format = "parquet"
[parameters]
drop = "optional"
"#;

/// The code and the words that a stream of frames is refused with.
fn refused(frames: Vec<u8>) -> (Code, String) {
    let mut settings = Settings::received(
        "2026-01-02T03:04:05Z".parse().unwrap(),
        "2026-01-02".parse().unwrap(),
    );
    settings.tables = Some(Tables::new(move |_file, _request| {
        Ok(Box::new(Cursor::new(frames.clone())))
    }));
    let taken = ingest(
        Cursor::new(b"PAR1"),
        &Profile::parse(PROFILE).unwrap(),
        &Reference::embedded(),
        &settings,
        &mut |_chunk| Ok(Vec::new()),
    );
    match taken {
        Err(IngestError::Refused(refusal)) => (refusal.code, refusal.detail),
        other => panic!("not refused: {other:?}"),
    }
}

fn frame(kind: u8, cells: &[&str]) -> Vec<u8> {
    let length = |n: usize| u32::try_from(n).unwrap().to_le_bytes();
    let mut out = vec![kind];
    out.extend(length(cells.len()));
    for cell in cells {
        out.extend(length(cell.len()));
        out.extend(cell.as_bytes());
    }
    out
}

#[test]
fn a_refusal_without_a_code_or_a_reason_has_words_all_the_same() {
    for cells in [
        &[][..],
        &["", ""],
        &["B907"],
        &["B907", ""],
        &["Q1", "said"],
    ] {
        let (code, detail) = refused(frame(b'X', cells));
        assert_eq!(code, Code::B908, "{cells:?}");
        assert_eq!(detail, "what was read from the file is no table");
    }
    let stated = refused(frame(b'X', &["B907", "said"]));
    assert_eq!(stated, (Code::B907, "said".to_owned()));
}

fn workbook(cell: &str) -> Vec<u8> {
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let relation = |kind: &str, target: &str| {
        format!(
            r#"<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" Type="{OFFICE}/{kind}" Target="{target}"/></Relationships>"#
        )
    };
    let parts = [
        ("_rels/.rels", relation("officeDocument", "xl/workbook.xml")),
        (
            "xl/workbook.xml",
            format!(
                r#"<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"#
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            relation("worksheet", "worksheets/sheet1.xml"),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!(
                r#"<worksheet xmlns="{MAIN}"><sheetData><row r="1"><c r="{cell}"><v>1</v></c></row></sheetData></worksheet>"#
            ),
        ),
    ];
    let mut out = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut out);
    for (name, text) in &parts {
        let (mut entry, config) = archive.new_file(*name).start().unwrap();
        let mut writer = config.wrap(&mut entry);
        writer.write_all(text.as_bytes()).unwrap();
        let (_, descriptor) = writer.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
    out
}

#[test]
fn a_cell_named_beyond_every_column_is_damage() {
    let request: TableRequest = serde_json::from_str(
        r#"{"holder":"workbook","sheets":[],"skip":0,"header_rows":null,"columns":64,"field_bytes":4096}"#,
    )
    .unwrap();
    let frames = |cell: &str| {
        let mut frames = Vec::new();
        write_table(Cursor::new(workbook(cell)), &request, &mut frames).unwrap();
        frames
    };
    assert_eq!(
        frames("A1"),
        [frame(b'H', &["1"]), frame(b'E', &[])].concat()
    );
    for cell in ["Aworksheet1", "A99999999999"] {
        assert_eq!(
            refused(frames(cell)),
            (Code::B908, "the file is damaged".to_owned())
        );
    }
}

/// Any one byte of a Parquet file may be damaged, in pages of every compression: the answer is about the file, never a
/// fault of reading it.
#[test]
fn a_damaged_byte_of_a_parquet_file_is_damage() {
    const FILES: [&[u8]; 4] = [
        include_bytes!("../../../fuzz/seeds/parquet/1"),
        include_bytes!("../../../fuzz/seeds/parquet/2"),
        include_bytes!("../../../fuzz/seeds/parquet/3"),
        include_bytes!("../../../fuzz/seeds/parquet/4"),
    ];
    let request: TableRequest = serde_json::from_str(
        r#"{"holder":"parquet","sheets":[],"skip":0,"header_rows":null,"columns":64,"field_bytes":4096}"#,
    )
    .unwrap();
    let mut damaged = 0;
    for file in FILES {
        for at in 0..file.len() {
            let mut bytes = file.to_vec();
            bytes[at] ^= 0x15;
            let mut frames = Vec::new();
            write_table(Cursor::new(bytes), &request, &mut frames).unwrap();
            damaged += usize::from(frames.windows(4).any(|code| code == b"B908"));
        }
    }
    assert!(damaged > 500, "{damaged} damaged files were seen as such");
}
