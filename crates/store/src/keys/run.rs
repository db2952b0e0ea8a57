//! A run: natural keys of some batches of one agency, in order, in a file beside the kept indexes.
//!
//! It is derived from the Parquet files and may be lost: one that is missing, cut, changed or of another layout is made
//! anew, so nothing of it is synced. Damage is seen: a block when it is read, the rest when the run is opened.
//!
//! | bytes | what |
//! |---|---|
//! | 49 an entry | blocks of 128 entries, the last may be shorter; numbers big-endian (`entry`) |
//! | 16 + 8 a block | its first key, XXH3 of its bytes |
//! | 8 + 32 a batch | its number and digest, ascending |
//! | n | the agency |
//! | 8 + 4 + 4 + 4 | entries, batches, bytes of the agency, layout |
//! | 32 | SHA-256 of all that follows the blocks |

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Error, ErrorKind, IntoInnerError, Result, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use naqsha_model::{BatchDigest, NaturalKey};
use ring::digest::{SHA256, digest};
use xxhash_rust::xxh3::xxh3_64;

use super::entry::{ENTRY, Entry};
use crate::StoreError;

const LAYOUT: u32 = 1;
const BLOCK_ENTRIES: usize = 128;
const BLOCK: usize = BLOCK_ENTRIES * ENTRY;
const DIGEST: usize = 32;
const TAIL: usize = 8 + 4 + 4 + 4 + DIGEST;

/// The batches a run has the keys of, by number.
pub(super) type Covered = BTreeMap<u64, BatchDigest>;

/// An open run. Where its file is removed meanwhile, it can be read all the same.
#[derive(Debug)]
pub(super) struct Run {
    file: File,
    path: PathBuf,
    pub covered: Covered,
    pub agency: String,
    pub entries: u64,
    blocks: Vec<Block>,
}

#[derive(Debug, Clone, Copy)]
struct Block {
    first: NaturalKey,
    xxh3: u64,
}

fn damaged(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what.to_owned())
}

impl Run {
    /// Opens a run and checks all but its blocks.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let cut = || damaged("it is cut or no run");
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let mut tail = [0; TAIL];
        let at = length.checked_sub(TAIL as u64).ok_or_else(cut)?;
        file.read_exact_at(&mut tail, at)?;
        let mut rest = Rest(&tail);
        let entries = rest.long().ok_or_else(cut)?;
        let [batches, named, layout] = [(); 3].map(|()| rest.number());
        let (batches, named) = batches.zip(named).ok_or_else(cut)?;
        if layout != Some(LAYOUT) {
            return Err(damaged("it has another layout"));
        }
        let blocks = entries.div_ceil(BLOCK_ENTRIES as u64);
        let ahead = entries.checked_mul(ENTRY as u64).ok_or_else(cut)?;
        let head = blocks * 24 + u64::from(batches) * 40 + u64::from(named) + TAIL as u64;
        if ahead.checked_add(head) != Some(length) {
            return Err(cut());
        }
        let mut bytes = vec![0; usize::try_from(head).map_err(|_large| cut())?];
        file.read_exact_at(&mut bytes, ahead)?;
        let (body, sha256) = bytes.split_at(bytes.len() - DIGEST);
        if digest(&SHA256, body).as_ref() != sha256 {
            return Err(damaged("its SHA-256 is another"));
        }
        let mut rest = Rest(body);
        let block = |_| {
            Some(Block {
                first: NaturalKey(u128::from_be_bytes(*rest.chunk()?)),
                xxh3: rest.long()?,
            })
        };
        let blocks: Option<Vec<Block>> = (0..blocks).map(block).collect();
        let batch = |_| Some((rest.long()?, BatchDigest::new(*rest.chunk()?)));
        let covered: Option<Covered> = (0..batches).map(batch).collect();
        let agency = rest.take(named as usize).map(<[u8]>::to_vec);
        let agency = agency.and_then(|agency| String::from_utf8(agency).ok());
        Ok(Self {
            file,
            path: path.to_owned(),
            covered: covered.ok_or_else(cut)?,
            agency: agency.ok_or_else(cut)?,
            entries,
            blocks: blocks.ok_or_else(cut)?,
        })
    }

    /// What reading it costs: entries, and batches without any.
    pub(super) fn size(&self) -> u64 {
        self.entries + self.covered.len() as u64
    }

    /// Removes the file; who has it open can read on.
    pub(super) fn remove(&self) {
        super::remove(&self.path);
    }

    /// An error about its file.
    pub(super) fn failed(&self, action: &'static str, source: Error) -> StoreError {
        StoreError::File {
            action,
            path: self.path.clone(),
            source,
        }
    }

    /// Calls `found` with each entry of the keys, which are ascending.
    ///
    /// Cost: one read of 6 KiB a key, or fewer where keys lie close together.
    pub(super) fn find(&self, keys: &[NaturalKey], mut found: impl FnMut(Entry)) -> Result<()> {
        let mut held: Option<(usize, Vec<Entry>)> = None;
        for &key in keys {
            // The block before the first that begins with the key may end with it.
            let begin = self.blocks.partition_point(|block| block.first < key);
            let end = self.blocks.partition_point(|block| block.first <= key);
            for at in begin.saturating_sub(1)..end {
                if held.as_ref().is_none_or(|&(block, _)| block != at) {
                    held = Some((at, self.block(at)?));
                }
                let entries = held.iter().flat_map(|(_, entries)| entries);
                entries
                    .filter(|entry| entry.key == key)
                    .copied()
                    .for_each(&mut found);
            }
        }
        Ok(())
    }

    /// The entries of a block.
    fn block(&self, at: usize) -> Result<Vec<Entry>> {
        let begin = (at * BLOCK_ENTRIES) as u64;
        let count = self.entries.saturating_sub(begin);
        let count = usize::try_from(count).map_or(BLOCK_ENTRIES, |left| left.min(BLOCK_ENTRIES));
        let mut bytes = [0; BLOCK];
        let bytes = bytes.split_at_mut(count * ENTRY).0;
        self.file.read_exact_at(bytes, begin * ENTRY as u64)?;
        let block = self.blocks.get(at);
        if block.is_none_or(|block| block.xxh3 != xxh3_64(bytes)) {
            return Err(damaged("a block of it is not as it was written"));
        }
        let entries = bytes.chunks_exact(ENTRY).map(Entry::decode);
        let entries: Option<Vec<Entry>> = entries.collect();
        entries.ok_or_else(|| damaged("an entry of it cannot be read"))
    }

    /// All entries in order, a block in memory at a time.
    pub(super) fn all(&self) -> impl Iterator<Item = Result<Entry>> + '_ {
        (0..self.blocks.len()).flat_map(|at| match self.block(at) {
            Ok(entries) => entries.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        })
    }
}

