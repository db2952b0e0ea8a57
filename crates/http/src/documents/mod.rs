//! The metadata documents, all made from the layers' descriptions: a new layer needs no change here.

mod collections;
mod landing;
mod of_features;
mod of_parts;
mod of_processes;
mod of_uploads;
mod of_zones;
mod openapi;
mod operations;
mod schemas;
mod security;
mod styles;
mod tile_operations;
mod tilejson;

pub(crate) use collections::{collection, collections, places};
pub(crate) use landing::{api_page, conformance, root};
pub(crate) use openapi::api;
pub(crate) use schemas::{
    Dialect, of_parameter, of_property, properties_of, queryables, schema, sortables,
};
pub(crate) use styles::{style, styles};
pub(crate) use tilejson::{bounds, describe as describe_tiles, metadata, tilejson};

use axum::http::{HeaderValue, header};
use axum::response::Response;
use naqsha_layers::{Catalogue, LayerDescription};
use serde_json::Value;

use crate::html;
use crate::negotiate::{Format, HTML};
use crate::problem::Problem;
use crate::reply::{Freshness, Produced, Representation, reply};
use crate::request::Asked;
use crate::service::Shared;

/// A JSON document for reading.
pub(crate) fn pretty(document: &Value) -> Vec<u8> {
    format!("{document:#}\n").into_bytes()
}

/// Answers with a JSON document, or with a page of it.
pub(crate) async fn document(
    service: &Shared,
    asked: &Asked,
    format: &'static Format,
    title: &str,
    make: impl FnOnce(&Catalogue, &Asked) -> Result<Value, Problem> + Send + 'static,
) -> Result<Response, Problem> {
    let representation = Representation::new(asked, format, Freshness::Metadata);
    let (request, title) = (asked.clone(), title.to_owned());
    reply(service, asked, representation, move |catalogue, version| {
        let value = make(catalogue, &request)?;
        if *format == HTML {
            let headers = vec![(
                header::CONTENT_SECURITY_POLICY,
                HeaderValue::from_static(html::POLICY),
            )];
            return Ok(Produced {
                body: Some(html::page(&title, &value).into_bytes()),
                version,
                headers,
            });
        }
        let mut body = value.to_string().into_bytes();
        body.push(b'\n');
        Ok(Produced {
            body: Some(body),
            version,
            headers: Vec::new(),
        })
    })
    .await
}

/// Answers with a JSON document about one layer; nothing but the format can be asked of it.
async fn layer_document(
    service: &Shared,
    asked: &Asked,
    id: &str,
    offered: &[&'static Format],
    make: impl FnOnce(&Catalogue, &'static LayerDescription, &Asked, &'static Format) -> Value
    + Send
    + 'static,
) -> Result<Response, Problem> {
    let layer = service.catalogue.describe(id)?;
    asked.only(&[])?;
    let format = asked.format(offered)?;
    document(
        service,
        asked,
        format,
        layer.title,
        move |catalogue, asked| Ok(make(catalogue, layer, asked, format)),
    )
    .await
}
