//! Files that come in parts over a line that breaks: tus 1.0.0 with creation, checksum, expiration and termination
//! (<https://tus.io/protocols/resumable-upload>). A file that is whole goes the way of every other.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use jiff::{SignedDuration, Timestamp};
use naqsha_model::{Agency, Code};
use naqsha_store::{Receipt, Received};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::answers::known;
use super::content::disk;
use super::desk::{Claim, Desk};
use super::job::Job;
use super::order::Order;
use super::part::{Checksum, append};
use super::receive::{agency_of, file_name, received_by_another, refuse};
use super::who::uploader;
use super::work::{of_store, off_the_runtime};
use crate::problem::{Kind, Problem};
use crate::processes::new_id;
use crate::request::Asked;
use crate::service::{Service, Shared};

const VERSION: &str = "1.0.0";
const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const LENGTH: HeaderName = HeaderName::from_static("upload-length");
const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
const PART: &str = "application/offset+octet-stream";

/// A file that comes in parts, as its note in the stage has it.
#[derive(Debug, Clone)]
struct Parts {
    id: String,
    agency: Agency,
    order: Order,
    sender: String,
    length: u64,
    begun: Timestamp,
}

impl Parts {
    fn note(&self) -> String {
        json!({ "agency": self.agency.as_str(), "order": self.order.text(), "sender": self.sender,
            "length": self.length, "begun": self.begun.to_string() })
        .to_string()
    }

    fn read(id: &str, note: &str) -> Option<Self> {
        let note: Value = serde_json::from_str(note).ok()?;
        Some(Self {
            id: id.to_owned(),
            agency: Agency::new(note["agency"].as_str()?).ok()?,
            order: Order::of_text(note["order"].as_str()?).ok()?,
            sender: note["sender"].as_str()?.to_owned(),
            length: note["length"].as_u64()?,
            begun: note["begun"].as_str()?.parse().ok()?,
        })
    }

    fn expires(&self, desk: &Desk) -> Timestamp {
        let within = SignedDuration::try_from(desk.intake.limits.parts);
        let expires = within
            .ok()
            .and_then(|within| self.begun.checked_add(within).ok());
        expires.unwrap_or(self.begun)
    }

    /// What stands for an idempotency key: the upload's own address.
    fn key(&self) -> [u8; 32] {
        let sha256 = digest(&SHA256, format!("tus {}", self.id).as_bytes());
        sha256
            .as_ref()
            .first_chunk()
            .copied()
            .expect("SHA-256 has 32 bytes")
    }
}

/// An answer with the headers of every answer.
fn answer(status: StatusCode, headers: &[(HeaderName, String)]) -> Response {
    let mut response = status.into_response();
    let all = response.headers_mut();
    all.insert(RESUMABLE, HeaderValue::from_static(VERSION));
    all.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            all.insert(name, value);
        }
    }
    response
}

/// `OPTIONS /uploads`: what is offered.
pub(crate) async fn describe_all(State(service): State<Shared>) -> Response {
    offered(&service, "POST, OPTIONS")
}

/// `OPTIONS /uploads/{id}`: the same of one.
pub(crate) async fn describe_one(State(service): State<Shared>) -> Response {
    offered(&service, "HEAD, PATCH, DELETE, OPTIONS")
}

fn offered(service: &Service, methods: &str) -> Response {
    let named = |name: &'static str, value: &str| (HeaderName::from_static(name), value.to_owned());
    let mut told = vec![
        (header::ALLOW, methods.to_owned()),
        named("tus-version", VERSION),
        named("tus-extension", "creation,checksum,expiration,termination"),
        named("tus-checksum-algorithm", "sha1,sha256"),
    ];
    // A service that takes no files has no bound for them.
    let longest = service
        .desk
        .as_ref()
        .map(|desk| desk.intake.limits.encoded_bytes);
    told.extend(longest.map(|longest| named("tus-max-size", &longest.to_string())));
    answer(StatusCode::NO_CONTENT, &told)
}

