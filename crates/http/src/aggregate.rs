//! `/collections/{c}/aggregate`: exact numbers of records by group, as JSON, as CSV or as a page.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use naqsha_layers::{
    Aggregate, AggregateQuery, AggregateRow, GroupKey, LayerDescription, LayerQuery, aggregated,
};
use naqsha_model::{Category, CategorySet};
use serde_json::{Map, Value, json};

use crate::csv::push_text;
use crate::frame::Frame;
use crate::html;
use crate::items::{collection_link, representations};
use crate::link::{self, Link};
use crate::negotiate::{CSV, Format, HTML, JSON};
use crate::problem::Problem;
use crate::question::all_mistakes;
use crate::reply::{Freshness, Produced, Representation, reply};
use crate::request::Asked;
use crate::service::Shared;

pub(crate) static FORMATS: [&Format; 3] = [&JSON, &CSV, &HTML];

/// `/collections/{c}/aggregate`.
pub(crate) async fn aggregate(
    State(service): State<Shared>,
    Path(collection): Path<String>,
    asked: Asked,
) -> Result<Response, Problem> {
    let layer = service.catalogue.describe(&collection)?;
    if !aggregated().any(|aggregated| aggregated.id == layer.id) {
        let others: Vec<&str> = aggregated().map(|layer| layer.id).collect();
        return Err(Problem::not_found(format!(
            "This collection is of statistics, which do not add up; records are counted in {}.",
            others.join(", ")
        )));
    }
    let format = asked.format(&FORMATS)?;
    let (wanted, query) = read(layer, &asked)?;
    let representation = Representation::new(&asked, format, Freshness::Authorised);
    let (scope, request) = (asked.scope().clone(), asked.clone());
    reply(
        &service,
        &asked,
        representation,
        move |catalogue, _version| {
            let found = catalogue.aggregate(layer.id, &query, &scope, &wanted)?;
            let mut headers = Vec::new();
            let body = if *format == CSV {
                csv(&found)
            } else {
                let mut links = representations(&request, format, &FORMATS);
                links.push(collection_link(&request, layer));
                let document = document(&found, &links);
                if *format == HTML {
                    let policy = HeaderValue::from_static(html::POLICY);
                    headers.push((header::CONTENT_SECURITY_POLICY, policy));
                    html::page(layer.title, &document).into_bytes()
                } else {
                    format!("{document}\n").into_bytes()
                }
            };
            Ok(Produced {
                body: Some(body),
                version: found.version,
                headers,
            })
        },
    )
    .await
}

fn read(
    layer: &'static LayerDescription,
    asked: &Asked,
) -> Result<(AggregateQuery, LayerQuery), Problem> {
    let (frame, errors) = Frame::of_box(asked);
    let rest = asked
        .question()
        .filter(|(name, _)| !matches!(*name, "bbox" | "bbox-crs"));
    let (mut wanted, query) = all_mistakes(errors, AggregateQuery::parse(layer, rest))?;
    wanted.bbox = frame;
    Ok((wanted, query))
}

/// Names of the columns: beside the code of a category stands its name.
fn columns(found: &Aggregate) -> Vec<&'static str> {
    let mut names = Vec::new();
    for key in &found.group_by {
        names.push(key.name());
        if *key == GroupKey::Category {
            names.push("category_name");
        }
    }
    names.push("n");
    names
}

/// Values of a row in the order of [`columns`], without the number.
fn values<'r>(found: &'r Aggregate, row: &'r AggregateRow) -> Vec<Option<&'r str>> {
    let mut values = Vec::new();
    for (key, value) in found.group_by.iter().zip(&row.values) {
        let value = value.as_deref();
        values.push(value);
        if *key == GroupKey::Category {
            let of_code = |code: &str| {
                CategorySet::ALL
                    .iter()
                    .find(|category| category.code() == code)
            };
            values.push(value.and_then(of_code).map(Category::name));
        }
    }
    values
}

fn document(found: &Aggregate, links: &[Link]) -> Value {
    let names = columns(found);
    let row = |row: &AggregateRow| {
        let values = values(found, row).into_iter().map(|value| json!(value));
        let values = values.chain([json!(row.n)]);
        let members = names.iter().map(|&name| name.to_owned()).zip(values);
        Value::Object(members.collect::<Map<_, _>>())
    };
    let study_area = found.study_area.as_ref().map(|area| {
        json!({ "name": area.name, "hash": area.hash, "cells": area.cells, "occupied": area.occupied })
    });
    json!({
        "group_by": found.group_by.iter().map(|key| key.name()).collect::<Value>(),
        "n": found.n,
        "numberReturned": found.rows.len(),
        "rows": found.rows.iter().map(row).collect::<Value>(),
        "naqsha": {
            "layer": found.layer.id,
            "data_version": found.version,
            "study_area": study_area,
            "resolution": found.resolution.map(u8::from),
            "period": found.period.map(naqsha_layers::Period::code),
            "excluded": {
                "count": found.excluded.count(),
                "share": found.excluded.share(),
                "reasons": found.excluded.reasons,
            },
            "policy": found.policy,
            "synthetic": found.synthetic,
        },
        "links": link::to_json(links),
    })
}

fn csv(found: &Aggregate) -> Vec<u8> {
    let mut body = columns(found).join(",").into_bytes();
    body.extend_from_slice(b"\r\n");
    for row in &found.rows {
        for value in values(found, row) {
            push_text(&mut body, value.unwrap_or_default());
            body.push(b',');
        }
        body.extend_from_slice(row.n.to_string().as_bytes());
        body.extend_from_slice(b"\r\n");
    }
    body
}
