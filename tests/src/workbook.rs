//! Workbooks built part by part.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;

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

/// A part: its name, its beginning, something repeated so many times, and its end.
pub type Part<'a> = (&'a str, &'a str, &'a str, usize, &'a str);

/// An archive of parts, each a beginning, something repeated, and an end.
///
/// # Panics
/// Where it is longer than an archive may be.
pub fn archive(parts: &[Part<'_>]) -> Vec<u8> {
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
            packed.write_all(piece.as_bytes()).expect("a short archive");
            crc.update(piece.as_bytes());
            size += piece.len();
        }
        let packed = packed.finish().expect("a short archive");
        let common = [
            &20_u16.to_le_bytes()[..],
            &0_u16.to_le_bytes(),
            &8_u16.to_le_bytes(),
            &[0; 4],
            &crc.sum().to_le_bytes(),
            &u32::try_from(packed.len())
                .expect("a short archive")
                .to_le_bytes(),
            &u32::try_from(size).expect("a short archive").to_le_bytes(),
            &u16::try_from(name.len())
                .expect("a short archive")
                .to_le_bytes(),
            &0_u16.to_le_bytes(),
        ]
        .concat();
        let at = u32::try_from(out.len()).expect("a short archive");
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
    let at = u32::try_from(out.len()).expect("a short archive");
    let length = u32::try_from(directory.len()).expect("a short archive");
    out.extend(directory);
    out.extend(b"PK\x05\x06\x00\x00\x00\x00");
    out.extend([number.to_le_bytes(), number.to_le_bytes()].concat());
    out.extend([&length.to_le_bytes()[..], &at.to_le_bytes(), &[0; 2]].concat());
    out
}

/// The beginning of a sheet.
pub const SHEET: &str = r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#;
/// Its end.
pub const SHEET_END: &str = "</sheetData></worksheet>";

/// A workbook of one sheet, with more parts.
pub fn workbook(sheet: (&str, &str, usize, &str), more: &[Part<'_>]) -> Vec<u8> {
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

/// A header and one record, for the profile `open.generic-points`.
pub const ROWS: &str = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>lon</t></is></c><c r="B1" t="inlineStr"><is><t>lat</t></is></c><c r="C1" t="inlineStr"><is><t>when</t></is></c></row><row r="2"><c r="A2"><v>67.1</v></c><c r="B2"><v>30.2</v></c><c r="C2" t="inlineStr"><is><t>2024-05-06</t></is></c></row>"#;
