//! `density`: how many records a square kilometre holds, smoothed over a distance.

use h3o::{CellIndex, Resolution};
use naqsha_analytics::{Extent, KdeError, kde_of_counts, kde_of_weights};
use naqsha_store::CubeQuery;

use crate::description::{LayerDescription, Property, PropertyKind};
use crate::error::LayerError;
use crate::layer::{Computed, Layer, Question};
use crate::layers::map::{Answered, Map};
use crate::layers::properties::{AREA_KM2, H3, HARM_DAYS, N};
use crate::layers::tally::{COUNTED_BASES, counted_bases, filter};
use crate::parameters::{OF_COUNTS, Parameter, ParameterError, joined};
use crate::study_areas::Grid;
use crate::table::{Bandwidth, Metadata};

/// Kernel density at the centre of every cell of the study area.
pub(crate) struct Density;

/// How many distances between neighbouring cells a record reaches where nothing else is asked: about 37 cells lie so near.
const REACH: f64 = 3.0;

pub(crate) static DENSITY: LayerDescription = LayerDescription {
    id: "density",
    title: "Density",
    description: "Records per square kilometre, smoothed: a quartic kernel at the centre of each H3 cell of the study area. \
                  A record stands at the centre of its own cell, at resolution 9 or as coarse as it is known, not at that of \
                  the answer's cell. What a kernel would leave outside the study area stays inside, so that density times \
                  area adds up to the records on the map, within 1 %. A density describes; what is more than chance, \
                  hotspots tell.",
    keywords: &[
        "crime",
        "density",
        "kernel density",
        "KDE",
        "heat map",
        "H3",
    ],
    reference: "Silverman, B. W. (1986), Density Estimation for Statistics and Data Analysis, ch. 4; \
                Jones, M. C. (1993), Statistics and Computing 3, doi:10.1007/BF00147776",
    properties: &PROPERTIES,
    parameters: &PARAMETERS,
    default: true,
    over_cells: true,
};

static PARAMETERS: [Parameter; 13] =
    joined(&[&OF_COUNTS, &[Parameter::BandwidthM, Parameter::Weight]]);

static PROPERTIES: [Property; 5] = [
    H3,
    Property {
        name: "density",
        title: "Density",
        kind: PropertyKind::Number,
        unit: Some("records/km²"),
        description: "Smoothed records, or days of harm where `weight` asks for them, per square kilometre at the cell's centre.",
    },
    N,
    AREA_KM2,
    HARM_DAYS,
];

impl Layer for Density {
    fn describe(&self) -> &'static LayerDescription {
        &DENSITY
    }

    fn compute(&self, question: &Question<'_>) -> Result<Computed, LayerError> {
        let map = Map::of(question)?;
        let bandwidth = bandwidth(question, &map.grid);
        let extent = Extent::Centred(&map.grid.cells, map.grid.centres());
        let (metres, resolution) = (bandwidth.metres, question.resolution);
        let found = match &map.harm {
            Some(harm) => kde_of_weights(harm.places(), metres, resolution, extent),
            None => kde_of_counts(&places(question, &map.grid), metres, resolution, extent),
        };
        let found = found.map_err(|error| refused(&error))?;
        let areas = map.grid.areas_km2();
        let answered = Answered::of(&map, question);
        let columns = [
            answered.cells(),
            answered.numbers(|cell| Some(found[cell].1)),
            answered.counts(),
            answered.numbers(|cell| Some(areas[cell])),
            answered.harm(),
        ];
        let metadata = Metadata {
            bandwidth: Some(bandwidth),
            ..map.metadata(question)
        };
        Ok(map.table(question, &DENSITY, columns, metadata))
    }
}

fn refused(error: &KdeError) -> LayerError {
    match error {
        KdeError::InvalidBandwidth(_) | KdeError::TooFine { .. } => {
            LayerError::Parameters(vec![ParameterError::new(
                Parameter::BandwidthM.name(),
                error.to_string(),
            )])
        }
        KdeError::TooCoarse(_) | KdeError::Points(_) => LayerError::Statistic(error.to_string()),
    }
}

/// The bandwidth asked for, else one that follows from the cells: maps of one resolution are comparable, whatever they count.
fn bandwidth(question: &Question<'_>, grid: &Grid) -> Bandwidth {
    if let Some(metres) = question.query.bandwidth_m {
        let rule = "as asked";
        return Bandwidth { metres, rule };
    }
    let areas = grid.areas_km2();
    #[expect(clippy::cast_precision_loss, reason = "cells are far fewer than 2^53")]
    let mean_km2 = areas.iter().sum::<f64>() / areas.len().max(1) as f64;
    // Hexagons of area A are √(A·2/√3) apart.
    let spacing_m = (mean_km2 * 2.0 / 3.0_f64.sqrt()).sqrt() * 1_000.0;
    Bandwidth {
        metres: (REACH * spacing_m).round().max(1.0),
        rule: "three times the mean distance between neighbouring cells",
    }
}

/// The cells in which the map's records are known, each as fine as it is.
fn places(question: &Question<'_>, grid: &Grid) -> Vec<(CellIndex, u32)> {
    let cube = question.snapshot.cube(&CubeQuery {
        resolution: Resolution::Nine,
        filter: filter(question.query),
        counted_bases: counted_bases(question, Some(&COUNTED_BASES)),
    });
    let fine = cube.cells.into_iter().zip(cube.counts);
    let coarser = cube.coarse.into_iter();
    let is_on_the_map = |(cell, _): &(CellIndex, u32)| {
        let home = cell.parent(question.resolution);
        home.is_some_and(|home| grid.cells.binary_search(&home).is_ok())
    };
    fine.chain(coarser).filter(is_on_the_map).collect()
}
