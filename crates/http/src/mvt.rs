//! Mapbox Vector Tile 2.1 of a layer's answer: one layer of polygons, straight from cell boundaries, or of lines.

use std::collections::HashMap;
use std::f64::consts::PI;

use naqsha_layers::{Answer, LayerTable, Values};
use naqsha_model::Point;

use crate::digits::push_cell;
use crate::lines::line;
use crate::protobuf::{push_bytes, push_packed, push_uint, zigzag};
use crate::tiles::Tile;

/// Units along a side of a tile.
pub(crate) const EXTENT: u32 = 4_096;
/// Units beyond the sides in which shapes are kept, so that outlines do not show at tile edges.
pub(crate) const BUFFER: f64 = 64.0;

/// Field numbers of the specification's `vector_tile.proto`.
mod field {
    pub(super) const TILE_LAYERS: u32 = 3;
    pub(super) const LAYER_NAME: u32 = 1;
    pub(super) const LAYER_FEATURES: u32 = 2;
    pub(super) const LAYER_KEYS: u32 = 3;
    pub(super) const LAYER_VALUES: u32 = 4;
    pub(super) const LAYER_EXTENT: u32 = 5;
    pub(super) const LAYER_VERSION: u32 = 15;
    pub(super) const FEATURE_TAGS: u32 = 2;
    pub(super) const FEATURE_TYPE: u32 = 3;
    pub(super) const FEATURE_GEOMETRY: u32 = 4;
    pub(super) const VALUE_STRING: u32 = 1;
    pub(super) const VALUE_DOUBLE: u32 = 3;
    pub(super) const VALUE_UINT: u32 = 5;
    pub(super) const VALUE_SINT: u32 = 6;
    pub(super) const VALUE_BOOL: u32 = 7;
}
const POINT: u64 = 1;
const LINE: u64 = 2;
const POLYGON: u64 = 3;
pub(crate) const MOVE_TO: u64 = 1;
pub(crate) const LINE_TO: u64 = 2;
const CLOSE_PATH: u64 = 7;

/// The tile, or `None` where no shape reaches it.
///
/// Nulls are left out, as the format has none. A cell too small for the grid becomes a square of one unit: counts are
/// never dropped. Features have no id, since a 64-bit cell does not survive a JavaScript reader; `h3` is a property.
pub(crate) fn encode(answer: &Answer, tile: Tile) -> Option<Vec<u8>> {
    let table = &*answer.table;
    let mut values = ValueTable::default();
    let mut layer = Vec::with_capacity(answer.rows.len() * 64 + 256);
    push_uint(&mut layer, field::LAYER_VERSION, 2);
    push_bytes(&mut layer, field::LAYER_NAME, table.layer.id.as_bytes());
    let mut feature = Vec::new();
    let mut any = false;
    for &row in &answer.rows {
        let row = row as usize;
        let Some((kind, geometry)) = shape(table, row, tile) else {
            continue;
        };
        let mut tags = Vec::with_capacity(table.columns.len() * 2);
        for (key, column) in (0_u64..).zip(answer.columns()) {
            if let Some(value) = values.index(&column.values, row) {
                tags.extend([key, value]);
            }
        }
        feature.clear();
        push_packed(&mut feature, field::FEATURE_TAGS, &tags);
        push_uint(&mut feature, field::FEATURE_TYPE, kind);
        push_packed(&mut feature, field::FEATURE_GEOMETRY, &geometry);
        push_bytes(&mut layer, field::LAYER_FEATURES, &feature);
        any = true;
    }
    for column in answer.columns() {
        push_bytes(
            &mut layer,
            field::LAYER_KEYS,
            column.property.name.as_bytes(),
        );
    }
    for value in &values.encoded {
        push_bytes(&mut layer, field::LAYER_VALUES, value);
    }
    push_uint(&mut layer, field::LAYER_EXTENT, u64::from(EXTENT));
    let mut bytes = Vec::with_capacity(layer.len() + 8);
    push_bytes(&mut bytes, field::TILE_LAYERS, &layer);
    any.then_some(bytes)
}

/// The kind of a row's geometry and its commands: its exact point where that is shown, else its cell or line. `None` where
/// none of it lies in the tile.
fn shape(table: &LayerTable, row: usize, tile: Tile) -> Option<(u64, Vec<u64>)> {
    if let Some(at) = table.points.as_ref().and_then(|points| points[row]) {
        return Some((POINT, point(at, tile)?));
    }
    let vertices = table.boundaries.ring(table.shapes[row]?);
    if table.boundaries.are_lines() {
        Some((LINE, line(vertices, tile)?))
    } else {
        Some((POLYGON, polygon(vertices, tile)?))
    }
}

