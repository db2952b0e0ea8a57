//! Named study areas and what is worth computing once for each: its cells, their boundaries, their neighbours.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use h3o::{CellIndex, Resolution};
use moka::sync::Cache;
use naqsha_analytics::{Centres, Neighbours, StudyArea};
use rayon::prelude::*;

use crate::border::Border;
use crate::boundaries::{BoundingBox, CellBoundaries};
use crate::error::LayerError;
use crate::sites::Sites;

/// A populated place whose name gives orientation on a map without boundaries.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledPlace {
    /// Name in Latin script.
    pub name: String,
    /// Name in Urdu, where the gazetteer has one.
    pub name_ur: Option<String>,
    /// Longitude in degrees.
    pub lon: f64,
    /// Latitude in degrees.
    pub lat: f64,
    /// Inhabitants, as the gazetteer states them.
    pub population: u64,
}

/// A study area with a name.
#[derive(Debug)]
pub struct NamedArea {
    /// Name in parameters and metadata.
    pub name: String,
    /// Title for people.
    pub title: String,
    /// Resolution of an answer where nothing else says one.
    pub default_resolution: Resolution,
    /// Places for labels, largest first.
    pub places: Vec<LabelledPlace>,
    /// Its border on land and the crossings there, where the area is a country.
    pub(crate) border: Option<Border>,
    area: StudyArea,
    hash: String,
    extent: OnceLock<Option<BoundingBox>>,
    sizes: [OnceLock<u64>; 16],
    grids: [OnceLock<Arc<Grid>>; 16],
    neighbours: Cache<(Resolution, u32), Arc<Neighbours>>,
}

/// The cells of a study area at one resolution, ascending, and what is computed of them once.
#[derive(Debug)]
pub(crate) struct Grid {
    pub(crate) cells: Vec<CellIndex>,
    boundaries: OnceLock<Arc<CellBoundaries>>,
    areas: OnceLock<Vec<f64>>,
    centres: OnceLock<Centres>,
}

impl Grid {
    /// Centres of the cells, for densities: 24 bytes each, once a density is asked for.
    pub(crate) fn centres(&self) -> &Centres {
        self.centres.get_or_init(|| Centres::of(&self.cells))
    }

    pub(crate) fn boundaries(&self) -> Arc<CellBoundaries> {
        Arc::clone(
            self.boundaries
                .get_or_init(|| Arc::new(CellBoundaries::of(&self.cells))),
        )
    }

    /// Areas of the cells in km².
    pub(crate) fn areas_km2(&self) -> &[f64] {
        let areas = || self.cells.par_iter().map(|cell| cell.area_km2()).collect();
        self.areas.get_or_init(areas)
    }

    /// The positions in the grid of those of some ascending cells that are in it, `None` for the others.
    pub(crate) fn positions(&self, cells: &[CellIndex]) -> Vec<Option<usize>> {
        let mut from = 0;
        let position = |cell: &CellIndex| {
            let rest = self.cells.get(from..).unwrap_or_default();
            // A step at a time, as most cells of a grid that is asked about hold a record.
            from += rest.iter().take_while(|known| *known < cell).count();
            (self.cells.get(from) == Some(cell)).then_some(from)
        };
        cells.iter().map(position).collect()
    }
}

/// Neighbour lists kept for each study area: a list at resolution 8 of a country takes about 40 MB.
const NEIGHBOUR_LISTS: u64 = 8;

impl NamedArea {
    /// Names a study area.
    pub fn new(name: &str, title: &str, default_resolution: Resolution, area: StudyArea) -> Self {
        let hash = area
            .digest()
            .iter()
            .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        Self {
            name: name.to_owned(),
            title: title.to_owned(),
            default_resolution,
            places: Vec::new(),
            border: None,
            area,
            hash,
            extent: OnceLock::new(),
            sizes: [const { OnceLock::new() }; 16],
            grids: [const { OnceLock::new() }; 16],
            neighbours: Cache::new(NEIGHBOUR_LISTS),
        }
    }

    /// The area with its border on land.
    #[must_use]
    pub fn with_border(mut self, border: Border) -> Self {
        self.border = Some(border);
        self
    }

