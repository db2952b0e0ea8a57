//! A part of a file that comes in parts: its bytes are added where the file ends, and checked.

use std::fs::OpenOptions;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use http_body_util::BodyExt as _;
use ring::digest::{Algorithm, Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use tokio::time::timeout;

use super::body::discard;
use super::content::disk;
use super::desk::Desk;
use super::work::off_the_runtime;
use crate::problem::{Kind, Problem};

const CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");
/// "Checksum Mismatch", which tus has made up.
const MISMATCH: u16 = 460;

/// The digest that a part has to have.
pub(super) struct Checksum {
    algorithm: &'static Algorithm,
    digest: Vec<u8>,
}

impl Checksum {
    /// What `Upload-Checksum` says, if it is there.
    ///
    /// # Errors
    /// 400 where it is none of the algorithms that are known, or no digest.
    pub(super) fn of(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let Some(value) = headers.get(CHECKSUM) else {
            return Ok(None);
        };
        let wrong = || {
            let detail = "Upload-Checksum is not sha1 or sha256 with a digest in base64.";
            Problem::new(Kind::BadRequest, detail)
        };
        let (name, value) = value
            .to_str()
            .ok()
            .and_then(|value| value.split_once(' '))
            .ok_or_else(wrong)?;
        let algorithm = match name {
            // The one that every server has to know; it guards against slips, not against people.
            "sha1" => &SHA1_FOR_LEGACY_USE_ONLY,
            "sha256" => &SHA256,
            _ => return Err(wrong()),
        };
        let digest = BASE64.decode(value.trim()).map_err(|_base64| wrong())?;
        Ok(Some(Self { algorithm, digest }))
    }
}

/// Adds a part to the file of an id and a whole length; gives where the file ends then, durably.
///
/// # Errors
/// 408 where it broke off, 413 where it goes beyond the length, 460 where it is not the one of its checksum; of the last nothing
/// is kept, nor of one with a checksum that broke off.
pub(super) async fn append(
    desk: &Arc<Desk>,
    (id, length): (&str, u64),
    from: u64,
    mut body: Body,
    expected: Option<Checksum>,
) -> Result<u64, Problem> {
    let path = desk.intake.stage.parts(id);
    let opened = off_the_runtime(move || -> io::Result<std::fs::File> {
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.seek(SeekFrom::Start(from))?;
        Ok(file)
    });
    let mut file = opened.await?.map_err(|error| disk(&error))?;
    let mut sum = expected
        .as_ref()
        .map(|expected| Context::new(expected.algorithm));
    let (mut there, mut problem) = (from, None);
    loop {
        let frame = match timeout(desk.intake.limits.body_stall, body.frame()).await {
            Ok(None) => break,
            Ok(Some(Ok(frame))) => frame,
            // What is there counts; the client asks how much that is.
            Ok(Some(Err(_))) | Err(_) => {
                problem = Some(Problem::new(Kind::TooSlow, "The part broke off."));
                break;
            }
        };
        let Ok(bytes) = frame.into_data() else {
            continue;
        };
        if there + bytes.len() as u64 > length {
            problem = Some(Problem::new(
                Kind::TooLarge,
                "The part goes beyond Upload-Length.",
            ));
            discard(body).await;
            break;
        }
        if let Some(sum) = &mut sum {
            sum.update(&bytes);
        }
        there += bytes.len() as u64;
        let written = off_the_runtime(move || file.write_all(&bytes).map(|()| file)).await?;
        file = written.map_err(|error| disk(&error))?;
    }
    if let (Some(expected), Some(sum)) = (expected, sum) {
        let mismatch = problem.is_none() && sum.finish().as_ref() != expected.digest.as_slice();
        if mismatch || problem.is_some() {
            there = from;
        }
        if mismatch {
            let status = StatusCode::from_u16(MISMATCH).unwrap_or(StatusCode::BAD_REQUEST);
            let detail =
                "The part is not the one that Upload-Checksum is of; nothing of it was kept.";
            problem = Some(Problem::new(Kind::Other(status), detail));
        }
    }
    let kept = off_the_runtime(move || file.set_len(there).and_then(|()| file.sync_all())).await?;
    kept.map_err(|error| disk(&error))?;
    match problem {
        Some(problem) => Err(problem),
        None => Ok(there),
    }
}
