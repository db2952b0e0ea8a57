//! Coordinate reference systems of answers and boxes: longitude and latitude, latitude and longitude, web Mercator, and the
//! three UTM zones of Pakistan.
//!
//! Degrees are as good as the source's millionths of one; metres are whole millimetres, which is finer than that.

mod boxes;
mod projjson;

use std::sync::OnceLock;

use proj4rs::Proj;
use proj4rs::transform::transform;

pub use boxes::InvalidBox;

/// Half a turn on the sphere of web Mercator, in metres.
const HALF_TURN_M: f64 = 20_037_508.342_789_244;
/// Radius of that sphere.
const RADIUS_M: f64 = 6_378_137.0;

/// A coordinate reference system. All are of WGS 84, so that no datum is shifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Crs {
    /// OGC CRS84: longitude, latitude in degrees.
    #[default]
    Crs84,
    /// EPSG:4326: latitude, longitude in degrees.
    Epsg4326,
    /// EPSG:3857, web Mercator in metres; not defined at the poles.
    WebMercator,
    /// EPSG:32641, UTM zone 41 north: the west of Pakistan.
    Utm41,
    /// EPSG:32642, UTM zone 42 north.
    Utm42,
    /// EPSG:32643, UTM zone 43 north: the east and north.
    Utm43,
}

impl Crs {
    /// Every one offered, the default first.
    pub const ALL: [Self; 6] = [
        Self::Crs84,
        Self::Epsg4326,
        Self::WebMercator,
        Self::Utm41,
        Self::Utm42,
        Self::Utm43,
    ];

