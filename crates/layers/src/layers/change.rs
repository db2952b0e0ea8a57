//! `change`: did more happen in each cell than in another period, or less, than chance would have it?

use naqsha_analytics::{Comparison, Tail, compare_periods, dealt_anew};
use naqsha_model::DayRange;

use crate::description::{LayerDescription, Property, PropertyKind};
use crate::error::LayerError;
use crate::layer::{Computed, Layer, Question};
use crate::layers::calibration::calibration;
use crate::layers::map::{Answered, Map, q_values};
use crate::layers::properties::H3;
use crate::layers::stepped::{Stepped, TOO_FEW_STEPS, covered, touching_either};
use crate::parameters::{OF_COUNTS, Parameter, joined};
use crate::period::{Baseline, Period};
use crate::query::NullModel;
use crate::steps::{Steps, length};
use crate::table::{Compared, Metadata};

/// Two periods compared over every cell of the study area, zeros included.
pub(crate) struct Change;

const CLASSES: &[&str] = &[
    "increase",
    "decrease",
    "not_significant",
    "insufficient_variation",
];

pub(crate) static CHANGE: LayerDescription = LayerDescription {
    id: "change",
    title: "Change",
    description: "Where more, or less, was recorded in the last complete step of time than in the one before it, or in the same \
                  one a year earlier, beyond chance: the exact conditional test of two Poisson counts in each H3 cell of the \
                  study area, with the days of both as exposure, and the Benjamini-Hochberg q over all cells. A cell without \
                  records in both has p 1. A record that lies in neither step wholly is excluded and counted. Reporting that \
                  changed is a change here too.",
    keywords: &["crime", "change", "trend", "comparison", "rate ratio", "H3"],
    reference: "Przyborowski, J. and Wilenski, H. (1940), Biometrika 31, doi:10.1093/biomet/31.3-4.313; \
                Benjamini, Y. and Hochberg, Y. (1995), J. R. Stat. Soc. B 57(1), doi:10.1111/j.2517-6161.1995.tb02031.x",
    properties: &PROPERTIES,
    parameters: &PARAMETERS,
    default: false,
    over_cells: true,
};

static PARAMETERS: [Parameter; 16] = joined(&[
    &OF_COUNTS,
    &[Parameter::Alpha, Parameter::Period, Parameter::Baseline],
    &[Parameter::Seed, Parameter::Calibrate],
]);

static PROPERTIES: [Property; 11] = [
    H3,
    Property {
        name: "n",
        title: "Records",
        kind: PropertyKind::Integer,
        unit: Some("records"),
        description: "Records in the cell in both steps together.",
    },
    Property {
        name: "before",
        title: "Before",
        kind: PropertyKind::Integer,
        unit: Some("records"),
        description: "Records in the earlier step.",
    },
    Property {
        name: "after",
        title: "After",
        kind: PropertyKind::Integer,
        unit: Some("records"),
        description: "Records in the later step.",
    },
    Property {
        name: "expected",
        title: "Expected after",
        kind: PropertyKind::Number,
        unit: Some("records"),
        description: "Of the records of both steps, those expected in the later one if the rate had stayed.",
    },
    Property {
        name: "ratio",
        title: "Rate ratio",
        kind: PropertyKind::Number,
        unit: None,
        description: "Records a day after over records a day before. Null where there were none before.",
    },
    Property {
        name: "p_upper",
        title: "p of a rise",
        kind: PropertyKind::Number,
        unit: None,
        description: "Probability of at least as many after, given the records of both steps, if the rate had stayed.",
    },
    Property {
        name: "p_lower",
        title: "p of a fall",
        kind: PropertyKind::Number,
        unit: None,
        description: "Probability of at most as many after.",
    },
    Property {
        name: "p",
        title: "p",
        kind: PropertyKind::Number,
        unit: None,
        description: "Two-sided p: twice the smaller of the two, at most 1.",
    },
    Property {
        name: "q",
        title: "q",
        kind: PropertyKind::Number,
        unit: None,
        description: "Benjamini-Hochberg adjusted p over every cell of the study area.",
    },
    Property {
        name: "class",
        title: "Class",
        kind: PropertyKind::Choice(CLASSES),
        unit: None,
        description: "increase or decrease where q is at most alpha, else why not.",
    },
];

