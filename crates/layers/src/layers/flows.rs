//! `flows`: from where to where the routes of records lead.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use h3o::{CellIndex, Resolution};
use naqsha_analytics::{Flow, Flows as FlowTable};

use super::routes::{Read, Trip, read};
use crate::boundaries::CellBoundaries;
use crate::description::{LayerDescription, Property, PropertyKind};
use crate::error::LayerError;
use crate::layer::{Computed, Layer, Question};
use crate::parameters::Parameter;
use crate::table::{Column, Excluded, Keys, LayerTable, Metadata, StudyAreaFacts, Values};

/// Routes of records, added up between cells.
pub(crate) struct Flows;

/// The resolution of an answer where the question names none: routes are mostly known by district.
const RESOLUTION: Resolution = Resolution::Three;

pub(crate) static FLOWS: LayerDescription = LayerDescription {
    id: "flows",
    title: "Flows (routes from origin to destination)",
    description: "From where to where the routes of records lead: for each two H3 cells the number of records whose route \
                  starts in one and ends in the other, as a line between their centres. A route's end is its district or \
                  crossing point, or the place of the record itself where the route does not state that end. The default \
                  resolution is 3, since districts are known no better. Records with a route are counted: those whose ends \
                  are not known well enough, are abroad, lie in one cell, or both lie outside the study area are counted \
                  in `excluded`. Transit is not shown.",
    keywords: &[
        "crime",
        "route",
        "trafficking",
        "origin",
        "destination",
        "flow",
        "H3",
    ],
    reference: "Tobler, W. (1987), Experiments in migration mapping by computer, The American Cartographer 14(2), \
                doi:10.1559/152304087783875273",
    properties: &PROPERTIES,
    parameters: &[
        Parameter::Category,
        Parameter::Subtype,
        Parameter::Stage,
        Parameter::Agency,
        Parameter::Basis,
        Parameter::Deduplicated,
        Parameter::Datetime,
        Parameter::Resolution,
        Parameter::StudyArea,
        Parameter::NMin,
        Parameter::AsOf,
    ],
    default: false,
    over_cells: true,
};

const fn records(name: &'static str, title: &'static str, description: &'static str) -> Property {
    Property {
        name,
        title,
        kind: PropertyKind::Integer,
        unit: Some("records"),
        description,
    }
}

static PROPERTIES: [Property; 10] = [
    Property {
        name: LayerDescription::ENDS[0],
        title: "Origin",
        kind: PropertyKind::Cell,
        unit: None,
        description: "H3 cell in which the routes start.",
    },
    Property {
        name: LayerDescription::ENDS[1],
        title: "Destination",
        kind: PropertyKind::Cell,
        unit: None,
        description: "H3 cell in which they end.",
    },
    records(
        "n",
        "Records",
        "Records whose route leads from the one to the other.",
    ),
    records(
        "net",
        "Net",
        "Those records less the ones whose route leads the other way; negative where more lead back.",
    ),
    records(
        "n_tf",
        "Terror financing",
        "Those of them of terror financing.",
    ),
    records(
        "n_dt",
        "Drug trafficking",
        "Those of them of drug trafficking.",
    ),
    records(
        "n_ht",
        "Human trafficking",
        "Those of them of human trafficking.",
    ),
    records("n_cy", "Cybercrime", "Those of them of cybercrime."),
    records(
        "n_adj",
        "Adjacent crimes",
        "Those of them of adjacent crimes.",
    ),
    Property {
        name: "distance_km",
        title: "Distance",
        kind: PropertyKind::Number,
        unit: Some("km"),
        description: "Distance between the centres of the cells along the ellipsoid; routes are longer.",
    },
];

