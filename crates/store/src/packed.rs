//! Lists of rows and of links as bytes of the ledger: LEB128 numbers, differences instead of values.
//!
//! A million rows that follow each other are three bytes. The encodings are part of the format: see `docs/store-format.md`.

use crate::contents::{Link, RecordAt};

/// Rows fit into the forty bits that an incident's id has for them.
const MOST_ROW: u64 = 1 << 40;
/// More than a file has records: a longer run is damage, and would fill the memory.
const LONGEST_RUN: u64 = 1 << 27;

/// Rows, ascending and distinct: pairs of the gap to the run before and the length of the run less one.
pub(crate) fn rows(rows: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut end = 0;
    for run in rows.chunk_by(|left, right| left + 1 == *right) {
        if let [first, ..] = run {
            push(&mut bytes, first - end);
            push(&mut bytes, run.len() as u64 - 1);
            end = first + run.len() as u64;
        }
    }
    bytes
}

/// Rows back; `None` for bytes that were not written so.
pub(crate) fn read_rows(bytes: &[u8]) -> Option<Vec<u64>> {
    let mut bytes = bytes.iter().copied();
    let (mut rows, mut end) = (Vec::new(), 0_u64);
    while bytes.len() > 0 {
        let first = end.checked_add(pull(&mut bytes)?)?;
        let last = first.checked_add(pull(&mut bytes)?)?;
        if last >= MOST_ROW || last - first >= LONGEST_RUN {
            return None;
        }
        rows.extend(first..=last);
        end = last + 1;
    }
    Some(rows)
}

/// Links of records of one batch to first records of one batch, ascending by record: row less the row before, first row
/// less the first row before (zigzag), revision.
pub(crate) fn links<'l>(links: impl Iterator<Item = &'l Link>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut row, mut first) = (0, 0);
    for link in links {
        push(&mut bytes, link.record.row - row);
        let step = link.first.row.wrapping_sub(first).cast_signed();
        push(&mut bytes, (step << 1 ^ step >> 63).cast_unsigned());
        push(&mut bytes, u64::from(link.revision));
        (row, first) = (link.record.row, link.first.row);
    }
    bytes
}

/// Links back; `None` for bytes that were not written so.
pub(crate) fn read_links(bytes: &[u8], sequence: u64, first_sequence: u64) -> Option<Vec<Link>> {
    let mut bytes = bytes.iter().copied();
    let mut links = Vec::new();
    let (mut row, mut first) = (0_u64, 0_u64);
    while bytes.len() > 0 {
        row = row.checked_add(pull(&mut bytes)?)?;
        let step = pull(&mut bytes)?;
        first = first.wrapping_add(step >> 1 ^ (step & 1).wrapping_neg());
        let revision = u32::try_from(pull(&mut bytes)?).ok()?;
        links.push(Link {
            record: RecordAt { sequence, row },
            first: RecordAt {
                sequence: first_sequence,
                row: first,
            },
            revision,
        });
    }
    Some(links)
}

fn push(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return bytes.push(low & 0x7F);
        }
        bytes.push(low | 0x80);
    }
}

fn pull(bytes: &mut impl Iterator<Item = u8>) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..63).step_by(7) {
        let byte = bytes.next()?;
        number |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    match bytes.next()? {
        last @ 0..=1 => Some(number | u64::from(last) << 63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_rows_read_back(set in prop::collection::btree_set(0..1_u64 << 40, 0..50), run in 0..1000_u64) {
            let mut set = set;
            set.extend(5_000..5_000 + run);
            let list: Vec<u64> = set.into_iter().collect();
            prop_assert_eq!(read_rows(&rows(&list)), Some(list));
        }

        #[test]
        fn any_links_read_back(pairs in prop::collection::btree_map(0..1_u64 << 40, (0..1_u64 << 40, 2..u32::MAX), 0..50)) {
            let list: Vec<Link> = pairs.into_iter().map(|(row, (first, revision))| Link {
                record: RecordAt { sequence: 7, row }, first: RecordAt { sequence: 3, row: first }, revision }).collect();
            prop_assert_eq!(read_links(&links(list.iter()), 7, 3), Some(list));
        }

        #[test]
        fn any_number_reads_back(number: u64) {
            let mut bytes = Vec::new();
            push(&mut bytes, number);
            prop_assert_eq!(pull(&mut bytes.into_iter()), Some(number));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            // Runs are bounded by the length of the gap bytes only, so long ones are not tried here.
            if bytes.iter().all(|&byte| byte < 0x80) {
                read_rows(&bytes);
            }
            read_links(&bytes, 1, 1);
        }
    }

    #[test]
    fn the_format_is_as_documented() {
        let list: Vec<u64> = (1..=1_000).chain([1_002]).collect();
        assert_eq!(rows(&list), [1, 0xE7, 7, 1, 0]);
        assert_eq!(rows(&[]), [0_u8; 0]);
        assert_eq!(read_rows(&[1]), None, "half a pair");
        assert_eq!(
            read_rows(&[1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]),
            None,
            "beyond any file"
        );
    }
}
