//! The web Mercator grid of tiles, and the resolution of cells that follows its zoom unless a request names one, so that
//! a cell is 15 to 45 pixels wide:
//!
//! | zoom | 0–4 | 5 | 6–7 | 8 | 9–10 | 11 and on |
//! |---|---|---|---|---|---|---|
//! | resolution | 3 | 4 | 5 | 6 | 7 | 8 |
//!
//! It is never more than two steps finer than the study area's own resolution, where nearly every cell would be empty.

use std::f64::consts::PI;

use h3o::Resolution;
use naqsha_layers::{BoundingBox, Catalogue, LayerQuery};

use crate::mvt::{BUFFER, EXTENT};
use crate::problem::Problem;

/// Deepest zoom that is answered.
pub(crate) const DEEPEST_ZOOM: u8 = 22;
/// Deepest zoom that clients should ask for: beyond it the same cells are only drawn larger.
pub(crate) const LAST_ZOOM: u8 = 12;
/// Resolutions finer than the study area's own that a zoom may choose.
const FINER: u8 = 2;

/// A tile of the web Mercator grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tile {
    pub(crate) z: u8,
    pub(crate) x: u32,
    pub(crate) y: u32,
}

impl Tile {
    /// The tile, or `None` where zoom, column or row are beyond the grid.
    pub(crate) fn new(z: u8, x: u32, y: u32) -> Option<Self> {
        // The zoom is checked before it is shifted by.
        (z <= DEEPEST_ZOOM && x >> z == 0 && y >> z == 0).then_some(Self { z, x, y })
    }

    /// Number of tiles along a side of the world.
    pub(crate) fn across(self) -> f64 {
        f64::from(1_u32 << self.z)
    }

    /// The tile and its buffer on the globe; the buffer ends at the antimeridian.
    pub(crate) fn bounds(self) -> Option<BoundingBox> {
        let buffer = BUFFER / f64::from(EXTENT);
        let lon = |x: f64| (x / self.across() * 360.0 - 180.0).clamp(-180.0, 180.0);
        let lat = |y: f64| {
            (PI * (1.0 - 2.0 * y / self.across()))
                .sinh()
                .atan()
                .to_degrees()
        };
        let (x, y) = (f64::from(self.x), f64::from(self.y));
        let corners = [
            lon(x - buffer),
            lat(y + 1.0 + buffer),
            lon(x + 1.0 + buffer),
            lat(y - buffer),
        ];
        BoundingBox::new(corners).ok()
    }
}

/// The resolution that a zoom shows.
pub(crate) const fn resolution_at(z: u8) -> u8 {
    match z {
        0..=4 => 3,
        5 => 4,
        6 | 7 => 5,
        8 => 6,
        9 | 10 => 7,
        _ => 8,
    }
}

/// Decimal digits only: no sign, no leading plus.
pub(crate) fn parse_tile(z: &str, x: &str, y: &str) -> Option<Tile> {
    let digits = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| text.parse::<u32>().ok())
            .flatten()
    };
    Tile::new(u8::try_from(digits(z)?).ok()?, digits(x)?, digits(y)?)
}

/// The resolution of a layer over cells in a tile.
///
/// # Errors
/// 400 for an unknown study area.
pub(crate) fn resolution(
    catalogue: &Catalogue,
    query: &LayerQuery,
    tile: Tile,
) -> Result<Option<Resolution>, Problem> {
    let area = match &query.study_area {
        Some(name) => Some(catalogue.areas().get(name)?),
        None => catalogue.default_area(),
    };
    let finest = area.map_or(u8::MAX, |area| {
        u8::from(catalogue.default_resolution(area)) + FINER
    });
    Ok(Some(whole_resolution(resolution_at(tile.z).min(finest))))
}

/// The resolution of a number; the coarsest that layers have where there is none.
pub(crate) fn whole_resolution(number: u8) -> Resolution {
    Resolution::try_from(number).unwrap_or(Resolution::Three)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_beyond_the_grid_do_not_exist() {
        assert!(parse_tile("0", "0", "0").is_some());
        assert!(parse_tile("22", "4194303", "4194303").is_some());
        for (z, x, y) in [
            ("0", "1", "0"),
            ("10", "1024", "0"),
            ("10", "0", "1024"),
            ("23", "0", "0"),
            ("64", "0", "0"),
            ("300", "0", "0"),
            ("-1", "0", "0"),
            ("1", "+1", "0"),
            ("1", "", "0"),
            ("1", "4294967296", "0"),
        ] {
            assert_eq!(parse_tile(z, x, y), None, "{z}/{x}/{y}");
        }
    }

    #[test]
    fn bounds_are_those_of_the_slippy_map() {
        // Tile 10/511/340 covers London; corners by the formula of the OpenStreetMap wiki, without buffer.
        let corners = Tile::new(10, 511, 340).unwrap().bounds().unwrap().corners();
        let plain = [-0.351_562_5, 51.399_206, 0.0, 51.618_017];
        for (with_buffer, without) in corners.iter().zip(plain) {
            assert!((with_buffer - without).abs() < 0.01, "{corners:?}");
        }
        assert!(
            corners[0] < plain[0]
                && corners[1] < plain[1]
                && corners[2] > plain[2]
                && corners[3] > plain[3]
        );
        assert_eq!(
            Tile::new(0, 0, 0).unwrap().bounds().unwrap().corners()[0].to_bits(),
            (-180.0_f64).to_bits()
        );
    }

    #[test]
    fn cells_are_a_few_tens_of_pixels_wide() {
        for z in 4..=11 {
            let edge = Resolution::try_from(resolution_at(z))
                .unwrap()
                .edge_length_m();
            // Metres a pixel of a 512-pixel tile at latitude 31, the middle of Pakistan.
            let metres = 40_075_016.7 / 512.0 / f64::from(1_u32 << z) * 31.0_f64.to_radians().cos();
            let pixels = 2.0 * edge / metres;
            assert!((15.0..=45.0).contains(&pixels), "zoom {z}: {pixels}");
        }
    }
}
