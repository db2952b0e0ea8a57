//! Spatial references and boxes: WGS 84 degrees and web Mercator metres, by every number that clients have for them.

use naqsha_layers::BoundingBox;
use serde_json::{Value, json};

/// Equatorial radius of WGS 84, the sphere of web Mercator.
const RADIUS_M: f64 = 6_378_137.0;
/// Latitude beyond which web Mercator is not drawn.
const LAST_LATITUDE: f64 = 89.9;

/// A spatial reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reference {
    /// Longitude and latitude in degrees.
    Degrees,
    /// Web Mercator, in metres.
    Mercator,
}

impl Reference {
    /// Reads a number, or an object with `wkid`.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        Self::of(&value).ok_or_else(|| {
            "is not one of 4326 and 3857 (102100), the references that are offered".to_owned()
        })
    }

    /// That of a number or an object; `latestWkid` says it where `wkid` is an old one.
    pub(super) fn of(value: &Value) -> Option<Self> {
        let number = value
            .as_u64()
            .or_else(|| value["latestWkid"].as_u64())
            .or_else(|| value["wkid"].as_u64())?;
        match number {
            4326 => Some(Self::Degrees),
            3857 | 102_100 | 900_913 | 102_113 => Some(Self::Mercator),
            _ => None,
        }
    }

    pub(super) fn to_json(self) -> Value {
        match self {
            Self::Degrees => json!({ "wkid": 4326, "latestWkid": 4326 }),
            Self::Mercator => json!({ "wkid": 102_100, "latestWkid": 3857 }),
        }
    }

    /// A position in degrees, in this reference.
    pub(super) fn of_degrees(self, [lon, lat]: [f64; 2]) -> [f64; 2] {
        match self {
            Self::Degrees => [lon, lat],
            Self::Mercator => {
                let lat = lat.clamp(-LAST_LATITUDE, LAST_LATITUDE).to_radians();
                [RADIUS_M * lon.to_radians(), RADIUS_M * lat.tan().asinh()]
            }
        }
    }

    /// A position in this reference, in degrees.
    pub(super) fn to_degrees(self, [x, y]: [f64; 2]) -> [f64; 2] {
        match self {
            Self::Degrees => [x, y],
            Self::Mercator => [
                (x / RADIUS_M).to_degrees(),
                (y / RADIUS_M).sinh().atan().to_degrees(),
            ],
        }
    }
}

/// The box `[xmin, ymin, xmax, ymax]` of a reference on the globe. Maps are moved round the world, so that longitudes
/// beyond it are taken back; a box as wide as the world is all of it.
pub(super) fn on_globe(corners: [f64; 4], reference: Reference) -> Result<BoundingBox, String> {
    let wrong = || "is not a box with finite corners, minimum before maximum".to_owned();
    let [x_min, y_min, x_max, y_max] = corners;
    if !corners.iter().all(|corner| corner.is_finite()) || x_min > x_max || y_min > y_max {
        return Err(wrong());
    }
    let [west, south] = reference.to_degrees([x_min, y_min]);
    let [east, north] = reference.to_degrees([x_max, y_max]);
    let around = |lon: f64| (lon + 180.0).rem_euclid(360.0) - 180.0;
    let [west, east] = if east - west >= 360.0 {
        [-180.0, 180.0]
    } else if (-180.0..=180.0).contains(&west) && (-180.0..=180.0).contains(&east) {
        [west, east]
    } else {
        [around(west), around(east)]
    };
    let lat = |lat: f64| lat.clamp(-90.0, 90.0);
    BoundingBox::new([west, lat(south), east, lat(north)]).map_err(|_not_a_box| wrong())
}

