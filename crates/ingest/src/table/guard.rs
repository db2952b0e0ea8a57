//! What a workbook is not allowed to be, looked at before anything of it is read: macros, DTDs, bombs.

use std::io::{self, Read};

use naqsha_model::Code;

use crate::limits::{Limits, WORKBOOK_BYTES};
use crate::source::{ReadSeek, fault, members, open_member};

/// Decoded bytes of a part that are searched: a DTD stands before the root element.
const PROLOG: u64 = 64 * 1024;

/// Refuses macros, passwords, DTDs and parts that unpack to more than [`WORKBOOK_BYTES`] together.
pub(super) fn check(source: &mut dyn ReadSeek) -> io::Result<()> {
    let parts = members(source)?;
    if !parts.iter().any(|part| part.name == "xl/workbook.xml") {
        return Err(fault(
            Code::B908,
            "a ZIP archive inside a compressed file or an archive: pack it once",
        ));
    }
    let is_macro =
        |name: &str| name.ends_with("vbaProject.bin") || name.starts_with("xl/macrosheets/");
    if parts.iter().any(|part| is_macro(&part.name)) {
        return Err(fault(
            Code::B908,
            "the workbook holds macros: save it as XLSX without them",
        ));
    }
    let total: u64 = parts
        .iter()
        .map(|part| part.size)
        .fold(0, u64::saturating_add);
    if total > WORKBOOK_BYTES {
        return Err(fault(
            Code::B909,
            format!("a workbook of more than {WORKBOOK_BYTES} bytes after decompression"),
        ));
    }
    for part in &parts {
        let extension = part.name.rsplit_once('.').map(|(_, extension)| extension);
        // In any letter case: a reader that finds `SHEET1.XML` must not find it unchecked.
        let is_xml = extension.is_some_and(|extension| {
            extension.eq_ignore_ascii_case("xml") || extension.eq_ignore_ascii_case("rels")
        });
        if is_xml {
            let mut prolog = Vec::new();
            open_member(source, part.entry()?, Limits::default())?
                .take(PROLOG)
                .read_to_end(&mut prolog)?;
            check_prolog(&prolog)?;
        }
    }
    Ok(())
}

fn check_prolog(prolog: &[u8]) -> io::Result<()> {
    let has = |what: &[u8]| {
        prolog
            .windows(what.len())
            .any(|window| window.eq_ignore_ascii_case(what))
    };
    if prolog.contains(&0) || prolog.starts_with(&[0xff, 0xfe]) || prolog.starts_with(&[0xfe, 0xff])
    {
        return Err(fault(Code::B908, "a part of the workbook is not UTF-8"));
    }
    if has(b"<!DOCTYPE") || has(b"<!ENTITY") {
        return Err(fault(
            Code::B908,
            "a part of the workbook declares a document type",
        ));
    }
    Ok(())
}
