//! The index of a file, kept beside it so that a start reads at most 16 bytes a row instead of parsing Parquet.
//!
//! It is derived and may be lost: one that is missing, cut, changed or of another layout is made anew from the Parquet
//! file, so nothing here is synced. Little-endian throughout:
//!
//! | bytes | what |
//! |---|---|
//! | 4 + 4 | `NQIX`, layout |
//! | 32 | SHA-256 of the Parquet file, as the ledger has it |
//! | 4, then each 5 + 4 + n + 4 + (4 + n) a recipient | kinds: how many, then members, length and code of the agency, how many recipients, length and code of each |
//! | 4, then each 1 + 4 + 4 + 4 | segments: how many, then resolution (255: no cell), first row, end, entries |
//! | 4 | rows |
//! | 2, 2, 2 a row | first day, last day, kind |
//! | 8 an entry | entries of all segments |
//! | 32 | SHA-256 of all before |

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use h3o::Resolution;
use ring::digest::{SHA256, digest};

use super::{Index, Kind, Rows, Segment};
use crate::files::FileRecord;
use crate::keys;

/// Folder of the indexes within the store.
pub(crate) const FOLDER: &str = "index";

const MAGIC: &[u8; 4] = b"NQIX";
const LAYOUT: u32 = 3;
const NO_CELL: u8 = 255;
const DIGEST: usize = 32;

fn path(file: &FileRecord) -> PathBuf {
    Path::new(FOLDER).join(format!("{}-{:05}.index", file.batch, file.part))
}

/// The kept index of a file, `None` where there is none that can be trusted.
pub(crate) fn read(store: &Path, file: &FileRecord) -> Option<Index> {
    let bytes = fs::read(store.join(path(file))).ok()?;
    decode(&bytes, file)
}

/// Keeps the index of a file. Where that fails the next start takes longer, and nothing else.
pub(crate) fn keep(store: &Path, file: &FileRecord, index: &Index) {
    let target = store.join(path(file));
    // Two programs may start at once; each has a file of its own until it is whole.
    let unfinished = target.with_extension(format!("{}.tmp", std::process::id()));
    let write = || -> std::io::Result<()> {
        fs::create_dir_all(store.join(FOLDER))?;
        fs::write(&unfinished, encode(index, file))?;
        fs::rename(&unfinished, &target)
    };
    if let Err(error) = write() {
        tracing::debug!(path = %target.display(), %error, "the index is not kept");
        // Where it was not even made there is nothing to remove.
        drop(fs::remove_file(&unfinished));
    }
}

/// Removes what is not the index of a file that the ledger names, as far as that can be done; natural keys have a sweep of
/// their own.
pub(crate) fn sweep<'f>(store: &Path, named: impl Iterator<Item = &'f FileRecord>) {
    let Ok(found) = fs::read_dir(store.join(FOLDER)) else {
        return;
    };
    let kept: HashSet<PathBuf> = named.map(path).collect();
    for entry in found.flatten() {
        let relative = Path::new(FOLDER).join(entry.file_name());
        if !keys::is_named(&entry.file_name().to_string_lossy())
            && !kept.contains(&relative)
            && let Err(error) = fs::remove_file(entry.path())
        {
            tracing::debug!(path = %relative.display(), %error, "left where it is");
        }
    }
}

fn encode(index: &Index, file: &FileRecord) -> Vec<u8> {
    let rows = &index.rows;
    let mut out = Vec::with_capacity(index.bytes() + 1_024);
    out.extend(MAGIC);
    out.extend(LAYOUT.to_le_bytes());
    out.extend(file.sha256);
    push(&mut out, index.kinds.len());
    for kind in &index.kinds {
        out.extend(kind.members());
        push_text(&mut out, &kind.agency);
        push(&mut out, kind.recipients.len());
        for code in &*kind.recipients {
            push_text(&mut out, code);
        }
    }
    push(&mut out, index.segments.len());
    for segment in &index.segments {
        out.push(segment.resolution.map_or(NO_CELL, u8::from));
        push(&mut out, segment.rows.start);
        push(&mut out, segment.rows.end);
        push(&mut out, segment.entries.len());
    }
    push(&mut out, rows.len());
    let columns = [&rows.first_day, &rows.last_day, &rows.kind].into_iter();
    out.extend(columns.flatten().flat_map(|value| value.to_le_bytes()));
    let entries = index.segments.iter().flat_map(|segment| &segment.entries);
    out.extend(entries.flat_map(|entry| entry.to_le_bytes()));
    let sha256 = digest(&SHA256, &out);
    out.extend(sha256.as_ref());
    out
}

fn push(out: &mut Vec<u8>, number: usize) {
    let number = u32::try_from(number).expect("a file has fewer than 2^18 rows");
    out.extend(number.to_le_bytes());
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    push(out, text.len());
    out.extend(text.as_bytes());
}