/// Reads a geometry that is a box or a point, with the reference that it says itself.
pub(super) fn read_box(
    text: &str,
    kind: Option<&str>,
    reference: Option<Reference>,
) -> Result<BoundingBox, String> {
    let is_point = match kind {
        None | Some("esriGeometryEnvelope") => false,
        Some("esriGeometryPoint") => true,
        Some(_) => {
            return Err(
                "is not an envelope or a point; other shapes are asked of /collections".to_owned(),
            );
        }
    };
    let names: &[&str] = if is_point {
        &["x", "y"]
    } else {
        &["xmin", "ymin", "xmax", "ymax"]
    };
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let numbers: Option<Vec<f64>> = if value.is_object() {
        names.iter().map(|name| value[*name].as_f64()).collect()
    } else {
        text.split(',')
            .map(|number| number.trim().parse().ok())
            .collect()
    };
    let reference = Reference::of(&value["spatialReference"])
        .or(reference)
        .unwrap_or(Reference::Degrees);
    match numbers.as_deref() {
        Some(&[x, y]) if is_point => on_globe([x, y, x, y], reference),
        Some(&[x_min, y_min, x_max, y_max]) if !is_point => {
            on_globe([x_min, y_min, x_max, y_max], reference)
        }
        _ => Err(format!("has not the numbers {}", names.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mercator_is_that_of_proj() {
        // pyproj 3.7.2, EPSG:4326 to EPSG:3857.
        let lahore = Reference::Mercator.of_degrees([74.3587, 31.5204]);
        let expected = [8_277_572.620_5, 3_700_519.016];
        for (ours, theirs) in lahore.iter().zip(expected) {
            assert!((ours - theirs).abs() < 1e-3, "{lahore:?}");
        }
        let back = Reference::Mercator.to_degrees(lahore);
        assert!((back[0] - 74.3587).abs() < 1e-9 && (back[1] - 31.5204).abs() < 1e-9);
    }

    #[test]
    fn boxes_beyond_the_world_are_taken_back() {
        let corners = |corners| on_globe(corners, Reference::Degrees).map(|found| found.corners());
        assert_eq!(
            corners([-400.0, -95.0, 400.0, 95.0]),
            Ok([-180.0, -90.0, 180.0, 90.0])
        );
        assert_eq!(
            corners([430.0, 30.0, 440.0, 33.0]),
            Ok([70.0, 30.0, 80.0, 33.0])
        );
        assert_eq!(
            corners([170.0, 0.0, 190.0, 1.0]),
            Ok([170.0, 0.0, -170.0, 1.0])
        );
        assert!(corners([1.0, 0.0, 0.0, 1.0]).is_err());
        assert!(corners([f64::NAN, 0.0, 0.0, 1.0]).is_err());
    }

    #[test]
    fn geometries_are_read_as_clients_write_them() {
        let read = |text, kind, reference| {
            read_box(text, kind, reference).map(|found| found.corners().map(f64::round))
        };
        let envelope = r#"{"xmin":8238077,"ymin":3503549,"xmax":8349396,"ymax":3895303,"spatialReference":{"wkid":102100,"latestWkid":3857}}"#;
        assert_eq!(read(envelope, None, None), Ok([74.0, 30.0, 75.0, 33.0]));
        assert_eq!(
            read("74, 30,75,33", Some("esriGeometryEnvelope"), None),
            Ok([74.0, 30.0, 75.0, 33.0])
        );
        assert_eq!(
            read(
                "8238077,3503549",
                Some("esriGeometryPoint"),
                Some(Reference::Mercator)
            ),
            Ok([74.0, 30.0, 74.0, 30.0])
        );
        for (wrong, kind) in [
            ("1,2,3", None),
            ("{\"rings\":[]}", Some("esriGeometryPolygon")),
            ("{\"xmin\":1}", None),
            ("", None),
        ] {
            assert!(read(wrong, kind, None).is_err(), "{wrong}");
        }
        assert_eq!(Reference::read("102100"), Ok(Reference::Mercator));
        assert_eq!(Reference::read(r#"{"wkid":4326}"#), Ok(Reference::Degrees));
        assert!(Reference::read("27700").is_err());
    }
}
