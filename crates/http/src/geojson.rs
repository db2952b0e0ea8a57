//! GeoJSON (RFC 7946) and GeoJSON text sequences (RFC 8142) of a layer's answer, digit by digit into a buffer.
//!
//! The same bytes leave over HTTP and through `naqsha export`; only the links differ.

use std::io::{self, Write};

use h3o::CellIndex;
use naqsha_formats::{Crs, Shape, cut, cut_line, shape};
use naqsha_layers::{Answer, Column, Keys, LayerTable, Values};
use naqsha_model::Point;
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::digits::{push_cell, push_degrees, push_integer, push_number, push_text};
use crate::link::{self, Link};
use crate::metadata::metadata;

/// Bytes gathered before they are handed on.
const CHUNK: usize = 64 << 10;
/// Features that one thread writes together.
const TOGETHER: usize = 256;
const RECORD_SEPARATOR: u8 = 0x1e;

/// Writes the answer as a `FeatureCollection` with its links and the member `naqsha`.
///
/// Coordinates are those of `crs` in the order of its axes. Where they are not degrees, the member `crs` of GeoJSON 2008
/// names the system for who has the file alone; over HTTP the header `Content-Crs` does. (The member `coordRefSys` of
/// JSON-FG will not do: GDAL then looks for a member `place`.)
///
/// # Errors
/// Those of `out`.
pub fn write_collection(
    answer: &Answer,
    links: &[Link],
    crs: Crs,
    out: &mut impl Write,
) -> io::Result<()> {
    write_collection_head(answer, links, crs, answer.rows.len() as u64, out)?;
    write_members(answer, crs, true, out)?;
    out.write_all(COLLECTION_TAIL)
}

/// The member `crs` of a system that is not in degrees.
fn named(crs: Crs) -> Option<Value> {
    let code = crs.epsg().filter(|_| !crs.is_geographic())?;
    let name = format!("urn:ogc:def:crs:EPSG::{code}");
    Some(json!({ "type": "name", "properties": { "name": name } }))
}

/// What closes a collection.
pub(crate) const COLLECTION_TAIL: &[u8] = b"\n]}\n";

/// Opens a collection of so many features; they come last so that a reader of the head need not skip them.
pub(crate) fn write_collection_head(
    answer: &Answer,
    links: &[Link],
    crs: Crs,
    returned: u64,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut head = json!({
        "type": "FeatureCollection",
        "numberMatched": answer.matched,
        "numberReturned": returned,
        "links": link::to_json(links),
        "naqsha": metadata(answer),
    });
    if let Some(named) = named(crs) {
        head["crs"] = named;
    }
    let mut head = head.to_string().into_bytes();
    head.pop();
    out.write_all(&head)?;
    out.write_all(b",\"features\":[")
}

/// Writes members of a collection, the first of which may be its first.
pub(crate) fn write_members(
    answer: &Answer,
    crs: Crs,
    from_the_first: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let writer = FeatureWriter::new(answer, crs);
    let encode = |rows: &[u32]| {
        let mut chunk = Vec::with_capacity(CHUNK);
        for &row in rows {
            chunk.extend_from_slice(b",\n");
            writer.push(&mut chunk, row as usize);
        }
        chunk
    };
    let chunks: Vec<Vec<u8>> = answer.rows.par_chunks(TOGETHER).map(encode).collect();
    // No comma before the first.
    let mut skip = usize::from(from_the_first);
    for chunk in &chunks {
        out.write_all(chunk.get(skip..).unwrap_or_default())?;
        skip = 0;
    }
    Ok(())
}

/// How features follow one another without a collection around them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// GeoJSON text sequence (RFC 8142): a record separator, a feature, a line feed.
    Separated,
    /// A feature, a line feed.
    Lines,
}

/// Writes the features of the answer one after another.
///
/// # Errors
/// Those of `out`.
pub fn write_sequence(
    answer: &Answer,
    framing: Framing,
    crs: Crs,
    out: &mut impl Write,
) -> io::Result<()> {
    let writer = FeatureWriter::new(answer, crs);
    let mut chunk = Vec::with_capacity(CHUNK + (4 << 10));
    for &row in &answer.rows {
        if framing == Framing::Separated {
            chunk.push(RECORD_SEPARATOR);
        }
        writer.push(&mut chunk, row as usize);
        chunk.push(b'\n');
        hand_on(&mut chunk, out)?;
    }
    out.write_all(&chunk)
}

