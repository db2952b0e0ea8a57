//! A body's bytes as they were before they were coded: bounded, digested on the way, written while they arrive.

use std::io::{self, Read, Write as _};

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use naqsha_intake::Staging;
use naqsha_model::BatchDigest;
use ring::digest::{Context, SHA256};
use tokio::sync::mpsc;

use super::settings::UploadLimits;
use crate::problem::{Kind, Problem};
use crate::space::{full, is_full};

/// How a body is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentCoding {
    Identity,
    Gzip,
    Zstd,
}

impl ContentCoding {
    /// The coding that `Content-Encoding` names.
    ///
    /// # Errors
    /// 415 for another one, and for several.
    pub(super) fn of(header: Option<&str>) -> Result<Self, Problem> {
        match header
            .map(|value| value.trim().to_ascii_lowercase())
            .as_deref()
        {
            None | Some("" | "identity") => Ok(Self::Identity),
            Some("gzip" | "x-gzip") => Ok(Self::Gzip),
            Some("zstd") => Ok(Self::Zstd),
            Some(_) => Err(Problem::new(
                Kind::UnsupportedMediaType,
                "The body may be coded once, by gzip or zstd.",
            )),
        }
    }
}

/// What the receiving side says.
#[derive(Debug)]
pub(super) enum Piece {
    Bytes(Bytes),
    End,
}

/// A whole body.
#[derive(Debug)]
pub(super) struct Arrived {
    /// SHA-256 of the file: the body once its coding is undone.
    pub(super) digest: BatchDigest,
    pub(super) bytes: u64,
    /// SHA-256 of the body as it was sent.
    pub(super) sent: [u8; 32],
}

/// Why a body is not whole.
#[derive(Debug)]
pub(super) enum Unread {
    /// The client is told why.
    Refused(Problem),
    /// The receiving side knows why.
    Cut,
}

/// Bytes read at a time.
const BLOCK: usize = 64 << 10;

/// Writes a body to the stage, or only digests it where there is none, until it ends. Runs on a thread that may wait.
pub(super) fn take_in(
    pieces: mpsc::Receiver<Piece>,
    coding: ContentCoding,
    to: Option<Staging>,
    limits: &UploadLimits,
) -> Result<Arrived, Unread> {
    let pieces = Pieces {
        arriving: pieces,
        current: Bytes::new(),
        sent: Context::new(&SHA256),
        bytes: 0,
        most: limits.encoded_bytes,
        ended: false,
    };
    match coding {
        ContentCoding::Identity => write_out(pieces, |pieces| pieces, to, limits),
        ContentCoding::Gzip => write_out(
            MultiGzDecoder::new(pieces),
            |gzip| gzip.get_mut(),
            to,
            limits,
        ),
        ContentCoding::Zstd => {
            let zstd = zstd::stream::read::Decoder::new(pieces);
            let zstd = zstd.map_err(|error| failed(&error))?;
            write_out(zstd, |zstd| zstd.get_mut().get_mut(), to, limits)
        }
    }
}

fn write_out<R: Read>(
    mut source: R,
    pieces: impl Fn(&mut R) -> &mut Pieces,
    mut to: Option<Staging>,
    limits: &UploadLimits,
) -> Result<Arrived, Unread> {
    let mut digest = Context::new(&SHA256);
    let (mut block, mut bytes) = (vec![0; BLOCK], 0_u64);
    loop {
        let read = match source.read(&mut block) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(&error)),
        };
        let read = block.get(..read).unwrap_or_default();
        bytes += read.len() as u64;
        let sent = pieces(&mut source).bytes;
        let expands = bytes > limits.ratio_floor && bytes / limits.ratio > sent;
        if bytes > limits.decoded_bytes || expands {
            let detail = format!(
                "Undone, the content coding gives more than {} bytes, or more than {} for each byte that was sent.",
                limits.decoded_bytes, limits.ratio
            );
            return Err(Unread::Refused(Problem::new(Kind::TooLarge, detail)));
        }
        digest.update(read);
        if let Some(to) = &mut to {
            to.write_all(read).map_err(|error| not_kept(&error))?;
        }
    }
    let pieces = pieces(&mut source);
    // A coding may end before the body does; what follows would be silently lost.
    if pieces.has_more().map_err(|error| failed(&error))? {
        return Err(undecodable("bytes follow the end of the coded content"));
    }
    let sent = pieces.sent.clone().finish();
    let sent = sent.as_ref().first_chunk().copied();
    let digest = if let Some(to) = to {
        to.finish().map_err(|error| not_kept(&error))?
    } else {
        let digest = digest.finish();
        BatchDigest::new(
            digest
                .as_ref()
                .first_chunk()
                .copied()
                .expect("SHA-256 has 32 bytes"),
        )
    };
    Ok(Arrived {
        digest,
        bytes,
        sent: sent.expect("SHA-256 has 32 bytes"),
    })
}

fn undecodable(why: &str) -> Unread {
    let detail = format!("The body is not what Content-Encoding says: {why}.");
    Unread::Refused(Problem::new(Kind::BadRequest, detail))
}

fn failed(error: &io::Error) -> Unread {
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(Stop::Cut) => Unread::Cut,
        Some(Stop::TooLong(most)) => {
            let detail = format!("The body is longer than {most} bytes.");
            Unread::Refused(Problem::new(Kind::TooLarge, detail))
        }
        None => undecodable("it is damaged or ends too early"),
    }
}