/// 412 for another version of the protocol, which is then named.
fn same_version(headers: &HeaderMap) -> Result<(), Problem> {
    if headers
        .get(RESUMABLE)
        .is_some_and(|version| version == VERSION)
    {
        return Ok(());
    }
    let detail = "Tus-Resumable is not 1.0.0, the version of tus that is spoken here.";
    Err(Problem::new(Kind::OtherVersion(VERSION), detail))
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Result<u64, Problem> {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    let value = value.and_then(|value| value.parse().ok());
    value.ok_or_else(|| Problem::new(Kind::BadRequest, format!("{name} is not a number.")))
}

/// The value of `filename` in `Upload-Metadata`: names, each with its value in base64.
fn named(headers: &HeaderMap) -> Option<String> {
    let metadata = headers.get(METADATA)?.to_str().ok()?;
    let pairs = metadata.split(',').map(str::trim);
    let value = pairs
        .filter_map(|pair| pair.split_once(' '))
        .find(|(name, _)| *name == "filename");
    let bytes = BASE64.decode(value?.1.trim()).ok()?;
    file_name(&String::from_utf8(bytes).ok()?)
}

/// `POST /uploads?profile=P…`: an address for a file of a length. The parameters are those of an upload in one part.
pub(crate) async fn create(
    State(service): State<Shared>,
    asked: Asked,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    same_version(&headers)?;
    let desk = service.desk("incidents")?;
    let sender = uploader(&service, &headers, asked.subject())?;
    let mut order = Order::read(asked.question())?;
    let length = number(&headers, &LENGTH)?;
    if length > desk.intake.limits.encoded_bytes {
        return Err(Problem::new(
            Kind::TooLarge,
            "The file is longer than Tus-Max-Size.",
        ));
    }
    if order.dry_run {
        return Err(Problem::new(
            Kind::BadRequest,
            "A dry run is asked in one part.",
        ));
    }
    order.file_name = named(&headers).unwrap_or_default();
    order.is_job = true;
    let agency = agency_of(&desk, &order, &sender).await?;
    drop(desk.admit(length)?);
    let parts = Parts {
        id: new_id()?,
        agency,
        order,
        sender: sender.key,
        length,
        begun: (desk.intake.deployment.now)(),
    };
    let (at, of) = (Arc::clone(&desk), parts.clone());
    let begun = off_the_runtime(move || at.intake.stage.begin_parts(&of.id, &of.note())).await?;
    begun.map_err(|error| disk(&error))?;
    let address = format!("{}/uploads/{}", asked.base, parts.id);
    let mut told = vec![
        (header::LOCATION, address),
        (EXPIRES, expires_at(&parts, &desk)),
    ];
    if length == 0 {
        told.extend(finish(&desk, &parts, &asked.base).await?);
    }
    Ok(answer(StatusCode::CREATED, &told))
}

/// The time as RFC 9110 §5.6.7 writes it.
fn expires_at(parts: &Parts, desk: &Desk) -> String {
    parts
        .expires(desk)
        .strftime("%a, %d %b %Y %H:%M:%S GMT")
        .to_string()
}

/// The upload of an address, where the asker may know of it.
async fn find(
    service: &Service,
    headers: &HeaderMap,
    asked: &Asked,
    id: &str,
) -> Result<(Arc<Desk>, Parts), Problem> {
    same_version(headers)?;
    let desk = service.desk("incidents")?;
    let sender = uploader(service, headers, asked.subject())?;
    let absent = || Problem::not_found("There is no such upload, or it took too long.");
    // An id is a folder's name: nothing but digits leads to one.
    if id.len() != 32 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(absent());
    }
    let (at, of) = (Arc::clone(&desk), id.to_owned());
    let note = off_the_runtime(move || at.intake.stage.note(&of)).await?;
    let note = note.map_err(|error| disk(&error))?.ok_or_else(absent)?;
    let parts = Parts::read(id, &note).filter(|parts| sender.is_of(&parts.agency));
    let parts = parts.ok_or_else(absent)?;
    if (desk.intake.deployment.now)() > parts.expires(&desk) {
        return Err(absent());
    }
    Ok((desk, parts))
}

/// How many bytes of it are there, durably.
fn arrived(desk: &Desk, parts: &Parts) -> u64 {
    // Once it is whole its bytes are elsewhere, and later gone.
    std::fs::metadata(desk.intake.stage.parts(&parts.id))
        .map_or(parts.length, |metadata| metadata.len())
}

/// `HEAD /uploads/{id}`: how much is there.
pub(crate) async fn offset(
    State(service): State<Shared>,
    Path(id): Path<String>,
    asked: Asked,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (desk, parts) = find(&service, &headers, &asked, &id).await?;
    let there = arrived(&desk, &parts);
    let mut told = vec![
        (OFFSET, there.to_string()),
        (LENGTH, parts.length.to_string()),
        (EXPIRES, expires_at(&parts, &desk)),
    ];
    if there == parts.length {
        // A crash may have come between its last byte and its receipt.
        told.extend(finish(&desk, &parts, &asked.base).await?);
    }
    Ok(answer(StatusCode::OK, &told))
}