/// Encoded values, each once, in the order of their first use.
#[derive(Debug, Default)]
struct ValueTable {
    encoded: Vec<Vec<u8>>,
    known: HashMap<Vec<u8>, u64>,
}

impl ValueTable {
    /// Index of a row's value, or `None` for null.
    fn index(&mut self, values: &Values, row: usize) -> Option<u64> {
        let encoded = encode_value(values, row)?;
        if let Some(&index) = self.known.get(&encoded) {
            return Some(index);
        }
        let index = self.encoded.len() as u64;
        self.known.insert(encoded.clone(), index);
        self.encoded.push(encoded);
        Some(index)
    }
}

fn encode_value(values: &Values, row: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(18);
    match values {
        Values::Integers(values) => match values[row]? {
            value @ 0.. => push_uint(&mut out, field::VALUE_UINT, value.cast_unsigned()),
            value => push_uint(&mut out, field::VALUE_SINT, zigzag(value)),
        },
        Values::Numbers(values) => {
            // Wire type 1: eight bytes, little endian.
            out.push(u8::try_from(field::VALUE_DOUBLE << 3 | 1).ok()?);
            out.extend_from_slice(&values[row]?.to_le_bytes());
        }
        Values::Booleans(values) => push_uint(&mut out, field::VALUE_BOOL, u64::from(values[row])),
        Values::Texts(values) => push_bytes(
            &mut out,
            field::VALUE_STRING,
            values[row].as_ref()?.as_bytes(),
        ),
        Values::Choices(values) => {
            push_bytes(&mut out, field::VALUE_STRING, values[row]?.as_bytes());
        }
        Values::Cells(values) => {
            let mut digits = Vec::with_capacity(15);
            push_cell(&mut digits, values[row]?);
            push_bytes(&mut out, field::VALUE_STRING, &digits);
        }
    }
    Some(out)
}

/// The geometry command of a point; `None` beyond the tile and its buffer.
fn point(at: Point, tile: Tile) -> Option<Vec<u64>> {
    let projected = project_degrees([at.lon(), at.lat()], tile);
    let within = -BUFFER..=f64::from(EXTENT) + BUFFER;
    if !projected.iter().all(|units| within.contains(units)) {
        return None;
    }
    let [x, y] = projected.map(|units| zigzag(whole(units)));
    Some(vec![command(MOVE_TO, 1), x, y])
}

/// The geometry commands of a ring, clipped to the tile and its buffer; `None` where nothing is left.
fn polygon(ring: &[[i32; 2]], tile: Tile) -> Option<Vec<u64>> {
    let projected: Vec<[f64; 2]> = ring.iter().map(|&vertex| project(vertex, tile)).collect();
    let clipped = clip(&projected);
    if clipped.is_empty() {
        return None;
    }
    let mut vertices: Vec<[i64; 2]> = clipped.iter().map(|&[x, y]| [whole(x), whole(y)]).collect();
    vertices.dedup();
    if vertices.len() > 1 && vertices.first() == vertices.last() {
        vertices.pop();
    }
    let doubled_area: i64 = (0..vertices.len())
        .map(|i| {
            let ([x0, y0], [x1, y1]) = (vertices[i], vertices[(i + 1) % vertices.len()]);
            x0 * y1 - x1 * y0
        })
        .sum();
    if doubled_area == 0 {
        let [x, y] = *vertices.first()?;
        vertices = vec![[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1]];
    } else if doubled_area < 0 {
        // An exterior ring has a positive area by the surveyor's formula in tile coordinates, whose y points down.
        vertices.reverse();
    }
    Some(commands(&vertices))
}

/// A command with how often it is repeated.
pub(crate) const fn command(id: u64, count: usize) -> u64 {
    id | (count as u64) << 3
}

fn commands(vertices: &[[i64; 2]]) -> Vec<u64> {
    let mut commands = Vec::with_capacity(vertices.len() * 2 + 3);
    let mut cursor = [0, 0];
    for (i, &[x, y]) in vertices.iter().enumerate() {
        match i {
            0 => commands.push(command(MOVE_TO, 1)),
            1 => commands.push(command(LINE_TO, vertices.len() - 1)),
            _ => {}
        }
        commands.extend([zigzag(x - cursor[0]), zigzag(y - cursor[1])]);
        cursor = [x, y];
    }
    commands.push(command(CLOSE_PATH, 1));
    commands
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "clipped to the tile and its buffer before"
)]
pub(crate) fn whole(units: f64) -> i64 {
    units.round() as i64
}

/// Web Mercator, in units of the tile; y points down.
pub(crate) fn project(micro: [i32; 2], tile: Tile) -> [f64; 2] {
    project_degrees(micro.map(|micro| f64::from(micro) / 1e6), tile)
}

