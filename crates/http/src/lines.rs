//! Lines in vector tiles: the parts of a line that lie in a tile and its buffer, as geometry commands.

use crate::mvt::{BUFFER, EXTENT, LINE_TO, MOVE_TO, command, project, whole};
use crate::protobuf::zigzag;
use crate::tiles::Tile;

/// The geometry commands of a line in a tile; `None` where no part of it lies there.
///
/// A line over the antimeridian runs beyond ±180 and is drawn a turn away too, so that both its ends show.
pub(crate) fn line(vertices: &[[i32; 2]], tile: Tile) -> Option<Vec<u64>> {
    const TURN: i32 = 360_000_000;
    let mut parts: Vec<Vec<[i64; 2]>> = Vec::new();
    for turn in [0, TURN, -TURN] {
        let reaches = |&[lon, _]: &[i32; 2]| (lon + turn).abs() <= TURN / 2;
        if !vertices.iter().any(reaches) {
            continue;
        }
        let turned = vertices.iter().map(|&[lon, lat]| [lon + turn, lat]);
        let projected: Vec<[f64; 2]> = turned.map(|vertex| project(vertex, tile)).collect();
        parts.extend(clipped(&projected));
    }
    let mut commands = Vec::new();
    let mut cursor = [0, 0];
    for part in &parts {
        for (i, &[x, y]) in part.iter().enumerate() {
            match i {
                0 => commands.push(command(MOVE_TO, 1)),
                1 => commands.push(command(LINE_TO, part.len() - 1)),
                _ => {}
            }
            commands.extend([zigzag(x - cursor[0]), zigzag(y - cursor[1])]);
            cursor = [x, y];
        }
    }
    (!commands.is_empty()).then_some(commands)
}

/// The parts of a line inside the tile and its buffer, in whole units; what is shorter than one is left out.
fn clipped(line: &[[f64; 2]]) -> Vec<Vec<[i64; 2]>> {
    let mut parts: Vec<Vec<[i64; 2]>> = Vec::new();
    let mut joined = false;
    for pair in line.windows(2) {
        let [from, to] = [pair[0], pair[1]];
        let Some([enters, leaves]) = within(from, to) else {
            joined = false;
            continue;
        };
        let at =
            |share: f64| [0, 1].map(|axis| whole(from[axis] + share * (to[axis] - from[axis])));
        if !joined {
            parts.push(vec![at(enters)]);
        }
        if let Some(part) = parts.last_mut() {
            part.push(at(leaves));
        }
        joined = leaves >= 1.0;
    }
    for part in &mut parts {
        part.dedup();
    }
    parts.retain(|part| part.len() > 1);
    parts
}

/// Which part of a segment lies inside, as shares of its length (Liang & Barsky 1984).
fn within(from: [f64; 2], to: [f64; 2]) -> Option<[f64; 2]> {
    let (low, high) = (-BUFFER, f64::from(EXTENT) + BUFFER);
    let mut part = [0.0_f64, 1.0_f64];
    for axis in [0, 1] {
        let along = to[axis] - from[axis];
        if along.abs() < f64::EPSILON {
            if from[axis] < low || from[axis] > high {
                return None;
            }
            continue;
        }
        let [one, other] = [low, high].map(|side| (side - from[axis]) / along);
        part = [part[0].max(one.min(other)), part[1].min(one.max(other))];
    }
    (part[0] <= part[1]).then_some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification_comes_out() {
        // 4.3.5.2: a line from (2, 2) over (2, 10) to (10, 10).
        let units = [[2.0, 2.0], [2.0, 10.0], [10.0, 10.0]];
        assert_eq!(clipped(&units), [[[2, 2], [2, 10], [10, 10]]]);
        let tile = Tile::new(0, 0, 0).unwrap();
        // The same shape on the globe, whose corners are whole units of the tile at zoom 0.
        let lon = |x: f64| (x / 4_096.0 * 360.0 - 180.0) * 1e6;
        let lat = |y: f64| {
            let north = std::f64::consts::PI * (1.0 - 2.0 * y / 4_096.0);
            north.sinh().atan().to_degrees() * 1e6
        };
        let on_globe =
            units.map(|[x, y]| [lon(x), lat(y)].map(|micro| i32::try_from(whole(micro)).unwrap()));
        assert_eq!(line(&on_globe, tile), Some(vec![9, 4, 4, 18, 0, 16, 16, 0]));
    }

    #[test]
    fn a_line_that_leaves_and_returns_has_two_parts() {
        let units = [
            [0.0, 100.0],
            [5_000.0, 100.0],
            [5_000.0, 200.0],
            [0.0, 200.0],
        ];
        let parts = clipped(&units);
        assert_eq!(parts, [[[0, 100], [4_160, 100]], [[4_160, 200], [0, 200]]]);
        assert!(clipped(&[[-500.0, 0.0], [-400.0, 4_000.0]]).is_empty());
    }

    #[test]
    fn a_line_over_the_antimeridian_shows_on_both_sides() {
        let over = [[175_000_000, 0], [185_000_000, 0]];
        let west = Tile::new(2, 0, 2).unwrap();
        let east = Tile::new(2, 3, 2).unwrap();
        assert!(line(&over, west).is_some() && line(&over, east).is_some());
        assert_eq!(line(&over, Tile::new(2, 1, 2).unwrap()), None);
    }
}
