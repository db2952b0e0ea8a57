//! `rates`: records per 100,000 people, raw with its interval, and drawn towards what surrounds it.

use std::collections::BTreeMap;

use h3o::CellIndex;
use naqsha_analytics::{
    Neighbours, Rate, Reason, WeightStyle, moran, poisson_interval, rates, standardised_rates,
};
use naqsha_model::Category;

use crate::description::{LayerDescription, Property, PropertyKind};
use crate::error::LayerError;
use crate::layer::{Computed, Layer, Question};
use crate::layers::map::{Answered, Map};
use crate::layers::properties::H3;
use crate::parameters::{OF_COUNTS, Parameter, joined};
use crate::population::{People, Population};
use crate::table::{Denominator, Metadata, RateFacts};

/// Rates of every cell of the study area that has people.
pub(crate) struct Rates;

/// Rates are per this many people.
const PER: f64 = 100_000.0;

/// With fewer records than this a rate says so (National Center for Health Statistics).
const STABLE_FROM: u32 = 20;

const CONFIDENCE: f64 = 0.95;

pub(crate) static RATES: LayerDescription = LayerDescription {
    id: "rates",
    title: "Rates",
    description: "Records per 100,000 people in each H3 cell of the study area, over the days asked: raw with its exact 95 % \
                  interval, and drawn towards the rate of the whole map or of the surroundings (empirical Bayes), as far as few \
                  people make it noise. Rates of human trafficking and adjacent crimes are per head of the imported population; \
                  other categories have no denominator here and get no rate unless `denominator=population` asks for one.",
    keywords: &[
        "crime",
        "rate",
        "population",
        "empirical Bayes",
        "excess risk",
        "H3",
    ],
    reference: "Marshall, R. J. (1991), J. R. Stat. Soc. C 40(2), doi:10.2307/2347593; Garwood, F. (1936), Biometrika 28(3-4), \
                doi:10.1093/biomet/28.3-4.437; Assunção, R. M. and Reis, E. A. (1999), Statistics in Medicine 18(16)",
    properties: &PROPERTIES,
    parameters: &PARAMETERS,
    default: false,
    over_cells: true,
};

static PARAMETERS: [Parameter; 13] = joined(&[&OF_COUNTS, &[Parameter::K, Parameter::Denominator]]);

static PROPERTIES: [Property; 11] = [
    H3,
    Property {
        name: "n",
        title: "Records",
        kind: PropertyKind::Integer,
        unit: Some("records"),
        description: "Records in the cell.",
    },
    Property {
        name: "population",
        title: "Population",
        kind: PropertyKind::Number,
        unit: Some("people"),
        description: "People in the cell; null where the imported population does not know it.",
    },
    Property {
        name: "rate",
        title: "Rate",
        kind: PropertyKind::Number,
        unit: Some("records per 100,000 people"),
        description: "Records over people, for the days asked: not a year unless a year is asked.",
    },
    Property {
        name: "rate_low",
        title: "Rate, lower end",
        kind: PropertyKind::Number,
        unit: Some("records per 100,000 people"),
        description: "Lower end of the exact 95 % interval of the rate (Garwood 1936).",
    },
    Property {
        name: "rate_high",
        title: "Rate, upper end",
        kind: PropertyKind::Number,
        unit: Some("records per 100,000 people"),
        description: "Upper end of the same interval; above zero where nothing was recorded.",
    },
    Property {
        name: "rate_eb",
        title: "Rate, empirical Bayes",
        kind: PropertyKind::Number,
        unit: Some("records per 100,000 people"),
        description: "The rate drawn towards that of the whole map, the more the fewer people there are (Marshall 1991).",
    },
    Property {
        name: "rate_local_eb",
        title: "Rate, local empirical Bayes",
        kind: PropertyKind::Number,
        unit: Some("records per 100,000 people"),
        description: "The rate drawn towards that of the cell and its neighbours together.",
    },
    Property {
        name: "excess",
        title: "Excess risk",
        kind: PropertyKind::Number,
        unit: None,
        description: "Records over those that the rate of the whole map leads one to expect: 1 is as expected.",
    },
    Property {
        name: "unstable",
        title: "Rate unstable",
        kind: PropertyKind::Boolean,
        unit: None,
        description: "Whether there are fewer than 20 records: read the interval, not the rate.",
    },
    Property {
        name: "reason",
        title: "Why there is no rate",
        kind: PropertyKind::Choice(&["no_denominator", "insufficient_variation"]),
        unit: None,
        description: "no_denominator where nobody is known to live in the cell or the category has no denominator; \
                      insufficient_variation where without any record there is no excess; null else.",
    },
];

