//! `/collections/{c}/items` and `/collections/{c}/items/{id}`: pages of features, and one feature.

use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use naqsha_layers::{Answer, BoundingBox, LayerDescription, LayerQuery, Page, ParameterError};

use crate::csv::write_csv;
use crate::geojson::{write_collection, write_feature, write_sequence};
use crate::html;
use crate::link::{Link, query_string};
use crate::negotiate::{CSV, Format, GEOJSON, HTML, JSON, SEQUENCE};
use crate::problem::Problem;
use crate::reply::{Freshness, Produced, Representation, reply};
use crate::request::Asked;
use crate::service::Shared;

/// Features of a page that says nothing else.
pub(crate) const DEFAULT_LIMIT: usize = 1_000;
/// Most features of a page.
pub(crate) const MAXIMUM_LIMIT: usize = 10_000;
/// The only coordinate reference system: longitude, latitude in degrees.
pub(crate) const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";
/// Formats of features, best first.
pub(crate) static FORMATS: [&Format; 4] = [&GEOJSON, &HTML, &CSV, &SEQUENCE];
static FEATURE_FORMATS: [&Format; 2] = [&GEOJSON, &HTML];

const CONTENT_CRS: HeaderName = HeaderName::from_static("content-crs");
const OGC_NUMBER_MATCHED: HeaderName = HeaderName::from_static("ogc-numbermatched");

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
    let representation = Representation::new(&asked, format, Freshness::Authorised);
    let scope = service.scope();
    let request = asked.clone();
    reply(
        &service,
        &asked,
        representation,
        move |catalogue, _version| {
            let answer = catalogue.answer(layer.id, &query, scope, &page)?;
            write_page(
                &answer,
                format,
                &page_links(&request, format, &page, &answer),
            )
        },
    )
    .await
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

/// The page and the question of a request, every mistake of it listed.
fn parse(layer: &LayerDescription, asked: &Asked) -> Result<(Page, LayerQuery), Problem> {
    let mut page = Page {
        limit: DEFAULT_LIMIT,
        ..Page::ALL
    };
    let mut errors = Vec::new();
    let mut seen = Vec::new();
    let mut rest = Vec::new();
    for (name, value) in asked.question() {
        if !matches!(name, "bbox" | "bbox-crs" | "crs" | "limit" | "offset") {
            rest.push((name, value));
            continue;
        }
        if seen.contains(&name) {
            errors.push(ParameterError::new(name, "given more than once"));
            continue;
        }
        seen.push(name);
        let mistake = match name {
            "bbox" => parse_bbox(value).map(|bbox| page.bbox = Some(bbox)).err(),
            "limit" => parse_limit(value).map(|limit| page.limit = limit).err(),
            "offset" => parse_offset(value).map(|offset| page.offset = offset).err(),
            _ => wrong_crs(name, value).map(|error| error.reason),
        };
        errors.extend(mistake.map(|reason| ParameterError::new(name, reason)));
    }
    let query = all_mistakes(errors, LayerQuery::parse(layer, rest))?;
    Ok((page, query))
}

/// The query where nothing is wrong, else every mistake of the request at once.
pub(crate) fn all_mistakes<T>(
    mut errors: Vec<ParameterError>,
    query: Result<T, Vec<ParameterError>>,
) -> Result<T, Problem> {
    match query {
        Ok(query) if errors.is_empty() => Ok(query),
        Ok(_) => Err(Problem::parameters(errors)),
        Err(more) => {
            errors.extend(more);
            Err(Problem::parameters(errors))
        }
    }
}

/// Four numbers, or six of which the heights are ignored: features have none.
fn parse_bbox(value: &str) -> Result<BoundingBox, String> {
    let shape = || {
        "is not four or six numbers: west,south,east,north or west,south,low,east,north,high"
            .to_owned()
    };
    let numbers: Vec<f64> = value
        .split(',')
        .map(|text| text.trim().parse())
        .collect::<Result<_, _>>()
        .map_err(|_number| shape())?;
    let corners = match numbers[..] {
        [west, south, east, north] | [west, south, _, east, north, _] => [west, south, east, north],
        _ => return Err(shape()),
    };
    BoundingBox::new(corners).map_err(|error| error.to_string())
}

