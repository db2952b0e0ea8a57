//! Bytes as received to text bytes: digest, gzip recognised by content, size and ratio bounded.
//!
//! Knows nothing of rows. A fault of the file travels through `std::io::Error` with a [`Refusal`] inside.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;
use naqsha_model::{BatchDigest, Code};
use sha2::{Digest, Sha256};

use crate::error::{IngestError, Refusal};
use crate::limits::Limits;

/// How much is looked at before a format is decided.
const PEEK: usize = 64 * 1024;
/// Decoded bytes after which the search for damage ends.
const DRAIN: u64 = 1 << 30;
/// Decoded bytes below which no ratio is computed.
const RATIO_FLOOR: u64 = 4 * 1024 * 1024;

/// Digests a file as received: the identity of its batch.
///
/// # Errors
/// Whatever reading the source gives.
pub fn digest(mut source: impl Read) -> io::Result<BatchDigest> {
    let mut hashing = Hashing::new(&mut source);
    io::copy(&mut hashing, &mut io::sink())?;
    Ok(hashing.finish())
}

/// Hashes what passes through.
pub(crate) struct Hashing<R> {
    inner: R,
    hasher: Sha256,
}

impl<R: Read> Hashing<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self {
            inner,
            hasher: Sha256::new(),
        }
    }

    pub(crate) fn finish(self) -> BatchDigest {
        BatchDigest::new(self.hasher.finalize().into())
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.hasher.update(buffer.get(..n).unwrap_or_default());
        Ok(n)
    }
}

struct Counting<R> {
    inner: R,
    bytes: u64,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.bytes += n as u64;
        Ok(n)
    }
}

type Prefixed<R> = io::Chain<Cursor<Vec<u8>>, R>;

enum Bytes<R: Read> {
    Plain(Prefixed<R>),
    Gzip(Box<MultiGzDecoder<BufReader<Counting<Prefixed<R>>>>>),
}

/// The decoded bytes of a file, bounded.
pub(crate) struct Text<R: Read> {
    bytes: Bytes<R>,
    decoded: u64,
    limits: Limits,
    /// Bytes handed on since the last record ended.
    since_record: usize,
    /// Last byte that was no white space.
    pub(crate) last_byte: u8,
}

impl<R: Read> Text<R> {
    /// Recognises compression by the first bytes.
    pub(crate) fn open(mut source: R, limits: Limits) -> io::Result<Self> {
        let mut magic = Vec::with_capacity(8);
        source.by_ref().take(8).read_to_end(&mut magic)?;
        if magic.is_empty() {
            return Err(fault(Code::B906, "the file is empty"));
        }
        if let Some(name) = foreign_format(&magic) {
            return Err(fault(
                Code::B908,
                format!("the file is {name}, not delimited text"),
            ));
        }
        let gzip = magic.starts_with(&[0x1f, 0x8b]);
        let prefixed = Cursor::new(magic).chain(source);
        let bytes = if gzip {
            let counting = BufReader::with_capacity(
                PEEK,
                Counting {
                    inner: prefixed,
                    bytes: 0,
                },
            );
            Bytes::Gzip(Box::new(MultiGzDecoder::new(counting)))
        } else {
            Bytes::Plain(prefixed)
        };
        Ok(Self {
            bytes,
            decoded: 0,
            limits,
            since_record: 0,
            last_byte: 0,
        })
    }

    /// Says that a record ended.
    pub(crate) const fn record_ended(&mut self) {
        self.since_record = 0;
    }

    /// Reads a compressed file to its end: text that makes no sense may be the damage showing before the checksum.
    pub(crate) fn compression_fault(&mut self) -> Option<Refusal> {
        let Bytes::Gzip(gzip) = &mut self.bytes else {
            return None;
        };
        let mut rest = gzip.take(DRAIN);
        let error = io::copy(&mut rest, &mut io::sink()).err()?;
        gzip_fault(error).downcast::<Refusal>().ok()
    }

