//! Features as ArcGIS writes them, and as its GeoJSON.

use naqsha_layers::{Answer, Keys, LayerDescription, Numbering, Values};
use serde_json::{Value, json};

use super::describe::geometry_type;
use super::fields::{Field, OBJECT_ID};
use super::request::Request;
use super::shapes::{push_esri, push_geojson};
use crate::digits::{push_integer, push_text};
use crate::geojson::{push_key, push_value};

/// A feature set.
pub(super) fn esri(found: &Answer, request: &Request, numbering: &Numbering) -> Vec<u8> {
    let layer = found.table.layer;
    let fields = request.fields.iter().map(|field| field.describe(layer));
    let mut head = json!({
        "objectIdFieldName": OBJECT_ID,
        "globalIdFieldName": "",
        "geometryType": geometry_type(layer, found.table.points.is_some()),
        "spatialReference": request.reference.to_json(),
        "fields": fields.collect::<Value>(),
    });
    if is_cut_short(found, request) {
        head["exceededTransferLimit"] = true.into();
    }
    if !request.geometry
        && let Some(head) = head.as_object_mut()
    {
        head.remove("geometryType");
        head.remove("spatialReference");
    }
    let names = names(layer, request);
    written(&head, found, |out, row| {
        out.extend_from_slice(b"{\"attributes\":{");
        push_fields(out, found, row, numbering, &names);
        out.push(b'}');
        if request.geometry {
            let from = out.len();
            out.extend_from_slice(b",\"geometry\":");
            if !push_esri(out, &found.table, row, request.reference) {
                out.truncate(from);
            }
        }
        out.push(b'}');
    })
}

/// A feature collection; `exceededTransferLimit` says, where clients of either age look for it, that there is more.
pub(super) fn geojson(found: &Answer, request: &Request, numbering: &Numbering) -> Vec<u8> {
    let mut head = json!({ "type": "FeatureCollection" });
    if is_cut_short(found, request) {
        head["exceededTransferLimit"] = true.into();
        head["properties"] = json!({ "exceededTransferLimit": true });
    }
    if request.reference == super::spatial::Reference::Mercator {
        head["crs"] = json!({ "type": "name", "properties": { "name": "EPSG:3857" } });
    }
    let names = names(found.table.layer, request);
    written(&head, found, |out, row| {
        out.extend_from_slice(b"{\"type\":\"Feature\",\"id\":");
        push_number(out, found, row, numbering);
        out.extend_from_slice(b",\"geometry\":");
        if request.geometry {
            push_geojson(out, &found.table, row, request.reference);
        } else {
            out.extend_from_slice(b"null");
        }
        out.extend_from_slice(b",\"properties\":{");
        push_fields(out, found, row, numbering, &names);
        out.extend_from_slice(b"}}");
    })
}

fn is_cut_short(found: &Answer, request: &Request) -> bool {
    let shown = request.page.offset.saturating_add(found.rows.len() as u64);
    !found.rows.is_empty() && shown < found.matched
}

/// The head's object with the features at its end.
fn written(head: &Value, found: &Answer, mut push: impl FnMut(&mut Vec<u8>, usize)) -> Vec<u8> {
    let mut out = head.to_string().into_bytes();
    out.pop();
    out.extend_from_slice(b",\"features\":[");
    for (i, &row) in found.rows.iter().enumerate() {
        out.extend_from_slice(if i == 0 { b"\n" } else { b",\n" });
        push(&mut out, row as usize);
    }
    out.extend_from_slice(b"\n]}\n");
    out
}

/// Each field with `"name":` as it is written.
fn names(layer: &LayerDescription, request: &Request) -> Vec<(Field, Vec<u8>)> {
    let name = |field: &Field| {
        let mut name = Vec::new();
        push_text(&mut name, field.name(layer));
        name.push(b':');
        (*field, name)
    };
    request.fields.iter().map(name).collect()
}

fn push_number(out: &mut Vec<u8>, found: &Answer, row: usize, numbering: &Numbering) {
    match numbering
        .number(found, row)
        .and_then(|number| i64::try_from(number).ok())
    {
        Some(number) => push_integer(out, number),
        None => out.extend_from_slice(b"null"),
    }
}

fn push_fields(
    out: &mut Vec<u8>,
    found: &Answer,
    row: usize,
    numbering: &Numbering,
    names: &[(Field, Vec<u8>)],
) {
    for (i, (field, name)) in names.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        out.extend_from_slice(name);
        match field {
            Field::Number => push_number(out, found, row, numbering),
            Field::Id => push_id(out, &found.table.keys, row),
            Field::Property(at) => match &found.table.columns[*at].values {
                Values::Booleans(values) => push_integer(out, i64::from(values[row])),
                values => push_value(out, values, row),
            },
        }
    }
}

fn push_id(out: &mut Vec<u8>, keys: &Keys, row: usize) {
    out.push(b'"');
    push_key(out, keys, row);
    out.push(b'"');
}