/// Writes a run; entries come in order.
pub(super) struct RunWriter {
    out: BufWriter<tempfile::NamedTempFile>,
    block: Vec<u8>,
    blocks: Vec<Block>,
    first: Option<NaturalKey>,
    entries: u64,
}

impl RunWriter {
    pub(super) fn new(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let file = tempfile::Builder::new()
            .suffix(super::UNFINISHED)
            .tempfile_in(folder)?;
        // Says to who sweeps that it is being written.
        file.as_file().lock()?;
        Ok(Self {
            out: BufWriter::with_capacity(1 << 18, file),
            block: Vec::with_capacity(BLOCK),
            blocks: Vec::new(),
            first: None,
            entries: 0,
        })
    }

    pub(super) fn push(&mut self, entry: &Entry) -> Result<()> {
        self.first.get_or_insert(entry.key);
        entry.encode(&mut self.block);
        self.entries += 1;
        if self.block.len() == BLOCK {
            self.end_block()?;
        }
        Ok(())
    }

    fn end_block(&mut self) -> Result<()> {
        if let Some(first) = self.first.take() {
            let xxh3 = xxh3_64(&self.block);
            self.blocks.push(Block { first, xxh3 });
            self.out.write_all(&self.block)?;
            self.block.clear();
        }
        Ok(())
    }

    /// Gives the run its name, which says what is in it: another program that makes the same run writes the same bytes.
    pub(super) fn finish(mut self, agency: &str, covered: &Covered) -> Result<Arc<Run>> {
        let (bytes, folder) = self.end(agency, covered)?;
        let file = self.out.into_inner().map_err(IntoInnerError::into_error)?;
        let name = format!("{}{}", BatchDigest::new(bytes), super::NAME);
        let path = folder.join(name);
        file.persist(&path).map_err(|error| error.error)?;
        Run::open(&path).map(Arc::new)
    }

    /// A run without a name, gone once it is dropped.
    pub(super) fn finish_nameless(mut self) -> Result<Run> {
        self.end("", &Covered::new())?;
        let file = self.out.into_inner().map_err(IntoInnerError::into_error)?;
        Run::open(file.path())
    }

