//! The layers there are: one file and one line in the list each.

mod apportion;
mod clusters;
mod counts;
mod hotspots;
mod incidents;
mod map;
mod rates;
mod tally;

pub(crate) use hotspots::HOTSPOTS;
pub(crate) use incidents::table as incidents_table;

use crate::description::LayerDescription;
use crate::error::LayerError;
use crate::layer::Layer;

/// Every layer, in catalogue order.
const LAYERS: &[&dyn Layer] = &[
    &incidents::Incidents,
    &counts::Counts,
    &hotspots::Hotspots,
    &clusters::Clusters,
    &rates::Rates,
];

/// What every layer is, in the same order.
pub(crate) const DESCRIPTIONS: &[&LayerDescription] = &[
    &incidents::INCIDENTS,
    &counts::COUNTS,
    &HOTSPOTS,
    &clusters::CLUSTERS,
    &rates::RATES,
];

/// The layer of an id.
pub(crate) fn by_id(id: &str) -> Result<&'static dyn Layer, LayerError> {
    LAYERS
        .iter()
        .copied()
        .find(|layer| layer.describe().id == id)
        .ok_or_else(|| LayerError::UnknownLayer(id.to_owned()))
}
