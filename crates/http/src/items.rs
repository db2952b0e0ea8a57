//! `/collections/{c}/items` and `/collections/{c}/items/{id}`: pages of features, and one feature.

use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use naqsha_formats::{Crs, FormatError};
use naqsha_layers::{Answer, LayerDescription, LayerQuery, Page};

use crate::frame::{Frame, content_crs};
use crate::geojson::{write_collection, write_feature};
use crate::html;
use crate::link::{Link, query_string};
use crate::negotiate::{
    ARROW, CSV, CSV_WITH_MARK, FLATGEOBUF, Format, GEOJSON, HTML, JSON, NDJSON, PARQUET, SEQUENCE,
};
use crate::pages::Pages;
use crate::problem::Problem;
use crate::question::{Cursor, MAXIMUM_LIMIT, all_mistakes, parse, parse_whole};
use crate::reply::{Freshness, Produced, Representation, reply};
use crate::request::Asked;
use crate::service::Shared;
use crate::stream::{Streamed, stream};
use crate::table_writer::{FileFormat, TableWriter};

/// Formats of features, best first.
pub(crate) static FORMATS: [&Format; 8] = [
    &GEOJSON,
    &HTML,
    &CSV,
    &SEQUENCE,
    &NDJSON,
    &FLATGEOBUF,
    &ARROW,
    &PARQUET,
];
/// The same and what is not linked to.
pub(crate) static OFFERED: [&Format; 9] = [
    &GEOJSON,
    &HTML,
    &CSV,
    &SEQUENCE,
    &NDJSON,
    &FLATGEOBUF,
    &ARROW,
    &PARQUET,
    &CSV_WITH_MARK,
];
static FEATURE_FORMATS: [&Format; 2] = [&GEOJSON, &HTML];

/// How many there are, for formats that cannot say it inside.
pub(crate) const OGC_NUMBER_MATCHED: HeaderName = HeaderName::from_static("ogc-numbermatched");

/// `/collections/{c}/items`.
pub(crate) async fn items(
    State(service): State<Shared>,
    Path(collection): Path<String>,
    asked: Asked,
) -> Result<Response, Problem> {
    let layer = service.catalogue.describe(&collection)?;
    let format = asked.format(&OFFERED)?;
    let (page, query) = parse(layer, &asked)?;
    let features = Features {
        layer,
        page,
        query,
        format,
        crs: Frame::of(&asked).0.crs,
        searched: None,
    };
    features.reply(&service, &asked).await
}

/// Which features are asked for, and how they are to be written.
pub(crate) struct Features {
    pub(crate) layer: &'static LayerDescription,
    pub(crate) page: Page,
    pub(crate) query: LayerQuery,
    pub(crate) format: &'static Format,
    /// The system of the coordinates that are written.
    pub(crate) crs: Crs,
    /// The filter that came as the body of a search.
    pub(crate) searched: Option<String>,
}

impl Features {
    pub(crate) async fn reply(self, service: &Shared, asked: &Asked) -> Result<Response, Problem> {
        let mut representation = Representation::new(asked, self.format, Freshness::Authorised);
        if let Some(searched) = &self.searched {
            representation.key.push('\n');
            representation.key.push_str(searched);
        }
        let scope = asked.scope().clone();
        let request = asked.clone();
        if let Some((file, limit)) = long_answer(self.format, asked) {
            let page = Page {
                limit,
                ..self.page.clone()
            };
            let streamed = Streamed {
                pages: Pages::new(self.layer, self.query.clone(), scope, page),
                format: file,
                crs: self.crs,
            };
            let headers = move |first: &Answer| {
                let shown = self.page.offset.saturating_add(limit as u64);
                let links = self.links(&request, first, shown, limit);
                page_headers(self.format, self.crs, first, &links)
            };
            return stream(service, asked, representation, streamed, headers).await;
        }
        reply(
            service,
            asked,
            representation,
            move |catalogue, _version| {
                let answer = catalogue.answer(self.layer.id, &self.query, &scope, &self.page)?;
                let shown = self.page.offset.saturating_add(answer.rows.len() as u64);
                let links = self.links(&request, &answer, shown, self.page.limit);
                write_page(&answer, self.format, self.crs, &links)
            },
        )
        .await
    }

    /// Links of a page that ends at a feature, the next one included.
    fn links(&self, asked: &Asked, answer: &Answer, shown: u64, limit: usize) -> Vec<Link> {
        // A search is asked again by who has its body; its address alone leads nowhere.
        let mut links = match self.searched {
            Some(_) => Vec::new(),
            None => representations(asked, self.format, &FORMATS),
        };
        links.push(collection_link(asked, answer.table.layer));
        // Only where features remain: a link to an empty page costs every client a request.
        if shown < answer.matched && !answer.rows.is_empty() {
            let cursor = Cursor {
                version: answer.version,
                offset: shown,
            };
            links.push(self.next(asked, cursor, limit));
        }
        links
    }

    /// The link to the page that follows; of a search it is to be sent the same body.
    fn next(&self, asked: &Asked, cursor: Cursor, limit: usize) -> Link {
        let token = self.format.tokens.first().copied().unwrap_or_default();
        let (cursor, limit) = (cursor.token(), limit.to_string());
        let kept = asked
            .question()
            .filter(|(name, _)| !matches!(*name, "offset" | "limit" | "cursor"));
        let pairs = kept.chain([
            ("limit", limit.as_str()),
            ("cursor", cursor.as_str()),
            ("f", token),
        ]);
        let href = format!("{}{}{}", asked.base, asked.path, query_string(pairs));
        let title = match self.searched {
            Some(_) => "next page: POST the same body to this address",
            None => "next page",
        };
        let link = Link::new(href, "next", self.format.link_type(), title);
        match self.searched {
            Some(_) => link.by("POST"),
            None => link,
        }
    }
}

