//! What stands around a file's own bytes: gzip, zstd, one member of a ZIP archive. Bounded in size, ratio and silence.

use std::io::{self, BufReader, Read, SeekFrom, Take};

use flate2::Crc;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder};
use naqsha_model::Code;

use super::archive::{Contents, Entry, Method, look};
use super::{Format, ReadSeek, fault};
use crate::error::Refusal;
use crate::limits::{Limits, RATIO_FLOOR, SILENCE, ZSTD_WINDOW_LOG};

/// Bytes taken from a compressed file at a time.
const BLOCK: usize = 64 * 1024;
/// What Parquet begins with.
const PARQUET: &[u8] = b"PAR1";
/// Decoded bytes after which the search for damage ends.
const DRAIN: u64 = 1 << 30;

/// What stood around the file's own bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrapping {
    Nothing,
    Gzip,
    Zstd,
    Zip,
}

impl Wrapping {
    /// Its name, for messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Zip => "ZIP",
        }
    }

    /// What the first bytes announce.
    pub(crate) fn announced(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Self::Zip),
            _ => None,
        }
    }
}

/// Compressed bytes on their way into a decoder, counted.
struct Packed<'a> {
    source: &'a mut dyn ReadSeek,
    bytes: u64,
    /// Bytes since the decoder last gave any.
    silent: u64,
}

impl Read for Packed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.source.read(buffer)?;
        self.bytes += n as u64;
        self.silent += n as u64;
        if self.silent > SILENCE {
            return Err(fault(
                Code::B909,
                format!("more than {SILENCE} compressed bytes that hold nothing"),
            ));
        }
        Ok(n)
    }
}

/// One member of an archive, compared with what its directory says of it.
struct Member<R> {
    inner: R,
    crc: Crc,
    read: u64,
    entry: Entry,
}

impl<R: Read> Read for Member<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.crc.update(buffer.get(..n).unwrap_or_default());
        self.read += n as u64;
        let over = n == 0 && !buffer.is_empty();
        if over && (self.crc.sum() != self.entry.crc32 || self.read != self.entry.size) {
            return Err(fault(Code::B907, "the archive's member is damaged"));
        }
        Ok(n)
    }
}

type Buffered<'a> = BufReader<Packed<'a>>;

enum Decoder<'a> {
    Plain(&'a mut dyn ReadSeek),
    Gzip(Box<MultiGzDecoder<Buffered<'a>>>),
    Zstd(Box<zstd::Decoder<'static, Buffered<'a>>>),
    Stored(Box<Member<Take<Packed<'a>>>>),
    Deflated(Box<Member<DeflateDecoder<Take<Buffered<'a>>>>>),
}

impl<'a> Decoder<'a> {
    fn packed(&mut self) -> Option<&mut Packed<'a>> {
        match self {
            Self::Plain(_) => None,
            Self::Gzip(gzip) => Some(gzip.get_mut().get_mut()),
            Self::Zstd(zstd) => Some(zstd.get_mut().get_mut()),
            Self::Stored(member) => Some(member.inner.get_mut()),
            Self::Deflated(member) => Some(member.inner.get_mut().get_mut().get_mut()),
        }
    }
}

impl Read for Decoder<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(plain) => plain.read(buffer),
            Self::Gzip(gzip) => gzip.read(buffer).map_err(|e| damage(e, Wrapping::Gzip)),
            Self::Zstd(zstd) => zstd.read(buffer).map_err(|e| damage(e, Wrapping::Zstd)),
            Self::Stored(member) => member.read(buffer),
            Self::Deflated(member) => member.read(buffer).map_err(|e| damage(e, Wrapping::Zip)),
        }
    }
}

/// The file's own bytes; their beginning can be looked at before it is read.
pub(crate) struct Unpacked<'a> {
    decoder: Decoder<'a>,
    wrapping: Wrapping,
    head: Vec<u8>,
    /// How much of `head` was handed on.
    given: usize,
    decoded: u64,
    limits: Limits,
}

/// What a file turns out to be after looking at its first bytes, and into an archive.
pub(crate) enum Opened<'a> {
    /// Bytes to be read in order.
    Stream(Unpacked<'a>),
    /// A workbook or a Parquet file, as received.
    Table(Format, &'a mut dyn ReadSeek),
}

/// Recognises compression by the first bytes; `member` names the member of an archive.
pub(crate) fn unpack<'a>(
    source: &'a mut dyn ReadSeek,
    wanted: Option<&str>,
    limits: Limits,
) -> io::Result<Opened<'a>> {
    let mut head = Vec::with_capacity(8);
    source.rewind()?;
    source.take(8).read_to_end(&mut head)?;
    source.rewind()?;
    if head.is_empty() {
        return Err(fault(Code::B906, "the file is empty"));
    }
    if head.starts_with(PARQUET) {
        return Ok(Opened::Table(Format::Parquet, source));
    }
    let wrapping = Wrapping::announced(&head).unwrap_or(Wrapping::Nothing);
    let decoder = match wrapping {
        Wrapping::Nothing => Decoder::Plain(source),
        Wrapping::Gzip => Decoder::Gzip(Box::new(MultiGzDecoder::new(buffered(source)))),
        Wrapping::Zstd => {
            let mut decoder = zstd::Decoder::with_buffer(buffered(source))?;
            decoder.window_log_max(ZSTD_WINDOW_LOG)?;
            Decoder::Zstd(Box::new(decoder))
        }
        Wrapping::Zip => match look(source, wanted)? {
            Contents::Workbook => return Ok(Opened::Table(Format::Workbook, source)),
            Contents::Member(entry) => member(source, entry)?,
        },
    };
    Ok(Opened::Stream(Unpacked::new(decoder, wrapping, limits)))
}

