//! Signed checkpoints: a file outside the ledger, to be shipped to another machine, by which a cut tail and a chain that was
//! written anew are seen.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use super::AuditHead;
use super::chain::{from_hex, hex};
use crate::StoreError;
use crate::files_folder::{above, file_error, sync_folder};
use crate::store::blocking;

/// Records after which a checkpoint is due.
pub const CHECKPOINT_RECORDS: u64 = 1_000;
/// Seconds after which a checkpoint is due, where there is a new record.
pub const CHECKPOINT_SECONDS: i64 = 60;

/// No line is longer; of a file only its end is read to know the last one.
const LONGEST_LINE: u64 = 1_024;

/// What is signed starts so, that a signature of it is none of anything else.
const SIGNED: &str = "naqsha audit checkpoint 1";

/// A line of the file: the chain had this record at that time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Number of the record.
    pub record: u64,
    /// Its digest, in hexadecimal digits.
    pub sha256: String,
    /// When it was signed, UTC.
    pub at: String,
    /// The public key (Ed25519), in hexadecimal digits.
    pub key: String,
    /// The signature, in hexadecimal digits.
    pub signature: String,
}

/// The key of a deployment that signs its checkpoints. Printed without its secret.
pub struct CheckpointKey(Ed25519KeyPair);

impl CheckpointKey {
    /// Makes the key of 32 random bytes, which the deployment guards.
    ///
    /// # Panics
    /// Never: any 32 bytes are a seed.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(seed).expect("32 bytes are a seed"))
    }

    /// The public key, by which checkpoints are verified.
    pub fn public(&self) -> [u8; 32] {
        let bytes = self.0.public_key().as_ref().first_chunk().copied();
        bytes.expect("a public key has 32 bytes")
    }

    fn sign(&self, head: AuditHead, at: Timestamp) -> Checkpoint {
        let (sha256, at) = (hex(head.sha256), at.to_string());
        let signature = self.0.sign(signed(head.record, &sha256, &at).as_bytes());
        Checkpoint {
            record: head.record,
            sha256,
            at,
            key: hex(self.public()),
            signature: digits(signature.as_ref()),
        }
    }
}

impl fmt::Debug for CheckpointKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CheckpointKey({})", hex(self.public()))
    }
}

impl Checkpoint {
    /// Whether its own key signed it.
    pub(super) fn is_signed(&self) -> bool {
        let (Some(key), Some(signature)) = (from_hex(&self.key), bytes(&self.signature)) else {
            return false;
        };
        let signed = signed(self.record, &self.sha256, &self.at);
        let key = UnparsedPublicKey::new(&ED25519, key);
        key.verify(signed.as_bytes(), &signature).is_ok()
    }
}

fn signed(record: u64, sha256: &str, at: &str) -> String {
    format!("{SIGNED}\n{record}\n{sha256}\n{at}\n")
}

fn digits(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xF]);
    let digits = digits.filter_map(|digit| char::from_digit(digit.into(), 16));
    digits.collect()
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.map(byte).collect()
}

/// Where a deployment's checkpoints go, and what signs them. Clones share the key.
#[derive(Debug, Clone)]
pub struct Checkpoints {
    path: PathBuf,
    key: Arc<CheckpointKey>,
}

impl Checkpoints {
    /// A file, which need not be there yet.
    pub fn new(path: &Path, key: CheckpointKey) -> Self {
        Self {
            path: path.to_owned(),
            key: Arc::new(key),
        }
    }
}

/// Appends a checkpoint where one is due.
pub(super) async fn append_due(
    to: &Checkpoints,
    head: AuditHead,
    now: Timestamp,
) -> Result<Option<Checkpoint>, StoreError> {
    if head.record == 0 {
        return Ok(None);
    }
    let to = to.clone();
    blocking(move || append(&to, head, now)).await
}

fn append(
    to: &Checkpoints,
    head: AuditHead,
    now: Timestamp,
) -> Result<Option<Checkpoint>, StoreError> {
    let path = &to.path;
    let folder = above(path);
    if !folder.exists() {
        fs::create_dir_all(folder).map_err(file_error("make", folder))?;
        sync_folder(above(folder))?;
    }
    let is_new = !path.exists();
    let mut options = OpenOptions::new();
    let file = options.read(true).append(true).create(true).open(path);
    let mut file = file.map_err(file_error("open", path))?;
    // Of two programs at once one would repeat the other's line.
    file.lock().map_err(file_error("lock", path))?;
    let (last, is_torn) = end(&mut file).map_err(file_error("read", path))?;
    if last.is_some_and(|last| !is_due(&last, head, now)) {
        return Ok(None);
    }
    let checkpoint = to.key.sign(head, now);
    let mut line = String::new();
    if is_torn {
        line.push('\n');
    }
    line += &serde_json::to_string(&checkpoint).expect("texts and a number");
    line.push('\n');
    file.write_all(line.as_bytes())
        .map_err(file_error("write", path))?;
    file.sync_all().map_err(file_error("sync", path))?;
    if is_new {
        sync_folder(folder)?;
    }
    Ok(Some(checkpoint))
}

