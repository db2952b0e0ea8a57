//! The layers there are: one file and one line in the list each.

mod apportion;
mod calibration;
mod change;
mod clusters;
mod counts;
mod density;
mod emerging;
mod hotspots;
mod incidents;
mod linkages;
mod map;
mod near_repeat;
mod occupied;
mod rates;
mod scan;
mod sentences;
mod stepped;
mod tally;

pub(crate) use hotspots::HOTSPOTS;
pub(crate) use incidents::table as incidents_table;

use crate::description::LayerDescription;
use crate::error::LayerError;
use crate::explain::Sentence;
use crate::layer::Layer;

/// Every layer, in catalogue order.
const LAYERS: &[&dyn Layer] = &[
    &incidents::Incidents,
    &counts::Counts,
    &hotspots::Hotspots,
    &clusters::Clusters,
    &density::Density,
    &emerging::Emerging,
    &change::Change,
    &near_repeat::NearRepeat,
    &linkages::Linkages,
    &scan::Scan,
    &rates::Rates,
];

/// What every layer is, in the same order.
pub(crate) const DESCRIPTIONS: &[&LayerDescription] = &[
    &incidents::INCIDENTS,
    &counts::COUNTS,
    &HOTSPOTS,
    &clusters::CLUSTERS,
    &density::DENSITY,
    &emerging::EMERGING,
    &change::CHANGE,
    &near_repeat::NEAR_REPEAT,
    &linkages::LINKAGES,
    &scan::SCAN,
    &rates::RATES,
];

/// How a cell of a layer is explained.
pub(crate) static SENTENCES: &[(&str, Sentence)] = &[
    (HOTSPOTS.id, sentences::hotspots),
    (clusters::CLUSTERS.id, sentences::clusters),
    (density::DENSITY.id, sentences::density),
    (emerging::EMERGING.id, sentences::emerging),
    (change::CHANGE.id, sentences::change),
    (near_repeat::NEAR_REPEAT.id, sentences::near_repeat),
    (linkages::LINKAGES.id, sentences::linkages),
    (scan::SCAN.id, sentences::scan),
    (rates::RATES.id, sentences::rates),
];

/// The layer of an id.
pub(crate) fn by_id(id: &str) -> Result<&'static dyn Layer, LayerError> {
    LAYERS
        .iter()
        .copied()
        .find(|layer| layer.describe().id == id)
        .ok_or_else(|| LayerError::UnknownLayer(id.to_owned()))
}