/// A disk that is full is told as that.
pub(super) fn not_kept(error: &io::Error) -> Unread {
    Unread::Refused(disk(error))
}

pub(super) fn disk(error: &io::Error) -> Problem {
    if is_full(error) {
        return full();
    }
    Problem::internal(format!("keeping an upload: {error}"))
}

/// Inside an `io::Error`: why the pieces stopped.
#[derive(Debug)]
enum Stop {
    /// The receiving side went away before the end.
    Cut,
    TooLong(u64),
}

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cut => f.write_str("cut off"),
            Self::TooLong(most) => write!(f, "more than {most} bytes"),
        }
    }
}

impl std::error::Error for Stop {}

/// The body as it arrives.
struct Pieces {
    arriving: mpsc::Receiver<Piece>,
    current: Bytes,
    sent: Context,
    bytes: u64,
    most: u64,
    ended: bool,
}

impl Pieces {
    /// Waits for the next piece, where the current one is used up.
    fn fill(&mut self) -> io::Result<()> {
        while self.current.is_empty() && !self.ended {
            match self.arriving.blocking_recv() {
                Some(Piece::Bytes(bytes)) => {
                    self.bytes += bytes.len() as u64;
                    if self.bytes > self.most {
                        return Err(io::Error::other(Stop::TooLong(self.most)));
                    }
                    self.sent.update(&bytes);
                    self.current = bytes;
                }
                Some(Piece::End) => self.ended = true,
                None => return Err(io::Error::other(Stop::Cut)),
            }
        }
        Ok(())
    }

    fn has_more(&mut self) -> io::Result<bool> {
        self.fill()?;
        Ok(!self.current.is_empty())
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.fill()?;
        let n = self.current.len().min(buffer.len());
        let head = self.current.split_to(n);
        if let Some(to) = buffer.get_mut(..n) {
            to.copy_from_slice(&head);
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn taken(
        body: &[u8],
        coding: ContentCoding,
        ends: bool,
        limits: &UploadLimits,
    ) -> Result<Arrived, Unread> {
        let (sender, receiver) = mpsc::channel(1024);
        for piece in body.chunks(7_000) {
            sender
                .try_send(Piece::Bytes(Bytes::copy_from_slice(piece)))
                .unwrap();
        }
        if ends {
            sender.try_send(Piece::End).unwrap();
        }
        drop(sender);
        take_in(receiver, coding, None, limits)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn kind(outcome: Result<Arrived, Unread>) -> Kind {
        match outcome {
            Err(Unread::Refused(problem)) => problem.kind,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_coded_body_is_the_file_that_it_was() {
        let file: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        let limits = UploadLimits::default();
        let plain = taken(&file, ContentCoding::Identity, true, &limits).unwrap();
        assert_eq!(plain.digest.bytes(), &plain.sent);
        let zstd = zstd::encode_all(&file[..], 3).unwrap();
        for (body, coding) in [
            (gzip(&file), ContentCoding::Gzip),
            (zstd, ContentCoding::Zstd),
        ] {
            let coded = taken(&body, coding, true, &limits).unwrap();
            assert_eq!((coded.digest, coded.bytes), (plain.digest, plain.bytes));
            assert_ne!(coded.sent, plain.sent);
            assert!(
                matches!(taken(&body, coding, false, &limits), Err(Unread::Cut)),
                "its end was not said"
            );
            let cut = taken(&body[..body.len() - 5], coding, true, &limits);
            assert_eq!(kind(cut), Kind::BadRequest, "{coding:?}");
            let other = taken(&file, coding, true, &limits);
            assert_eq!(kind(other), Kind::BadRequest, "{coding:?}");
        }
    }

    #[test]
    fn bombs_and_long_bodies_are_refused_early() {
        let limits = UploadLimits::default();
        let bomb = vec![b'a'; 64 << 20];
        let zstd = zstd::encode_all(&bomb[..], 3).unwrap();
        for (body, coding) in [
            (gzip(&bomb), ContentCoding::Gzip),
            (zstd, ContentCoding::Zstd),
        ] {
            assert_eq!(kind(taken(&body, coding, true, &limits)), Kind::TooLarge);
        }
        let short = UploadLimits {
            encoded_bytes: 10,
            ..limits
        };
        assert_eq!(
            kind(taken(b"12345678901", ContentCoding::Identity, true, &short)),
            Kind::TooLarge
        );
        assert!(taken(b"1234567890", ContentCoding::Identity, true, &short).is_ok());
        let narrow = UploadLimits {
            decoded_bytes: 10,
            ..limits
        };
        assert_eq!(
            kind(taken(
                &gzip(b"12345678901"),
                ContentCoding::Gzip,
                true,
                &narrow
            )),
            Kind::TooLarge
        );
    }

    #[test]
    fn a_body_is_coded_once() {
        assert_eq!(
            ContentCoding::of(Some("GZIP")).unwrap(),
            ContentCoding::Gzip
        );
        for other in ["gzip, zstd", "br", "gzip,gzip"] {
            let refused = ContentCoding::of(Some(other)).unwrap_err();
            assert_eq!(refused.kind, Kind::UnsupportedMediaType, "{other}");
        }
    }
}
