//! Coordinate reference systems as PROJJSON 0.7, by which `GeoParquet` and `GeoArrow` name them.

use serde_json::{Value, json};

use super::Crs;

/// Realisations of WGS 84 with their EPSG codes.
const MEMBERS: [(&str, u16); 8] = [
    ("Transit", 1_166),
    ("G730", 1_152),
    ("G873", 1_153),
    ("G1150", 1_154),
    ("G1674", 1_155),
    ("G1762", 1_156),
    ("G2139", 1_309),
    ("G2296", 1_383),
];

impl Crs {
    /// The system as PROJJSON.
    pub(crate) fn projjson(self) -> Value {
        let zone = |zone: u8| {
            json!({
                "name": format!("UTM zone {zone}N"),
                "method": named("Transverse Mercator", 9_807),
                "parameters": [
                    parameter("Latitude of natural origin", 0.0, "degree", 8_801),
                    parameter("Longitude of natural origin", f64::from(zone) * 6.0 - 183.0, "degree", 8_802),
                    parameter("Scale factor at natural origin", 0.9996, "unity", 8_805),
                    parameter("False easting", 500_000.0, "metre", 8_806),
                    parameter("False northing", 0.0, "metre", 8_807),
                ],
            })
        };
        match self {
            Self::Crs84 => {
                let mut system = geographic("WGS 84 (CRS84)", true);
                system["id"] = json!({ "authority": "OGC", "code": "CRS84" });
                system
            }
            Self::Epsg4326 => {
                let mut system = geographic("WGS 84", false);
                system["id"] = epsg(4_326);
                system
            }
            Self::WebMercator => {
                let conversion = json!({
                    "name": "Popular Visualisation Pseudo-Mercator",
                    "method": named("Popular Visualisation Pseudo Mercator", 1_024),
                    "parameters": [
                        parameter("Latitude of natural origin", 0.0, "degree", 8_801),
                        parameter("Longitude of natural origin", 0.0, "degree", 8_802),
                        parameter("False easting", 0.0, "metre", 8_806),
                        parameter("False northing", 0.0, "metre", 8_807),
                    ],
                });
                self.projected(&conversion, ["X", "Y"])
            }
            Self::Utm41 => self.projected(&zone(41), ["E", "N"]),
            Self::Utm42 => self.projected(&zone(42), ["E", "N"]),
            Self::Utm43 => self.projected(&zone(43), ["E", "N"]),
        }
    }

    fn projected(self, conversion: &Value, [east, north]: [&str; 2]) -> Value {
        let mut base = geographic("WGS 84", false);
        base["id"] = epsg(4_326);
        json!({
            "$schema": "https://proj.org/schemas/v0.7/projjson.schema.json",
            "type": "ProjectedCRS",
            "name": self.title(),
            "base_crs": base,
            "conversion": conversion,
            "coordinate_system": {
                "subtype": "Cartesian",
                "axis": [axis("Easting", east, "east", "metre"), axis("Northing", north, "north", "metre")],
            },
            "id": self.epsg().map(epsg),
        })
    }
}

fn geographic(name: &str, east_first: bool) -> Value {
    let mut axes = [
        axis("Geodetic latitude", "Lat", "north", "degree"),
        axis("Geodetic longitude", "Lon", "east", "degree"),
    ];
    if east_first {
        axes.reverse();
    }
    let member = |&(realisation, code): &(&str, u16)| {
        named(&format!("World Geodetic System 1984 ({realisation})"), code)
    };
    json!({
        "$schema": "https://proj.org/schemas/v0.7/projjson.schema.json",
        "type": "GeographicCRS",
        "name": name,
        "datum_ensemble": {
            "name": "World Geodetic System 1984 ensemble",
            "members": MEMBERS.iter().map(member).collect::<Value>(),
            "ellipsoid": { "name": "WGS 84", "semi_major_axis": 6_378_137, "inverse_flattening": 298.257_223_563 },
            "accuracy": "2.0",
            "id": epsg(6_326),
        },
        "coordinate_system": { "subtype": "ellipsoidal", "axis": axes },
    })
}

fn axis(name: &str, short: &str, direction: &str, unit: &str) -> Value {
    json!({ "name": name, "abbreviation": short, "direction": direction, "unit": unit })
}

fn parameter(name: &str, value: f64, unit: &str, code: u16) -> Value {
    json!({ "name": name, "value": value, "unit": unit, "id": epsg(code) })
}

fn named(name: &str, code: u16) -> Value {
    json!({ "name": name, "id": epsg(code) })
}

fn epsg(code: u16) -> Value {
    json!({ "authority": "EPSG", "code": code })
}