    /// Writes what follows the blocks; gives its SHA-256 and the folder.
    fn end(&mut self, agency: &str, covered: &Covered) -> Result<([u8; DIGEST], PathBuf)> {
        self.end_block()?;
        let mut tail = Vec::with_capacity(self.blocks.len() * 24 + covered.len() * 40 + 256);
        for block in &self.blocks {
            tail.extend(block.first.0.to_be_bytes());
            tail.extend(block.xxh3.to_be_bytes());
        }
        for (sequence, batch) in covered {
            tail.extend(sequence.to_be_bytes());
            tail.extend(batch.bytes());
        }
        tail.extend(agency.as_bytes());
        tail.extend(self.entries.to_be_bytes());
        for number in [covered.len(), agency.len()] {
            let number = u32::try_from(number).map_err(|_many| damaged("too many batches"))?;
            tail.extend(number.to_be_bytes());
        }
        tail.extend(LAYOUT.to_be_bytes());
        let sha256 = digest(&SHA256, &tail);
        self.out.write_all(&tail)?;
        self.out.write_all(sha256.as_ref())?;
        self.out.flush()?;
        let folder = self.out.get_ref().path().parent().map(Path::to_owned);
        let mut bytes = [0; DIGEST];
        bytes.copy_from_slice(sha256.as_ref());
        Ok((bytes, folder.unwrap_or_default()))
    }
}

/// What is left of a run's end.
struct Rest<'b>(&'b [u8]);

impl<'b> Rest<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn chunk<const N: usize>(&mut self) -> Option<&'b [u8; N]> {
        self.take(N)?.first_chunk()
    }

    fn number(&mut self) -> Option<u32> {
        self.chunk().map(|bytes| u32::from_be_bytes(*bytes))
    }

    fn long(&mut self) -> Option<u64> {
        self.chunk().map(|bytes| u64::from_be_bytes(*bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contents::RecordAt;
    use crate::keys::entry::Keyed;
    use naqsha_model::ContentDigest;
    use proptest::collection::vec;
    use proptest::prelude::{any, prop_assert, proptest};
    use proptest::sample::Index;

    const ENTRIES: usize = 300;

    fn entry(number: u64) -> Entry {
        let at = RecordAt {
            sequence: 1,
            row: number,
        };
        let content = ContentDigest(u128::from(number));
        Entry {
            key: NaturalKey(u128::from(number) << 64),
            keyed: Keyed {
                at,
                content,
                status: None,
            },
        }
    }

    fn bytes() -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = RunWriter::new(folder.path()).unwrap();
        (0..ENTRIES as u64).for_each(|number| writer.push(&entry(number)).unwrap());
        let covered = Covered::from([(1, BatchDigest::new([7; 32]))]);
        let run = writer.finish("ANF", &covered).unwrap();
        std::fs::read(&run.path).unwrap()
    }

    proptest! {
        /// A run that was changed, with a digest that fits or without, is refused or gives only entries that were in it.
        #[test]
        fn a_changed_run_is_refused_or_says_nothing_new(
            edits in vec((any::<Index>(), any::<[u8; 8]>(), 1..9_usize), 0..6),
            at_end: bool,
            is_sealed: bool,
            cut in 0..200_usize,
        ) {
            let mut changed = bytes();
            let first = if at_end { changed.len() - 200 } else { 0 };
            for (place, bytes, count) in edits {
                let at = first + place.index(changed.len() - first);
                for (to, from) in changed.iter_mut().skip(at).zip(bytes).take(count) {
                    *to = from;
                }
            }
            changed.truncate(changed.len() - cut / 2 * usize::from(cut > 100));
            if is_sealed {
                let blocks = ENTRIES * ENTRY;
                let end = changed.len() - DIGEST;
                let sha256 = digest(&SHA256, changed.get(blocks..end).unwrap());
                changed.truncate(end);
                changed.extend(sha256.as_ref());
            }
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), &changed).unwrap();
            let Ok(run) = Run::open(file.path()) else { return Ok(()) };
            for found in run.all().flatten() {
                let number = u64::try_from(found.key.0 >> 64).unwrap();
                prop_assert!(found == entry(number), "{:?}", found);
            }
            let keys: Vec<NaturalKey> = (0..ENTRIES as u64).map(|number| entry(number).key).collect();
            // Whatever it says, it ends.
            drop(run.find(&keys, |_entry| ()));
        }
    }
}