impl Layer for Change {
    fn describe(&self) -> &'static LayerDescription {
        &CHANGE
    }

    fn compute(&self, question: &Question<'_>) -> Result<Computed, LayerError> {
        let (steps, compared) = compared(question)?;
        let periods = [compared.before, compared.after];
        let matched = touching_either(question, compared.before, compared.after);
        let cube = Stepped::of(question, &periods, matched)?;
        let map = Map::with(question, cube.tally)?;
        let (before, after): (Vec<u32>, Vec<u32>) = cube
            .counts
            .as_chunks()
            .0
            .iter()
            .map(|&[before, after]| (before, after))
            .unzip();
        let ratio = compared.exposure_ratio;
        let rows: Vec<Option<Comparison>> = if map.is_too_few() {
            vec![None; before.len()]
        } else {
            let rows = compare(&before, &after, ratio)?;
            rows.into_iter().map(Some).collect()
        };
        let p = |cell: usize| rows[cell].map(|row| row.p_two_sided());
        let q = q_values(&(0..rows.len()).map(p).collect::<Vec<_>>())?;
        let query = question.query;
        let alpha = query.alpha;
        let answered = Answered::of(&map, question);
        let columns = [
            answered.cells(),
            answered.counts(),
            answered.integers(|cell| Some(i64::from(before[cell]))),
            answered.integers(|cell| Some(i64::from(after[cell]))),
            answered.numbers(|cell| rows[cell].map(|row| row.expected)),
            answered.numbers(|cell| rows[cell]?.ratio),
            answered.numbers(|cell| rows[cell].map(|row| row.p_upper)),
            answered.numbers(|cell| rows[cell].map(|row| row.p_lower)),
            answered.numbers(p),
            answered.numbers(|cell| q[cell]),
            answered.choices(|cell| Some(class(rows[cell], q[cell], alpha))),
        ];
        let metadata = Metadata {
            null: Some("binomial"),
            tested: Some(q.iter().flatten().count() as u64),
            alpha: Some(alpha),
            fdr: Some("bh"),
            seed: query.calibrate.then_some(query.seed),
            steps: Some(steps),
            compared: Some(compared),
            calibration: calibration(question, (map.tests(), NullModel::Exact), |nth| {
                let (before, after) = dealt_anew((&before, &after), ratio, query.seed, nth);
                let rows = compare(&before, &after, ratio)?;
                Ok(rows.iter().map(|row| Some(row.p_two_sided())).collect())
            })?,
            ..map.metadata(question)
        };
        Ok(map.table(question, &CHANGE, columns, metadata))
    }
}

fn compare(before: &[u32], after: &[u32], ratio: f64) -> Result<Vec<Comparison>, LayerError> {
    compare_periods(before, after, ratio).map_err(|error| LayerError::Statistic(error.to_string()))
}

fn class(row: Option<Comparison>, q: Option<f64>, alpha: f64) -> &'static str {
    match (row, q) {
        (Some(row), Some(q)) if q <= alpha => match row.tail() {
            Tail::Upper => "increase",
            Tail::Lower => "decrease",
            Tail::Neither => "not_significant",
        },
        (Some(_), _) => "not_significant",
        (None, _) => "insufficient_variation",
    }
}

/// The last complete step of a question, and what it is compared with: a step that the data cover, though it may lie before
/// the days asked about.
///
/// # Errors
/// There is no complete step, or the data do not cover the other one.
fn compared(question: &Question<'_>) -> Result<(Steps, Compared), LayerError> {
    let query = question.query;
    let period = query.period.unwrap_or(Period::Month);
    let covered = covered(question);
    let steps = Steps::of(period, query.days, covered);
    let refused = |reason: String| LayerError::unanswered(TOO_FEW_STEPS, reason);
    let Some(&after) = steps.complete.last() else {
        return Err(refused(format!(
            "a step is compared once it is complete; {}",
            steps.in_words()
        )));
    };
    let before = period.before(after, query.baseline);
    let is_covered = |days: &DayRange| covered.is_some_and(|all| all.first() <= days.first());
    let Some(before) = before.filter(is_covered) else {
        let step = format!("{} to {}", after.first().date(), after.last().date());
        let what = match query.baseline {
            Baseline::Previous => "before it",
            Baseline::YearBefore => "a year before it",
        };
        return Err(refused(format!(
            "the data do not cover the {} {what}: the last complete one is {step}",
            period.code()
        )));
    };
    let exposure_ratio = f64::from(length(after)) / f64::from(length(before));
    let compared = Compared {
        baseline: query.baseline,
        before,
        after,
        exposure_ratio,
    };
    Ok((steps, compared))
}
