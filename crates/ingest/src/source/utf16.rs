//! UTF-16 to UTF-8 while reading, as spreadsheets save "Unicode text".

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_16BE, UTF_16LE};
use naqsha_model::Code;

use super::fault;

/// Bytes decoded at a time.
const BLOCK: usize = 64 * 1024;

/// The encoding that a byte-order mark names; UTF-8 is not among them.
pub(super) fn marked(head: &[u8]) -> Option<&'static Encoding> {
    match head {
        [0xff, 0xfe, ..] => Some(UTF_16LE),
        [0xfe, 0xff, ..] => Some(UTF_16BE),
        _ => None,
    }
}

/// Decodes what an inner reader gives; the byte-order mark is removed.
pub(super) struct Utf16 {
    decoder: Decoder,
    raw: Vec<u8>,
    text: Vec<u8>,
    /// How much of `text` was handed on.
    given: usize,
    ended: bool,
}

impl Utf16 {
    pub(super) fn new(encoding: &'static Encoding) -> Self {
        Self {
            decoder: encoding.new_decoder_with_bom_removal(),
            raw: vec![0; BLOCK],
            text: Vec::new(),
            given: 0,
            ended: false,
        }
    }

    /// Reads UTF-8 text out of `inner`.
    pub(super) fn read(&mut self, inner: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() && !self.ended {
            self.refill(inner)?;
        }
        let ready = self.text.get(self.given..).unwrap_or_default();
        let n = ready.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..n), ready.get(..n)) {
            to.copy_from_slice(from);
        }
        self.given += n;
        Ok(n)
    }

    fn refill(&mut self, inner: &mut impl Read) -> io::Result<()> {
        let n = inner.read(&mut self.raw)?;
        self.ended = n == 0;
        let raw = self.raw.get(..n).unwrap_or_default();
        let room = self.decoder.max_utf8_buffer_length_without_replacement(n);
        self.text.resize(room.unwrap_or(4 * BLOCK), 0);
        let (result, read, written) =
            self.decoder
                .decode_to_utf8_without_replacement(raw, &mut self.text, self.ended);
        // The room was asked of the decoder itself, so all input is read unless it is malformed.
        if result != DecoderResult::InputEmpty || read != n {
            return Err(fault(
                Code::B901,
                "the text is not the UTF-16 that it begins as",
            ));
        }
        self.text.truncate(written);
        self.given = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a byte at a time, so that every pair is cut.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0
                .take(1)
                .read(buffer)
                .inspect(|&n| self.0 = self.0.get(n..).unwrap())
        }
    }

    fn decoded(bytes: &[u8]) -> io::Result<String> {
        let (mut utf16, mut inner) = (Utf16::new(marked(bytes).unwrap()), Slow(bytes));
        let (mut text, mut block) = (Vec::new(), [0; 3]);
        loop {
            match utf16.read(&mut inner, &mut block)? {
                0 => return Ok(String::from_utf8(text).unwrap()),
                n => text.extend(block.get(..n).unwrap()),
            }
        }
    }

    #[test]
    fn both_byte_orders_are_read_and_cut_pairs_are_joined() {
        let text = "تھانہ,a\n😀";
        let little: Vec<u8> = "\u{feff}"
            .encode_utf16()
            .chain(text.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        let big: Vec<u8> = "\u{feff}"
            .encode_utf16()
            .chain(text.encode_utf16())
            .flat_map(u16::to_be_bytes)
            .collect();
        assert_eq!(decoded(&little).unwrap(), text);
        assert_eq!(decoded(&big).unwrap(), text);
        assert!(
            decoded(little.get(..little.len() - 1).unwrap()).is_err(),
            "half a pair at the end"
        );
        assert!(
            decoded(&[0xff, 0xfe, 0x00, 0xdc]).is_err(),
            "a lone surrogate"
        );
    }
}
