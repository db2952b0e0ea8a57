//! The geometry of a row in a coordinate reference system: what every format but the fast path of `GeoJSON` writes.

use h3o::LatLng;
use naqsha_layers::{Keys, LayerTable, Values};

use crate::antimeridian::{cut, cut_line};
use crate::crs::Crs;

/// A geometry, easting first. Rings run anticlockwise and are closed: their last position is their first.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A point.
    Point([f64; 2]),
    /// A line; two parts where it crosses the antimeridian.
    Lines(Vec<Vec<[f64; 2]>>),
    /// A polygon without holes; two where it crosses the antimeridian.
    Polygons(Vec<Vec<[f64; 2]>>),
}

impl Shape {
    /// Its parts, each a list of positions.
    pub fn parts(&self) -> &[Vec<[f64; 2]>] {
        match self {
            Self::Point(_) => &[],
            Self::Lines(parts) | Self::Polygons(parts) => parts,
        }
    }

    /// `[least x, least y, greatest x, greatest y]`.
    pub fn bounds(&self) -> [f64; 4] {
        let grown =
            |[w, s, e, n]: [f64; 4], &[x, y]: &[f64; 2]| [w.min(x), s.min(y), e.max(x), n.max(y)];
        let none = [
            f64::INFINITY,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NEG_INFINITY,
        ];
        match self {
            Self::Point([x, y]) => [*x, *y, *x, *y],
            Self::Lines(parts) | Self::Polygons(parts) => parts.iter().flatten().fold(none, grown),
        }
    }

    /// Its type as `GeoJSON` and `GeoParquet` name it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Point(_) => "Point",
            Self::Lines(parts) if parts.len() == 1 => "LineString",
            Self::Lines(_) => "MultiLineString",
            Self::Polygons(parts) if parts.len() == 1 => "Polygon",
            Self::Polygons(_) => "MultiPolygon",
        }
    }

    /// Appends it as well-known binary (OGC 06-103r4), little-endian.
    pub fn push_wkb(&self, out: &mut Vec<u8>) {
        const POINT: u32 = 1;
        const LINE: u32 = 2;
        const POLYGON: u32 = 3;
        const MULTI: u32 = 3;
        let head = |out: &mut Vec<u8>, kind: u32| {
            out.push(1);
            out.extend_from_slice(&kind.to_le_bytes());
        };
        let (kind, rings) = match self {
            Self::Point(position) => {
                head(out, POINT);
                push_position(out, *position);
                return;
            }
            Self::Lines(_) => (LINE, false),
            Self::Polygons(_) => (POLYGON, true),
        };
        let parts = self.parts();
        if parts.len() > 1 {
            head(out, kind + MULTI);
            push_length(out, parts.len());
        }
        for part in parts {
            head(out, kind);
            if rings {
                push_length(out, 1);
            }
            push_length(out, part.len());
            for &position in part {
                push_position(out, position);
            }
        }
    }
}

fn push_length(out: &mut Vec<u8>, length: usize) {
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_le_bytes());
}

fn push_position(out: &mut Vec<u8>, [x, y]: [f64; 2]) {
    out.extend_from_slice(&x.to_le_bytes());
    out.extend_from_slice(&y.to_le_bytes());
}

/// The geometry of a row; `None` for a record without a place, and where the system does not reach.
pub fn shape(table: &LayerTable, row: usize, crs: Crs) -> Option<Shape> {
    if let Some(point) = table.points.as_ref().and_then(|points| points[row]) {
        return crs.forward([point.lon(), point.lat()]).map(Shape::Point);
    }
    let vertices = table.boundaries.ring(table.shapes[row]?);
    if table.boundaries.are_lines() {
        let parts = cut_line(vertices).map_or_else(|| vec![vertices.to_vec()], Vec::from);
        let parts = parts.iter().map(|line| projected(line, crs));
        return parts.collect::<Option<_>>().map(Shape::Lines);
    }
    let parts = cut(vertices).map_or_else(|| vec![vertices.to_vec()], Vec::from);
    let closed = |ring: &Vec<[i32; 2]>| {
        let mut ring = projected(ring, crs)?;
        ring.push(*ring.first()?);
        Some(ring)
    };
    parts
        .iter()
        .map(closed)
        .collect::<Option<_>>()
        .map(Shape::Polygons)
}

/// Millionths of a degree in a system: the division is rounded correctly, so that degrees are those that their decimals say.
fn projected(vertices: &[[i32; 2]], crs: Crs) -> Option<Vec<[f64; 2]>> {
    let degrees = |micro: i32| f64::from(micro) / 1e6;
    vertices
        .iter()
        .map(|vertex| crs.forward(vertex.map(degrees)))
        .collect()
}

/// One position for a row, longitude first in degrees: its point, the centre of its cell, or of the cell a flow starts in.
pub fn position(table: &LayerTable, row: usize) -> Option<[f64; 2]> {
    if let Some(point) = table.points.as_ref().and_then(|points| points[row]) {
        return Some([point.lon(), point.lat()]);
    }
    let cell = match &table.keys {
        Keys::Cells(cells) => Some(cells[row]),
        Keys::Flows(pairs) => Some(pairs[row].0),
        Keys::Named(_) => None,
        Keys::Incidents(_) => table
            .columns
            .iter()
            .find_map(|column| match &column.values {
                Values::Cells(cells) => Some(cells[row]),
                _ => None,
            })?,
    };
    let centre = LatLng::from(cell?);
    Some([centre.lng(), centre.lat()])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By shapely's `wkb.dumps(..., hex=True, byte_order=1)`.
    #[test]
    fn well_known_binary_is_as_others_write_it() {
        let hex = |shape: &Shape| {
            let mut out = Vec::new();
            shape.push_wkb(&mut out);
            out.iter()
                .fold(String::new(), |hex, byte| hex + &format!("{byte:02X}"))
        };
        assert_eq!(
            hex(&Shape::Point([1.0, 2.0])),
            "0101000000000000000000F03F0000000000000040"
        );
        assert_eq!(
            hex(&Shape::Lines(vec![vec![[0.0, 0.0], [1.0, 2.0]]])),
            "01020000000200000000000000000000000000000000000000000000000000F03F0000000000000040"
        );
        let ring = vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]];
        let polygon = "0103000000010000000400000000000000000000000000000000000000000000000000F03F0000000000000000\
                       000000000000F03F000000000000F03F00000000000000000000000000000000";
        assert_eq!(hex(&Shape::Polygons(vec![ring.clone()])), polygon);
        assert_eq!(
            hex(&Shape::Polygons(vec![ring.clone(), ring])),
            format!("010600000002000000{polygon}{polygon}")
        );
    }
}
