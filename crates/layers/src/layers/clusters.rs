//! `clusters`: local Moran's I over the study area: what is high among high, and what stands out from its surroundings.

use naqsha_analytics::{LocalMoranRow, Method, Reason, WeightStyle, fdr, local_moran};

use crate::description::{LayerDescription, Property, PropertyKind};
use crate::error::LayerError;
use crate::layer::{Computed, Layer, Question};
use crate::layers::map::{Map, around, law, tested_metadata};
use crate::parameters::Parameter;
use crate::query::NullModel;
use crate::table::{Column, Keys, LayerTable, Values};

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
    parameters: Parameter::ALL,
    default: false,
    over_cells: true,
};

static PROPERTIES: [Property; 12] = [
    Property {
        name: "h3",
        title: "Cell",
        kind: PropertyKind::Cell,
        unit: None,
        description: "H3 cell.",
    },
    Property {
        name: "n",
        title: "Records",
        kind: PropertyKind::Integer,
        unit: Some("records"),
        description: "Records in the cell itself.",
    },
    Property {
        name: "neighbours",
        title: "Neighbours",
        kind: PropertyKind::Integer,
        unit: Some("cells"),
        description: "Neighbouring cells inside the study area.",
    },
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
    Property {
        name: "p",
        title: "p",
        kind: PropertyKind::Number,
        unit: None,
        description: "Two-sided p under the null model of the answer.",
    },
    Property {
        name: "q",
        title: "q",
        kind: PropertyKind::Number,
        unit: None,
        description: "Benjamini-Hochberg adjusted p over every tested cell of the study area.",
    },
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
    Property {
        name: "edge",
        title: "At the edge",
        kind: PropertyKind::Boolean,
        unit: None,
        description: "Whether neighbours are missing because they lie outside the study area.",
    },
    Property {
        name: "neighbourhood_n",
        title: "Records in the neighbourhood",
        kind: PropertyKind::Integer,
        unit: Some("records"),
        description: "Records in the cell and its neighbours together.",
    },
];

impl Layer for Clusters {
    fn describe(&self) -> &'static LayerDescription {
        &CLUSTERS
    }

    fn compute(&self, question: &Question<'_>) -> Result<Computed, LayerError> {
        let map = Map::of(question)?;
        let null = map.null_model(question);
        let test = Test::of(&map, null, question)?;
        let table = assemble(question, map, &test, null);
        let matched = table.len() as u64;
        Ok(Computed { table, matched })
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
        let law = law(null, question)?;
        let rows = local_moran(&map.values(), &map.neighbours, WeightStyle::AsGiven, law);
        let rows = rows.map_err(|error| LayerError::Statistic(error.to_string()))?;
        let p = rows
            .iter()
            .map(|row| row.outcome.ok().map(|of| of.p_two_sided));
        let q = fdr(&p.collect::<Vec<_>>(), Method::BenjaminiHochberg);
        let q = q.map_err(|error| LayerError::Statistic(error.to_string()))?;
        Ok(Self { rows, q })
    }

    fn class(&self, cell: usize, alpha: f64) -> &'static str {
        match (self.rows[cell].outcome, self.q[cell]) {
            (Ok(found), Some(q)) if q <= alpha => match found.quadrant.code() {
                "HH" => "high_high",
                "LL" => "low_low",
                "HL" => "high_low",
                _ => "low_high",
            },
            (Ok(_), _) => "not_significant",
            (Err(reason), _) => reason.code(),
        }
    }
}

fn assemble(question: &Question<'_>, map: Map, test: &Test, null: NullModel) -> LayerTable {
    let Map {
        grid,
        counts,
        neighbours,
        tally,
    } = map;
    let kept: Vec<usize> = (0..counts.len())
        .filter(|&cell| u64::from(counts[cell]) >= question.query.n_min)
        .collect();
    let integers = |value: &dyn Fn(usize) -> Option<i64>| {
        Values::Integers(kept.iter().map(|&cell| value(cell)).collect())
    };
    let numbers = |value: &dyn Fn(usize) -> Option<f64>| {
        Values::Numbers(kept.iter().map(|&cell| value(cell)).collect())
    };
    let choices = |value: &dyn Fn(usize) -> Option<&'static str>| {
        Values::Choices(kept.iter().map(|&cell| value(cell)).collect())
    };
    let found = |cell: usize| test.rows[cell].outcome.ok();
    let values = [
        Values::Cells(kept.iter().map(|&cell| Some(grid.cells[cell])).collect()),
        integers(&|cell| Some(i64::from(counts[cell]))),
        integers(&|cell| Some(i64::from(test.rows[cell].neighbours))),
        numbers(&|cell| test.rows[cell].statistic),
        numbers(&|cell| test.rows[cell].expected),
        numbers(&|cell| found(cell).map(|found| found.z)),
        numbers(&|cell| found(cell).map(|found| found.p_two_sided)),
        numbers(&|cell| test.q[cell]),
        choices(&|cell| found(cell).map(|found| found.quadrant.code())),
        choices(&|cell| Some(test.class(cell, question.query.alpha))),
        Values::Booleans(
            kept.iter()
                .map(|&cell| !neighbours.complete(cell))
                .collect(),
        ),
        integers(&|cell| Some(around(&counts, &neighbours, cell))),
    ];
    let tested = test.q.iter().flatten().count() as u64;
    LayerTable {
        layer: &CLUSTERS,
        keys: Keys::Cells(kept.iter().map(|&cell| grid.cells[cell]).collect()),
        shapes: kept.iter().map(|&cell| u32::try_from(cell).ok()).collect(),
        boundaries: grid.boundaries(),
        points: None,
        columns: PROPERTIES
            .iter()
            .zip(values)
            .map(|(property, values)| Column { property, values })
            .collect(),
        metadata: tested_metadata(question, tally, null, tested),
    }
}
