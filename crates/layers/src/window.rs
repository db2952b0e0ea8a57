//! Shapes against windows with sides along the axes: millionths of a degree, or units of a plane.

/// Convex anticlockwise ring against axis-parallel window: they are disjoint exactly if an edge normal of either separates them.
pub(crate) fn ring_meets_window(points: &[[f64; 2]], [west, south, east, north]: [f64; 4]) -> bool {
    let all = |outside: &dyn Fn(&[f64; 2]) -> bool| points.iter().all(outside);
    if all(&|p| p[0] < west)
        || all(&|p| p[0] > east)
        || all(&|p| p[1] < south)
        || all(&|p| p[1] > north)
    {
        return false;
    }
    let corners = [[west, south], [east, south], [east, north], [west, north]];
    let side = |a: [f64; 2], b: [f64; 2], p: [f64; 2]| {
        (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
    };
    // H3 boundaries run anticlockwise, so a window wholly to the right of an edge is outside.
    !(0..points.len()).any(|i| {
        let (a, b) = (points[i], points[(i + 1) % points.len()]);
        corners.iter().all(|&corner| side(a, b, corner) < 0.0)
    })
}

/// Line against axis-parallel window: the part of a segment within each pair of sides, as shares of its length (Liang &
/// Barsky 1984).
pub(crate) fn line_meets_window(line: &[[f64; 2]], [west, south, east, north]: [f64; 4]) -> bool {
    line.windows(2).any(|pair| {
        let [from, to] = [pair[0], pair[1]];
        let mut part = [0.0_f64, 1.0_f64];
        for (axis, low, high) in [(0, west, east), (1, south, north)] {
            let along = to[axis] - from[axis];
            let shares = [low, high].map(|side| (side - from[axis]) / along);
            if along == 0.0 {
                if from[axis] < low || from[axis] > high {
                    return false;
                }
            } else {
                part[0] = part[0].max(shares[0].min(shares[1]));
                part[1] = part[1].min(shares[0].max(shares[1]));
            }
        }
        part[0] <= part[1]
    })
}
