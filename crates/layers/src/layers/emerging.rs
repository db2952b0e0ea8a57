//! `emerging`: what has become of each cell of the study area over civil steps of time.

use naqsha_analytics::{
    Calibration, Emerging as Course, EmergingError, FEWEST_STEPS, Levels, LocalError, Null,
    Pattern, Reason, Step, emerging, emerging_p, shuffled,
};

use crate::description::{LayerDescription, Property, PropertyKind};
use crate::error::LayerError;
use crate::layer::{Computed, Layer, Question};
use crate::layers::calibration::calibration;
use crate::layers::map::{Answered, Map, law, seed};
use crate::layers::properties::H3;
use crate::layers::stepped::{Stepped, TOO_FEW_STEPS, covered, touching};
use crate::parameters::{OF_COUNTS, OF_TESTS, Parameter, ParameterError, joined};
use crate::period::Period;
use crate::query::NullModel;
use crate::steps::Steps;
use crate::table::Metadata;

/// Emerging hot spots over every cell of the study area, zeros included.
pub(crate) struct Emerging;

/// A trend is told where its p is below this, whatever alpha is for the steps.
pub(crate) const TREND: f64 = 0.05;

const CLASSES: &[&str] = &[
    "new_hot_spot",
    "consecutive_hot_spot",
    "intensifying_hot_spot",
    "persistent_hot_spot",
    "diminishing_hot_spot",
    "sporadic_hot_spot",
    "oscillating_hot_spot",
    "historical_hot_spot",
    "new_cold_spot",
    "consecutive_cold_spot",
    "intensifying_cold_spot",
    "persistent_cold_spot",
    "diminishing_cold_spot",
    "sporadic_cold_spot",
    "oscillating_cold_spot",
    "historical_cold_spot",
    "no_pattern",
    "isolated",
    "insufficient_variation",
];

pub(crate) static EMERGING: LayerDescription = LayerDescription {
    id: "emerging",
    title: "Emerging hot spots",
    description: "What has become of each H3 cell over time: new, consecutive, intensifying, persistent, diminishing, \
                  sporadic, oscillating or historical, hot or cold, or no pattern. Gi* of every civil step over the cell and its \
                  neighbours at that step and the one before, never a later one, against all cells and steps; a step is hot or \
                  cold where its Benjamini-Hochberg q over all of them is at most alpha. The trend is Mann-Kendall's on z, at \
                  0.05. Only complete steps are used, at least ten, else the answer has no features and says so; a record that lies in no step wholly is excluded and \
                  counted. A change of reporting is a change here too.",
    keywords: &[
        "crime",
        "emerging hot spot",
        "space-time",
        "trend",
        "Mann-Kendall",
        "Gi*",
        "H3",
    ],
    reference: "Esri, How Emerging Hot Spot Analysis works (ArcGIS Pro); Ord, J. K. and Getis, A. (1995), Geographical \
                Analysis 27(4), doi:10.1111/j.1538-4632.1995.tb00912.x; Mann, H. B. (1945), Econometrica 13, \
                doi:10.2307/1907187",
    properties: &PROPERTIES,
    parameters: &PARAMETERS,
    default: true,
    over_cells: true,
};

static PARAMETERS: [Parameter; 17] = joined(&[
    &OF_COUNTS,
    &OF_TESTS,
    &[Parameter::Period, Parameter::Calibrate],
]);

const fn property(
    (name, title): (&'static str, &'static str),
    kind: PropertyKind,
    unit: Option<&'static str>,
    description: &'static str,
) -> Property {
    Property {
        name,
        title,
        kind,
        unit,
        description,
    }
}

const fn integer(
    names: (&'static str, &'static str),
    unit: &'static str,
    description: &'static str,
) -> Property {
    property(names, PropertyKind::Integer, Some(unit), description)
}

const fn number(
    names: (&'static str, &'static str),
    unit: Option<&'static str>,
    description: &'static str,
) -> Property {
    property(names, PropertyKind::Number, unit, description)
}

static PROPERTIES: [Property; 13] = [
    H3,
    integer(
        ("n", "Records"),
        "records",
        "Records in the cell itself, in all steps together.",
    ),
    integer(
        ("n_last", "Records of the last step"),
        "records",
        "Records in the cell itself, in the last step.",
    ),
    integer(("steps", "Steps"), "steps", "Steps of time."),
    integer(
        ("hot_steps", "Hot steps"),
        "steps",
        "Steps that are significantly high. Null where the cell was not tested.",
    ),
    integer(
        ("cold_steps", "Cold steps"),
        "steps",
        "Steps that are significantly low. Null where the cell was not tested.",
    ),
    number(
        ("z", "z of the last step"),
        Some("standard deviations"),
        "Gi* of the last step.",
    ),
    number(
        ("q", "q of the last step"),
        None,
        "Benjamini-Hochberg adjusted two-sided p of the last step, over all steps of all tested cells.",
    ),
    number(
        ("trend_z", "z of the trend"),
        Some("standard deviations"),
        "Mann-Kendall's z of the steps' z: above zero it rises. Null where z never changes.",
    ),
    number(
        ("trend_p", "p of the trend"),
        None,
        "Two-sided p of the trend, cell by cell: not adjusted.",
    ),
    property(
        ("class", "Class"),
        PropertyKind::Choice(CLASSES),
        None,
        "The pattern of the steps, else why there is none.",
    ),
    integer(
        ("neighbours", "Neighbours"),
        "cells",
        "Neighbouring cells inside the study area.",
    ),
    property(
        ("edge", "At the edge"),
        PropertyKind::Boolean,
        None,
        "Whether neighbours are missing because they lie outside the study area.",
    ),
];