impl Layer for Rates {
    fn describe(&self) -> &'static LayerDescription {
        &RATES
    }

    fn compute(&self, question: &Question<'_>) -> Result<Computed, LayerError> {
        let map = Map::of(question)?;
        let answered = Answered::of(&map, question);
        let denominator = denominator(question)?;
        let of = Rated::of(&map, denominator.as_ref().ok())?;
        let facts = of.facts(&map, question, denominator)?;
        let (low, high) = (|(low, _)| low, |(_, high)| high);
        let columns = [
            answered.cells(),
            answered.counts(),
            answered.numbers(|cell| of.people[cell]),
            answered.numbers(|cell| per_head(of.raw[cell])),
            answered.numbers(|cell| of.end(&map, cell).map(low)),
            answered.numbers(|cell| of.end(&map, cell).map(high)),
            answered.numbers(|cell| per_head(of.smoothed[cell])),
            answered.numbers(|cell| per_head(of.local[cell])),
            answered.numbers(|cell| of.excess[cell].ok()),
            answered.booleans(|cell| map.counts[cell] < STABLE_FROM),
            answered.choices(|cell| of.reason(cell).map(Reason::code)),
        ];
        let metadata = Metadata {
            rates: Some(facts),
            ..map.metadata(question)
        };
        Ok(map.table(question, &RATES, columns, metadata))
    }
}

fn per_head(rate: Result<f64, Reason>) -> Option<f64> {
    rate.ok().map(|rate| rate * PER)
}

/// What the question's records are divided by, else why there is nothing.
pub(super) fn denominator<'a>(
    question: &Question<'a>,
) -> Result<Result<&'a Population, Denominator>, LayerError> {
    let without = |code, detail: String| Ok(Err(Denominator::None { code, detail }));
    let mut categories: Vec<&str> = question
        .query
        .categories
        .iter()
        .filter_map(|category| match category {
            Category::TerrorFinancing => Some("TF"),
            Category::DrugTrafficking => Some("DT"),
            Category::Cybercrime => Some("CY"),
            Category::HumanTrafficking | Category::Adjacent(_) => None,
        })
        .collect();
    categories.dedup();
    if !(categories.is_empty() || question.query.per_head) {
        let categories = categories.join(", ");
        return without(
            "no_denominator",
            format!(
                "{categories}: records of these follow controls, accounts and lines rather than residents, and their own \
                 denominators are not imported; ask category=HT or ADJ, or denominator=population to divide by residents all the same"
            ),
        );
    }
    match question.deployment.population()? {
        None => without(
            "no_population",
            "no population is imported: naqsha population import FILE.csv --vintage V".to_owned(),
        ),
        Some(of) if of.resolution() < question.resolution => {
            let finest = of.resolution();
            let vintage = of.vintage();
            without(
                "population_too_coarse",
                format!(
                    "the population {vintage} is of cells at resolution {finest}: ask resolution={finest} or coarser"
                ),
            )
        }
        Some(of) => Ok(Ok(of)),
    }
}

/// Rates by cell, no unit but the head.
struct Rated {
    people: Vec<Option<f64>>,
    /// Everybody in the study area.
    all: People,
    raw: Vec<Result<f64, Reason>>,
    smoothed: Vec<Result<f64, Reason>>,
    local: Vec<Result<f64, Reason>>,
    excess: Vec<Result<f64, Reason>>,
    /// The interval of each number of records that occurs.
    intervals: BTreeMap<u32, (f64, f64)>,
}

