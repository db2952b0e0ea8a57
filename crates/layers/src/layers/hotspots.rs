//! `hotspots`: Gi* over the study area with the exact permutation p-value and false-discovery control.

use naqsha_analytics::{GiRow, Neighbours, Null, Reason, bin, gi_star, shuffled};

use crate::description::{LayerDescription, Property, PropertyKind};
use crate::error::LayerError;
use crate::layer::{Computed, Layer, Question};
use crate::layers::calibration::calibration;
use crate::layers::map::{Answered, Map, law, q_values};
use crate::layers::properties::{
    EDGE, H3, HARM_DAYS, N, N_APPORTIONED, NEIGHBOURHOOD_N, NEIGHBOURS, P, Q,
};
use crate::parameters::{OF_COUNTS, OF_TESTS, Parameter, joined};
use crate::table::{Metadata, Values};

/// Gi* over every cell of the study area, zeros included.
pub(crate) struct Hotspots;

const CLASSES: &[&str] = &[
    "hot",
    "cold",
    "not_significant",
    "isolated",
    "insufficient_variation",
];

pub(crate) static HOTSPOTS: LayerDescription = LayerDescription {
    id: "hotspots",
    title: "Hotspots (Gi*)",
    description: "Where records cluster beyond chance: the Getis-Ord Gi* of each H3 cell and its neighbours inside the \
                  study area, with the exact permutation p-value and Benjamini-Hochberg q over all tested cells. A cell \
                  is hot or cold where q is at most alpha. Reporting effort differs between places: a hotspot of \
                  records is not always a hotspot of crime.",
    keywords: &[
        "crime",
        "hotspot",
        "Getis-Ord",
        "Gi*",
        "false discovery rate",
        "H3",
    ],
    reference: "Ord, J. K. and Getis, A. (1995), Geographical Analysis 27(4), doi:10.1111/j.1538-4632.1995.tb00912.x; \
                Benjamini, Y. and Hochberg, Y. (1995), J. R. Stat. Soc. B 57(1), doi:10.1111/j.2517-6161.1995.tb02031.x",
    properties: &PROPERTIES,
    parameters: &PARAMETERS,
    default: true,
    over_cells: true,
};

static PARAMETERS: [Parameter; 18] = joined(&[
    &OF_COUNTS,
    &OF_TESTS,
    &[
        Parameter::Apportion,
        Parameter::Weight,
        Parameter::Calibrate,
    ],
]);

static PROPERTIES: [Property; 13] = [
    H3,
    N,
    Property {
        name: "expected",
        title: "Expected",
        kind: PropertyKind::Number,
        unit: Some("records"),
        description: "Records, or days where `weight` asks for harm, expected in the cell and its neighbours if they were spread by \
                      chance.",
    },
    NEIGHBOURS,
    Property {
        name: "z",
        title: "z",
        kind: PropertyKind::Number,
        unit: Some("standard deviations"),
        description: "Gi* as standardised by Ord and Getis (1995). Null where the cell is isolated or nothing varies.",
    },
    P,
    Q,
    Property {
        name: "bin",
        title: "Bin",
        kind: PropertyKind::Integer,
        unit: None,
        description: "3, 2, 1 for q at most .01, .05, .10 on the hot side; negative on the cold side; else 0.",
    },
    Property {
        name: "class",
        title: "Class",
        kind: PropertyKind::Choice(CLASSES),
        unit: None,
        description: "hot or cold where q is at most alpha, else why not.",
    },
    EDGE,
    NEIGHBOURHOOD_N,
    N_APPORTIONED,
    HARM_DAYS,
];

impl Layer for Hotspots {
    fn describe(&self) -> &'static LayerDescription {
        &HOTSPOTS
    }

    fn compute(&self, question: &Question<'_>) -> Result<Computed, LayerError> {
        let map = Map::of(question)?;
        let null = map.null_model(question);
        let test = if map.is_too_few() {
            Test::too_few(&map.neighbours)
        } else {
            Test::run(&map.values, &map.neighbours, law(null, question)?)?
        };
        let tests = (map.tests(), null);
        let metadata = Metadata {
            calibration: calibration(question, tests, |nth| {
                let values = shuffled(&map.values, question.query.seed, nth);
                let rows = rows(&values, &map.neighbours, law(null, question)?)?;
                Ok(rows.iter().map(GiRow::p_two_sided).collect())
            })?,
            ..map.tested(question, (null, &test.q))
        };
        let found = Found {
            total: map.values.iter().sum(),
            alpha: question.query.alpha,
            test,
        };
        Ok(map.filled_later(question, &HOTSPOTS, metadata, (found, Found::columns)))
    }
}

/// What the layer's columns are made of.
struct Found {
    test: Test,
    alpha: f64,
    /// Records on the map.
    total: f64,
}

impl Found {
    fn columns(&self, answered: &Answered<'_>) -> [Values; 13] {
        let Self { test, total, .. } = self;
        let gi = |cell: usize| test.rows[cell].outcome.ok();
        [
            answered.cells(),
            answered.counts(),
            answered.numbers(|cell| gi(cell).map(|gi| gi.expected * total)),
            answered.integers(|cell| Some(i64::from(test.rows[cell].neighbours))),
            answered.numbers(|cell| gi(cell).map(|gi| gi.z)),
            answered.numbers(|cell| gi(cell).map(|gi| gi.p_two_sided())),
            answered.numbers(|cell| test.q[cell]),
            answered.integers(|cell| test.bin(cell).map(i64::from)),
            answered.choices(|cell| Some(test.class(cell, self.alpha))),
            answered.edge(),
            answered.around(),
            answered.apportioned(),
            answered.harm(),
        ]
    }
}

fn rows(values: &[f64], neighbours: &Neighbours, law: Null) -> Result<Vec<GiRow>, LayerError> {
    gi_star(values, neighbours, law).map_err(|error| LayerError::Statistic(error.to_string()))
}

/// The statistic of every cell of the grid.
struct Test {
    rows: Vec<GiRow>,
    q: Vec<Option<f64>>,
}

impl Test {
    fn run(values: &[f64], neighbours: &Neighbours, law: Null) -> Result<Self, LayerError> {
        let rows = rows(values, neighbours, law)?;
        let p: Vec<Option<f64>> = rows.iter().map(GiRow::p_two_sided).collect();
        let q = q_values(&p)?;
        Ok(Self { rows, q })
    }

    /// So few records that no class is given, whatever the numbers.
    fn too_few(neighbours: &Neighbours) -> Self {
        let row = |unit| GiRow {
            neighbours: u32::try_from(neighbours.degree(unit)).unwrap_or(u32::MAX),
            outcome: Err(Reason::InsufficientVariation),
        };
        Self {
            rows: (0..neighbours.len()).map(row).collect(),
            q: vec![None; neighbours.len()],
        }
    }

    fn bin(&self, unit: usize) -> Option<i8> {
        Some(bin(self.q[unit]?, self.rows[unit].outcome.ok()?.tail()))
    }

    fn class(&self, unit: usize, alpha: f64) -> &'static str {
        match (self.rows[unit].outcome, self.q[unit]) {
            (Ok(gi), Some(q)) if q <= alpha => match gi.tail() {
                naqsha_analytics::Tail::Upper => "hot",
                naqsha_analytics::Tail::Lower => "cold",
                naqsha_analytics::Tail::Neither => "not_significant",
            },
            (Ok(_), _) => "not_significant",
            (Err(reason), _) => reason.code(),
        }
    }
}
