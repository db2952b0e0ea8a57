//! `/FeatureServer/{n}/query`, by GET and by a posted form: features, their numbers, their count, or their extent.

use std::collections::BTreeSet;

use axum::extract::{FromRequestParts as _, Path, Request as HttpRequest, State};
use axum::http::Method;
use axum::response::Response;
use naqsha_layers::{Answer, Catalogue, LayerDescription, Numbering, Page, Scope};
use serde_json::{Value, json};

use super::request::{Request, Wanted, read};
use super::spatial::Reference;
use super::{MOST_LISTED, layer_of, told, write};
use crate::documents::pretty;
use crate::html;
use crate::negotiate::{Format, GEOJSON, HTML, JSON, PRETTY_JSON};
use crate::problem::{Kind, Problem};
use crate::reply::{Freshness, Produced, Representation, reply};
use crate::request::Asked;
use crate::service::Shared;

/// Largest form that is read.
pub(crate) const LONGEST_FORM: usize = 256 << 10;
pub(crate) static OFFERED: [&Format; 4] = [&JSON, &PRETTY_JSON, &GEOJSON, &HTML];

/// `/arcgis/rest/services/crime/FeatureServer/{n}/query`.
pub(crate) async fn query(
    State(service): State<Shared>,
    Path(name): Path<String>,
    request: HttpRequest,
) -> Result<Response, Problem> {
    let outcome = match asked(&service, request).await {
        Ok(asked) => answer(&service, &name, &asked).await,
        Err(problem) => Err(problem),
    };
    told(outcome)
}

/// The request with the parameters of a posted form after those of its address.
async fn asked(service: &Shared, request: HttpRequest) -> Result<Asked, Problem> {
    let (mut parts, body) = request.into_parts();
    let mut asked = Asked::from_request_parts(&mut parts, service).await?;
    if parts.method == Method::POST {
        let body = axum::body::to_bytes(body, LONGEST_FORM)
            .await
            .map_err(|_too_long| {
                let reason = format!("The form is longer than {LONGEST_FORM} bytes.");
                Problem::new(Kind::BadRequest, reason)
            })?;
        asked.add_form(&body)?;
        // What was posted is answered in full.
        asked.if_none_match = None;
    }
    Ok(asked)
}

async fn answer(service: &Shared, name: &str, asked: &Asked) -> Result<Response, Problem> {
    let (_, layer) = layer_of(service, asked, name)?;
    let format = asked.format(&OFFERED)?;
    let pairs: Vec<(&str, &str)> = asked.question().collect();
    let request = read(layer, &pairs)?;
    let representation = Representation::new(asked, format, Freshness::Authorised);
    let scope = asked.scope().clone();
    reply(
        service,
        asked,
        representation,
        move |catalogue, _version| produce(catalogue, layer, &request, &scope, format),
    )
    .await
}

fn produce(
    catalogue: &Catalogue,
    layer: &'static LayerDescription,
    request: &Request,
    scope: &Scope,
    format: &Format,
) -> Result<Produced, Problem> {
    let numbering = catalogue.numbering();
    let found = find(catalogue, layer, request, scope, &numbering)?;
    let document = match request.wanted {
        Wanted::Features => {
            if *format == GEOJSON || *format == JSON {
                let body = if *format == GEOJSON {
                    write::geojson(&found, request, &numbering)
                } else {
                    write::esri(&found, request, &numbering)
                };
                return Ok(Produced {
                    body: Some(body),
                    version: found.version,
                    headers: Vec::new(),
                });
            }
            let body = write::esri(&found, request, &numbering);
            serde_json::from_slice(&body)
                .map_err(|error| Problem::internal(format!("reading what was written: {error}")))?
        }
        Wanted::Numbers => {
            let numbers = found
                .rows
                .iter()
                .filter_map(|&row| numbering.number(&found, row as usize));
            let numbers: Vec<u64> = numbers.collect();
            json!({ "objectIdFieldName": super::fields::OBJECT_ID, "objectIds": numbers })
        }
        Wanted::Count => json!({ "count": found.matched }),
        Wanted::Extent => {
            let extent = extent(&found, request.reference);
            json!({ "count": found.matched, "extent": extent })
        }
    };
    Ok(Produced {
        body: Some(if *format == HTML {
            html::page(layer.title, &document).into_bytes()
        } else if *format == PRETTY_JSON {
            pretty(&document)
        } else {
            format!("{document}\n").into_bytes()
        }),
        version: found.version,
        headers: html::headers(format),
    })
}

/// The rows that a request is about.
fn find(
    catalogue: &Catalogue,
    layer: &'static LayerDescription,
    request: &Request,
    scope: &Scope,
    numbering: &Numbering,
) -> Result<Answer, Problem> {
    let mut page = request.page.clone();
    match request.wanted {
        Wanted::Features => {}
        Wanted::Count => page.limit = 0,
        Wanted::Numbers | Wanted::Extent => (page.offset, page.limit) = (0, MOST_LISTED),
    }
    let found = match &request.numbers {
        None => catalogue.answer(layer.id, &request.query, scope, &page)?,
        Some(numbers) if layer.over_cells => {
            let all = Page {
                offset: 0,
                limit: usize::MAX,
                ..page.clone()
            };
            let mut found = catalogue.answer(layer.id, &request.query, scope, &all)?;
            let wanted = numbers.iter().filter_map(|&n| numbering.row(&found, n));
            let wanted: BTreeSet<u32> = wanted.collect();
            found.rows.retain(|row| wanted.contains(row));
            found.matched = found.rows.len() as u64;
            let skip = usize::try_from(page.offset).unwrap_or(usize::MAX);
            found.rows = found.rows.into_iter().skip(skip).take(page.limit).collect();
            found
        }
        Some(numbers) => {
            let ids = numbers.iter().filter_map(|&n| numbering.record(n));
            catalogue.records(&ids.collect::<Vec<_>>(), &request.query, scope, &page)?
        }
    };
    let listed = matches!(request.wanted, Wanted::Numbers | Wanted::Extent);
    if listed && found.matched > MOST_LISTED as u64 {
        return Err(Problem::new(
            Kind::BadRequest,
            format!(
                "{} features match, more than the {MOST_LISTED} that are listed at once: narrow them by where or geometry.",
                found.matched
            ),
        ));
    }
    Ok(found)
}

/// The box around the rows, `NaN` where none has a place, as ArcGIS has it.
fn extent(found: &Answer, reference: Reference) -> Value {
    let table = &found.table;
    let mut around = [
        f64::INFINITY,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NEG_INFINITY,
    ];
    let mut add = |position: [f64; 2]| {
        let [x, y] = reference.of_degrees(position);
        around = [
            around[0].min(x),
            around[1].min(y),
            around[2].max(x),
            around[3].max(y),
        ];
    };
    for &row in &found.rows {
        let row = row as usize;
        if let Some(point) = table.points.as_ref().and_then(|points| points[row]) {
            add([point.lon(), point.lat()]);
        } else if let Some(shape) = table.shapes[row] {
            let ring = table.boundaries.ring(shape).iter();
            ring.for_each(|vertex| add(vertex.map(|micro| f64::from(micro) / 1e6)));
        }
    }
    let [x_min, y_min, x_max, y_max] = around.map(|corner| {
        if corner.is_finite() {
            Value::from(corner)
        } else {
            "NaN".into()
        }
    });
    json!({
        "xmin": x_min,
        "ymin": y_min,
        "xmax": x_max,
        "ymax": y_max,
        "spatialReference": reference.to_json(),
    })
}