impl Rated {
    fn of(map: &Map, population: Option<&&Population>) -> Result<Self, LayerError> {
        let cells = &map.grid.cells;
        let found = population.map_or_else(
            || vec![None; cells.len()],
            |population| people(population, cells),
        );
        let all = found.iter().flatten().map(|people| people.millionths());
        let all = People::of_millionths(all.sum());
        let people: Vec<Option<f64>> = found.iter().map(|of| of.map(People::get)).collect();
        let known: Vec<f64> = people.iter().map(|people| people.unwrap_or(0.0)).collect();
        let each = |rate| {
            rates(&map.values, &known, rate)
                .map_err(|error| LayerError::Statistic(error.to_string()))
        };
        let intervals = map.counts.iter().map(|&count| (count, (0.0, 0.0)));
        let mut intervals: BTreeMap<u32, (f64, f64)> = intervals.collect();
        for (count, interval) in &mut intervals {
            *interval = poisson_interval(u64::from(*count), CONFIDENCE);
        }
        Ok(Self {
            raw: each(Rate::Raw)?,
            smoothed: each(Rate::EmpiricalBayes)?,
            local: each(Rate::LocalEmpiricalBayes(&map.neighbours))?,
            excess: each(Rate::Excess)?,
            people,
            all,
            intervals,
        })
    }

    /// The interval of a cell's rate.
    fn end(&self, map: &Map, cell: usize) -> Option<(f64, f64)> {
        let people = self.people[cell].filter(|people| *people > 0.0)?;
        let (low, high) = self.intervals.get(&map.counts[cell])?;
        Some((low / people * PER, high / people * PER))
    }

    fn reason(&self, cell: usize) -> Option<Reason> {
        self.raw[cell].err().or(self.excess[cell].err())
    }

    fn facts(
        &self,
        map: &Map,
        question: &Question<'_>,
        denominator: Result<&Population, Denominator>,
    ) -> Result<RateFacts, LayerError> {
        let peopled: Vec<usize> = (0..self.raw.len())
            .filter(|&cell| self.raw[cell].is_ok())
            .collect();
        let records: u64 = map.counts.iter().map(|&count| u64::from(count)).sum();
        let events: Vec<f64> = peopled.iter().map(|&cell| map.values[cell]).collect();
        let people: Vec<f64> = peopled
            .iter()
            .filter_map(|&cell| self.people[cell])
            .collect();
        let (all_events, all_people) = (events.iter().sum::<f64>(), self.all.get());
        let cells: Vec<CellIndex> = peopled.iter().map(|&cell| map.grid.cells[cell]).collect();
        let counted: u64 = peopled
            .iter()
            .map(|&cell| u64::from(map.counts[cell]))
            .sum();
        Ok(RateFacts {
            cells_without: (self.raw.len() - peopled.len()) as u64,
            records_without: records - counted,
            overall: (all_people > 0.0).then(|| all_events / all_people * PER),
            moran: if map.is_too_few() {
                None
            } else {
                clustering(&cells, question.query.k, &events, &people)?
            },
            denominator: match denominator {
                Err(none) => none,
                Ok(population) => Denominator::Population {
                    vintage: population.vintage().to_owned(),
                    modelled: population.is_modelled(),
                    resolution: population.resolution(),
                    people: all_people,
                },
            },
        })
    }
}

/// People in each of some ascending cells; `None` where the population does not know the cell.
pub(super) fn people(population: &Population, cells: &[CellIndex]) -> Vec<Option<People>> {
    let Some(resolution) = cells.first().map(|cell| cell.resolution()) else {
        return Vec::new();
    };
    let known = population.at(resolution);
    let people = |cell: &CellIndex| {
        let at = known.binary_search_by_key(cell, |(cell, _)| *cell).ok()?;
        Some(known.get(at)?.1)
    };
    cells.iter().map(people).collect()
}

/// Moran's I of the standardised rates over the cells that have people, with its expectation, z and p under
/// randomisation; `None` where it does not exist.
fn clustering(
    cells: &[CellIndex],
    k: u32,
    events: &[f64],
    people: &[f64],
) -> Result<Option<[f64; 4]>, LayerError> {
    if cells.is_empty() {
        return Ok(None);
    }
    let neighbours = Neighbours::from_grid_disk(cells, k)
        .map_err(|error| LayerError::Statistic(error.to_string()))?;
    let found = standardised_rates(events, people)
        .and_then(|standardised| moran(&standardised, &neighbours, WeightStyle::AsGiven, None));
    Ok(found.ok().map(|found| {
        [
            found.statistic,
            found.expected,
            found.z_rand(),
            found.p_rand(),
        ]
    }))
}