/// A chain that is shorter than its last checkpoint is told about at once: something was lost, and all knew it before.
fn is_due(last: &Checkpoint, head: AuditHead, now: Timestamp) -> bool {
    let Some(new) = head.record.checked_sub(last.record) else {
        return true;
    };
    let since = last
        .at
        .parse::<Timestamp>()
        .map(|at| now.duration_since(at));
    let is_old = since.map_or(true, |since| since.as_secs() >= CHECKPOINT_SECONDS);
    new >= CHECKPOINT_RECORDS || (new > 0 && is_old)
}

/// The last whole line, and whether something without an end follows it.
fn end(file: &mut File) -> std::io::Result<(Option<Checkpoint>, bool)> {
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(2 * LONGEST_LINE)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let is_torn = tail.last().is_some_and(|&byte| byte != b'\n');
    let lines = tail.rsplit(|&byte| byte == b'\n');
    let mut read = lines.filter_map(|line| serde_json::from_slice(line).ok());
    Ok((read.next(), is_torn))
}

/// A line as it was found, from 1; none in it where it is no checkpoint.
pub(super) type Line = (u64, Option<Checkpoint>);

/// All lines of a file; none where there is no file.
pub(super) fn read(path: &Path) -> Result<Vec<Line>, StoreError> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = fs::read(path).map_err(file_error("read", path))?;
    let lines = text.split(|&byte| byte == b'\n');
    let numbered = (1..).zip(lines).filter(|(_, line)| !line.is_empty());
    Ok(numbered
        .map(|(number, line)| (number, serde_json::from_slice(line).ok()))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::{any, prop_assert, proptest};
    use proptest::sample::Index;

    fn head(record: u64) -> AuditHead {
        AuditHead {
            record,
            sha256: [7; 32],
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn a_checkpoint_is_due_after_records_or_time_and_follows_a_torn_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit/checkpoints.jsonl");
        let to = Checkpoints::new(&path, CheckpointKey::from_seed(&[1; 32]));
        let appended = |record, second| {
            append(&to, head(record), at(second))
                .unwrap()
                .map(|checkpoint| checkpoint.record)
        };
        assert_eq!(appended(1, 0), Some(1));
        assert_eq!(appended(1, 600), None, "nothing is new");
        assert_eq!(appended(1_000, 59), None);
        assert_eq!(appended(1_001, 59), Some(1_001));
        assert_eq!(appended(1_002, 118), None);
        assert_eq!(appended(1_002, 119), Some(1_002));
        let mut bytes = fs::read(&path).unwrap();
        bytes.extend(b"{\"record\":");
        fs::write(&path, bytes).unwrap();
        assert_eq!(appended(1_003, 200), Some(1_003));
        assert_eq!(appended(900, 201), Some(900), "a chain that lost something");
        let lines = read(&path).unwrap();
        let records: Vec<_> = lines
            .iter()
            .map(|(_, line)| line.as_ref().map(|checkpoint| checkpoint.record))
            .collect();
        let expected = [
            Some(1),
            Some(1_001),
            Some(1_002),
            None,
            Some(1_003),
            Some(900),
        ];
        assert_eq!(records, expected);
        assert!(
            lines
                .iter()
                .flat_map(|(_, line)| line)
                .all(Checkpoint::is_signed)
        );
    }

    #[test]
    fn a_signature_is_of_all_that_a_line_says() {
        let signed = CheckpointKey::from_seed(&[1; 32]).sign(head(9), at(0));
        assert!(signed.is_signed());
        let other = CheckpointKey::from_seed(&[2; 32]).sign(head(9), at(0));
        let changes = [
            Checkpoint {
                record: 8,
                ..signed.clone()
            },
            Checkpoint {
                sha256: hex([8; 32]),
                ..signed.clone()
            },
            Checkpoint {
                at: at(1).to_string(),
                ..signed.clone()
            },
            Checkpoint {
                key: other.key,
                ..signed.clone()
            },
            Checkpoint {
                signature: other.signature,
                ..signed.clone()
            },
            Checkpoint {
                signature: String::new(),
                ..signed.clone()
            },
            Checkpoint {
                signature: "é".to_owned(),
                ..signed
            },
        ];
        assert!(changes.iter().all(|changed| !changed.is_signed()));
    }

    proptest! {
        /// Lines that are no checkpoints are told as such, one that was changed is not signed, and the next is appended whole.
        #[test]
        fn any_bytes_in_the_file_are_lines_or_none(
            any in vec(any::<u8>(), 0..400),
            edits in vec((any::<Index>(), any::<u8>()), 0..4),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("checkpoints.jsonl");
            let key = CheckpointKey::from_seed(&[1; 32]);
            let signed = key.sign(head(1), at(0));
            let mut line = serde_json::to_vec(&signed).unwrap();
            for (place, byte) in edits {
                let place = place.index(line.len());
                line.splice(place..=place, [byte]);
            }
            line.push(b'\n');
            line.extend(any);
            fs::write(&path, &line).unwrap();
            for (_, found) in read(&path).unwrap() {
                if let Some(found) = found {
                    let same = (found.record, &found.sha256, &found.at) == (signed.record, &signed.sha256, &signed.at);
                    prop_assert!(same || !found.is_signed(), "{:?}", found);
                }
            }
            append(&Checkpoints::new(&path, key), head(2_000), at(9_000)).unwrap();
            let lines = read(&path).unwrap();
            let last = lines.last().and_then(|(_, last)| last.as_ref()).map(|last| last.record);
            prop_assert!(last == Some(2_000), "{:?}", last);
        }
    }
}