/// A whole number of at least 1; one above the maximum is taken as the maximum (OGC 17-069r4 /req/core/fc-limit-response-1).
fn parse_limit(value: &str) -> Result<usize, String> {
    match parse_whole(value) {
        Some(1..) => Ok(parse_whole(value)
            .and_then(|limit| usize::try_from(limit).ok())
            .unwrap_or(usize::MAX)),
        _ => Err("is not a whole number of at least 1".to_owned()),
    }
    .map(|limit| limit.min(MAXIMUM_LIMIT))
}

fn parse_offset(value: &str) -> Result<u64, String> {
    parse_whole(value).ok_or_else(|| "is not a whole number of at least 0".to_owned())
}

/// Digits only; more of them than a `u64` holds are the greatest `u64`.
fn parse_whole(value: &str) -> Option<u64> {
    (!value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()))
        .then(|| value.parse().unwrap_or(u64::MAX))
}

fn wrong_crs(name: &str, uri: &str) -> Option<ParameterError> {
    (uri != CRS84)
        .then(|| ParameterError::new(name, format!("is not {CRS84}, the only one offered")))
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

fn collection_link(asked: &Asked, layer: &LayerDescription) -> Link {
    Link::new(
        format!("{}/collections/{}", asked.base, layer.id),
        "collection",
        JSON.media_type,
        layer.title,
    )
}

fn page_links(asked: &Asked, format: &'static Format, page: &Page, answer: &Answer) -> Vec<Link> {
    let mut links = representations(asked, format, &FORMATS);
    links.push(collection_link(asked, answer.table.layer));
    let shown = page.offset.saturating_add(answer.rows.len() as u64);
    // Only where features remain: a link to an empty page costs every client a request.
    if shown < answer.matched && !answer.rows.is_empty() {
        let token = format.tokens.first().copied().unwrap_or_default();
        let (offset, limit) = (shown.to_string(), page.limit.to_string());
        let kept = asked
            .question()
            .filter(|(name, _)| !matches!(*name, "offset" | "limit"));
        let pairs = kept.chain([
            ("limit", limit.as_str()),
            ("offset", offset.as_str()),
            ("f", token),
        ]);
        let href = format!("{}{}{}", asked.base, asked.path, query_string(pairs));
        links.push(Link::new(href, "next", format.link_type(), "next page"));
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_have_four_or_six_numbers_on_the_globe() {
        let corners = |text| parse_bbox(text).map(|bbox| bbox.corners());
        assert_eq!(corners("-1.5,50,1.5,53"), Ok([-1.5, 50.0, 1.5, 53.0]));
        assert_eq!(corners("-1.5,50,0,1.5,53,100"), Ok([-1.5, 50.0, 1.5, 53.0]));
        assert_eq!(
            corners("-0.100000000000000006, 51.45,0,51.5").map(|c| c[0]),
            Ok(-0.1)
        );
        assert_eq!(corners("177,65,-177,70"), Ok([177.0, 65.0, -177.0, 70.0]));
        for wrong in [
            "",
            "1,2,3",
            "1,2,3,4,5",
            "a,b,c,d",
            "NaN,0,1,1",
            "inf,0,1,1",
            "0,0,181,1",
            "0,10,1,9",
            "1,,2,3",
        ] {
            assert!(parse_bbox(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn limits_are_clamped_and_never_unlimited() {
        assert_eq!(parse_limit("10"), Ok(10));
        assert_eq!(parse_limit("10001"), Ok(MAXIMUM_LIMIT));
        assert_eq!(parse_limit("99999999999999999999999"), Ok(MAXIMUM_LIMIT));
        for wrong in ["unlimited", "0", "-1", "1.5", "", "1e3"] {
            assert!(parse_limit(wrong).is_err(), "{wrong}");
        }
    }
}
