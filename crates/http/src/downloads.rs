//! `/downloads/{c}.{ending}`: a whole layer as one file, fetched in ranges if wanted.
//!
//! A file is written once for a version and a question, and lies on disk without a name until others have displaced it.
//! Its bytes follow from version and question alone, so that parts fetched before and after it was displaced fit together.

use std::fs::File;
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write};
use std::ops::Range;
use std::path::Path as FolderPath;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use naqsha_formats::{Crs, FormatError};
use naqsha_layers::{Catalogue, LayerDescription, LayerQuery, Page, Scope};
use tokio::sync::mpsc;

use crate::compress::Encoder;
use crate::frame::{Frame, content_crs};
use crate::link::Link;
use crate::negotiate::Coding;
use crate::pages::Pages;
use crate::problem::{Kind, Problem};
use crate::question::all_mistakes;
use crate::reply::{Freshness, Representation, not_modified, stream_head, tag_of};
use crate::request::Asked;
use crate::service::{Service, Shared};
use crate::settings::ServerSettings;
use crate::space::{full, is_full};
use crate::stream::{Message, Received, Sink};
use crate::table_writer::{FileFormat, TableWriter};
use crate::tiles::{Drawn, write_archive};

/// What a file is called and how it is written.
struct Ending {
    name: &'static str,
    content: Content,
    media_type: &'static str,
    title: &'static str,
}

/// What is in a file.
enum Content {
    Rows(FileFormat, Coding),
    Tiles,
}

const ENDINGS: [Ending; 6] = [
    Ending {
        name: "fgb",
        content: Content::Rows(FileFormat::FlatGeobuf, Coding::Identity),
        media_type: "application/flatgeobuf",
        title: "FlatGeobuf with its index",
    },
    Ending {
        name: "parquet",
        content: Content::Rows(FileFormat::GeoParquet, Coding::Identity),
        media_type: "application/vnd.apache.parquet",
        title: "GeoParquet",
    },
    Ending {
        name: "arrow",
        content: Content::Rows(FileFormat::Arrow, Coding::Identity),
        media_type: "application/vnd.apache.arrow.stream",
        title: "Arrow IPC stream",
    },
    Ending {
        name: "csv.zst",
        content: Content::Rows(FileFormat::Csv, Coding::Zstd),
        media_type: "application/zstd",
        title: "CSV, compressed with zstd",
    },
    Ending {
        name: "ndjson.zst",
        content: Content::Rows(FileFormat::NdJson, Coding::Zstd),
        media_type: "application/zstd",
        title: "a GeoJSON feature a line, compressed with zstd",
    },
    Ending {
        name: "pmtiles",
        content: Content::Tiles,
        media_type: "application/vnd.pmtiles",
        title: "vector tiles as PMTiles",
    },
];

/// Endings of files, and their media types.
pub(crate) fn endings() -> impl Iterator<Item = (&'static str, &'static str)> {
    ENDINGS.iter().map(|of| (of.name, of.media_type))
}

/// Links to the files of a layer, each of one version: what is fetched in parts stays one thing.
pub(crate) fn links(layer: &LayerDescription, version: u64, asked: &Asked) -> Vec<Link> {
    let link = |of: &Ending| {
        let address = format!(
            "{}/downloads/{}.{}?as_of={version}",
            asked.base, layer.id, of.name
        );
        let title = format!("all features of version {version}: {}", of.title);
        Link::new(address, "enclosure", of.media_type, title)
    };
    ENDINGS.iter().map(link).collect()
}

/// A finished file.
#[derive(Debug)]
pub(crate) struct Download {
    file: Mutex<File>,
    length: u64,
    version: u64,
}

impl Download {
    /// Its length as the cache weighs it.
    pub(crate) fn weight(&self) -> u32 {
        u32::try_from(self.length).unwrap_or(u32::MAX)
    }

    /// Hands some of its bytes on.
    fn copy(&self, mut range: Range<u64>, out: &mut impl Write) -> io::Result<()> {
        let mut buffer = vec![0; 256 << 10];
        while range.start < range.end {
            let most = (range.end - range.start).min(buffer.len() as u64);
            let part = &mut buffer[..usize::try_from(most).unwrap_or(0)];
            {
                let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(range.start))?;
                file.read_exact(part)?;
            }
            out.write_all(part)?;
            range.start += most;
        }
        out.flush()
    }
}

