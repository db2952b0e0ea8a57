//! The receiving side of a body: it waits for the client, and the disk makes it wait.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use multer::{Constraints, Multipart, SizeLimit};
use naqsha_intake::Staging;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::content::{Arrived, ContentCoding, Piece, Unread, take_in};
use super::settings::UploadLimits;
use crate::problem::{Kind, Problem};

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");

/// Pieces that wait for the disk: with the connection's own buffer, some hundred kilobytes.
const WAITING: usize = 4;

/// What the headers say of a body.
#[derive(Debug)]
pub(super) struct Described {
    coding: ContentCoding,
    /// The boundary between the parts of a form.
    boundary: Option<String>,
    /// SHA-256 that it has to have.
    digest: Option<[u8; 32]>,
    /// Its length, where it is told.
    pub(super) length: Option<u64>,
}

impl Described {
    /// Of no body.
    pub(super) const fn nothing() -> Self {
        Self {
            coding: ContentCoding::Identity,
            boundary: None,
            digest: None,
            length: None,
        }
    }

    /// Reads the headers.
    ///
    /// # Errors
    /// 400, 413, 415.
    pub(super) fn of(headers: &HeaderMap, limits: &UploadLimits) -> Result<Self, Problem> {
        let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let codings: Vec<&str> = headers
            .get_all(header::CONTENT_ENCODING)
            .iter()
            .map(|value| value.to_str().unwrap_or("unreadable"))
            .collect();
        let coding = (!codings.is_empty()).then(|| codings.join(", "));
        let coding = ContentCoding::of(coding.as_deref())?;
        let media = text(&header::CONTENT_TYPE).unwrap_or_default();
        let is_form = media
            .get(..10)
            .is_some_and(|start| start.eq_ignore_ascii_case("multipart/"));
        let boundary = is_form.then(|| multer::parse_boundary(media)).transpose();
        let boundary =
            boundary.map_err(|_boundary| bad("The form has no boundary between its parts."))?;
        let digest = match headers.get(&CONTENT_DIGEST) {
            Some(value) => expected(value.to_str().unwrap_or_default())?,
            None => None,
        };
        if boundary.is_some() && (digest.is_some() || coding != ContentCoding::Identity) {
            let detail = "A form comes without Content-Digest and without Content-Encoding: send the file alone for either.";
            return Err(bad(detail));
        }
        let length = text(&header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
        if length.is_some_and(|length: u64| length > limits.encoded_bytes) {
            let detail = format!("The body is longer than {} bytes.", limits.encoded_bytes);
            return Err(Problem::new(Kind::TooLarge, detail));
        }
        Ok(Self {
            coding,
            boundary,
            digest,
            length,
        })
    }
}

fn bad(detail: &str) -> Problem {
    Problem::new(Kind::BadRequest, detail)
}

/// The SHA-256 of a `Content-Digest` (RFC 9530 §2): a dictionary of byte sequences; other digests are not compared.
fn expected(header: &str) -> Result<Option<[u8; 32]>, Problem> {
    for member in header.split(',') {
        let Some((name, value)) = member.trim().split_once('=') else {
            return Err(bad("Content-Digest is not as in sha-256=:BASE64:."));
        };
        if name != "sha-256" {
            continue;
        }
        let inner = value
            .strip_prefix(':')
            .and_then(|value| value.strip_suffix(':'));
        let bytes = inner.and_then(|text| BASE64.decode(text).ok());
        let sha256 = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        return match sha256 {
            Some(sha256) => Ok(Some(sha256)),
            None => Err(bad(
                "The sha-256 of Content-Digest is not 32 bytes in base64 between colons.",
            )),
        };
    }
    Ok(None)
}

/// A whole body, and the name of its file where a form tells one.
pub(super) struct Received {
    pub(super) arrived: Arrived,
    pub(super) file_name: Option<String>,
}

/// Receives a body to the stage; without one it is only digested.
///
/// # Errors
/// 400 where it is not what its headers say, 408, 413, 507.
pub(super) async fn receive(
    body: Body,
    described: Described,
    to: Option<Staging>,
    limits: UploadLimits,
) -> Result<Received, Problem> {
    let (sender, pieces) = mpsc::channel(WAITING);
    let coding = described.coding;
    let taking = tokio::task::spawn_blocking(move || take_in(pieces, coding, to, &limits));
    let sent = match described.boundary {
        None => whole(body, &sender, limits).await.map(|()| None),
        Some(boundary) => form(body, boundary, &sender, limits).await,
    };
    if sent.is_ok() {
        // Where it stopped taking, it says why.
        let _stopped = sender.send(Piece::End).await;
    }
    drop(sender);
    let taken = taking.await;
    let taken = taken.map_err(|join| Problem::internal(format!("receiving an upload: {join}")))?;
    let arrived = match (taken, sent) {
        (Err(Unread::Refused(problem)), _) | (_, Err(problem)) => return Err(problem),
        (Err(Unread::Cut), Ok(_)) => {
            return Err(Problem::internal("a whole upload was cut off".to_owned()));
        }
        (Ok(arrived), Ok(file_name)) => (arrived, file_name),
    };
    let (arrived, file_name) = arrived;
    if described
        .digest
        .is_some_and(|digest| digest != arrived.sent)
    {
        return Err(bad(
            "The body is not the one that Content-Digest is of: it was damaged on the way. Send it again.",
        ));
    }
    Ok(Received { arrived, file_name })
}

fn stalled() -> Problem {
    Problem::new(Kind::TooSlow, "Nothing of the body came for a while.")
}

/// How much of a body that is refused is still read, and for how long: a client that goes on sending would see its
/// connection reset instead of the reason.
const DISCARDED_BYTES: usize = 64 << 20;
const DISCARDED_WITHIN: Duration = Duration::from_secs(5);

/// Reads what is left of a body that is refused.
pub(crate) async fn discard(mut body: Body) {
    let mut left = DISCARDED_BYTES;
    let reading = async {
        while let Some(Ok(frame)) = body.frame().await {
            let read = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(read) {
                Some(less) => left = less,
                None => break,
            }
        }
    };
    // Whoever sends more, or slowly, is cut off.
    drop(timeout(DISCARDED_WITHIN, reading).await);
}

async fn whole(
    mut body: Body,
    sender: &mpsc::Sender<Piece>,
    limits: UploadLimits,
) -> Result<(), Problem> {
    loop {
        let frame = timeout(limits.body_stall, body.frame()).await;
        let Some(frame) = frame.map_err(|_elapsed| stalled())? else {
            return Ok(());
        };
        let frame = frame.map_err(|_connection| bad("The body was cut off."))?;
        if let Ok(bytes) = frame.into_data()
            && sender.send(Piece::Bytes(bytes)).await.is_err()
        {
            // The other side refused it, and says why.
            discard(body).await;
            return Ok(());
        }
    }
}

/// Sends on the first part of a form that is a file; the rest of it is not read.
async fn form(
    body: Body,
    boundary: String,
    sender: &mpsc::Sender<Piece>,
    limits: UploadLimits,
) -> Result<Option<String>, Problem> {
    let size = SizeLimit::new().whole_stream(limits.encoded_bytes);
    let constraints = Constraints::new().size_limit(size);
    let mut form = Multipart::with_constraints(body.into_data_stream(), boundary, constraints);
    let broken = |_form: multer::Error| bad("The form is damaged, or was cut off.");
    loop {
        let part = timeout(limits.body_stall, form.next_field()).await;
        let part = part.map_err(|_elapsed| stalled())?.map_err(broken)?;
        let Some(mut part) = part else {
            return Err(bad("The form has no part that is a file."));
        };
        let Some(name) = part.file_name().map(str::to_owned) else {
            continue;
        };
        loop {
            let chunk = timeout(limits.body_stall, part.chunk()).await;
            let chunk: Option<Bytes> = chunk.map_err(|_elapsed| stalled())?.map_err(broken)?;
            let Some(bytes) = chunk else {
                return Ok(Some(name));
            };
            if sender.send(Piece::Bytes(bytes)).await.is_err() {
                return Ok(None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_as_the_standard_writes_it() {
        // RFC 9530, appendix B.1: of {"hello": "world"} and a line feed.
        let header = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
        let sha256 = expected(header).unwrap().unwrap();
        let digest = ring::digest::digest(&ring::digest::SHA256, b"{\"hello\": \"world\"}\n");
        assert_eq!(sha256, digest.as_ref());
        let both = format!("sha-512=:AAAA:, {header}");
        assert_eq!(expected(&both).unwrap(), Some(sha256));
        assert_eq!(expected("sha-512=:AAAA:").unwrap(), None);
        for wrong in ["sha-256", "sha-256=:AAAA:", "sha-256=RK/0", "sha-256=:!:"] {
            assert!(expected(wrong).is_err(), "{wrong}");
        }
    }
}
