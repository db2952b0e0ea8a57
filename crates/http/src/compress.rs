//! Content codings of finished bodies. Levels are low: an answer is compressed once and then served from the cache.

use std::io::{self, Write};

use crate::negotiate::Coding;

/// Bodies below this many bytes are not worth coding.
const WORTHWHILE: usize = 1_024;
const GZIP_LEVEL: u32 = 4;
const BROTLI_QUALITY: u32 = 4;
const BROTLI_WINDOW: u32 = 20;
const ZSTD_LEVEL: i32 = 3;

/// The body in a coding, or unchanged and [`Coding::Identity`] where that is smaller or the body is short.
///
/// # Errors
/// Those of the encoders, which write to memory and so have none to report in practice.
pub(crate) fn compress(body: Vec<u8>, coding: Coding) -> io::Result<(Vec<u8>, Coding)> {
    if body.len() < WORTHWHILE {
        return Ok((body, Coding::Identity));
    }
    let coded = match coding {
        Coding::Identity => return Ok((body, coding)),
        Coding::Gzip => {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(GZIP_LEVEL));
            encoder.write_all(&body)?;
            encoder.finish()?
        }
        Coding::Brotli => {
            let mut encoder =
                brotli::CompressorWriter::new(Vec::new(), 4_096, BROTLI_QUALITY, BROTLI_WINDOW);
            encoder.write_all(&body)?;
            encoder.into_inner()
        }
        Coding::Zstd => zstd::bulk::compress(&body, ZSTD_LEVEL)?,
    };
    if coded.len() < body.len() {
        Ok((coded, coding))
    } else {
        Ok((body, Coding::Identity))
    }
}

/// Codes a body while it is written.
pub(crate) enum Encoder<W: Write> {
    Identity(W),
    Gzip(flate2::write::GzEncoder<W>),
    Brotli(Box<brotli::CompressorWriter<W>>),
    Zstd(zstd::stream::write::Encoder<'static, W>),
}

impl<W: Write> Encoder<W> {
    /// Codes what goes to `out`.
    ///
    /// # Errors
    /// Where the coder cannot be set up.
    pub(crate) fn new(coding: Coding, out: W) -> io::Result<Self> {
        Ok(match coding {
            Coding::Identity => Self::Identity(out),
            Coding::Gzip => Self::Gzip(flate2::write::GzEncoder::new(
                out,
                flate2::Compression::new(GZIP_LEVEL),
            )),
            Coding::Brotli => Self::Brotli(Box::new(brotli::CompressorWriter::new(
                out,
                4_096,
                BROTLI_QUALITY,
                BROTLI_WINDOW,
            ))),
            Coding::Zstd => Self::Zstd(zstd::stream::write::Encoder::new(out, ZSTD_LEVEL)?),
        })
    }

    /// Writes what comes last and gives the output back.
    ///
    /// # Errors
    /// Those of the output.
    pub(crate) fn finish(self) -> io::Result<W> {
        match self {
            Self::Identity(out) => Ok(out),
            Self::Gzip(coder) => coder.finish(),
            Self::Brotli(coder) => Ok(coder.into_inner()),
            Self::Zstd(coder) => coder.finish(),
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Identity(out) => out.write(bytes),
            Self::Gzip(coder) => coder.write(bytes),
            Self::Brotli(coder) => coder.write(bytes),
            Self::Zstd(coder) => coder.write(bytes),
        }
    }

    /// Nothing: a flush in the midst of a body only makes it longer.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    fn decoded(coded: &[u8], coding: Coding) -> Vec<u8> {
        let mut plain = Vec::new();
        match coding {
            Coding::Gzip => flate2::read::GzDecoder::new(coded).read_to_end(&mut plain),
            Coding::Brotli => brotli::Decompressor::new(coded, 4_096).read_to_end(&mut plain),
            Coding::Zstd => zstd::Decoder::new(coded).unwrap().read_to_end(&mut plain),
            Coding::Identity => Ok(0),
        }
        .unwrap();
        plain
    }

    #[test]
    fn every_coding_reads_back() {
        let body: Vec<u8> = (0..20_000_u32)
            .flat_map(|i| (i / 7).to_le_bytes())
            .collect();
        for coding in [Coding::Gzip, Coding::Brotli, Coding::Zstd] {
            let (coded, used) = compress(body.clone(), coding).unwrap();
            assert_eq!(used, coding);
            assert!(coded.len() < body.len());
            let plain = decoded(&coded, coding);
            assert_eq!(plain, body, "{coding:?}");
            let mut encoder = Encoder::new(coding, Vec::new()).unwrap();
            for part in body.chunks(777) {
                encoder.write_all(part).unwrap();
                encoder.flush().unwrap();
            }
            let streamed = encoder.finish().unwrap();
            assert!(streamed.len() < body.len() / 2, "{coding:?}");
            assert_eq!(
                decoded(&streamed, coding),
                body,
                "{coding:?} written in parts"
            );
        }
    }

    #[test]
    fn short_bodies_stay_plain() {
        assert_eq!(
            compress(vec![b' '; 1_023], Coding::Zstd).unwrap().1,
            Coding::Identity
        );
    }
}