/// `/downloads/{file}`.
pub(crate) async fn download(
    State(service): State<Shared>,
    Path(file): Path<String>,
    asked: Asked,
) -> Result<Response, Problem> {
    let absent = || Problem::not_found("There is no such file.");
    let named = file.split_once('.').ok_or_else(absent)?;
    let layer = service.catalogue.describe(named.0)?;
    let of = ENDINGS.iter().find(|of| of.name == named.1);
    let of = of.ok_or_else(absent)?;
    let (crs, errors) = Frame::of_feature(&asked);
    let rest = asked
        .pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    // Tiles have the system of their grid.
    let tiles = matches!(of.content, Content::Tiles);
    let rest: Vec<_> = rest.filter(|(name, _)| tiles || *name != "crs").collect();
    let query = all_mistakes(errors, LayerQuery::parse(layer, rest))?;
    let representation = Representation {
        media_type: of.media_type,
        freshness: Freshness::Authorised,
        key: format!("{} {}", of.media_type, asked.canonical()),
    };
    let version = query.as_of.unwrap_or(service.catalogue.version());
    let tag = tag_of(&asked, &representation, version, Coding::Identity);
    if asked.has_tag(&tag) {
        return Ok(not_modified(&tag, representation.freshness, version));
    }
    let question = Question {
        layer,
        query,
        crs,
        scope: asked.scope().clone(),
    };
    let file = finished(&service, of, question, &tag).await?;
    let tag = tag_of(&asked, &representation, file.version, Coding::Identity);
    let mut response = stream_head(&representation, &tag, file.version, Coding::Identity);
    response
        .headers_mut()
        .extend((!tiles).then(|| content_crs(crs)));
    response.headers_mut().extend([
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        disposition(layer, of, file.version),
    ]);
    answer(&service, &asked, &tag, file, response)
}

/// What a file holds.
struct Question {
    layer: &'static LayerDescription,
    query: LayerQuery,
    crs: Crs,
    scope: Scope,
}

/// The file, written where it is not there; once for equal requests, however many ask.
async fn finished(
    service: &Shared,
    of: &'static Ending,
    question: Question,
    tag: &str,
) -> Result<Arc<Download>, Problem> {
    if let Some(file) = service.downloads.get(tag) {
        return Ok(file);
    }
    let (worker, slot) = (Arc::clone(service), tag.to_owned());
    let make = move || {
        let Service {
            catalogue,
            settings,
            downloads,
            ..
        } = &*worker;
        downloads
            .try_get_with(slot, || {
                make(catalogue, settings, of, question).map(Arc::new)
            })
            .map_err(Arc::unwrap_or_clone)
    };
    service.compute.run(make).await?
}

fn make(
    catalogue: &Catalogue,
    settings: &ServerSettings,
    of: &Ending,
    question: Question,
) -> Result<Download, Problem> {
    let spool = settings.spool.as_deref();
    let file = match spool {
        Some(folder) => tempfile::tempfile_in(folder),
        None => tempfile::tempfile(),
    };
    let mut file = file.map_err(disk)?;
    let version = match of.content {
        Content::Rows(format, coding) => {
            let encoder = Encoder::new(coding, BufWriter::new(&mut file)).map_err(disk)?;
            write_rows(catalogue, question, format, spool, encoder)?
        }
        Content::Tiles => {
            let Question {
                layer,
                query,
                scope,
                ..
            } = question;
            let page = Page::ALL;
            write_archive(catalogue, Drawn { layer, query, page }, &scope, &mut file)?
        }
    };
    let length = file.seek(SeekFrom::End(0)).map_err(disk)?;
    Ok(Download {
        file: Mutex::new(file),
        length,
        version,
    })
}

/// Writes all rows of an answer; gives the version that they are of.
fn write_rows<W: Write + Send>(
    catalogue: &Catalogue,
    question: Question,
    format: FileFormat,
    spool: Option<&FolderPath>,
    encoder: Encoder<W>,
) -> Result<u64, Problem> {
    let mut pages = Pages::new(question.layer, question.query, question.scope, Page::ALL);
    let mut answer = pages.first(catalogue)?;
    let version = answer.version;
    let mut writer =
        TableWriter::begin(format, &answer, question.crs, spool, encoder).map_err(failed)?;
    loop {
        writer.write(&answer).map_err(failed)?;
        match pages.after(&answer, catalogue)? {
            Some(next) => answer = next,
            None => break,
        }
    }
    let mut out = writer.finish().map_err(failed)?.finish().map_err(disk)?;
    out.flush().map_err(disk)?;
    Ok(version)
}