/// Writes the first row of the answer as a `Feature` with its links and the member `naqsha`; nothing without rows.
///
/// # Errors
/// Those of `out`.
pub fn write_feature(
    answer: &Answer,
    links: &[Link],
    crs: Crs,
    out: &mut impl Write,
) -> io::Result<()> {
    let Some(&row) = answer.rows.first() else {
        return Ok(());
    };
    let mut feature = Vec::with_capacity(1 << 10);
    FeatureWriter::new(answer, crs).push(&mut feature, row as usize);
    feature.pop();
    out.write_all(&feature)?;
    let mut tail = json!({ "links": link::to_json(links), "naqsha": metadata(answer) });
    if let Some(named) = named(crs) {
        tail["crs"] = named;
    }
    let tail = tail.to_string().into_bytes();
    out.write_all(b",")?;
    out.write_all(&tail[1..])?;
    out.write_all(b"\n")
}

fn hand_on(chunk: &mut Vec<u8>, out: &mut impl Write) -> io::Result<()> {
    if chunk.len() >= CHUNK {
        out.write_all(chunk)?;
        chunk.clear();
    }
    Ok(())
}

/// Writes features of one table: what is the same for every row is prepared once.
pub(crate) struct FeatureWriter<'a> {
    table: &'a LayerTable,
    crs: Crs,
    /// `"name":` of each column that is shown, with the comma that precedes it.
    columns: Vec<(Vec<u8>, &'a Column)>,
    geometry: bool,
}

impl<'a> FeatureWriter<'a> {
    pub(crate) fn new(answer: &'a Answer, crs: Crs) -> Self {
        let name = |(i, column): (usize, &'a Column)| {
            let mut bytes = if i == 0 { Vec::new() } else { vec![b','] };
            push_text(&mut bytes, column.property.name);
            bytes.push(b':');
            (bytes, column)
        };
        Self {
            columns: answer.columns().enumerate().map(name).collect(),
            table: &answer.table,
            crs,
            geometry: answer.geometry,
        }
    }

    /// Appends one feature.
    pub(crate) fn push(&self, out: &mut Vec<u8>, row: usize) {
        out.extend_from_slice(b"{\"type\":\"Feature\",\"id\":\"");
        push_key(out, &self.table.keys, row);
        out.extend_from_slice(b"\",\"geometry\":");
        self.push_geometry(out, row);
        out.extend_from_slice(b",\"properties\":{");
        for (name, column) in &self.columns {
            out.extend_from_slice(name);
            push_value(out, &column.values, row);
        }
        out.extend_from_slice(b"}}");
    }

    /// The default system is written from whole millionths, without a float.
    fn push_geometry(&self, out: &mut Vec<u8>, row: usize) {
        if self.crs != Crs::Crs84 && self.geometry {
            return match shape(self.table, row, self.crs) {
                Some(shape) => push_shape(out, &shape, self.crs.is_north_first()),
                None => out.extend_from_slice(b"null"),
            };
        }
        let point = self.table.points.as_ref().and_then(|points| points[row]);
        match (point, self.table.shapes[row]) {
            _ if !self.geometry => out.extend_from_slice(b"null"),
            (Some(point), _) => push_point(out, point),
            (None, Some(shape)) if self.table.boundaries.are_lines() => {
                push_line(out, self.table.boundaries.ring(shape));
            }
            (None, Some(shape)) => push_polygon(out, self.table.boundaries.ring(shape)),
            (None, None) => out.extend_from_slice(b"null"),
        }
    }
}

/// Appends the id of a row: letters, digits, hyphens and dots only.
pub(crate) fn push_key(out: &mut Vec<u8>, keys: &Keys, row: usize) {
    match keys {
        Keys::Cells(cells) => push_cell(out, cells[row]),
        Keys::Incidents(ids) => out.extend_from_slice(ids[row].to_string().as_bytes()),
        Keys::Flows(pairs) => {
            push_cell(out, pairs[row].0);
            out.push(b'-');
            push_cell(out, pairs[row].1);
        }
        Keys::Named(names) => out.extend_from_slice(names[row].as_bytes()),
    }
}