    /// Its name as a URI, as OGC APIs write it.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Crs84 => "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
            Self::Epsg4326 => "http://www.opengis.net/def/crs/EPSG/0/4326",
            Self::WebMercator => "http://www.opengis.net/def/crs/EPSG/0/3857",
            Self::Utm41 => "http://www.opengis.net/def/crs/EPSG/0/32641",
            Self::Utm42 => "http://www.opengis.net/def/crs/EPSG/0/32642",
            Self::Utm43 => "http://www.opengis.net/def/crs/EPSG/0/32643",
        }
    }

    /// The one with a URI.
    pub fn of_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|crs| crs.uri() == uri)
    }

    /// The one with an EPSG code, as `EPSG:3857`, `CRS84`, or a URI.
    pub fn parse(text: &str) -> Option<Self> {
        let code = text
            .strip_prefix("EPSG:")
            .and_then(|code| code.parse().ok());
        let named = |crs: &Self| crs.epsg() == code && code.is_some();
        if text == "CRS84" || text == "OGC:CRS84" {
            return Some(Self::Crs84);
        }
        Self::of_uri(text).or_else(|| Self::ALL.into_iter().find(named))
    }

    /// Its EPSG code; CRS84 has none.
    pub const fn epsg(self) -> Option<u16> {
        match self {
            Self::Crs84 => None,
            Self::Epsg4326 => Some(4_326),
            Self::WebMercator => Some(3_857),
            Self::Utm41 => Some(32_641),
            Self::Utm42 => Some(32_642),
            Self::Utm43 => Some(32_643),
        }
    }

    /// Its name for people, as EPSG has it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Crs84 => "WGS 84 (CRS84)",
            Self::Epsg4326 => "WGS 84",
            Self::WebMercator => "WGS 84 / Pseudo-Mercator",
            Self::Utm41 => "WGS 84 / UTM zone 41N",
            Self::Utm42 => "WGS 84 / UTM zone 42N",
            Self::Utm43 => "WGS 84 / UTM zone 43N",
        }
    }

    /// Names of its two axes in the order in which coordinates are written.
    pub const fn axes(self) -> [&'static str; 2] {
        match self {
            Self::Crs84 => ["lon", "lat"],
            Self::Epsg4326 => ["lat", "lon"],
            _ => ["x", "y"],
        }
    }

    /// Whether its coordinates are degrees.
    pub const fn is_geographic(self) -> bool {
        matches!(self, Self::Crs84 | Self::Epsg4326)
    }

    /// Whether north comes before east in what is written.
    pub const fn is_north_first(self) -> bool {
        matches!(self, Self::Epsg4326)
    }

    /// Longitude and latitude in degrees to easting and northing, east first in every system; `None` where the system
    /// does not reach. Metres are whole millimetres.
    pub fn forward(self, degrees: [f64; 2]) -> Option<[f64; 2]> {
        let millimetres = |metres: f64| (metres * 1e3).round() / 1e3;
        Some(self.exact(degrees)?.map(|value| {
            if self.is_geographic() {
                value
            } else {
                millimetres(value)
            }
        }))
    }

    /// The same, unrounded.
    fn exact(self, [lon, lat]: [f64; 2]) -> Option<[f64; 2]> {
        let plane = match self {
            Self::Crs84 | Self::Epsg4326 => [lon, lat],
            Self::WebMercator => [
                lon.to_radians() * RADIUS_M,
                lat.to_radians().sin().atanh() * RADIUS_M,
            ],
            Self::Utm41 | Self::Utm42 | Self::Utm43 => {
                let mut point = (lon.to_radians(), lat.to_radians(), 0.0);
                let [globe, utm] = self.utm()?;
                transform(globe, utm, &mut point).ok()?;
                [point.0, point.1]
            }
        };
        plane.iter().all(|value| value.is_finite()).then_some(plane)
    }

    /// Easting and northing to longitude and latitude in degrees; `None` where nothing on the globe is there.
    pub fn inverse(self, [x, y]: [f64; 2]) -> Option<[f64; 2]> {
        let degrees = match self {
            Self::Crs84 | Self::Epsg4326 => [x, y],
            Self::WebMercator => [
                (x / RADIUS_M).to_degrees(),
                (y / RADIUS_M).tanh().asin().to_degrees(),
            ],
            Self::Utm41 | Self::Utm42 | Self::Utm43 => {
                let mut point = (x, y, 0.0);
                let [globe, utm] = self.utm()?;
                transform(utm, globe, &mut point).ok()?;
                [point.0.to_degrees(), point.1.to_degrees()]
            }
        };
        degrees
            .iter()
            .all(|value| value.is_finite())
            .then_some(degrees)
    }

    /// The globe and the zone as the projection library has them.
    fn utm(self) -> Option<&'static [Proj; 2]> {
        static ZONES: [OnceLock<Option<[Proj; 2]>>; 3] = [const { OnceLock::new() }; 3];
        let (zone, code) = match self {
            Self::Utm41 => (&ZONES[0], 32_641),
            Self::Utm42 => (&ZONES[1], 32_642),
            Self::Utm43 => (&ZONES[2], 32_643),
            _ => return None,
        };
        let systems = || {
            let globe = Proj::from_epsg_code(4_326).ok()?;
            Some([globe, Proj::from_epsg_code(code).ok()?])
        };
        zone.get_or_init(systems).as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By PROJ 9.5 (pyproj 3.7.2): `Transformer.from_crs("OGC:CRS84", crs, always_xy=True)`.
    #[test]
    fn coordinates_are_those_of_proj() {
        for (crs, degrees, plane) in PUBLISHED {
            let found = crs.forward(degrees).unwrap();
            let off = (found[0] - plane[0]).abs().max((found[1] - plane[1]).abs());
            assert!(off < 1.5e-3, "{crs:?} {degrees:?}: {found:?}");
            let back = crs.inverse(found).unwrap();
            let off = (back[0] - degrees[0])
                .abs()
                .max((back[1] - degrees[1]).abs());
            assert!(off < 2e-8, "{crs:?} {degrees:?} back: {back:?}");
        }
        assert_eq!(Crs::WebMercator.forward([10.0, 90.0]), None, "no pole");
        assert!((Crs::WebMercator.forward([180.0, 0.0]).unwrap()[0] - HALF_TURN_M).abs() < 1e-3);
    }

    #[test]
    fn names_lead_back() {
        for crs in Crs::ALL {
            assert_eq!(Crs::of_uri(crs.uri()), Some(crs));
            let code = crs
                .epsg()
                .map_or("CRS84".to_owned(), |code| format!("EPSG:{code}"));
            assert_eq!(Crs::parse(&code), Some(crs));
        }
        for wrong in [
            "",
            "EPSG:",
            "EPSG:4327",
            "4326",
            "http://www.opengis.net/def/crs/EPSG/0/0",
        ] {
            assert_eq!(Crs::parse(wrong), None, "{wrong}");
        }
    }

    const PUBLISHED: [(Crs, [f64; 2], [f64; 2]); 12] = [
        (
            Crs::WebMercator,
            [74.3587, 31.5204],
            [8_277_572.620_0, 3_700_519.016_1],
        ),
        (
            Crs::WebMercator,
            [61.5, 25.1],
            [6_846_148.683_8, 2_888_032.378_3],
        ),
        (
            Crs::WebMercator,
            [-1.549, 53.8],
            [-172_433.891_2, 7_132_369.312_3],
        ),
        (
            Crs::Utm41,
            [74.3587, 31.5204],
            [1_581_651.926_3, 3_543_790.291_9],
        ),
        (Crs::Utm41, [61.5, 25.1], [348_747.038_4, 2_776_860.678_9]),
        (
            Crs::Utm41,
            [-1.549, 53.8],
            [-3_299_624.297_1, 8_051_670.086_4],
        ),
        (
            Crs::Utm42,
            [74.3587, 31.5204],
            [1_009_113.403_7, 3_499_747.020_0],
        ),
        (Crs::Utm42, [61.5, 25.1], [-257_602.630_7, 2_797_135.233_3]),
        (
            Crs::Utm42,
            [-1.549, 53.8],
            [-3_514_047.985_9, 8_471_210.654_8],
        ),
        (
            Crs::Utm43,
            [74.3587, 31.5204],
            [439_112.027_0, 3_487_455.809_4],
        ),
        (Crs::Utm43, [61.5, 25.1], [-869_320.448_6, 2_845_311.443_3]),
        (
            Crs::Utm43,
            [-1.549, 53.8],
            [-3_678_331.243_0, 8_921_082.529_3],
        ),
    ];
}
