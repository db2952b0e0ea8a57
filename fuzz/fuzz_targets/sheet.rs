//! A workbook whose sheet holds the bytes, read as the program's child reads it.

#![no_main]

use std::io::{Cursor, Write};

use libfuzzer_sys::fuzz_target;
use naqsha_fuzz::expect_panics_of;
use naqsha_ingest::{TableRequest, write_table};

const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

fn workbook(sheet: &[u8]) -> Vec<u8> {
    let parts: [(&str, String); 3] = [
        ("_rels/.rels", format!(r#"<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#)),
        ("xl/workbook.xml", format!(r#"<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"#)),
        ("xl/_rels/workbook.xml.rels", format!(r#"<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#)),
    ];
    let mut out = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut out);
    let mut add = |name: &str, bytes: &[u8]| {
        let (mut entry, config) = archive.new_file(name).start().expect("memory");
        let mut writer = config.wrap(&mut entry);
        writer.write_all(bytes).expect("memory");
        let (_, descriptor) = writer.finish().expect("memory");
        entry.finish(descriptor).expect("memory");
    };
    parts.iter().for_each(|(name, text)| add(name, text.as_bytes()));
    let start = format!(r#"<worksheet xmlns="{MAIN}"><sheetData>"#);
    add("xl/worksheets/sheet1.xml", &[start.as_bytes(), sheet, b"</worksheet>"].concat());
    archive.finish().expect("memory");
    out
}

fuzz_target!(init: expect_panics_of("/calamine-"), |bytes: &[u8]| {
    let request: TableRequest = serde_json::from_str(
        r#"{"holder":"workbook","sheets":[],"skip":0,"header_rows":null,"columns":64,"field_bytes":4096}"#,
    )
    .expect("a request");
    let mut frames = Vec::new();
    write_table(Cursor::new(workbook(bytes)), &request, &mut frames).expect("memory");
    assert!(!frames.is_empty());
});