impl Layer for Flows {
    fn describe(&self) -> &'static LayerDescription {
        &FLOWS
    }

    fn compute(&self, question: &Question<'_>) -> Result<Computed, LayerError> {
        let resolution = question.query.resolution.unwrap_or(RESOLUTION);
        let Read {
            trips,
            matched,
            mut reasons,
            synthetic,
        } = read(question, resolution)?;
        let mut ends: Vec<CellIndex> = trips.iter().flat_map(|trip| [trip.from, trip.to]).collect();
        ends.sort_unstable();
        ends.dedup();
        let contained = question.area.contain(resolution, &ends);
        let inside: BTreeSet<CellIndex> = ends
            .iter()
            .zip(contained)
            .filter_map(|(cell, contained)| contained.then_some(*cell))
            .collect();
        let mut kept: Vec<Trip> = Vec::new();
        for trip in trips {
            if !inside.contains(&trip.from) && !inside.contains(&trip.to) {
                *reasons.entry("outside_study_area").or_default() += 1;
            } else if trip.from == trip.to {
                *reasons.entry("within_cell").or_default() += 1;
            } else {
                kept.push(trip);
            }
        }
        let metadata = Metadata {
            study_area: Some(StudyAreaFacts {
                name: question.area.name.clone(),
                hash: question.area.hash().to_owned(),
                cells: question.area.size(resolution)?,
                occupied: inside.len() as u64,
            }),
            resolution: Some(resolution),
            excluded: Excluded { matched, reasons },
            synthetic,
            ..Metadata::plain(question.snapshot.version(), question.scope)
        };
        let table = table(&kept, question.query.n_min, metadata)?;
        Ok(Computed::all(table))
    }
}

/// The flows of trips between different cells, as far as they are at least so many.
fn table(trips: &[Trip], least: u64, metadata: Metadata) -> Result<LayerTable, LayerError> {
    let flow = |trip: &Trip| Flow {
        from: trip.from,
        to: trip.to,
        n: 1.0,
    };
    let flows = FlowTable::new(trips.iter().map(flow).collect());
    let flows = flows.map_err(|error| LayerError::Statistic(error.to_string()))?;
    let mut categories: BTreeMap<(CellIndex, CellIndex), [i64; 5]> = BTreeMap::new();
    for trip in trips {
        categories.entry((trip.from, trip.to)).or_default()[trip.category] += 1;
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole numbers of records")]
    let whole = |n: f64| Some(n as i64);
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    let kept: Vec<&Flow<CellIndex>> = flows
        .between()
        .iter()
        .filter(|flow| flow.n >= least as f64)
        .collect();
    let pairs: Vec<(CellIndex, CellIndex)> = kept.iter().map(|flow| (flow.from, flow.to)).collect();
    let integers = |value: &dyn Fn(&Flow<CellIndex>) -> Option<i64>| {
        Values::Integers(kept.iter().map(|flow| value(flow)).collect())
    };
    let of =
        |category: usize| integers(&|flow| Some(categories.get(&(flow.from, flow.to))?[category]));
    let lines = CellBoundaries::between(&pairs);
    let values = [
        Values::Cells(pairs.iter().map(|pair| Some(pair.0)).collect()),
        Values::Cells(pairs.iter().map(|pair| Some(pair.1)).collect()),
        integers(&|flow| whole(flow.n)),
        integers(&|flow| whole(flow.n - flows.n(flow.to, flow.from))),
        of(0),
        of(1),
        of(2),
        of(3),
        of(4),
        Values::Numbers(pairs.iter().map(|&pair| Some(length_km(pair))).collect()),
    ];
    let columns = PROPERTIES.iter().zip(values);
    Ok(LayerTable {
        layer: &FLOWS,
        shapes: (0..pairs.len()).map(|at| u32::try_from(at).ok()).collect(),
        keys: Keys::Flows(pairs),
        boundaries: Arc::new(lines),
        points: None,
        columns: columns
            .map(|(property, values)| Column { property, values })
            .collect(),
        metadata,
    })
}

fn length_km((from, to): (CellIndex, CellIndex)) -> f64 {
    let centre = |cell: CellIndex| {
        let centre = h3o::LatLng::from(cell);
        [centre.lng(), centre.lat()]
    };
    naqsha_analytics::beeline(centre(from), centre(to), f64::MAX).length_m / 1_000.0
}