fn packed(source: &mut dyn ReadSeek) -> Packed<'_> {
    Packed {
        source,
        bytes: 0,
        silent: 0,
    }
}

fn buffered(source: &mut dyn ReadSeek) -> Buffered<'_> {
    BufReader::with_capacity(BLOCK, packed(source))
}

/// Opens one member of an archive.
pub(crate) fn open_member(
    source: &mut dyn ReadSeek,
    entry: Entry,
    limits: Limits,
) -> io::Result<Unpacked<'_>> {
    let decoder = member(source, entry)?;
    Ok(Unpacked::new(decoder, Wrapping::Zip, limits))
}

fn member(source: &mut dyn ReadSeek, entry: Entry) -> io::Result<Decoder<'_>> {
    source.seek(SeekFrom::Start(entry.start))?;
    let packed_size = entry.end.saturating_sub(entry.start);
    Ok(match entry.method {
        Method::Stored => Decoder::Stored(Box::new(Member {
            inner: packed(source).take(packed_size),
            crc: Crc::new(),
            read: 0,
            entry,
        })),
        Method::Deflated => Decoder::Deflated(Box::new(Member {
            inner: DeflateDecoder::new(buffered(source).take(packed_size)),
            crc: Crc::new(),
            read: 0,
            entry,
        })),
    })
}

impl<'a> Unpacked<'a> {
    const fn new(decoder: Decoder<'a>, wrapping: Wrapping, limits: Limits) -> Self {
        Self {
            decoder,
            wrapping,
            head: Vec::new(),
            given: 0,
            decoded: 0,
            limits,
        }
    }

    /// What stood around the bytes.
    pub(crate) const fn wrapping(&self) -> Wrapping {
        self.wrapping
    }

    /// Looks at up to `n` bytes at the beginning.
    pub(crate) fn peek(&mut self, n: usize) -> io::Result<&[u8]> {
        let mut fresh = vec![0; n.saturating_sub(self.head.len())];
        let mut filled = 0;
        while let Some(room) = fresh.get_mut(filled..).filter(|room| !room.is_empty()) {
            match self.decode(room)? {
                0 => break,
                n => filled += n,
            }
        }
        self.head.extend(fresh.into_iter().take(filled));
        Ok(self.peeked())
    }

    /// What was looked at and not yet read.
    pub(crate) fn peeked(&self) -> &[u8] {
        self.head.get(self.given..).unwrap_or_default()
    }

    /// Whether a compressed file holds a workbook or a Parquet file.
    pub(crate) fn table_inside(&mut self) -> io::Result<Option<Format>> {
        if self.wrapping == Wrapping::Nothing {
            return Ok(None);
        }
        let head = self.peek(8)?;
        Ok(match Wrapping::announced(head) {
            Some(Wrapping::Zip) => Some(Format::Workbook),
            _ if head.starts_with(PARQUET) => Some(Format::Parquet),
            _ => None,
        })
    }

    /// Lowers the limit of bytes after decompression.
    pub(crate) fn cap(&mut self, bytes: u64) {
        self.limits.decoded_bytes = self.limits.decoded_bytes.min(bytes);
    }

    fn decode(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.decoder.read(buffer)?;
        self.check(n as u64)?;
        Ok(n)
    }

    /// Reads a compressed file to its end: text that makes no sense may be the damage showing before the checksum.
    pub(crate) fn damage_further_on(&mut self) -> Option<Refusal> {
        if let Decoder::Plain(_) = self.decoder {
            return None;
        }
        let mut rest = (&mut self.decoder).take(DRAIN);
        let error = io::copy(&mut rest, &mut io::sink()).err()?;
        error.downcast::<Refusal>().ok()
    }

    fn check(&mut self, fresh: u64) -> io::Result<()> {
        self.decoded += fresh;
        let limit = self.limits.decoded_bytes;
        if self.decoded > limit {
            return Err(fault(
                Code::B909,
                format!("more than {limit} bytes after decompression"),
            ));
        }
        let (decoded, ratio) = (self.decoded, self.limits.ratio);
        if let Some(packed) = self.decoder.packed() {
            if fresh > 0 {
                packed.silent = 0;
            }
            if decoded > RATIO_FLOOR && decoded / packed.bytes.max(1) > ratio {
                return Err(fault(Code::B909, format!("compressed more than {ratio}:1")));
            }
        }
        Ok(())
    }
}

impl Read for Unpacked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ahead = self.head.get(self.given..).unwrap_or_default();
        if ahead.is_empty() {
            return self.decode(buffer);
        }
        let n = ahead.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..n), ahead.get(..n)) {
            to.copy_from_slice(from);
        }
        self.given += n;
        if self.given == self.head.len() {
            self.head = Vec::new();
            self.given = 0;
        }
        Ok(n)
    }
}

/// Tells damage of the compression from a source that fails and from a refusal further in.
fn damage(error: io::Error, wrapping: Wrapping) -> io::Error {
    if error
        .get_ref()
        .is_some_and(<dyn std::error::Error + Send + Sync + 'static>::is::<Refusal>)
    {
        return error;
    }
    let name = wrapping.name();
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            fault(Code::B907, format!("the {name} stream ends too early"))
        }
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            fault(Code::B907, format!("the {name} stream is damaged"))
        }
        // zstd's own errors have no kind.
        _ if wrapping == Wrapping::Zstd && error.raw_os_error().is_none() => fault(
            Code::B907,
            format!("the {name} stream is damaged, or needs more than 128 MiB to be read"),
        ),
        _ => error,
    }
}
