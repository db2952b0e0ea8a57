//! ZIP archives: which member holds the rows, or that the whole is a workbook. Only the directory is read here.

use std::io;

use naqsha_model::Code;
use rawzip::{CompressionMethod, ErrorKind, RECOMMENDED_BUFFER_SIZE, ZipArchive};

use super::{ReadSeek, fault};
use crate::limits::ARCHIVE_ENTRIES;

/// How a member is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Stored,
    Deflated,
}

/// Where a member stands and what the directory says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// First byte of the packed data.
    pub(crate) start: u64,
    /// One past its last byte.
    pub(crate) end: u64,
    /// Bytes after unpacking.
    pub(crate) size: u64,
    pub(crate) crc32: u32,
    pub(crate) method: Method,
}

/// One file of an archive, as the directory names it.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    /// Bytes after unpacking, as the directory says.
    pub(crate) size: u64,
    packing: CompressionMethod,
    crc32: u32,
    is_encrypted: bool,
    is_folder: bool,
    /// Where its data stands, `None` where nothing stands there.
    range: Option<(u64, u64)>,
}

impl Member {
    /// Where its data is.
    pub(crate) fn entry(&self) -> io::Result<Entry> {
        if self.is_encrypted {
            return Err(fault(
                Code::B908,
                "the archive has a password: send it without one",
            ));
        }
        let method = match self.packing {
            CompressionMethod::STORE => Method::Stored,
            CompressionMethod::DEFLATE => Method::Deflated,
            other => {
                return Err(fault(
                    Code::B908,
                    format!("the archive is packed by method {other}: pack it as an ordinary ZIP"),
                ));
            }
        };
        let (start, end) = self.range.ok_or_else(|| {
            fault(
                Code::B907,
                "the ZIP archive is damaged: a member is missing",
            )
        })?;
        Ok(Entry {
            start,
            end,
            size: self.size,
            crc32: self.crc32,
            method,
        })
    }
}

/// What an archive is.
#[derive(Debug)]
pub(super) enum Contents {
    Workbook,
    Member(Entry),
}

/// Lists the members of an archive, at most [`ARCHIVE_ENTRIES`].
pub(crate) fn members(source: &mut dyn ReadSeek) -> io::Result<Vec<Member>> {
    let mut members = Vec::new();
    let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
    let archive = ZipArchive::from_seekable(source, &mut buffer).map_err(damaged)?;
    let mut entries = archive.entries(&mut buffer);
    while let Some(record) = entries.next_entry().map_err(damaged)? {
        if members.len() == ARCHIVE_ENTRIES {
            return Err(fault(
                Code::B909,
                format!("an archive of more than {ARCHIVE_ENTRIES} entries"),
            ));
        }
        let entry = archive.get_entry(record.wayfinder());
        members.push(Member {
            name: String::from_utf8_lossy(record.file_path().as_bytes()).into_owned(),
            size: record.uncompressed_size_hint(),
            packing: record.compression_method(),
            crc32: record.crc32(),
            is_encrypted: record.flags().is_encrypted(),
            is_folder: record.is_dir(),
            range: entry.ok().map(|entry| entry.compressed_data_range()),
        });
    }
    Ok(members)
}

/// Reads the directory; `wanted` names the member, else the only one that holds data is taken.
pub(super) fn look(source: &mut dyn ReadSeek, wanted: Option<&str>) -> io::Result<Contents> {
    let mut members = members(source)?;
    if let Some(what) = members.iter().find_map(|m| other_document(&m.name)) {
        return Err(fault(
            Code::B908,
            format!("the file is {what}: save it as XLSX or CSV"),
        ));
    }
    if members.iter().any(|m| m.name == "xl/workbook.xml") {
        return Ok(Contents::Workbook);
    }
    members.retain(|m| {
        !m.is_folder && !is_litter(&m.name) && wanted.is_none_or(|wanted| is_named(&m.name, wanted))
    });
    match (members.as_slice(), wanted) {
        ([only], _) => only.entry().map(Contents::Member),
        ([], None) => Err(fault(Code::B906, "the archive holds no file")),
        ([], Some(wanted)) => Err(fault(
            Code::B908,
            format!("the archive has no member named {wanted}, as the profile asks"),
        )),
        (several, _) => Err(fault(
            Code::B908,
            format!(
                "the archive holds {} files that may be meant: send one, or name it in the profile (archive_member)",
                several.len()
            ),
        )),
    }
}

/// Documents that are ZIP archives too, by a member that only they have.
fn other_document(name: &str) -> Option<&'static str> {
    match name {
        "xl/workbook.bin" => Some("a binary Excel workbook (.xlsb)"),
        "content.xml" => Some("an OpenDocument sheet or text"),
        "word/document.xml" => Some("a Word document"),
        "ppt/presentation.xml" => Some("a presentation"),
        "Index/Document.iwa" => Some("a Numbers or Pages document"),
        "doc.kml" => Some("a KMZ map"),
        _ => None,
    }
}

/// What systems leave in archives beside the data.
fn is_litter(name: &str) -> bool {
    let file = file_name(name);
    name.starts_with("__MACOSX/")
        || file.starts_with("._")
        || matches!(file, ".DS_Store" | "Thumbs.db" | "desktop.ini")
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Whether a member is the one asked for: by its path or its file name; `*` stands for any characters, once.
fn is_named(path: &str, wanted: &str) -> bool {
    let fits = |name: &str| match wanted.split_once('*') {
        None => name == wanted,
        Some((start, end)) => {
            name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
        }
    };
    fits(path) || fits(file_name(path))
}

fn damaged(error: rawzip::Error) -> io::Error {
    match error.into_kind() {
        ErrorKind::IO(error) if error.kind() != io::ErrorKind::UnexpectedEof => error,
        other => fault(Code::B907, format!("the ZIP archive is damaged: {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_named_by_path_by_file_name_or_with_one_star() {
        for (path, wanted, fits) in [
            ("a/cases.csv", "a/cases.csv", true),
            ("a/cases.csv", "cases.csv", true),
            ("a/cases.csv", "*.csv", true),
            ("a/cases.csv", "cases*", true),
            ("a/cases.csv", "case.csv", false),
            ("ab", "ab*b", false),
        ] {
            assert_eq!(is_named(path, wanted), fits, "{path} {wanted}");
        }
    }

    #[test]
    fn what_systems_leave_behind_is_no_data() {
        for name in ["__MACOSX/._a.csv", "x/.DS_Store", "._a.csv", "Thumbs.db"] {
            assert!(is_litter(name), "{name}");
        }
        assert!(!is_litter("a.csv"));
    }
}
