//! `clusters`: local Moran's I over the study area: what is high among high, and what stands out from its surroundings.

use naqsha_analytics::{LocalMoranRow, Quadrant, Reason, WeightStyle, local_moran, shuffled};

use crate::description::{LayerDescription, Property, PropertyKind};
use crate::error::LayerError;
use crate::layer::{Computed, Layer, Question};
use crate::layers::calibration::calibration;
use crate::layers::map::{Answered, Map, law, q_values};
use crate::layers::properties::{
    EDGE, H3, HARM_DAYS, N, N_APPORTIONED, NEIGHBOURHOOD_N, NEIGHBOURS, P, Q,
};
use crate::parameters::{OF_COUNTS, OF_TESTS, Parameter, joined};
use crate::query::NullModel;
use crate::table::{Metadata, Values};

/// Local Moran's I of every cell of the study area, zeros included.
pub(crate) struct Clusters;

const CLASSES: &[&str] = &[
    "high_high",
    "low_low",
    "high_low",
    "low_high",
    "not_significant",
    "isolated",
    "insufficient_variation",
];

pub(crate) static CLUSTERS: LayerDescription = LayerDescription {
    id: "clusters",
    title: "Clusters and outliers (local Moran's I)",
    description: "Which cells are like their surroundings and which stand out: the local Moran's I of each H3 cell against \
                  its neighbours inside the study area, with the exact permutation p-value and Benjamini-Hochberg q over \
                  all tested cells. Where q is at most alpha a cell is high among high, low among low, or an outlier: high \
                  among low, as a lone site of seizures is, or low among high. A cell exactly at the mean has no class.",
    keywords: &[
        "crime",
        "cluster",
        "outlier",
        "local Moran",
        "LISA",
        "false discovery rate",
        "H3",
    ],
    reference: "Anselin, L. (1995), Geographical Analysis 27(2), doi:10.1111/j.1538-4632.1995.tb00338.x; \
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

static PROPERTIES: [Property; 14] = [
    H3,
    N,
    NEIGHBOURS,
    Property {
        name: "i",
        title: "Local Moran's I",
        kind: PropertyKind::Number,
        unit: None,
        description: "Product of the cell's own deviation and the sum of its neighbours', over the mean square. Null where \
                      the cell is isolated or nothing varies.",
    },
    Property {
        name: "expected",
        title: "Expected I",
        kind: PropertyKind::Number,
        unit: None,
        description: "Expectation given the cell's own count (Sokal, Oden and Thomson 1998).",
    },
    Property {
        name: "z",
        title: "z",
        kind: PropertyKind::Number,
        unit: Some("standard deviations"),
        description: "I as standardised by that expectation and its variance.",
    },
    P,
    Q,
    Property {
        name: "quadrant",
        title: "Quadrant",
        kind: PropertyKind::Choice(&["HH", "LL", "HL", "LH"]),
        unit: None,
        description: "Whether the cell and its neighbours lie above (H) or below (L) the mean, whatever chance says.",
    },
    Property {
        name: "class",
        title: "Class",
        kind: PropertyKind::Choice(CLASSES),
        unit: None,
        description: "The quadrant in words where q is at most alpha, else why not.",
    },
    EDGE,
    NEIGHBOURHOOD_N,
    N_APPORTIONED,
    HARM_DAYS,
];

impl Layer for Clusters {
    fn describe(&self) -> &'static LayerDescription {
        &CLUSTERS
    }

    fn compute(&self, question: &Question<'_>) -> Result<Computed, LayerError> {
        let map = Map::of(question)?;
        let null = map.null_model(question);
        let Test { rows, q } = Test::of(&map, null, question)?;
        let tests = (map.tests(), null);
        let metadata = Metadata {
            calibration: calibration(question, tests, |nth| {
                let values = shuffled(&map.values, question.query.seed, nth);
                Ok(p_values(&moran(&map, &values, null, question)?))
            })?,
            ..map.tested(question, (null, &q))
        };
        let alpha = question.query.alpha;
        let found = (Found { rows, q, alpha }, Found::columns as _);
        Ok(map.filled_later(question, &CLUSTERS, metadata, found))
    }
}

/// What the layer's columns are made of.
struct Found {
    rows: Vec<LocalMoranRow>,
    q: Vec<Option<f64>>,
    alpha: f64,
}

impl Found {
    fn columns(&self, answered: &Answered<'_>) -> [Values; 14] {
        let Self { rows, q, alpha } = self;
        let found = |cell: usize| rows[cell].outcome.ok();
        let class = |cell: usize| match (rows[cell].outcome, q[cell]) {
            (Ok(found), Some(q)) if q <= *alpha => class_of(found.quadrant),
            (Ok(_), _) => "not_significant",
            (Err(reason), _) => reason.code(),
        };
        [
            answered.cells(),
            answered.counts(),
            answered.integers(|cell| Some(i64::from(rows[cell].neighbours))),
            answered.numbers(|cell| rows[cell].statistic),
            answered.numbers(|cell| rows[cell].expected),
            answered.numbers(|cell| found(cell).map(|found| found.z)),
            answered.numbers(|cell| found(cell).map(|found| found.p_two_sided)),
            answered.numbers(|cell| q[cell]),
            answered.choices(|cell| found(cell).map(|found| found.quadrant.code())),
            answered.choices(|cell| Some(class(cell))),
            answered.edge(),
            answered.around(),
            answered.apportioned(),
            answered.harm(),
        ]
    }
}

const fn class_of(quadrant: Quadrant) -> &'static str {
    match quadrant {
        Quadrant::HighHigh => "high_high",
        Quadrant::LowLow => "low_low",
        Quadrant::HighLow => "high_low",
        Quadrant::LowHigh => "low_high",
    }
}

/// The statistic of every cell of the grid.
struct Test {
    rows: Vec<LocalMoranRow>,
    q: Vec<Option<f64>>,
}

impl Test {
    fn of(map: &Map, null: NullModel, question: &Question<'_>) -> Result<Self, LayerError> {
        if map.is_too_few() {
            let row = |cell| LocalMoranRow {
                neighbours: u32::try_from(map.neighbours.degree(cell)).unwrap_or(u32::MAX),
                statistic: None,
                expected: None,
                variance: None,
                outcome: Err(Reason::InsufficientVariation),
            };
            return Ok(Self {
                rows: (0..map.counts.len()).map(row).collect(),
                q: vec![None; map.counts.len()],
            });
        }
        let rows = moran(map, &map.values, null, question)?;
        let q = q_values(&p_values(&rows))?;
        Ok(Self { rows, q })
    }
}

fn moran(
    map: &Map,
    values: &[f64],
    null: NullModel,
    question: &Question<'_>,
) -> Result<Vec<LocalMoranRow>, LayerError> {
    let law = law(null, question)?;
    local_moran(values, &map.neighbours, WeightStyle::AsGiven, law)
        .map_err(|error| LayerError::Statistic(error.to_string()))
}

fn p_values(rows: &[LocalMoranRow]) -> Vec<Option<f64>> {
    let p = rows.iter().map(|row| row.outcome.ok());
    p.map(|of| of.map(|of| of.p_two_sided)).collect()
}