    /// The area with places for labels, largest first.
    #[must_use]
    pub fn with_places(mut self, mut places: Vec<LabelledPlace>) -> Self {
        places.sort_by(|a, b| {
            b.population
                .cmp(&a.population)
                .then_with(|| a.name.cmp(&b.name))
        });
        self.places = places;
        self
    }

    /// SHA-256 of the geometry, in hex.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// `[west, south, east, north]` in degrees of the cells at the coarsest resolution, from 5 on, that has any.
    pub fn extent(&self) -> Option<[f64; 4]> {
        self.bounds().map(|bounds| bounds.corners())
    }

    /// The same as a box.
    pub(crate) fn bounds(&self) -> Option<BoundingBox> {
        let extent = || {
            Resolution::range(Resolution::Five, Resolution::Nine)
                .find_map(|resolution| self.grid(resolution).ok()?.boundaries().extent())
                .and_then(|corners| BoundingBox::new(corners).ok())
        };
        *self.extent.get_or_init(extent)
    }

    /// For each of some ascending cells of one resolution whether its centre is in the area.
    pub(crate) fn contain(&self, resolution: Resolution, cells: &[CellIndex]) -> Vec<bool> {
        match self.grid(resolution) {
            Ok(grid) => grid.positions(cells).iter().map(Option::is_some).collect(),
            // More cells than are listed.
            Err(_too_many) => cells
                .par_iter()
                .map(|&cell| self.area.contains(cell))
                .collect(),
        }
    }

    /// How many cells the area has at a resolution, computed once.
    pub(crate) fn size(&self, resolution: Resolution) -> Result<u64, LayerError> {
        let slot = &self.sizes[usize::from(u8::from(resolution))];
        match slot.get() {
            Some(&size) => Ok(size),
            None => Ok(*slot.get_or_init({
                let size = self.area.count(resolution)?;
                move || size
            })),
        }
    }

    /// The cells at a resolution, computed once.
    pub(crate) fn grid(&self, resolution: Resolution) -> Result<Arc<Grid>, LayerError> {
        let slot = &self.grids[usize::from(u8::from(resolution))];
        if let Some(grid) = slot.get() {
            return Ok(Arc::clone(grid));
        }
        let cells = self.area.cells(resolution)?;
        Ok(Arc::clone(slot.get_or_init(|| {
            Arc::new(Grid {
                cells,
                boundaries: OnceLock::new(),
                areas: OnceLock::new(),
                centres: OnceLock::new(),
            })
        })))
    }

    /// The neighbours within `k` grid steps inside the area, computed once and kept for the last few questions.
    pub(crate) fn neighbours(
        &self,
        resolution: Resolution,
        k: u32,
    ) -> Result<Arc<Neighbours>, LayerError> {
        let grid = self.grid(resolution)?;
        self.neighbours
            .try_get_with((resolution, k), || {
                Neighbours::from_grid_disk(&grid.cells, k).map(Arc::new)
            })
            .map_err(|error| LayerError::Statistic(error.to_string()))
    }
}

/// The study areas of a deployment, by name.
#[derive(Debug, Default)]
pub struct StudyAreas {
    areas: BTreeMap<String, NamedArea>,
    sites: Sites,
}

impl StudyAreas {
    /// The areas with the sites of places that records name without a position.
    #[must_use]
    pub fn with_sites(mut self, sites: Sites) -> Self {
        self.sites = sites;
        self
    }

    /// Where named places lie.
    pub(crate) const fn sites(&self) -> &Sites {
        &self.sites
    }

    /// Adds or replaces an area.
    pub fn insert(&mut self, area: NamedArea) {
        self.areas.insert(area.name.clone(), area);
    }

    /// The area of a name.
    ///
    /// # Errors
    /// [`LayerError::UnknownStudyArea`].
    pub fn get(&self, name: &str) -> Result<&NamedArea, LayerError> {
        self.areas
            .get(name)
            .ok_or_else(|| LayerError::UnknownStudyArea(name.to_owned()))
    }

    /// All areas, by name.
    pub fn iter(&self) -> impl Iterator<Item = &NamedArea> {
        self.areas.values()
    }
}
