//! `/collections/{c}/explain/{h3}`: why a cell has its class, or its value, in words and in the numbers of its row.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use h3o::CellIndex;
use naqsha_formats::Crs;
use naqsha_layers::{Answer, LayerQuery, ParameterError, explain, explained};
use serde_json::{Value, json};

use crate::geojson::FeatureWriter;
use crate::html;
use crate::items::representations;
use crate::link::{self, Link};
use crate::metadata::metadata;
use crate::negotiate::{Format, GEOJSON, HTML, JSON};
use crate::problem::Problem;
use crate::question::all_mistakes;
use crate::reply::{Freshness, Produced, Representation, reply};
use crate::request::Asked;
use crate::service::Shared;

pub(crate) static FORMATS: [&Format; 2] = [&JSON, &HTML];

/// `/collections/{c}/explain/{h3}`; the layer's parameters are those of its items, the resolution is that of the cell.
pub(crate) async fn cell(
    State(service): State<Shared>,
    Path((collection, id)): Path<(String, String)>,
    asked: Asked,
) -> Result<Response, Problem> {
    let layer = service.catalogue.describe(&collection)?;
    if !explained().any(|explained| explained == layer.id) {
        let others: Vec<&str> = explained().collect();
        return Err(Problem::not_found(format!(
            "This collection computes no statistic of cells; these explain theirs: {}.",
            others.join(", ")
        )));
    }
    let format = asked.format(&FORMATS)?;
    let mut errors = Vec::new();
    if id.parse::<CellIndex>().is_err() {
        errors.push(ParameterError::new(
            "h3",
            format!("{id:?} is not an H3 cell"),
        ));
    }
    let query = all_mistakes(errors, LayerQuery::parse(layer, asked.question()))?;
    let representation = Representation::new(&asked, format, Freshness::Authorised);
    let scope = asked.scope().clone();
    let request = asked.clone();
    reply(
        &service,
        &asked,
        representation,
        move |catalogue, _version| {
            let answer = catalogue.feature(layer.id, &id, &query, &scope)?;
            let links = links(&request, format, layer.id, &id);
            produce(&answer, format, &links)
        },
    )
    .await
}

fn produce(answer: &Answer, format: &Format, links: &[Link]) -> Result<Produced, Problem> {
    let fault = |what: &str| Problem::internal(format!("explaining a cell: {what}"));
    let told = explain(answer).ok_or_else(|| fault("the layer has no sentence"))?;
    let mut feature = Vec::new();
    let row = answer.rows.first().copied().unwrap_or_default();
    FeatureWriter::new(answer, Crs::Crs84).push(&mut feature, row as usize);
    let feature: Value =
        serde_json::from_slice(&feature).map_err(|error| fault(&error.to_string()))?;
    let mut numbers = feature["properties"].clone();
    if let Some(numbers) = numbers.as_object_mut() {
        numbers.remove("h3");
    }
    let layer = answer.table.layer;
    let document = json!({
        "h3": told.cell.to_string(),
        "layer": layer.id,
        "sentence": told.sentence,
        "numbers": numbers,
        "naqsha": metadata(answer),
        "links": link::to_json(links),
    });
    let (body, headers) = if *format == HTML {
        let policy = HeaderValue::from_static(html::POLICY);
        (
            html::page(layer.title, &document),
            vec![(header::CONTENT_SECURITY_POLICY, policy)],
        )
    } else {
        (format!("{document}\n"), Vec::new())
    };
    Ok(Produced {
        body: Some(body.into_bytes()),
        version: answer.version,
        headers,
    })
}

fn links(asked: &Asked, format: &Format, layer: &str, id: &str) -> Vec<Link> {
    let mut links = representations(asked, format, &FORMATS);
    let collection = format!("{}/collections/{layer}", asked.base);
    let feature = format!("{collection}/items/{id}");
    links.push(Link::new(
        feature,
        "item",
        GEOJSON.link_type(),
        "the cell as a feature",
    ));
    links.push(Link::new(
        collection,
        "collection",
        JSON.link_type(),
        "the collection",
    ));
    links
}
