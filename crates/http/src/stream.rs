//! Answers of any length: written while they are sent, with little in memory, and cut off where they fail.
//!
//! The entity tag is that of any other answer, known before the first byte. A body ends properly only after its last row:
//! where a page fails the connection is aborted, so that what arrived cannot be taken for the whole.

use std::io::{self, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use axum::http::HeaderValue;
use axum::response::Response;
use bytes::Bytes;
use hyper::body::Frame as BodyFrame;
use naqsha_formats::{Crs, FormatError};
use naqsha_layers::{Answer, LayerError};
use tokio::sync::mpsc;
use tracing::Span;

use crate::compress::Encoder;
use crate::negotiate::Coding;
use crate::pages::Pages;
use crate::problem::{Kind, Problem};
use crate::reply::{Representation, not_modified, stream_head, tag_of};
use crate::request::Asked;
use crate::service::Shared;
use crate::table_writer::{FileFormat, TableWriter};

/// Bytes of a chunk, and chunks that wait for a slow client.
const CHUNK: usize = 64 << 10;
const WAITING: usize = 4;

/// Headers that depend on the first page.
pub(crate) type Headers = Vec<(axum::http::HeaderName, HeaderValue)>;

/// What is streamed, and how.
pub(crate) struct Streamed {
    pub(crate) pages: Pages,
    pub(crate) format: FileFormat,
    pub(crate) crs: Crs,
}

/// Answers with all pages of a question.
pub(crate) async fn stream(
    service: &Shared,
    asked: &Asked,
    representation: Representation,
    streamed: Streamed,
    headers: impl FnOnce(&Answer) -> Headers,
) -> Result<Response, Problem> {
    // GeoParquet is compressed within.
    let coding = if streamed.format == FileFormat::GeoParquet {
        Coding::Identity
    } else {
        Coding::of(asked.accept_encoding.as_deref())
    };
    let version = service.catalogue.version();
    let tag = tag_of(asked, &representation, version, coding);
    if asked.has_tag(&tag) {
        return Ok(not_modified(&tag, representation.freshness, version));
    }
    let busy = || Problem::new(Kind::Busy, "Too many long answers are being sent.");
    let place = Arc::clone(&service.streams)
        .try_acquire_owned()
        .map_err(|_full| busy())?;
    let worker = Arc::clone(service);
    let (streamed, first) = service
        .compute
        .run(move || {
            let first = streamed.pages.first(&worker.catalogue);
            first.map(|first| (streamed, first))
        })
        .await??;
    let tag = tag_of(asked, &representation, first.version, coding);
    let mut response = stream_head(&representation, &tag, first.version, coding);
    response.headers_mut().extend(headers(&first));
    let (sender, receiver) = mpsc::channel(WAITING);
    let worker = Arc::clone(service);
    let span = Span::current();
    tokio::task::spawn_blocking(move || {
        let _held = place;
        let _entered = span.entered();
        let sink = Sink::new(sender.clone());
        let written = Encoder::new(coding, sink)
            .map_err(|error| CutOff::Format(error.into()))
            .and_then(|encoder| write_all(&worker, streamed, first, encoder));
        let last = match written {
            Ok(()) => Message::End,
            Err(error) if error.is_gone() => return,
            Err(error) => {
                tracing::error!(fault = %error, "a long answer was cut off");
                Message::Failed
            }
        };
        // Nobody listens to a client that left.
        drop(sender.blocking_send(last));
    });
    *response.body_mut() = Body::new(Received(receiver));
    Ok(response)
}

/// Why a long answer ended early.
#[derive(Debug)]
enum CutOff {
    Page(LayerError),
    Format(FormatError),
}

impl std::fmt::Display for CutOff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Page(error) => write!(f, "{error:?}"),
            Self::Format(error) => write!(f, "{error:?}"),
        }
    }
}

impl CutOff {
    /// Whether it is the client that left.
    fn is_gone(&self) -> bool {
        matches!(self, Self::Format(FormatError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

fn write_all(
    service: &Shared,
    streamed: Streamed,
    first: Answer,
    encoder: Encoder<Sink>,
) -> Result<(), CutOff> {
    let Streamed {
        mut pages,
        format,
        crs,
    } = streamed;
    let spool = service.settings.spool.as_deref();
    let mut writer =
        TableWriter::begin(format, &first, crs, spool, encoder).map_err(CutOff::Format)?;
    let mut answer = first;
    loop {
        writer.write(&answer).map_err(CutOff::Format)?;
        match pages.after(&answer, &service.catalogue) {
            Ok(Some(next)) => answer = next,
            Ok(None) => break,
            Err(error) => return Err(CutOff::Page(error)),
        }
    }
    let encoder = writer.finish().map_err(CutOff::Format)?;
    let mut sink = encoder.finish().map_err(|e| CutOff::Format(e.into()))?;
    sink.flush().map_err(|e| CutOff::Format(e.into()))
}

/// What the writing side says to the sending side.
#[derive(Debug)]
pub(crate) enum Message {
    Chunk(Bytes),
    End,
    Failed,
}

/// Gathers bytes into chunks and waits while the client does not take them.
#[derive(Debug)]
pub(crate) struct Sink {
    chunk: Vec<u8>,
    sender: mpsc::Sender<Message>,
}

impl Sink {
    pub(crate) fn new(sender: mpsc::Sender<Message>) -> Self {
        Self {
            chunk: Vec::with_capacity(CHUNK),
            sender,
        }
    }

    fn send(&mut self) -> io::Result<()> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        let chunk = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK));
        self.sender
            .blocking_send(Message::Chunk(chunk.into()))
            .map_err(|_gone| io::Error::new(io::ErrorKind::BrokenPipe, "the client left"))
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.chunk.extend_from_slice(bytes);
        if self.chunk.len() >= CHUNK {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()
    }
}

/// A body that arrives through a channel; one that stops without its end is an error, and aborts the connection.
pub(crate) struct Received(pub(crate) mpsc::Receiver<Message>);

impl HttpBody for Received {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<BodyFrame<Bytes>, io::Error>>> {
        self.0.poll_recv(cx).map(|message| match message {
            Some(Message::Chunk(bytes)) => Some(Ok(BodyFrame::data(bytes))),
            Some(Message::End) => None,
            Some(Message::Failed) | None => Some(Err(io::Error::other("the answer was cut off"))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;

    #[tokio::test]
    async fn only_a_body_with_its_end_is_whole() {
        let body = |messages: Vec<Message>| async {
            let (sender, receiver) = mpsc::channel(8);
            for message in messages {
                sender.send(message).await.unwrap();
            }
            drop(sender);
            Received(receiver)
                .collect()
                .await
                .map(http_body_util::Collected::to_bytes)
        };
        let chunk = || Message::Chunk(Bytes::from_static(b"rows"));
        assert_eq!(body(vec![chunk(), Message::End]).await.unwrap(), "rows");
        assert!(body(vec![chunk(), Message::Failed]).await.is_err());
        assert!(body(vec![chunk()]).await.is_err(), "the writer is gone");
    }

    #[test]
    fn a_client_that_left_ends_the_writing() {
        let (sender, receiver) = mpsc::channel(1);
        let mut sink = Sink::new(sender);
        sink.write_all(b"a").unwrap();
        drop(receiver);
        let error = sink.flush().unwrap_err();
        assert!(CutOff::Format(error.into()).is_gone());
    }
}
