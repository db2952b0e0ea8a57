//! The border of a study area on land: where its outline runs, and the crossings there.

use std::collections::HashSet;

use h3o::{CellIndex, LatLng, Resolution};

/// The border of a country on land.
#[derive(Debug, Clone, PartialEq)]
pub struct Border {
    /// The resolution of the cells whose missing neighbours are the outline.
    pub finest: Resolution,
    /// Boxes `[west, south, east, north]` in which the outline is coast.
    pub coast: Vec<[f64; 4]>,
    /// Crossings on land whose place is known.
    pub crossings: Vec<Crossing>,
}

/// A named crossing.
#[derive(Debug, Clone, PartialEq)]
pub struct Crossing {
    /// Its name.
    pub name: String,
    /// Longitude in degrees.
    pub lon: f64,
    /// Latitude in degrees.
    pub lat: f64,
}

impl Border {
    /// `[lon, lat]` of the centres of the cells that lie at the edge of the area on land, given all its cells at
    /// [`Border::finest`], in their order.
    pub(crate) fn outline(&self, cells: &[CellIndex]) -> Vec<[f64; 2]> {
        let inside: HashSet<CellIndex> = cells.iter().copied().collect();
        let at_edge = |cell: &&CellIndex| {
            let around: Vec<CellIndex> = cell.grid_disk(1);
            around.iter().any(|other| !inside.contains(other))
        };
        let centre = |cell: &CellIndex| {
            let centre = LatLng::from(*cell);
            [centre.lng(), centre.lat()]
        };
        let edge = cells.iter().filter(at_edge).map(centre);
        edge.filter(|place| !self.is_coast(*place)).collect()
    }

    fn is_coast(&self, [lon, lat]: [f64; 2]) -> bool {
        let within = |[west, south, east, north]: &[f64; 4]| {
            (*west..=*east).contains(&lon) && (*south..=*north).contains(&lat)
        };
        self.coast.iter().any(within)
    }
}
