//! `/collections/{c}/items` and `/collections/{c}/items/{id}`: pages of features, and one feature.

use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use naqsha_layers::{Answer, LayerDescription, LayerQuery, Page};

use crate::csv::write_csv;
use crate::geojson::{write_collection, write_feature, write_sequence};
use crate::html;
use crate::link::{Link, query_string};
use crate::negotiate::{CSV, Format, GEOJSON, HTML, JSON, SEQUENCE};
use crate::problem::Problem;
use crate::question::{Cursor, all_mistakes, parse, wrong_crs};
use crate::reply::{Freshness, Produced, Representation, reply};
use crate::request::Asked;
use crate::service::Shared;

/// Formats of features, best first.
pub(crate) static FORMATS: [&Format; 4] = [&GEOJSON, &HTML, &CSV, &SEQUENCE];
static FEATURE_FORMATS: [&Format; 2] = [&GEOJSON, &HTML];

const CONTENT_CRS: HeaderName = HeaderName::from_static("content-crs");
/// How many there are, for formats that cannot say it inside.
pub(crate) const OGC_NUMBER_MATCHED: HeaderName = HeaderName::from_static("ogc-numbermatched");

/// `/collections/{c}/items`.
pub(crate) async fn items(
    State(service): State<Shared>,
    Path(collection): Path<String>,
    asked: Asked,
) -> Result<Response, Problem> {
    let layer = service.catalogue.describe(&collection)?;
    readable(&service)?;
    let format = asked.format(&FORMATS)?;
    let (page, query) = parse(layer, &asked)?;
    let features = Features {
        layer,
        page,
        query,
        format,
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
        let scope = service.scope();
        let request = asked.clone();
        reply(
            service,
            asked,
            representation,
            move |catalogue, _version| {
                let answer = catalogue.answer(self.layer.id, &self.query, scope, &self.page)?;
                let links = self.links(&request, &answer);
                write_page(&answer, self.format, &links)
            },
        )
        .await
    }

    fn links(&self, asked: &Asked, answer: &Answer) -> Vec<Link> {
        // A search is asked again by who has its body; its address alone leads nowhere.
        let mut links = match self.searched {
            Some(_) => Vec::new(),
            None => representations(asked, self.format, &FORMATS),
        };
        links.push(collection_link(asked, answer.table.layer));
        let shown = self.page.offset.saturating_add(answer.rows.len() as u64);
        // Only where features remain: a link to an empty page costs every client a request.
        if shown < answer.matched && !answer.rows.is_empty() {
            let cursor = Cursor {
                version: answer.version,
                offset: shown,
            };
            links.push(self.next(asked, cursor));
        }
        links
    }

    /// The link to the page that follows; of a search it is to be sent the same body.
    fn next(&self, asked: &Asked, cursor: Cursor) -> Link {
        let token = self.format.tokens.first().copied().unwrap_or_default();
        let (cursor, limit) = (cursor.token(), self.page.limit.to_string());
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
    readable(&service)?;
    let format = asked.format(&FEATURE_FORMATS)?;
    let crs = asked
        .pairs
        .iter()
        .filter(|(name, _)| name == "crs")
        .filter_map(|(_, uri)| wrong_crs("crs", uri));
    let rest = asked.question().filter(|(name, _)| *name != "crs");
    let query = LayerQuery::parse(layer, rest);
    let query = all_mistakes(crs.collect(), query)?;
    let representation = Representation::new(&asked, format, Freshness::Authorised);
    let scope = service.scope();
    let request = asked.clone();
    reply(
        &service,
        &asked,
        representation,
        move |catalogue, _version| {
            let answer = catalogue.feature(layer.id, &id, &query, scope)?;
            let mut links = representations(&request, format, &FEATURE_FORMATS);
            links.push(collection_link(&request, layer));
            let mut body = Vec::new();
            if *format == HTML {
                body = html::features(&answer, &links).into_bytes();
            } else {
                write_feature(&answer, &links, &mut body).map_err(|error| written(&error))?;
            }
            Ok(Produced {
                body: Some(body),
                version: answer.version,
                headers: feature_headers(format),
            })
        },
    )
    .await
}

/// Refuses, as an absent collection is refused, where the scope reads nothing that was not released.
pub(crate) fn readable(service: &Shared) -> Result<(), Problem> {
    if service.scope().reads_unreleased() {
        Ok(())
    } else {
        Err(Problem::not_found("There is no such collection."))
    }
}

fn write_page(answer: &Answer, format: &Format, links: &[Link]) -> Result<Produced, Problem> {
    let mut body = Vec::new();
    if *format == HTML {
        body = html::features(answer, links).into_bytes();
    } else if *format == CSV {
        write_csv(answer, &mut body).map_err(|error| written(&error))?;
    } else if *format == SEQUENCE {
        write_sequence(answer, &mut body).map_err(|error| written(&error))?;
    } else {
        write_collection(answer, links, &mut body).map_err(|error| written(&error))?;
    }
    let mut headers = feature_headers(format);
    headers.push((OGC_NUMBER_MATCHED, HeaderValue::from(answer.matched)));
    let next = links
        .iter()
        .find(|link| link.rel == "next")
        .map(|link| HeaderValue::from_str(&link.to_header()));
    headers.extend(next.and_then(Result::ok).map(|value| (header::LINK, value)));
    Ok(Produced {
        body: Some(body),
        version: answer.version,
        headers,
    })
}

fn written(error: &std::io::Error) -> Problem {
    Problem::internal(format!("writing an answer to memory: {error}"))
}

fn feature_headers(format: &Format) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = vec![(
        CONTENT_CRS,
        HeaderValue::from_static("<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"),
    )];
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
