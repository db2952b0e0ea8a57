//! `/collections/incidents/changes`: what became of records since a cursor, as lines or as one document.

use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use naqsha_formats::Crs;
use naqsha_layers::{ChangeCursor, ChangePage, ParameterError, RecordChange};
use serde_json::json;

use crate::geojson::FeatureWriter;
use crate::items::{collection_link, representations};
use crate::link::{self, Link, query_string};
use crate::negotiate::{CHANGE_LINES, Format, JSON};
use crate::problem::Problem;
use crate::question::{DEFAULT_LIMIT, parse_limit};
use crate::reply::{Freshness, Produced, Representation, reply};
use crate::request::Asked;
use crate::service::Shared;

pub(crate) static FORMATS: [&Format; 2] = [&JSON, &CHANGE_LINES];

/// The one collection that is made of records.
pub(crate) const COLLECTION: &str = "incidents";

/// `/collections/incidents/changes`.
pub(crate) async fn changes(
    State(service): State<Shared>,
    Path(collection): Path<String>,
    asked: Asked,
) -> Result<Response, Problem> {
    let layer = service.catalogue.describe(&collection)?;
    if layer.id != COLLECTION {
        return Err(Problem::not_found(format!(
            "Changes are those of records, in {COLLECTION}; other collections are computed anew for each version."
        )));
    }
    let format = asked.format(&FORMATS)?;
    let (since, limit) = read(&asked)?;
    let representation = Representation::new(&asked, format, Freshness::Authorised);
    let (scope, request) = (asked.scope().clone(), asked.clone());
    reply(
        &service,
        &asked,
        representation,
        move |catalogue, _version| {
            let page = catalogue.changes(&scope, since, limit)?;
            let mut links = representations(&request, format, &FORMATS);
            links.push(collection_link(&request, layer));
            let next = next(&request, format, &page, limit);
            let header = HeaderValue::from_str(&next.to_header());
            links.push(next);
            let body = if *format == JSON {
                document(&page, &links)
            } else {
                lines(&page)
            };
            let link: Option<(HeaderName, HeaderValue)> =
                header.ok().map(|value| (header::LINK, value));
            Ok(Produced {
                body: Some(body),
                version: page.records.version,
                headers: link.into_iter().collect(),
            })
        },
    )
    .await
}

fn read(asked: &Asked) -> Result<(Option<ChangeCursor>, usize), Problem> {
    let (mut errors, mut seen) = (Vec::new(), Vec::new());
    let (mut since, mut limit) = (None, DEFAULT_LIMIT);
    for (name, value) in asked.question() {
        let outcome = match name {
            _ if seen.contains(&name) => Err("given more than once".to_owned()),
            "since" => ChangeCursor::parse(value).map(|cursor| since = Some(cursor)),
            "limit" => parse_limit(value).map(|read| limit = read),
            _ => Err("there is no such parameter here; there are since and limit".to_owned()),
        };
        seen.push(name);
        errors.extend(
            outcome
                .err()
                .map(|reason| ParameterError::new(name, reason)),
        );
    }
    if errors.is_empty() {
        Ok((since, limit))
    } else {
        Err(Problem::parameters(errors))
    }
}

/// Where to go on: at once where there is more, else whenever one wants to know what came since.
fn next(asked: &Asked, format: &Format, page: &ChangePage, limit: usize) -> Link {
    let (rel, title) = if page.has_more {
        ("next", "next page")
    } else {
        ("monitor", "what will have changed since")
    };
    let token = format.tokens.first().copied().unwrap_or_default();
    let texts = [page.cursor.to_string(), limit.to_string()];
    let [cursor, limit] = texts.each_ref().map(String::as_str);
    let pairs = [("since", cursor), ("limit", limit), ("f", token)];
    let href = format!("{}{}{}", asked.base, asked.path, query_string(pairs));
    Link::new(href, rel, format.link_type(), title)
}

/// Each change as an object, with what stands before and behind it.
fn push_changes(page: &ChangePage, out: &mut Vec<u8>, (first, between): (&[u8], &[u8])) {
    let writer = FeatureWriter::new(&page.records, Crs::Crs84);
    for (at, change) in page.changes.iter().enumerate() {
        out.extend_from_slice(if at == 0 { first } else { between });
        match *change {
            RecordChange::Gone(id) => {
                out.extend_from_slice(
                    json!({ "op": "delete", "id": id.to_string() })
                        .to_string()
                        .as_bytes(),
                );
            }
            RecordChange::Upsert { row, revision } => {
                out.extend_from_slice(b"{\"op\":\"upsert\",\"id\":\"");
                crate::geojson::push_key(out, &page.records.table.keys, row as usize);
                out.extend_from_slice(
                    format!("\",\"revision\":{revision},\"feature\":").as_bytes(),
                );
                writer.push(out, row as usize);
                out.push(b'}');
            }
        }
    }
}

/// A line for each change, and a last one that says where to go on.
fn lines(page: &ChangePage) -> Vec<u8> {
    let mut out = Vec::new();
    push_changes(page, &mut out, (b"", b"\n"));
    if !page.changes.is_empty() {
        out.push(b'\n');
    }
    let last = json!({
        "op": "cursor",
        "cursor": page.cursor.to_string(),
        "has_more": page.has_more,
        "data_version": page.records.version,
    });
    out.extend_from_slice(format!("{last}\n").as_bytes());
    out
}

fn document(page: &ChangePage, links: &[Link]) -> Vec<u8> {
    let head = json!({
        "cursor": page.cursor.to_string(),
        "has_more": page.has_more,
        "numberReturned": page.changes.len(),
        "links": link::to_json(links),
        "naqsha": {
            "layer": COLLECTION,
            "data_version": page.records.version,
            "policy": page.records.table.metadata.policy,
            "synthetic": page.records.table.metadata.synthetic,
        },
    });
    let mut out = head.to_string().into_bytes();
    out.pop();
    out.extend_from_slice(b",\"changes\":[");
    push_changes(page, &mut out, (b"\n", b",\n"));
    out.extend_from_slice(b"\n]}\n");
    out
}
