//! OGC API - DGGS 1.0 (21-038r1) over H3: which zones have values, and what the values of a zone and of those below it are.
//!
//! The data set as a whole (`/dggs`) is its records, so its zones are those of `counts`; every layer over cells has its own
//! (`/collections/{c}/dggs`).

mod data;
mod definition;
mod description;
mod dictionary;
mod question;
mod subset;
mod zone;
mod zones;

pub(crate) use data::{FORMATS as DATA_FORMATS, data};
pub(crate) use definition::definition;
pub(crate) use description::{dggrs, list};
pub(crate) use zone::{FORMATS as ZONE_FORMATS, zone};
pub(crate) use zones::{FORMATS as ZONES_FORMATS, zones};

use std::collections::BTreeMap;

use h3o::CellIndex;
use naqsha_layers::{Catalogue, LayerDescription, LayerQuery, ParameterError, has_zones};
use serde_json::{Value, json};

use crate::link::Link;
use crate::negotiate::{HTML, JSON};
use crate::problem::Problem;
use crate::question::{CRS84, all_mistakes};
use crate::request::Asked;

/// The one reference system offered.
pub(crate) const ID: &str = "H3";
/// The layer that the data set as a whole is.
pub(crate) const OF_DATA_SET: &str = "counts";
/// Other spellings of the coordinate reference system of boxes: this standard names it with https and as a CURIE.
const CRS84_NAMES: [&str; 3] = [
    CRS84,
    "https://www.opengis.net/def/crs/OGC/1.3/CRS84",
    "[OGC:CRS84]",
];

/// Relations of links, as the standard spells them.
pub(crate) const DGGRS_LIST: &str = "[ogc-rel:dggrs-list]";
const DGGRS: &str = "[ogc-rel:dggrs]";
const DGGRS_DEFINITION: &str = "[ogc-rel:dggrs-definition]";
const ZONE_QUERY: &str = "[ogc-rel:dggrs-zone-query]";
const ZONE_QUERY_URI: &str = "https://www.opengis.net/def/rel/ogc/1.0/dggrs-zone-query";
const ZONE_INFO: &str = "[ogc-rel:dggrs-zone-info]";
const ZONE_DATA: &str = "[ogc-rel:dggrs-zone-data]";
const ZONE_PARENT: &str = "[ogc-rel:dggrs-zone-parent]";
const ZONE_CHILD: &str = "[ogc-rel:dggrs-zone-child]";
const ZONE_NEIGHBOR: &str = "[ogc-rel:dggrs-zone-neighbor]";
const GEODATA: &str = "[ogc-rel:geodata]";
const DATA_SET: &str = "[ogc-rel:dataset]";

/// Named parts of a path.
pub(crate) type Named = BTreeMap<String, String>;

/// What the zones are of: a collection, or the data set as a whole.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    layer: &'static LayerDescription,
    /// What addresses of its zones start with.
    root: String,
    /// Its own address.
    of: String,
    is_collection: bool,
}

impl Origin {
    /// The origin that a path names, where it has zones and the reference system is the one offered.
    fn of(catalogue: &Catalogue, asked: &Asked, named: &Named) -> Result<Self, Problem> {
        if named.get("dggrs").is_some_and(|id| id != ID) {
            let detail = format!("The one discrete global grid reference system is {ID}.");
            return Err(Problem::not_found(detail));
        }
        let base = &asked.base;
        let Some(collection) = named.get("collection") else {
            return Ok(Self {
                layer: catalogue.describe(OF_DATA_SET)?,
                root: format!("{base}/dggs"),
                of: format!("{base}/"),
                is_collection: false,
            });
        };
        let layer = catalogue.describe(collection)?;
        if !has_zones(layer) {
            let others = catalogue.descriptions().iter();
            let others = others
                .filter(|layer| has_zones(layer))
                .map(|layer| layer.id);
            return Err(Problem::not_found(format!(
                "Zones are those of layers over cells: {}.",
                others.collect::<Vec<_>>().join(", ")
            )));
        }
        Ok(Self {
            layer,
            root: format!("{base}/collections/{}/dggs", layer.id),
            of: format!("{base}/collections/{}", layer.id),
            is_collection: true,
        })
    }

    fn dggrs(&self) -> String {
        format!("{}/{ID}", self.root)
    }