fn decode(bytes: &[u8], file: &FileRecord) -> Option<Index> {
    let (body, sha256) = bytes.split_at_checked(bytes.len().checked_sub(DIGEST)?)?;
    let mut rest = Rest(body);
    let known = rest.take(4)? == MAGIC && rest.number()? == LAYOUT as usize;
    if !known || rest.take(DIGEST)? != file.sha256 || digest(&SHA256, body).as_ref() != sha256 {
        return None;
    }
    let mut kinds = Vec::new();
    for _ in 0..rest.number()? {
        let members = *rest.take(5)?.first_chunk()?;
        let agency = Arc::from(rest.text()?);
        let mut recipients: Vec<Box<str>> = Vec::new();
        for _ in 0..rest.number()? {
            recipients.push(rest.text()?.into());
        }
        kinds.push(Kind::of(members, agency, recipients.into())?);
    }
    let mut heads = Vec::new();
    for _ in 0..rest.number()? {
        let resolution = match *rest.take(1)?.first()? {
            NO_CELL => None,
            resolution => Some(Resolution::try_from(resolution).ok()?),
        };
        let rows = rest.number()?..rest.number()?;
        heads.push((resolution, rows, rest.number()?));
    }
    let count = rest.number()?;
    let rows = Rows {
        first_day: rest.shorts(count)?,
        last_day: rest.shorts(count)?,
        kind: rest.shorts(count)?,
    };
    let mut segments = Vec::new();
    for (resolution, rows, entries) in heads {
        let entries = rest.longs(entries)?;
        segments.push(Segment {
            resolution,
            rows,
            entries,
        });
    }
    let whole = rest.0.is_empty() && count as u64 == file.rows;
    whole.then_some(Index {
        rows,
        kinds,
        segments,
    })
}

/// What is not read yet.
struct Rest<'b>(&'b [u8]);

impl<'b> Rest<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<usize> {
        let bytes = self.take(4)?.first_chunk()?;
        usize::try_from(u32::from_le_bytes(*bytes)).ok()
    }

    fn text(&mut self) -> Option<&'b str> {
        let length = self.number()?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    fn shorts(&mut self, count: usize) -> Option<Vec<u16>> {
        let (numbers, _) = self.take(count.checked_mul(2)?)?.as_chunks();
        Some(numbers.iter().copied().map(u16::from_le_bytes).collect())
    }

    fn longs(&mut self, count: usize) -> Option<Vec<u64>> {
        let (numbers, _) = self.take(count.checked_mul(8)?)?.as_chunks();
        Some(numbers.iter().copied().map(u64::from_le_bytes).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use naqsha_model::{Basis, BatchDigest, Category, HandlingCode, Precision, RecordStage};
    use proptest::collection::vec;
    use proptest::prelude::{any, prop_assert_eq, proptest};
    use proptest::sample::Index as Place;

    fn file(rows: u64) -> FileRecord {
        FileRecord {
            batch: BatchDigest::new([7; 32]),
            part: 3,
            sha256: [9; 32],
            rows,
            bytes: 1,
            source_rows: (1, rows),
            days: None,
            timeless: 0,
        }
    }

    fn index(agencies: &[&str]) -> Index {
        let kind = |(code, &agency): (u8, &&str)| Kind {
            category: Category::from_index(code).unwrap(),
            stage: RecordStage::Fir,
            basis: Basis::Occurrence,
            precision: Precision::District,
            handling: HandlingCode::Permitted,
            agency: Arc::from(agency),
            recipients: ["FIA", "NACTA"]
                .into_iter()
                .take(usize::from(code))
                .map(Box::from)
                .collect(),
        };
        Index {
            rows: Rows {
                first_day: vec![1, 40_000, 65_535],
                last_day: vec![2, 40_001, 65_535],
                kind: vec![0, u16::from(agencies.len() > 1), 0],
            },
            kinds: (0..).zip(agencies).map(kind).collect(),
            segments: vec![
                Segment {
                    resolution: None,
                    rows: 0..1,
                    entries: Vec::new(),
                },
                Segment {
                    resolution: Some(Resolution::Nine),
                    rows: 1..3,
                    entries: vec![u64::MAX - 1, 5],
                },
            ],
        }
    }

    #[test]
    fn what_is_kept_is_read_back_and_any_change_of_it_is_not() {
        for agencies in [&["ANF"][..], &["ANF", "FIA"]] {
            let index = index(agencies);
            let bytes = encode(&index, &file(3));
            assert_eq!(decode(&bytes, &file(3)).unwrap(), index);
            for at in 0..bytes.len() {
                let mut changed = bytes.clone();
                *changed.get_mut(at).unwrap() ^= 0x40;
                assert!(decode(&changed, &file(3)).is_none(), "byte {at}");
                let cut = bytes.get(..at).unwrap();
                assert!(decode(cut, &file(3)).is_none(), "cut at {at}");
            }
            assert!(decode(&bytes, &file(4)).is_none(), "of another file");
            let other = FileRecord {
                sha256: [8; 32],
                ..file(3)
            };
            assert!(decode(&bytes, &other).is_none(), "of other bytes");
        }
    }

    proptest! {
        /// With a digest that fits, so that what lies behind it is read, and without: bytes are an index or none, and one that is
        /// read says no more than they do.
        #[test]
        fn any_bytes_are_an_index_or_none(
            edits in vec((any::<Place>(), any::<[u8; 4]>(), 1..5_usize), 0..8),
            cut in (any::<Place>(), any::<bool>()),
            any in vec(any::<u8>(), 0..300),
            which in 0..4_u8,
        ) {
            let of = file(3);
            let whole = encode(&index(&["ANF", "FIA"]), &of);
            let mut body = if which == 0 { any } else { whole.split_at(whole.len() - DIGEST).0.to_vec() };
            for (place, bytes, count) in edits {
                let at = place.index(body.len().max(1));
                for (to, from) in body.iter_mut().skip(at).zip(bytes).take(count) {
                    *to = from;
                }
            }
            if cut.1 {
                body.truncate(cut.0.index(body.len() + 1));
            }
            let sealed = digest(&SHA256, &body);
            if which != 1 {
                body.extend(sealed.as_ref());
            }
            if let Some(index) = decode(&body, &of) {
                prop_assert_eq!(encode(&index, &of), body);
            }
        }
    }
}