/// Appends a value as JSON.
pub(crate) fn push_value(out: &mut Vec<u8>, values: &Values, row: usize) {
    let written = match values {
        Values::Integers(values) => values[row].map(|value| push_integer(out, value)),
        Values::Numbers(values) => values[row].map(|value| push_number(out, value)),
        Values::Booleans(values) => {
            out.extend_from_slice(if values[row] { b"true" } else { b"false" });
            Some(())
        }
        Values::Texts(values) => values[row].as_ref().map(|text| push_text(out, text)),
        Values::Choices(values) => values[row].map(|code| push_text(out, code)),
        Values::Cells(values) => values[row].map(|cell| push_quoted_cell(out, cell)),
    };
    if written.is_none() {
        out.extend_from_slice(b"null");
    }
}

fn push_quoted_cell(out: &mut Vec<u8>, cell: CellIndex) {
    out.push(b'"');
    push_cell(out, cell);
    out.push(b'"');
}

fn push_point(out: &mut Vec<u8>, point: Point) {
    push_lon_lat(out, point.lon(), point.lat());
}

/// Appends a point by its degrees.
pub(crate) fn push_lon_lat(out: &mut Vec<u8>, lon: f64, lat: f64) {
    out.extend_from_slice(b"{\"type\":\"Point\",\"coordinates\":[");
    push_number(out, lon);
    out.push(b',');
    push_number(out, lat);
    out.extend_from_slice(b"]}");
}

/// Appends a cell by its ring; one across the antimeridian is two.
pub(crate) fn push_polygon(out: &mut Vec<u8>, ring: &[[i32; 2]]) {
    match cut(ring) {
        None => {
            out.extend_from_slice(b"{\"type\":\"Polygon\",\"coordinates\":[");
            push_ring(out, ring);
            out.extend_from_slice(b"]}");
        }
        Some([near, far]) => {
            out.extend_from_slice(b"{\"type\":\"MultiPolygon\",\"coordinates\":[[");
            push_ring(out, &near);
            out.extend_from_slice(b"],[");
            push_ring(out, &far);
            out.extend_from_slice(b"]]}");
        }
    }
}

fn push_line(out: &mut Vec<u8>, line: &[[i32; 2]]) {
    match cut_line(line) {
        None => {
            out.extend_from_slice(b"{\"type\":\"LineString\",\"coordinates\":");
            push_positions(out, line.iter());
            out.push(b'}');
        }
        Some([near, far]) => {
            out.extend_from_slice(b"{\"type\":\"MultiLineString\",\"coordinates\":[");
            push_positions(out, near.iter());
            out.push(b',');
            push_positions(out, far.iter());
            out.extend_from_slice(b"]}");
        }
    }
}

fn push_ring(out: &mut Vec<u8>, ring: &[[i32; 2]]) {
    push_positions(out, ring.iter().chain(ring.first()));
}

fn push_positions<'v>(out: &mut Vec<u8>, positions: impl Iterator<Item = &'v [i32; 2]>) {
    out.push(b'[');
    for (i, &[lon, lat]) in positions.enumerate() {
        out.extend_from_slice(if i == 0 { b"[" } else { b",[" });
        push_degrees(out, lon);
        out.push(b',');
        push_degrees(out, lat);
        out.push(b']');
    }
    out.push(b']');
}

/// A geometry of another system, its axes swapped where north comes first.
fn push_shape(out: &mut Vec<u8>, shape: &Shape, north_first: bool) {
    let position = |out: &mut Vec<u8>, &[x, y]: &[f64; 2]| {
        let [first, second] = if north_first { [y, x] } else { [x, y] };
        out.push(b'[');
        push_number(out, first);
        out.push(b',');
        push_number(out, second);
        out.push(b']');
    };
    let list = |out: &mut Vec<u8>, positions: &[[f64; 2]]| {
        out.push(b'[');
        for (i, vertex) in positions.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            position(out, vertex);
        }
        out.push(b']');
    };
    out.extend_from_slice(b"{\"type\":\"");
    out.extend_from_slice(shape.kind().as_bytes());
    out.extend_from_slice(b"\",\"coordinates\":");
    if let Shape::Point(point) = shape {
        position(out, point);
    }
    let parts = shape.parts();
    if parts.len() > 1 {
        out.push(b'[');
    }
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        if matches!(shape, Shape::Polygons(_)) {
            out.push(b'[');
            list(out, part);
            out.push(b']');
        } else {
            list(out, part);
        }
    }
    if parts.len() > 1 {
        out.push(b']');
    }
    out.push(b'}');
}
