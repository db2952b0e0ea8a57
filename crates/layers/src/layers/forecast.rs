//! `forecast`: how many records each cell expects in the days to come, and whether such forecasts ever beat the naive one.

use naqsha_analytics::{ForecastError, ForecastModel, Outlook, Spell, outlook, walk_forward};
use naqsha_model::Day;

use super::dated::{Dated, TRAINING_DAYS};
use crate::description::{LayerDescription, Property, PropertyKind};
use crate::error::LayerError;
use crate::layer::{Computed, Layer, Question};
use crate::layers::map::LEAST_RECORDS;
use crate::layers::properties::H3;
use crate::parameters::{ForecastModelName, Parameter};
use crate::study_areas::Grid;
use crate::table::{Excluded, ForecastFacts, LayerTable, Metadata, StudyAreaFacts, Values};

/// Expected records of every cell of the study area, with how good such forecasts were.
pub(crate) struct Forecast;

/// Cells of an answer: each is forecast and judged in every fold.
const CELL_LIMIT: usize = 200_000;

/// Forecasts of the past by which the model is judged, and the share of the area that is chosen.
const FOLDS: u32 = 8;
const SHARE: f64 = 0.05;

/// The density looks back so far.
const WINDOW_DAYS: f64 = 91.0;

pub(crate) static FORECAST: LayerDescription = LayerDescription {
    id: "forecast",
    title: "Forecast",
    description: "How many records each H3 cell of the study area expects in the `horizon` days after the end of `datetime` \
                  (default: after the last day of the data), learned from the 728 days before. Models: near-repeat weights \
                  of the last eight weeks (prospective), the density of the last 91 days (kde), a background with events \
                  that set off others (self-exciting); kernels are twice as wide as cells are apart, at most 10 km. The \
                  response member `naqsha.forecast` judges the model on the last eight horizons beside the naive forecast \
                  (as all records so far): where `beats_naive` is false the map is no better than a map of counts. \
                  Patrols sent where it points find more there: judge it on reports, not on seizures.",
    keywords: &[
        "crime",
        "forecast",
        "near repeat",
        "self-exciting",
        "risk",
        "H3",
    ],
    reference: "Bowers, K., Johnson, S. and Pease, K. (2004), Br. J. Criminol. 44(5), doi:10.1093/bjc/azh036; Mohler, G. \
                et al. (2011), J. Am. Stat. Assoc. 106(493), doi:10.1198/jasa.2011.ap09546",
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
        Parameter::ForecastModel,
        Parameter::Horizon,
        Parameter::NMin,
        Parameter::AsOf,
    ],
    default: false,
    over_cells: true,
};

static PROPERTIES: [Property; 6] = [
    H3,
    Property {
        name: "expected",
        title: "Expected records",
        kind: PropertyKind::Number,
        unit: Some("records"),
        description: "Records expected within the horizon; null where fewer than 30 are there to learn from.",
    },
    Property {
        name: "share",
        title: "Share",
        kind: PropertyKind::Number,
        unit: None,
        description: "Share of the records expected in the study area.",
    },
    Property {
        name: "rank",
        title: "Rank",
        kind: PropertyKind::Integer,
        unit: None,
        description: "Cells with a higher risk per km², and one: cells of equal risk share a rank.",
    },
    Property {
        name: "n",
        title: "Records",
        kind: PropertyKind::Integer,
        unit: Some("records"),
        description: "Records in the cell that the forecast learned from.",
    },
    Property {
        name: "reason",
        title: "Why nothing is expected",
        kind: PropertyKind::Choice(&["insufficient_variation"]),
        unit: None,
        description: "Why there is no forecast; null where there is one.",
    },
];

impl Layer for Forecast {
    fn describe(&self) -> &'static LayerDescription {
        &FORECAST
    }

    fn compute(&self, question: &Question<'_>) -> Result<Computed, LayerError> {
        let size = question.area.size(question.resolution)?;
        if size > CELL_LIMIT as u64 {
            let reason = format!(
                "the study area has {size} cells at resolution {}; the limit of forecasts is {CELL_LIMIT}",
                question.resolution
            );
            return Err(match question.query.resolution {
                Some(_) => LayerError::of_parameter("resolution", reason),
                None => LayerError::unanswered("too_many_cells", reason),
            });
        }
        let grid = question.area.grid(question.resolution)?;
        let dated = Dated::read(question)?;
        let spell = Spell {
            from: f64::from(dated.first.0),
            to: f64::from(dated.last.0) + 1.0,
            horizon: f64::from(question.query.horizon),
        };
        let mut facts = facts(question, &dated);
        let found = if (dated.events.len() as u64) < LEAST_RECORDS {
            None
        } else {
            let model = model(question, &grid);
            let refused = |error: ForecastError| match error {
                ForecastError::TooMany { .. } => {
                    LayerError::unanswered("too_many_pairs", error.to_string())
                }
                error => LayerError::Statistic(error.to_string()),
            };
            let found = outlook(&dated.events, &grid.cells, model, spell).map_err(refused)?;
            facts.expected = Some(found.total());
            let cut = (FOLDS, SHARE);
            match walk_forward(&dated.events, &grid.cells, model, spell, cut) {
                Ok(evaluation) => facts.evaluation = Some(evaluation),
                // There is a forecast where there is too little to judge it by.
                Err(ForecastError::TooShort { .. } | ForecastError::TooFew(_)) => {}
                Err(error) => return Err(refused(error)),
            }
            Some(found)
        };
        let metadata = metadata(question, &dated, &grid, facts)?;
        let table = table(question, &grid, &dated, found.as_ref(), metadata);
        Ok(Computed::all(table))
    }
}

