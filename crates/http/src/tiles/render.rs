//! What a tile holds of a layer, and the tile's bytes.
//!
//! A layer over cells is drawn at the resolution of the zoom. The layer `incidents` is drawn as its records from zoom 11
//! on, at their points or, where the scope sees none, in their cells; below that, and where a tile holds more records than
//! a map can use, as sums per cell (`n`), so that every record that has a cell is in a tile of every zoom.

use naqsha_formats::Crs;
use naqsha_layers::{Answer, Catalogue, LayerDescription, LayerQuery, Page, Scope};

use super::grid::{self, Tile, resolution_at};
use crate::geojson::write_collection;
use crate::link::Link;
use crate::mvt;
use crate::problem::Problem;
use crate::reply::Produced;

/// First zoom at which records are drawn one by one.
const RECORDS_FROM_ZOOM: u8 = 11;
/// Most records that a tile holds one by one; more are summed per cell.
const MOST_RECORDS: usize = 10_000;

/// A layer with what is asked of it.
#[derive(Debug, Clone)]
pub(crate) struct Drawn {
    pub(crate) layer: &'static LayerDescription,
    pub(crate) query: LayerQuery,
    /// Of which features, and which of their properties, wherever they are.
    pub(crate) page: Page,
}

/// The layer of a name.
///
/// # Errors
/// 404 naming the layers that there are.
pub(crate) fn tiled(
    catalogue: &Catalogue,
    name: &str,
) -> Result<&'static LayerDescription, Problem> {
    catalogue.describe(name).map_err(|_unknown| {
        let layers = catalogue.descriptions().iter();
        let names: Vec<_> = layers.map(|layer| layer.id).collect();
        Problem::not_found(format!("Tiles are made of: {}.", names.join(", ")))
    })
}

/// The refusal of a tile that the grid does not have.
pub(super) fn absent() -> Problem {
    Problem::not_found(
        "There is no such tile: the grid has zooms 0 to 22 and 2^z columns and rows.",
    )
}

impl Drawn {
    /// The features of the layer in a tile and its buffer.
    pub(super) fn answer(
        &self,
        catalogue: &Catalogue,
        scope: &Scope,
        tile: Tile,
    ) -> Result<Answer, Problem> {
        let page = Page {
            bbox: Some(tile.bounds().ok_or_else(absent)?),
            located: true,
            ..self.page.clone()
        };
        if !self.layer.is_of_records() {
            let mut query = self.query.clone();
            // Ends of flows are known too coarsely to follow the zoom; districts have no resolution.
            let follows = self.layer.over_cells && !self.layer.leads();
            if query.resolution.is_none() && follows {
                query.resolution = grid::resolution(catalogue, &query, tile)?;
            }
            return Ok(catalogue.answer(self.layer.id, &query, scope, &page)?);
        }
        if tile.z >= RECORDS_FROM_ZOOM {
            let none = Page {
                limit: 0,
                ..page.clone()
            };
            let found = catalogue.answer(self.layer.id, &self.query, scope, &none)?;
            if found.matched <= MOST_RECORDS as u64 {
                return Ok(catalogue.answer(self.layer.id, &self.query, scope, &page)?);
            }
        }
        let resolution = grid::whole_resolution(resolution_at(tile.z));
        Ok(catalogue.sums(&self.query, scope, resolution, &page)?)
    }
}

/// A vector tile with a layer of each answer, in their order; 204 where nothing reaches the tile.
pub(super) fn vector(answers: &[Answer], tile: Tile) -> Produced {
    let layers: Vec<Vec<u8>> = answers
        .iter()
        .filter_map(|answer| mvt::encode(answer, tile))
        .collect();
    Produced {
        // Layers of a tile are a repeated field, so that tiles of one layer join to one of several.
        body: (!layers.is_empty()).then(|| layers.concat()),
        version: answers.first().map_or(0, |answer| answer.version),
        headers: Vec::new(),
    }
}

/// The features of a tile as GeoJSON.
///
/// # Errors
/// None at present: writing to memory does not fail.
pub(super) fn geojson(answer: &Answer, links: &[Link]) -> Result<Produced, Problem> {
    let mut body = Vec::new();
    write_collection(answer, links, Crs::Crs84, &mut body)
        .map_err(|error| Problem::internal(format!("writing a tile to memory: {error}")))?;
    Ok(Produced {
        body: Some(body),
        version: answer.version,
        headers: Vec::new(),
    })
}