    fn check(&mut self, fresh: &[u8]) -> io::Result<()> {
        if self.decoded == 0
            && (fresh.starts_with(&[0xff, 0xfe]) || fresh.starts_with(&[0xfe, 0xff]))
        {
            return Err(fault(
                Code::B901,
                "the file is UTF-16: save it as CSV UTF-8",
            ));
        }
        if fresh.contains(&0) {
            let damaged = self.compression_fault();
            let binary = || {
                Refusal::new(
                    Code::B908,
                    "the file holds NUL bytes: it is binary, not delimited text",
                )
            };
            return Err(io::Error::other(damaged.unwrap_or_else(binary)));
        }
        self.decoded += fresh.len() as u64;
        if self.decoded > self.limits.decoded_bytes {
            return Err(fault(
                Code::B909,
                format!(
                    "more than {} bytes after decompression",
                    self.limits.decoded_bytes
                ),
            ));
        }
        if let Bytes::Gzip(decoder) = &self.bytes {
            let compressed = decoder.get_ref().get_ref().bytes.max(1);
            if self.decoded > RATIO_FLOOR && self.decoded / compressed > self.limits.ratio {
                return Err(fault(
                    Code::B909,
                    format!("compressed more than {}:1", self.limits.ratio),
                ));
            }
        }
        // The reader above buffers what it is given: a whole buffer may belong to later records.
        self.since_record += fresh.len();
        if self.since_record > self.limits.record_bytes + 2 * BUFFER {
            return Err(too_long(&self.limits));
        }
        if let Some(&byte) = fresh.iter().rev().find(|b| !b.is_ascii_whitespace()) {
            self.last_byte = byte;
        }
        Ok(())
    }
}

/// Size of the buffer of whoever reads a [`Text`].
pub(crate) const BUFFER: usize = 128 * 1024;

pub(crate) fn too_long(limits: &Limits) -> io::Error {
    let detail = format!(
        "a record of more than {} bytes (an unclosed quote, or no line ends)",
        limits.record_bytes
    );
    fault(Code::B909, detail)
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = match &mut self.bytes {
            Bytes::Plain(plain) => plain.read(buffer)?,
            Bytes::Gzip(gzip) => gzip.read(buffer).map_err(gzip_fault)?,
        };
        self.check(buffer.get(..n).unwrap_or_default())?;
        Ok(n)
    }
}

fn gzip_fault(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => fault(Code::B907, "the gzip stream ends too early"),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            fault(Code::B907, "the gzip stream is damaged")
        }
        _ => error,
    }
}

fn foreign_format(magic: &[u8]) -> Option<&'static str> {
    const KNOWN: [(&[u8], &str); 9] = [
        (b"PK\x03\x04", "a ZIP archive or an XLSX workbook"),
        (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
        (b"%PDF", "a PDF"),
        (b"PAR1", "Parquet"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"BZh", "bzip2"),
        (b"\xfd7zXZ", "xz"),
        (b"7z\xbc\xaf", "a 7-Zip archive"),
        (b"\x89PNG", "an image"),
    ];
    KNOWN
        .iter()
        .find(|(start, _)| magic.starts_with(start))
        .map(|&(_, name)| name)
}

/// Looks at the first 64 KiB without losing them; a byte-order mark is removed.
pub(crate) fn peek<R: Read>(mut text: Text<R>) -> io::Result<(Vec<u8>, impl BufferedText)> {
    let mut head = Vec::with_capacity(PEEK);
    text.by_ref().take(PEEK as u64).read_to_end(&mut head)?;
    if head.starts_with(&[0xef, 0xbb, 0xbf]) {
        head.drain(..3);
    }
    let rest = Peeked {
        head: Cursor::new(head.clone()),
        text,
    };
    Ok((head, rest))
}

/// Text that can be told where its records end.
pub(crate) trait BufferedText: Read {
    /// Says that a record ended.
    fn record_ended(&mut self);
    /// Last byte that was no white space.
    fn last_byte(&self) -> u8;
    /// Damage of the compression further on in the file.
    fn compression_fault(&mut self) -> Option<Refusal>;
}

struct Peeked<R: Read> {
    head: Cursor<Vec<u8>>,
    text: Text<R>,
}

impl<R: Read> Read for Peeked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.head.fill_buf()?.is_empty() {
            self.text.read(buffer)
        } else {
            self.head.read(buffer)
        }
    }
}

impl<R: Read> BufferedText for Peeked<R> {
    fn record_ended(&mut self) {
        self.text.record_ended();
    }

    fn last_byte(&self) -> u8 {
        self.text.last_byte
    }

    fn compression_fault(&mut self) -> Option<Refusal> {
        self.text.compression_fault()
    }
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