fn project_degrees([lon, lat]: [f64; 2], tile: Tile) -> [f64; 2] {
    let side = f64::from(EXTENT);
    let scale = tile.across();
    let x = (lon + 180.0) / 360.0;
    let sin = lat.to_radians().sin().clamp(-0.999_999, 0.999_999);
    let y = 0.5 - ((1.0 + sin) / (1.0 - sin)).ln() / (4.0 * PI);
    [
        (x * scale - f64::from(tile.x)) * side,
        (y * scale - f64::from(tile.y)) * side,
    ]
}

/// The part of a ring inside the tile and its buffer (Sutherland and Hodgman 1974): whole because rings are convex.
fn clip(ring: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let (low, high) = (-BUFFER, f64::from(EXTENT) + BUFFER);
    let mut kept = ring.to_vec();
    for axis in [0, 1] {
        for (bound, sign) in [(low, 1.0), (high, -1.0)] {
            kept = clip_half_plane(&kept, axis, bound, sign);
        }
    }
    kept
}

/// Keeps what satisfies `sign · (v[axis] − bound) ≥ 0`.
fn clip_half_plane(ring: &[[f64; 2]], axis: usize, bound: f64, sign: f64) -> Vec<[f64; 2]> {
    let inside = |v: [f64; 2]| sign * (v[axis] - bound) >= 0.0;
    let mut kept = Vec::with_capacity(ring.len() + 2);
    for (i, &to) in ring.iter().enumerate() {
        let from = ring[(i + ring.len() - 1) % ring.len()];
        if inside(from) != inside(to) {
            let share = (bound - from[axis]) / (to[axis] - from[axis]);
            let other = 1 - axis;
            let mut crossing = [bound; 2];
            crossing[other] = from[other] + share * (to[other] - from[other]);
            kept.push(crossing);
        }
        if inside(to) {
            kept.push(to);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_world_fills_the_tile_at_zoom_zero() {
        let tile = Tile::new(0, 0, 0).unwrap();
        let [x, y] = project([0, 0], tile);
        assert!((x - 2_048.0).abs() < 1e-6 && (y - 2_048.0).abs() < 1e-6);
        let [x, y] = project([180_000_000, 85_051_129], tile);
        assert!((x - 4_096.0).abs() < 1e-6 && y.abs() < 1e-3, "{x} {y}");
    }

    #[test]
    fn rings_wind_as_the_specification_asks_and_are_cut_at_the_buffer() {
        // Anticlockwise on the globe, around the whole tile and more.
        let tile = Tile::new(1, 0, 0).unwrap();
        let around = [
            [-179_000_000, -20_000_000],
            [20_000_000, -20_000_000],
            [20_000_000, 80_000_000],
            [-179_000_000, 80_000_000],
        ];
        let commands = polygon(&around, tile).unwrap();
        // The example polygon of the specification (4.3.5.3) goes the same way round.
        assert_eq!(
            super::commands(&[[3, 6], [8, 12], [20, 34]]),
            [9, 6, 12, 18, 10, 12, 24, 44, 15]
        );
        let zag = |n: u64| (n >> 1).cast_signed() ^ -(n & 1).cast_signed();
        let points: Vec<[i64; 2]> = {
            let mut at = [0, 0];
            let deltas: Vec<u64> = commands
                .iter()
                .enumerate()
                .filter(|(i, _)| ![0, 3, commands.len() - 1].contains(i))
                .map(|(_, &c)| c)
                .collect();
            deltas
                .chunks(2)
                .map(|d| {
                    at = [at[0] + zag(d[0]), at[1] + zag(d[1])];
                    at
                })
                .collect()
        };
        assert!(
            points.iter().flatten().all(|&c| (-64..=4_160).contains(&c)),
            "{points:?}"
        );
        let area: i64 = (0..points.len())
            .map(|i| {
                let (a, b) = (points[i], points[(i + 1) % points.len()]);
                a[0] * b[1] - b[0] * a[1]
            })
            .sum();
        assert!(area > 0);
        let elsewhere = [
            [100_000_000, 10_000_000],
            [101_000_000, 10_000_000],
            [101_000_000, 11_000_000],
        ];
        assert_eq!(polygon(&elsewhere, tile), None);
    }

    #[test]
    fn a_speck_is_kept_as_one_unit() {
        let tile = Tile::new(0, 0, 0).unwrap();
        let speck = [
            [74_000_000, 31_000_000],
            [74_000_010, 31_000_000],
            [74_000_010, 31_000_010],
        ];
        assert_eq!(polygon(&speck, tile).map(|c| c.len()), Some(3 + 8));
    }
}
