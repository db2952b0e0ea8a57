//! `/dggs/H3/definition`: H3 as a discrete global grid reference system, in the schema of the standard's Annex B. There is no
//! registered definition of it.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::{DOCUMENTS, ID, definition_address};
use crate::documents::document;
use crate::items::representations;
use crate::link;
use crate::problem::Problem;
use crate::question::CRS84;
use crate::request::Asked;
use crate::service::Shared;

/// `/dggs/H3/definition`.
pub(crate) async fn definition(
    State(service): State<Shared>,
    axum::extract::Path(named): axum::extract::Path<super::Named>,
    asked: Asked,
) -> Result<Response, Problem> {
    super::Origin::of(&service.catalogue, &asked, &named)?;
    asked.only(&[])?;
    let format = asked.format(&DOCUMENTS)?;
    document(&service, &asked, format, "H3", move |_catalogue, asked| {
        let mut document = definition_document(&definition_address(asked));
        document["links"] = link::to_json(&representations(asked, format, &DOCUMENTS));
        Ok(document)
    })
    .await
}

fn definition_document(address: &str) -> Value {
    json!({
        "title": ID,
        "description": "H3 (Uber Technologies, 2018): hexagons and twelve pentagons on the icosahedron, each level with about \
                        seven times as many zones as the one before. The hierarchy is one of indexes, not of areas: the zones \
                        below a zone are those whose index begins with its own, and they are not geometrically inside it; near \
                        its edge some reach beyond it, and zones below its neighbours reach into it. A hexagon has seven \
                        children; a pentagon has six, of which one is a pentagon. So n levels below a pentagon there are \
                        1 + 5 (7^n - 1) / 6 zones, and 7^n below a hexagon. Zones of one level are not of equal area.",
        "uri": address,
        "dggh": {
            "definition": {
                "spatialDimensions": 2,
                "temporalDimensions": 0,
                "crs": CRS84,
                "basePolyhedron": "icosahedron",
                "refinementRatio": 7,
                "refinementStrategy": ["centredChildCell"],
                "constraints": { "cellEqualSized": false },
                "zoneTypes": ["hexagon", "pentagon"],
            },
            "parameters": {
                "ellipsoid": "[EPSG:7030]",
                "orientation": {
                    "description": "Fuller's orientation (Dymaxion), in which every vertex of the icosahedron lies in the sea: the \
                                    first vertex, and the azimuth from it to the second. Each face is a gnomonic projection; \
                                    geodetic latitude and longitude of WGS 84 are taken as those of a sphere.",
                    "latitude": 2.300_882,
                    "longitude": -5.245_390,
                    "azimuth": 7.466_58,
                },
            },
        },
        "zirs": {
            "textZIRS": {
                "description": "The 64-bit index as 15 hexadecimal digits in lower case. Upper case, a leading zero, and the same \
                                number in decimal are read as well.",
                "type": "hierarchicalConcatenation",
            },
            "uint64ZIRS": {
                "description": "The index: a bit that is zero, four bits of mode (1: a cell), three that are zero, four of level \
                                (0 to 15), seven of base cell (0 to 121), and fifteen digits of three bits, one a level, of \
                                which those finer than the zone are 7.",
            },
        },
        "subZoneOrder": {
            "description": "Ascending by the 64-bit index, which is the order in which H3's own cellToChildren lists them. Below a \
                            pentagon the digit 1 is left out wherever it would be the first that is not zero.",
            "type": "uint64Ascending",
        },
    })
}