/// `/collections/{c}/items/{id}`.
pub(crate) async fn item(
    State(service): State<Shared>,
    Path((collection, id)): Path<(String, String)>,
    asked: Asked,
) -> Result<Response, Problem> {
    let layer = service.catalogue.describe(&collection)?;
    let format = asked.format(&FEATURE_FORMATS)?;
    let (crs, errors) = Frame::of_feature(&asked);
    let rest = asked.question().filter(|(name, _)| *name != "crs");
    let query = all_mistakes(errors, LayerQuery::parse(layer, rest))?;
    let representation = Representation::new(&asked, format, Freshness::Authorised);
    let scope = asked.scope().clone();
    let request = asked.clone();
    reply(
        &service,
        &asked,
        representation,
        move |catalogue, _version| {
            let answer = catalogue.feature(layer.id, &id, &query, &scope)?;
            let mut links = representations(&request, format, &FEATURE_FORMATS);
            links.push(collection_link(&request, layer));
            let mut body = Vec::new();
            if *format == HTML {
                body = html::features(&answer, &links).into_bytes();
            } else {
                write_feature(&answer, &links, crs, &mut body).map_err(|error| written(&error))?;
            }
            Ok(Produced {
                body: Some(body),
                version: answer.version,
                headers: feature_headers(format, crs),
            })
        },
    )
    .await
}

/// The writer of a format of rows.
pub(crate) fn file_format(format: &Format) -> Option<FileFormat> {
    [
        (&CSV, FileFormat::Csv),
        (&CSV_WITH_MARK, FileFormat::CsvWithMark),
        (&SEQUENCE, FileFormat::GeoJsonSequence),
        (&NDJSON, FileFormat::NdJson),
        (&FLATGEOBUF, FileFormat::FlatGeobuf),
        (&ARROW, FileFormat::Arrow),
        (&PARQUET, FileFormat::GeoParquet),
    ]
    .into_iter()
    .find_map(|(one, file)| (one == format).then_some(file))
}

/// The writer and length of an answer that is sent while it is written: of a format that can be, without a `limit` or with
/// one above the greatest page. An index before the features, as `FlatGeobuf` has it, can not.
fn long_answer(format: &Format, asked: &Asked) -> Option<(FileFormat, usize)> {
    let file = file_format(format).filter(|file| *file != FileFormat::FlatGeobuf)?;
    let limit = asked.pairs.iter().find(|(name, _)| name == "limit");
    match limit.and_then(|(_, value)| parse_whole(value)) {
        None => Some((file, usize::MAX)),
        Some(limit) if limit > MAXIMUM_LIMIT as u64 => {
            Some((file, usize::try_from(limit).unwrap_or(usize::MAX)))
        }
        Some(_) => None,
    }
}

fn write_page(
    answer: &Answer,
    format: &Format,
    crs: Crs,
    links: &[Link],
) -> Result<Produced, Problem> {
    let mut body = Vec::new();
    if let Some(file) = file_format(format) {
        let failed =
            |error: FormatError| Problem::internal(format!("writing an answer: {error:?}"));
        let mut writer = TableWriter::begin(file, answer, crs, None, &mut body).map_err(failed)?;
        writer.write(answer).map_err(failed)?;
        writer.finish().map_err(failed)?;
    } else if *format == HTML {
        body = html::features(answer, links).into_bytes();
    } else {
        write_collection(answer, links, crs, &mut body).map_err(|error| written(&error))?;
    }
    Ok(Produced {
        body: Some(body),
        version: answer.version,
        headers: page_headers(format, crs, answer, links),
    })
}

/// Headers of a page: formats without links of their own page by the header `Link`.
fn page_headers(
    format: &Format,
    crs: Crs,
    answer: &Answer,
    links: &[Link],
) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = feature_headers(format, crs);
    headers.push((OGC_NUMBER_MATCHED, HeaderValue::from(answer.matched)));
    let next = links
        .iter()
        .find(|link| link.rel == "next")
        .map(|link| HeaderValue::from_str(&link.to_header()));
    headers.extend(next.and_then(Result::ok).map(|value| (header::LINK, value)));
    headers
}

fn written(error: &std::io::Error) -> Problem {
    Problem::internal(format!("writing an answer to memory: {error}"))
}

fn feature_headers(format: &Format, crs: Crs) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = vec![content_crs(crs)];
    if *format == HTML {
        headers.push((
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(html::POLICY),
        ));
    }
    headers
}

/// Links to this representation and to its alternates.
pub(crate) fn representations(
    asked: &Asked,
    chosen: &Format,
    offered: &[&'static Format],
) -> Vec<Link> {
    let link = |format: &&'static Format| {
        let rel = if *format == chosen {
            "self"
        } else {
            "alternate"
        };
        let title = if *format == chosen {
            "this document"
        } else {
            format.title
        };
        Link::new(asked.address(Some(format)), rel, format.link_type(), title)
    };
    offered.iter().map(link).collect()
}

/// A link to the collection of a layer.
pub(crate) fn collection_link(asked: &Asked, layer: &LayerDescription) -> Link {
    Link::new(
        format!("{}/collections/{}", asked.base, layer.id),
        "collection",
        JSON.media_type,
        layer.title,
    )
}