/// The model asked for; kernels are as wide as the cells ask.
fn model(question: &Question<'_>, grid: &Grid) -> ForecastModel {
    let cell_km2 = grid.areas_km2().first().copied().unwrap_or_default();
    // Neighbouring hexagons of area A have centres √(2A/√3) apart.
    let apart_m = (cell_km2 * 2.0 / 3.0_f64.sqrt()).sqrt() * 1_000.0;
    let bandwidth_m = (2.0 * apart_m).min(10_000.0);
    match question.query.forecast_model {
        ForecastModelName::Prospective => ForecastModel::Prospective,
        ForecastModelName::Kde => ForecastModel::Kde {
            bandwidth_m: 2.0 * apart_m,
            window_days: WINDOW_DAYS,
        },
        ForecastModelName::SelfExciting => ForecastModel::SelfExciting { bandwidth_m },
    }
}

fn facts(question: &Question<'_>, dated: &Dated) -> ForecastFacts {
    let horizon = question.query.horizon;
    let day = |after: u32| {
        Day(dated
            .last
            .0
            .saturating_add(u16::try_from(after).unwrap_or(u16::MAX)))
    };
    ForecastFacts {
        model: question.query.forecast_model.code(),
        horizon,
        first_day: day(1).date().to_string(),
        last_day: day(horizon).date().to_string(),
        learned_from: dated.events.len() as u64,
        learned_days: u32::from(dated.last.0 - dated.first.0) + 1,
        expected: None,
        evaluation: None,
    }
}

fn metadata(
    question: &Question<'_>,
    dated: &Dated,
    grid: &Grid,
    facts: ForecastFacts,
) -> Result<Metadata, LayerError> {
    debug_assert!(u32::from(dated.last.0 - dated.first.0) < TRAINING_DAYS);
    Ok(Metadata {
        study_area: Some(StudyAreaFacts {
            name: question.area.name.clone(),
            hash: question.area.hash().to_owned(),
            cells: question.area.size(question.resolution)?,
            occupied: dated
                .counts(grid)
                .iter()
                .filter(|&&count| count > 0)
                .count() as u64,
        }),
        resolution: Some(question.resolution),
        excluded: Excluded {
            matched: dated.matched,
            reasons: dated.reasons.clone(),
        },
        synthetic: dated.synthetic,
        forecast: Some(Box::new(facts)),
        ..Metadata::plain(question.snapshot.version(), question.scope)
    })
}

fn table(
    question: &Question<'_>,
    grid: &Grid,
    dated: &Dated,
    found: Option<&Outlook>,
    metadata: Metadata,
) -> LayerTable {
    let counts = dated.counts(grid);
    let ranks = found.map(Outlook::ranks);
    let total = found.map(Outlook::total);
    let expected = |cell: usize| found.map(|found| found.expected[cell]);
    let kept: Vec<u32> = (0..)
        .zip(&counts)
        .filter(|&(_, &count)| u64::from(count) >= question.query.n_min)
        .map(|(cell, _)| cell)
        .collect();
    let each = || kept.iter().map(|&cell| cell as usize);
    let rank = |cell: usize| i64::try_from(ranks.as_ref()?[cell]).ok();
    let share = |cell: usize| Some(expected(cell)? / total?);
    let reason = found.is_none().then_some("insufficient_variation");
    let values = [
        Values::Cells(each().map(|cell| Some(grid.cells[cell])).collect()),
        Values::Numbers(each().map(expected).collect()),
        Values::Numbers(each().map(share).collect()),
        Values::Integers(each().map(rank).collect()),
        Values::Integers(each().map(|cell| Some(i64::from(counts[cell]))).collect()),
        Values::Choices(each().map(|_cell| reason).collect()),
    ];
    LayerTable::of_grid(&FORECAST, grid, &kept, metadata).filled(values)
}