    fn zone(&self, zone: impl std::fmt::Display) -> String {
        format!("{}/zones/{zone}", self.dggrs())
    }

    /// To the collection, or to the landing page.
    fn link(&self) -> Link {
        if self.is_collection {
            Link::new(&self.of, GEODATA, JSON.media_type, self.layer.title)
        } else {
            Link::new(&self.of, DATA_SET, JSON.media_type, "the data set")
        }
    }

    fn dggrs_link(&self, rel: &'static str) -> Link {
        Link::new(self.dggrs(), rel, JSON.media_type, "H3 as it is used here")
    }

    fn data_template(&self) -> Value {
        let address = format!("{}/data", self.zone("{zoneId}"));
        template(
            &address,
            ZONE_DATA,
            "values of a zone and of those below it",
        )
    }
}

fn definition_link(asked: &Asked) -> Link {
    let address = definition_address(asked);
    Link::new(
        address,
        DGGRS_DEFINITION,
        JSON.media_type,
        "definition of H3",
    )
}

fn definition_address(asked: &Asked) -> String {
    format!("{}/dggs/{ID}/definition", asked.base)
}

/// A link with a variable. The standard's examples have the address in `href`, OGC API - Common in `uriTemplate`.
fn template(address: &str, rel: &str, title: &str) -> Value {
    json!({
        "rel": rel,
        "type": JSON.media_type,
        "title": title,
        "uriTemplate": address,
        "href": address,
    })
}

/// Reads a zone's id: 15 hexadecimal digits, in either case and with a leading zero, or the same number in decimal.
fn read_zone(text: &str) -> Option<CellIndex> {
    let digits = text.strip_prefix('0').unwrap_or(text);
    let number = match digits.len() {
        15 => u64::from_str_radix(digits, 16).ok(),
        18 if text == digits => text.parse().ok(),
        _ => None,
    };
    let plain = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    CellIndex::try_from(number.filter(|_| plain)?).ok()
}

fn zone_of(named: &Named) -> Result<CellIndex, Problem> {
    let zone = named.get("zone").and_then(|id| read_zone(id));
    zone.ok_or_else(|| {
        Problem::not_found("There is no such zone: an id is an H3 cell's 15 hexadecimal digits.")
    })
}

/// A parameter that names the coordinate reference system of a box.
fn crs84(name: &str, value: &str) -> Option<ParameterError> {
    let is_known = CRS84_NAMES.contains(&value);
    (!is_known).then(|| ParameterError::new(name, format!("is not {CRS84}, the only one offered")))
}

/// The question of the layer, read from what is no parameter of zones, with every mistake of the request.
///
/// Zones say the resolution in their own words, and an interval open at both ends is allowed: it asks for everything.
fn layer_query<'a>(
    origin: &Origin,
    rest: Vec<(&'a str, &'a str)>,
    mut errors: Vec<ParameterError>,
    instead: &str,
) -> Result<LayerQuery, Problem> {
    let mut of_layer = Vec::with_capacity(rest.len());
    for (name, value) in rest {
        if name == "resolution" {
            errors.push(ParameterError::new(name, format!("is told by {instead}")));
        } else if name != "datetime" || !matches!(value, "../.." | "/" | "../" | "/..") {
            of_layer.push((name, value));
        }
    }
    all_mistakes(errors, LayerQuery::parse(origin.layer, of_layer))
}

/// Formats of documents.
static DOCUMENTS: [&crate::negotiate::Format; 2] = [&JSON, &HTML];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_its_index_in_hexadecimal_or_decimal() {
        let zone = "85424d07fffffff".parse::<CellIndex>().unwrap();
        let number = u64::from(zone).to_string();
        for text in [
            "85424d07fffffff",
            "85424D07FFFFFFF",
            "085424d07fffffff",
            &number,
        ] {
            assert_eq!(read_zone(text), Some(zone), "{text}");
        }
        for text in [
            "",
            "0",
            "85424d07ffffff",
            "+85424d07ffffff",
            "85424d07ffffffg",
            "ffffffffffffffff",
            "599686042433355776",
            "0x85424d07fffffff",
            "11424d07fffffff",
        ] {
            assert_eq!(read_zone(text), None, "{text}");
        }
    }
}