/// `PATCH /uploads/{id}`: a part. What came of one that breaks off stays, unless it has a checksum.
pub(crate) async fn patch(
    State(service): State<Shared>,
    Path(id): Path<String>,
    asked: Asked,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let part = match Part::read(&service, &headers, &asked, &id).await {
        Ok(part) => part,
        Err(problem) => return refuse(body, problem).await,
    };
    let (desk, parts) = (&part.desk, &part.parts);
    let mut there = part.from;
    if there < parts.length {
        there = append(desk, (&parts.id, parts.length), there, body, part.expected).await?;
    }
    let mut told = vec![
        (OFFSET, there.to_string()),
        (EXPIRES, expires_at(parts, desk)),
    ];
    if there == parts.length {
        told.extend(finish(desk, parts, &asked.base).await?);
    }
    Ok(answer(StatusCode::NO_CONTENT, &told))
}

/// A part before its body was read. Nobody else adds one meanwhile.
struct Part {
    desk: Arc<Desk>,
    parts: Parts,
    from: u64,
    expected: Option<Checksum>,
    _claim: Claim,
}

impl Part {
    async fn read(
        service: &Service,
        headers: &HeaderMap,
        asked: &Asked,
        id: &str,
    ) -> Result<Self, Problem> {
        let (desk, parts) = find(service, headers, asked, id).await?;
        let media = headers
            .get(header::CONTENT_TYPE)
            .and_then(|media| media.to_str().ok());
        if media != Some(PART) {
            let detail = format!("A part is of the type {PART}.");
            return Err(Problem::new(Kind::UnsupportedMediaType, detail));
        }
        let expected = Checksum::of(headers)?;
        let from = number(headers, &OFFSET)?;
        let claim = desk.claim(&parts.agency, parts.key())?;
        if from != arrived(&desk, &parts) {
            let detail = "Upload-Offset is not where the file ends: ask where it does with HEAD.";
            return Err(Problem::new(Kind::Conflict, detail));
        }
        Ok(Self {
            desk,
            parts,
            from,
            expected,
            _claim: claim,
        })
    }
}

/// Hands a whole file on; gives the address of its job.
async fn finish(
    desk: &Arc<Desk>,
    parts: &Parts,
    base: &str,
) -> Result<Vec<(HeaderName, String)>, Problem> {
    let job_at = vec![(
        header::LINK,
        format!("<{base}/jobs/{}>; rel=\"monitor\"", parts.id),
    )];
    let store = &desk.intake.store;
    let kept = store.receipt_of_job(&parts.id).await.map_err(of_store)?;
    if kept.is_some() {
        return Ok(job_at);
    }
    let (at, of) = (Arc::clone(desk), parts.id.clone());
    let digest = off_the_runtime(move || at.intake.stage.complete(&of)).await?;
    let digest = digest.map_err(|error| disk(&error))?;
    let job = Arc::new(Job::new(
        (parts.id.clone(), parts.sender.clone()),
        (parts.agency.clone(), parts.order.clone()),
        (digest, parts.length),
        (desk.intake.deployment.now)(),
    ));
    if let Some(earlier) = store.find_batch(&digest) {
        desk.record_refusal(&job, Code::B902).await?;
        let ours = earlier.agency == parts.agency;
        drop(desk.intake.stage.forget(&parts.id));
        let known = known(&parts.id, &earlier).value();
        let detail = known["detail"].as_str().unwrap_or_default().to_owned();
        return Err(if ours {
            Problem::new(Kind::Conflict, detail)
        } else {
            received_by_another()
        });
    }
    let receipt = Receipt {
        agency: parts.agency.clone(),
        key_sha256: parts.key(),
        body: digest,
        parameters: job.order.text(),
        job: job.id.clone(),
        uploader: parts.sender.clone(),
        received_at: job.received_at,
    };
    if matches!(
        store.receive(&receipt).await.map_err(of_store)?,
        Received::New
    ) {
        desk.begin(&job, None);
    }
    Ok(job_at)
}

/// `DELETE /uploads/{id}`: gives it up, unless it is whole.
pub(crate) async fn terminate(
    State(service): State<Shared>,
    Path(id): Path<String>,
    asked: Asked,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (desk, parts) = find(&service, &headers, &asked, &id).await?;
    let _claim = desk.claim(&parts.agency, parts.key())?;
    if arrived(&desk, &parts) == parts.length && parts.length > 0 {
        let detail = "The file is whole: give its job up, or withdraw its batch.";
        return Err(Problem::new(Kind::Conflict, detail));
    }
    let (at, of) = (Arc::clone(&desk), parts.id.clone());
    let gone = off_the_runtime(move || at.intake.stage.forget(&of)).await?;
    gone.map_err(|error| disk(&error))?;
    Ok(answer(StatusCode::NO_CONTENT, &[]))
}
