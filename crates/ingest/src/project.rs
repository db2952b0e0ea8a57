//! Eastings and northings of a coordinate reference system to longitude and latitude.

use naqsha_model::Code;
use proj4rs::Proj;
use proj4rs::transform::transform;

use crate::error::IngestError;

/// A coordinate reference system that a file's coordinates are in.
#[derive(Debug)]
pub(crate) struct Projection {
    from: Proj,
    to: Proj,
    geographic: bool,
}

impl Projection {
    /// The system of an `EPSG:N` code.
    pub(crate) fn of(crs: &str) -> Result<Self, IngestError> {
        let unknown = || IngestError::Settings(format!("crs {crs:?} is not a known EPSG:N"));
        let code: u16 = crs
            .strip_prefix("EPSG:")
            .and_then(|n| n.parse().ok())
            .ok_or_else(unknown)?;
        let from = Proj::from_epsg_code(code).map_err(|_proj| unknown())?;
        let to = Proj::from_epsg_code(4326).map_err(|_proj| unknown())?;
        let geographic = from.is_latlong();
        Ok(Self {
            from,
            to,
            geographic,
        })
    }

    /// Longitude and latitude in degrees; E401 for a position outside the system's range.
    pub(crate) fn to_degrees(&self, x: f64, y: f64) -> Result<(f64, f64), Code> {
        let mut point = if self.geographic {
            (x.to_radians(), y.to_radians(), 0.0)
        } else {
            (x, y, 0.0)
        };
        transform(&self.from, &self.to, &mut point).map_err(|_range| Code::E401)?;
        let (lon, lat) = (point.0.to_degrees(), point.1.to_degrees());
        if lon.is_finite() && lat.is_finite() {
            Ok((lon, lat))
        } else {
            Err(Code::E401)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Positions by GDAL (`gdaltransform -s_srs EPSG:N -t_srs OGC:CRS84`); the shift of datum of the British grid is good
    /// to some metres only.
    #[test]
    fn eastings_become_the_degrees_that_gdal_gives() {
        for (crs, x, y, lon, lat, tolerance) in [
            (
                "EPSG:32642",
                500_000.0,
                3_320_469.0,
                69.0,
                30.015_194_245_284_3,
                1e-7,
            ),
            (
                "EPSG:32643",
                512_345.0,
                3_512_345.0,
                75.130_339_298_703_7,
                31.746_499_274_813_5,
                1e-7,
            ),
            (
                "EPSG:27700",
                430_000.0,
                433_000.0,
                -1.546_086_167_237_71,
                53.792_453_860_486_1,
                1e-4,
            ),
            (
                "EPSG:3857",
                7_464_000.0,
                3_503_000.0,
                67.050_252_806_681_1,
                29.995_722_324_080_4,
                1e-7,
            ),
            ("EPSG:4326", 74.3587, 31.5204, 74.3587, 31.5204, 1e-9),
        ] {
            let found = Projection::of(crs).unwrap().to_degrees(x, y).unwrap();
            let off = (found.0 - lon).abs().max((found.1 - lat).abs());
            assert!(off < tolerance, "{crs}: {found:?}");
        }
        assert!(Projection::of("EPSG:1").is_err());
    }
}
