//! Content codings of finished bodies. Levels are low: an answer is compressed once and then served from the cache.

use std::io::{self, Write as _};

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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn every_coding_reads_back() {
        let body: Vec<u8> = (0..20_000_u32)
            .flat_map(|i| (i / 7).to_le_bytes())
            .collect();
        for coding in [Coding::Gzip, Coding::Brotli, Coding::Zstd] {
            let (coded, used) = compress(body.clone(), coding).unwrap();
            assert_eq!(used, coding);
            assert!(coded.len() < body.len());
            let mut plain = Vec::new();
            match coding {
                Coding::Gzip => flate2::read::GzDecoder::new(&*coded)
                    .read_to_end(&mut plain)
                    .unwrap(),
                Coding::Brotli => brotli::Decompressor::new(&*coded, 4_096)
                    .read_to_end(&mut plain)
                    .unwrap(),
                Coding::Zstd => zstd::Decoder::new(&*coded)
                    .unwrap()
                    .read_to_end(&mut plain)
                    .unwrap(),
                Coding::Identity => 0,
            };
            assert_eq!(plain, body, "{coding:?}");
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
