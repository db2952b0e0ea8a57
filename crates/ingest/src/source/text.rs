//! A file's own bytes as text: byte-order marks, UTF-16, NUL bytes, and how much one record may take.

use std::io::{self, Read};

use encoding_rs::Encoding;
use naqsha_model::Code;

use super::format::stacked;
use super::utf16::{Utf16, marked};
use super::{Unpacked, fault, foreign};
use crate::error::Refusal;
use crate::limits::Limits;

/// How much is looked at before a format is decided.
const PEEK: usize = 64 * 1024;

/// The byte-order mark of UTF-8.
const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

/// Size of the buffer of whoever reads a [`Text`].
pub(crate) const BUFFER: usize = 128 * 1024;

/// The text of a file, bounded; its first 64 KiB can be looked at before they are read.
pub(crate) struct Text<'a> {
    bytes: Unpacked<'a>,
    utf16: Option<Box<Decoded>>,
    limits: Limits,
    /// Bytes handed on since the last record ended.
    since_record: usize,
    /// Last byte that was no white space.
    last_byte: u8,
}

/// What is decoded from UTF-16, with its beginning.
struct Decoded {
    decoder: Utf16,
    head: Vec<u8>,
    /// How much of `head` was handed on.
    given: usize,
}

impl Decoded {
    fn open(encoding: &'static Encoding, bytes: &mut Unpacked<'_>) -> io::Result<Self> {
        let mut decoder = Utf16::new(encoding);
        let mut head = vec![0; PEEK];
        let mut filled = 0;
        while let Some(room) = head.get_mut(filled..).filter(|room| !room.is_empty()) {
            match decoder.read(bytes, room)? {
                0 => break,
                n => filled += n,
            }
        }
        head.truncate(filled);
        Ok(Self {
            decoder,
            head,
            given: 0,
        })
    }

    fn read(&mut self, bytes: &mut Unpacked<'_>, buffer: &mut [u8]) -> io::Result<usize> {
        let mut ahead = self.head.get(self.given..).unwrap_or_default();
        if ahead.is_empty() {
            return self.decoder.read(bytes, buffer);
        }
        let n = ahead.read(buffer)?;
        self.given += n;
        Ok(n)
    }
}

impl<'a> Text<'a> {
    /// Looks at the beginning; a byte-order mark is removed, UTF-16 is decoded.
    pub(crate) fn open(mut bytes: Unpacked<'a>, limits: Limits) -> io::Result<Self> {
        let wrapping = bytes.wrapping();
        let head = bytes.peek(PEEK)?;
        if let Some(refusal) = stacked(head, wrapping) {
            return Err(io::Error::other(refusal));
        }
        if let Some(name) = foreign(head) {
            return Err(fault(Code::B908, format!("the file is {name}")));
        }
        let utf16 = if let Some(encoding) = marked(head) {
            Some(Box::new(Decoded::open(encoding, &mut bytes)?))
        } else {
            if head.starts_with(UTF8_MARK) {
                bytes.read_exact(&mut [0; UTF8_MARK.len()])?;
            }
            None
        };
        Ok(Self {
            bytes,
            utf16,
            limits,
            since_record: 0,
            last_byte: 0,
        })
    }

    /// The beginning, decoded.
    pub(crate) fn head(&self) -> &[u8] {
        match &self.utf16 {
            Some(decoded) => &decoded.head,
            None => self.bytes.peeked(),
        }
    }

    /// Says that a record ended.
    pub(crate) const fn record_ended(&mut self) {
        self.since_record = 0;
    }

    /// Last byte read that is no white space.
    pub(crate) const fn last_byte(&self) -> u8 {
        self.last_byte
    }

    /// Damage of the compression further on in the file.
    pub(crate) fn damage_further_on(&mut self) -> Option<Refusal> {
        self.bytes.damage_further_on()
    }

    fn check(&mut self, fresh: &[u8]) -> io::Result<()> {
        if fresh.contains(&0) {
            let damaged = self.damage_further_on();
            let binary = || {
                Refusal::new(
                    Code::B908,
                    "the file holds NUL bytes: it is binary, not text",
                )
            };
            return Err(io::Error::other(damaged.unwrap_or_else(binary)));
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

/// A record that never ends.
pub(crate) fn too_long(limits: &Limits) -> io::Error {
    let detail = format!(
        "a record of more than {} bytes (an unclosed quote, or no line ends)",
        limits.record_bytes
    );
    fault(Code::B909, detail)
}

impl Read for Text<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = match &mut self.utf16 {
            Some(decoded) => decoded.read(&mut self.bytes, buffer)?,
            None => self.bytes.read(buffer)?,
        };
        self.check(buffer.get(..n).unwrap_or_default())?;
        Ok(n)
    }
}