impl Layer for Emerging {
    fn describe(&self) -> &'static LayerDescription {
        &EMERGING
    }

    fn compute(&self, question: &Question<'_>) -> Result<Computed, LayerError> {
        let steps = steps(question)?;
        let cube = Stepped::of(question, &steps.complete, touching(question))?;
        let map = Map::with(question, cube.tally)?;
        let tested = Test::of(&map, &cube.counts, question)?;
        let many = steps.complete.len();
        let rows = &tested.rows;
        let found = |cell: usize| rows[cell].as_ref().ok();
        let on = |cell: usize, side: Step| {
            let steps = found(cell)?.steps.iter().filter(|step| **step == side);
            i64::try_from(steps.count()).ok()
        };
        let trend = |cell: usize| found(cell)?.trend;
        let answered = Answered::of(&map, question);
        let columns = [
            answered.cells(),
            answered.counts(),
            answered.integers(|cell| Some(i64::from(cube.counts[cell * many + many - 1]))),
            answered.integers(|_| i64::try_from(many).ok()),
            answered.integers(|cell| on(cell, Step::Hot)),
            answered.integers(|cell| on(cell, Step::Cold)),
            answered.numbers(|cell| found(cell)?.z.last().copied()),
            answered.numbers(|cell| found(cell).map(|found| found.last_q)),
            answered.numbers(|cell| trend(cell).map(|trend| trend.z)),
            answered.numbers(|cell| trend(cell).map(|trend| trend.p())),
            answered.choices(|cell| Some(class(&rows[cell]))),
            answered.integers(|cell| i64::try_from(map.neighbours.degree(cell)).ok()),
            answered.edge(),
        ];
        let bins = rows.iter().flatten().count() * many;
        let metadata = Metadata {
            null: Some(tested.null.code()),
            tested: Some(bins as u64),
            alpha: Some(question.query.alpha),
            fdr: Some("bh"),
            seed: seed(question, tested.null),
            steps: Some(steps),
            calibration: tested.calibration(&map, &cube.counts, question)?,
            ..map.metadata(question)
        };
        Ok(map.table(question, &EMERGING, columns, metadata))
    }
}

fn class(row: &Result<Course, Reason>) -> &'static str {
    match row {
        Ok(found) => Pattern::code(found.pattern),
        Err(reason) => reason.code(),
    }
}

/// The complete steps of a question.
///
/// # Errors
/// Fewer than a pattern can be told of.
fn steps(question: &Question<'_>) -> Result<Steps, LayerError> {
    let period = question.query.period.unwrap_or(Period::Month);
    let steps = Steps::of(period, question.query.days, covered(question));
    if steps.complete.len() >= FEWEST_STEPS {
        return Ok(steps);
    }
    let reason = format!(
        "patterns are told of at least {FEWEST_STEPS} complete steps; {}. A shorter period or a longer datetime has more",
        steps.in_words()
    );
    Err(LayerError::unanswered(TOO_FEW_STEPS, reason))
}

/// What became of every cell of the grid.
struct Test {
    rows: Vec<Result<Course, Reason>>,
    null: NullModel,
}

impl Test {
    /// The null model asked for; where nothing was asked, the exact one if these counts have it.
    fn of(map: &Map, counts: &[u32], question: &Question<'_>) -> Result<Self, LayerError> {
        if map.is_too_few() {
            return Ok(Self {
                rows: vec![Err(Reason::InsufficientVariation); map.counts.len()],
                null: question.query.null.unwrap_or(NullModel::Exact),
            });
        }
        let values = real(counts);
        let levels = Levels {
            step: question.query.alpha,
            trend: TREND,
        };
        let run = |law: Null| emerging(&values, &map.neighbours, law, levels);
        let asked = question.query.null;
        let null = asked.unwrap_or(NullModel::Exact);
        let rows = match run(law(null, question)?) {
            Err(EmergingError::Step(LocalError::SupportTooLarge { .. })) if asked.is_none() => {
                let null = NullModel::MonteCarlo;
                let rows = run(law(null, question)?).map_err(refused)?;
                return Ok(Self { rows, null });
            }
            rows => rows.map_err(refused)?,
        };
        Ok(Self { rows, null })
    }

    /// What the test of each step finds where the counts are shuffled over cells and steps.
    fn calibration(
        &self,
        map: &Map,
        counts: &[u32],
        question: &Question<'_>,
    ) -> Result<Option<Calibration>, LayerError> {
        let tests = if map.is_too_few() { 0 } else { counts.len() };
        calibration(question, (tests, self.null), |nth| {
            let values = real(&shuffled(counts, question.query.seed, nth));
            emerging_p(&values, &map.neighbours, law(self.null, question)?).map_err(refused)
        })
    }
}

fn real(counts: &[u32]) -> Vec<f64> {
    counts.iter().map(|&count| f64::from(count)).collect()
}

fn refused(error: EmergingError) -> LayerError {
    match error {
        EmergingError::Step(error @ LocalError::SupportTooLarge { .. }) => {
            let reason = format!("{error}: ask mc");
            LayerError::Parameters(vec![ParameterError::new(Parameter::Null.name(), reason)])
        }
        error => LayerError::Statistic(error.to_string()),
    }
}
