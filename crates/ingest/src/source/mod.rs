//! Bytes as received to the bytes of one format: digest, compression and archives recognised by content, size and
//! ratio bounded, text decoded.
//!
//! Knows nothing of rows. A fault of the file travels through `std::io::Error` with a [`Refusal`] inside.

mod archive;
mod format;
mod text;
mod unpack;
mod utf16;

use std::io::{self, Read, Seek};

use naqsha_model::{BatchDigest, Code};
use ring::digest::{Context, SHA256};

use crate::error::{IngestError, Refusal};

pub(crate) use archive::members;
pub(crate) use format::{Format, foreign, recognise};
pub(crate) use text::{BUFFER, Text, too_long};
pub(crate) use unpack::{Opened, Unpacked, Wrapping, open_member, unpack};

/// A file as received: archives keep their directory at the end, so it can be read from any place.
pub trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

/// Digests a file as received: the identity of its batch.
///
/// # Errors
/// Whatever reading the source gives.
pub fn digest(mut source: impl Read) -> io::Result<BatchDigest> {
    const BLOCK: usize = 128 * 1024;
    let mut hasher = Context::new(&SHA256);
    let mut block = vec![0; BLOCK];
    loop {
        match source.read(&mut block) {
            Ok(0) => return Ok(batch_digest(hasher)),
            Ok(n) => hasher.update(block.get(..n).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// What a digest of a whole file came to.
pub(crate) fn batch_digest(hasher: Context) -> BatchDigest {
    let sha256 = hasher.finish();
    let sha256 = sha256.as_ref().first_chunk().copied();
    BatchDigest::new(sha256.expect("SHA-256 has 32 bytes"))
}

/// A fault of the file as an I/O error.
pub(crate) fn fault(code: Code, detail: impl Into<String>) -> io::Error {
    io::Error::other(Refusal::new(code, detail))
}

/// Tells a fault of the file from a fault of the source.
pub(crate) fn read_error(error: io::Error) -> IngestError {
    match error.downcast::<Refusal>() {
        Ok(refusal) => IngestError::Refused(refusal),
        Err(error) => IngestError::Read(error),
    }
}
