//! Rings and lines across the antimeridian, cut in two as RFC 7946 §3.1.9 asks.

/// Half a turn in millionths of a degree.
const HALF_TURN: i32 = 180_000_000;

type Vertex = [i32; 2];

/// The two parts of a convex ring that reaches beyond ±180°, or `None` for a ring that stays within.
///
/// A cell that holds a pole cannot be cut into two convex parts and comes out as its shadow on the plane; no study area
/// has one.
pub fn cut(ring: &[Vertex]) -> Option<[Vec<Vertex>; 2]> {
    let east = ring.iter().any(|&[lon, _]| lon > HALF_TURN);
    let west = ring.iter().any(|&[lon, _]| lon < -HALF_TURN);
    if !east && !west {
        return None;
    }
    let line = if east { HALF_TURN } else { -HALF_TURN };
    let back = if east { -2 * HALF_TURN } else { 2 * HALF_TURN };
    let near = clip(ring, line, east);
    let far = clip(ring, line, !east)
        .into_iter()
        .map(|[lon, lat]| [lon + back, lat])
        .collect();
    Some([near, far])
}

/// The two parts of a line that crosses ±180° once, or `None` for one that stays within.
pub fn cut_line(line: &[Vertex]) -> Option<[Vec<Vertex>; 2]> {
    let beyond = |v: &Vertex| v[0].abs() > HALF_TURN;
    // A line that begins on the meridian itself lies wholly on its other side.
    let first = line.iter().position(beyond)?;
    let east = line[first][0] > 0;
    let (meridian, back) = if east {
        (HALF_TURN, -2 * HALF_TURN)
    } else {
        (-HALF_TURN, 2 * HALF_TURN)
    };
    let before = *line.get(first.checked_sub(1)?)?;
    let at = crossing(before, line[first], meridian);
    let mut near = line[..first].to_vec();
    near.push(at);
    near.dedup();
    let far = std::iter::once(&at).chain(&line[first..]);
    let mut far: Vec<Vertex> = far.map(|&[lon, lat]| [lon + back, lat]).collect();
    far.dedup();
    Some([near, far])
}

/// The part of a convex ring on one side of a meridian (Sutherland and Hodgman 1974).
fn clip(ring: &[Vertex], line: i32, keep_west: bool) -> Vec<Vertex> {
    let inside = |v: Vertex| {
        if keep_west {
            v[0] <= line
        } else {
            v[0] >= line
        }
    };
    let mut kept = Vec::with_capacity(ring.len() + 2);
    for (i, &to) in ring.iter().enumerate() {
        let from = ring[(i + ring.len() - 1) % ring.len()];
        if inside(from) != inside(to) {
            kept.push(crossing(from, to, line));
        }
        if inside(to) {
            kept.push(to);
        }
    }
    kept.dedup();
    kept
}

fn crossing(from: Vertex, to: Vertex, line: i32) -> Vertex {
    let [x0, y0] = from.map(i64::from);
    let [x1, y1] = to.map(i64::from);
    let lat = y0 + (y1 - y0) * (i64::from(line) - x0) / (x1 - x0);
    [line, i32::try_from(lat).unwrap_or(to[1])]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(ring: &[Vertex]) -> i64 {
        let doubled: i64 = (0..ring.len())
            .map(|i| {
                let ([x0, y0], [x1, y1]) = (
                    ring[i].map(i64::from),
                    ring[(i + 1) % ring.len()].map(i64::from),
                );
                x0 * y1 - x1 * y0
            })
            .sum();
        doubled / 2
    }

    #[test]
    fn both_parts_lie_on_the_globe_and_make_up_the_whole() {
        for shift in [0, -360_000_000] {
            let ring = [
                [179_000_000 + shift, 0],
                [181_000_000 + shift, 0],
                [181_000_000 + shift, 1_000_000],
                [179_000_000 + shift, 1_000_000],
            ];
            let parts = cut(&ring).unwrap();
            for part in &parts {
                assert!(
                    part.iter()
                        .all(|v| (-HALF_TURN..=HALF_TURN).contains(&v[0])),
                    "{part:?}"
                );
                assert!(area(part) > 0, "anticlockwise");
            }
            assert_eq!(area(&parts[0]) + area(&parts[1]), area(&ring));
        }
        assert_eq!(cut(&[[0, 0], [1, 0], [1, 1]]), None);
    }

    #[test]
    fn a_line_is_cut_where_it_crosses() {
        let east = [
            [178_000_000, 0],
            [179_000_000, 0],
            [181_000_000, 2_000_000],
            [182_000_000, 0],
        ];
        let parts = cut_line(&east).unwrap();
        assert_eq!(
            parts[0],
            [[178_000_000, 0], [179_000_000, 0], [180_000_000, 1_000_000]]
        );
        assert_eq!(
            parts[1],
            [
                [-180_000_000, 1_000_000],
                [-179_000_000, 2_000_000],
                [-178_000_000, 0]
            ]
        );
        let west = east.map(|[lon, lat]| [-lon, lat]);
        let parts = cut_line(&west).unwrap();
        assert_eq!(parts[0][2], [-180_000_000, 1_000_000]);
        assert_eq!(parts[1][0], [180_000_000, 1_000_000]);
        assert_eq!(cut_line(&east[..2]), None);
    }
}
