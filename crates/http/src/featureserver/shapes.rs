//! Geometries as ArcGIS writes them: outer rings clockwise, lines as paths, in the reference that was asked.

use naqsha_formats::{cut, cut_line};
use naqsha_layers::LayerTable;

use super::spatial::Reference;
use crate::digits::{push_degrees, push_number};

/// Decimal places of metres.
const CENTIMETRES: f64 = 100.0;

/// Appends the geometry of a row; nothing, and `false`, where it has none of its layer's type: such clients draw one type in a
/// layer, so that a record whose point is not shown among others' points has none.
pub(super) fn push_esri(
    out: &mut Vec<u8>,
    table: &LayerTable,
    row: usize,
    reference: Reference,
) -> bool {
    if let Some(point) = table.points.as_ref().and_then(|points| points[row]) {
        let [x, y] = reference.of_degrees([point.lon(), point.lat()]);
        out.extend_from_slice(b"{\"x\":");
        push_number(out, x);
        out.extend_from_slice(b",\"y\":");
        push_number(out, y);
        out.push(b'}');
        return true;
    }
    let Some(shape) = table.shapes[row].filter(|_| table.points.is_none()) else {
        return false;
    };
    let vertices = table.boundaries.ring(shape);
    let (name, parts) = parts(vertices, table.boundaries.are_lines());
    out.extend_from_slice(name);
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        push_positions(out, part, reference);
    }
    out.extend_from_slice(b"]}");
    true
}

/// Appends the geometry of a row as GeoJSON, or `null`.
pub(super) fn push_geojson(
    out: &mut Vec<u8>,
    table: &LayerTable,
    row: usize,
    reference: Reference,
) {
    if let Some(point) = table.points.as_ref().and_then(|points| points[row]) {
        let [x, y] = reference.of_degrees([point.lon(), point.lat()]);
        out.extend_from_slice(b"{\"type\":\"Point\",\"coordinates\":[");
        push_number(out, x);
        out.push(b',');
        push_number(out, y);
        out.extend_from_slice(b"]}");
        return;
    }
    let Some(shape) = table.shapes[row] else {
        out.extend_from_slice(b"null");
        return;
    };
    let lines = table.boundaries.are_lines();
    let (_, mut parts) = parts(table.boundaries.ring(shape), lines);
    // Several parts even where there is one: a client gives a layer one type.
    out.extend_from_slice(if lines {
        b"{\"type\":\"MultiLineString\",\"coordinates\":["
    } else {
        b"{\"type\":\"MultiPolygon\",\"coordinates\":["
    });
    for (i, part) in parts.iter_mut().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        if lines {
            push_positions(out, part, reference);
        } else {
            // RFC 7946 winds the other way.
            part.reverse();
            out.push(b'[');
            push_positions(out, part, reference);
            out.push(b']');
        }
    }
    out.extend_from_slice(b"]}");
}

/// What a shape begins with, and its parts: closed rings, clockwise, or lines.
fn parts(vertices: &[[i32; 2]], lines: bool) -> (&'static [u8], Vec<Vec<[i32; 2]>>) {
    if lines {
        let parts = cut_line(vertices).map_or_else(|| vec![vertices.to_vec()], Vec::from);
        return (b"{\"paths\":[", parts);
    }
    let mut parts = cut(vertices).map_or_else(|| vec![vertices.to_vec()], Vec::from);
    for part in &mut parts {
        part.extend(part.first().copied());
        part.reverse();
    }
    (b"{\"rings\":[", parts)
}

fn push_positions(out: &mut Vec<u8>, positions: &[[i32; 2]], reference: Reference) {
    out.push(b'[');
    for (i, &[lon, lat]) in positions.iter().enumerate() {
        out.extend_from_slice(if i == 0 { b"[" } else { b",[" });
        match reference {
            Reference::Degrees => {
                push_degrees(out, lon);
                out.push(b',');
                push_degrees(out, lat);
            }
            Reference::Mercator => {
                let degrees = [lon, lat].map(|micro| f64::from(micro) / 1e6);
                let [x, y] = reference.of_degrees(degrees);
                push_number(out, (x * CENTIMETRES).round() / CENTIMETRES);
                out.push(b',');
                push_number(out, (y * CENTIMETRES).round() / CENTIMETRES);
            }
        }
        out.push(b']');
    }
    out.push(b']');
}