#[expect(clippy::needless_pass_by_value, reason = "handed over by map_err")]
fn failed(error: FormatError) -> Problem {
    if is_full(&error) {
        return full();
    }
    Problem::internal(format!("writing a file: {error:?}"))
}

fn disk(error: io::Error) -> Problem {
    failed(error.into())
}

fn disposition(layer: &LayerDescription, of: &Ending, version: u64) -> (HeaderName, HeaderValue) {
    let value = format!(
        "attachment; filename=\"{}-v{version}.{}\"",
        layer.id, of.name
    );
    let value = HeaderValue::from_str(&value);
    (
        header::CONTENT_DISPOSITION,
        value.unwrap_or(HeaderValue::from_static("attachment")),
    )
}

/// The file or the part of it that was asked for.
fn answer(
    service: &Shared,
    asked: &Asked,
    tag: &str,
    file: Arc<Download>,
    mut response: Response,
) -> Result<Response, Problem> {
    let length = file.length;
    // Parts of another file are of no use: If-Range names the one that the asker has begun with.
    let same = asked.if_range.as_deref().is_none_or(|wanted| wanted == tag);
    let wanted = asked.range.as_deref().filter(|_| same);
    let range = match wanted.map_or(Wanted::All, |range| parse_range(range, length)) {
        Wanted::All => 0..length,
        Wanted::Part(range) => {
            let part = format!("bytes {}-{}/{length}", range.start, range.end - 1);
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let part = HeaderValue::from_str(&part);
            response
                .headers_mut()
                .extend(part.map(|part| (header::CONTENT_RANGE, part)));
            range
        }
        Wanted::Beyond => {
            return Err(Problem::new(
                Kind::Beyond(length),
                format!("The file has {length} bytes."),
            ));
        }
    };
    let bytes = HeaderValue::from(range.end - range.start);
    response.headers_mut().insert(header::CONTENT_LENGTH, bytes);
    let busy = || Problem::new(Kind::Busy, "Too many files are being sent.");
    let place = Arc::clone(&service.streams)
        .try_acquire_owned()
        .map_err(|_full| busy())?;
    let (sender, receiver) = mpsc::channel(2);
    tokio::task::spawn_blocking(move || {
        let _held = place;
        let copied = file.copy(range, &mut Sink::new(sender.clone()));
        let last = if copied.is_ok() {
            Message::End
        } else {
            Message::Failed
        };
        drop(sender.blocking_send(last));
    });
    *response.body_mut() = Body::new(Received(receiver));
    Ok(response)
}

#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    All,
    Part(Range<u64>),
    Beyond,
}

/// What `Range` asks of a file (RFC 9110 §14.2): one range of bytes; several, or another unit, get the whole file.
fn parse_range(header: &str, length: u64) -> Wanted {
    let digits = |text: &str| -> Option<u64> {
        let whole = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        whole.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let Some((first, last)) = header
        .strip_prefix("bytes=")
        .and_then(|range| range.trim().split_once('-'))
    else {
        return Wanted::All;
    };
    let range = match (digits(first), digits(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(length),
        (Some(first), None) if last.is_empty() => first..length,
        (None, Some(last)) if first.is_empty() => length - last.min(length)..length,
        _ => return Wanted::All,
    };
    if range.start < range.end {
        Wanted::Part(range)
    } else {
        Wanted::Beyond
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_the_standard() {
        for (header, expected) in [
            ("bytes=0-499", Wanted::Part(0..500)),
            ("bytes=500-999", Wanted::Part(500..1_000)),
            ("bytes=500-", Wanted::Part(500..1_000)),
            ("bytes=-500", Wanted::Part(500..1_000)),
            ("bytes=-5000", Wanted::Part(0..1_000)),
            (
                "bytes=900-99999999999999999999999",
                Wanted::Part(900..1_000),
            ),
            ("bytes=1000-", Wanted::Beyond),
            ("bytes=1000-2000", Wanted::Beyond),
            ("bytes=-0", Wanted::Beyond),
            ("bytes=5-2", Wanted::All),
            ("bytes=0-1,5-6", Wanted::All),
            ("bytes=a-b", Wanted::All),
            ("bytes=-", Wanted::All),
            ("rows=0-1", Wanted::All),
        ] {
            assert_eq!(parse_range(header, 1_000), expected, "{header}");
        }
        assert_eq!(parse_range("bytes=0-", 0), Wanted::Beyond);
    }
}
