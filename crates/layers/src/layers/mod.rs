//! The layers there are: one file and one line in the list each.

mod apportion;
mod border;
mod calibration;
mod change;
mod chosen;
mod clusters;
mod counts;
mod counts_of_zone;
mod coverage;
mod dated;
mod density;
mod directions;
mod emerging;
mod flows;
mod forecast;
mod harm;
mod hotspots;
mod incidents;
mod linkages;
mod map;
mod near_repeat;
mod occupied;
mod properties;
mod rates;
mod records;
mod routes;
mod scan;
mod sentences;
mod stepped;
mod sums;
mod tally;

pub(crate) use chosen::{Chosen, narrow};
pub(crate) use counts::COUNTS;
pub use counts_of_zone::{Located, counts_zeros};
pub(crate) use counts_of_zone::{cells_below, counts_everywhere, counts_within};
pub(crate) use coverage::{Reports, bytes_of};
pub(crate) use hotspots::HOTSPOTS;
pub(crate) use incidents::INCIDENTS;
pub(crate) use incidents::table as incidents_table;
pub(crate) use sums::Sums;
pub(crate) use tally::{filter, tally};

use crate::description::LayerDescription;
use crate::error::LayerError;
use crate::explain::Sentence;
use crate::layer::{Layer, Question};
use crate::table::Metadata;

/// Every layer, in catalogue order.
const LAYERS: &[&dyn Layer] = &[
    &incidents::Incidents,
    &counts::Counts,
    &hotspots::Hotspots,
    &clusters::Clusters,
    &rates::Rates,
    &density::Density,
    &emerging::Emerging,
    &change::Change,
    &near_repeat::NearRepeat,
    &linkages::Linkages,
    &scan::Scan,
    &border::OnLand,
    &flows::Flows,
    &forecast::Forecast,
    &coverage::Coverage,
];

/// What every layer is, in the same order.
pub(crate) const DESCRIPTIONS: &[&LayerDescription] = &[
    &INCIDENTS,
    &COUNTS,
    &HOTSPOTS,
    &clusters::CLUSTERS,
    &rates::RATES,
    &density::DENSITY,
    &emerging::EMERGING,
    &change::CHANGE,
    &near_repeat::NEAR_REPEAT,
    &linkages::LINKAGES,
    &scan::SCAN,
    &border::BORDER,
    &flows::FLOWS,
    &forecast::FORECAST,
    &coverage::COVERAGE,
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
    (border::BORDER.id, sentences::border),
    (forecast::FORECAST.id, sentences::forecast),
    (rates::RATES.id, sentences::rates),
];

/// What an answer says of the records that would be counted for a question.
pub(crate) fn counted(question: &Question<'_>) -> Result<Metadata, LayerError> {
    let tally = tally(question, Some(&tally::COUNTED_BASES))?;
    Ok(tally.metadata(question))
}

/// The layer of an id.
pub(crate) fn by_id(id: &str) -> Result<&'static dyn Layer, LayerError> {
    LAYERS
        .iter()
        .copied()
        .find(|layer| layer.describe().id == id)
        .ok_or_else(|| LayerError::UnknownLayer(id.to_owned()))
}
