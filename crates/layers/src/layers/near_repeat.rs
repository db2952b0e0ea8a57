//! `near-repeat`: where events are followed by others close by and soon after, beyond chance.

use std::num::NonZeroU32;

use naqsha_analytics::{
    Calibration, Dated, NearRepeats, Neighbours, Points, Reason, RepeatsError, Sampling,
    near_repeats, shuffled,
};
use naqsha_store::CubeQuery;

use crate::description::{LayerDescription, Property, PropertyKind};
use crate::error::LayerError;
use crate::layer::{Computed, Layer, Question};
use crate::layers::calibration::calibration;
use crate::layers::map::{LEAST_RECORDS, q_values};
use crate::layers::occupied::{Columns, Occupied, rule, shuffles};
use crate::layers::properties::H3;
use crate::layers::tally::{COUNTED_BASES, counted_bases, filter, tally};
use crate::parameters::{OF_COUNTS, Parameter, ParameterError, joined};
use crate::query::NullModel;
use crate::table::{Fact, Metadata};

/// Pairs of events close in space and time, cell by cell.
pub(crate) struct NearRepeat;

/// Most days that a record may span and still be of a day: a night has two.
const MOST_DAYS: u16 = 2;

/// Mean edges of a cell that a distance covers where none is asked: neighbours are within 2, those behind them beyond 2.6.
const EDGES: f64 = 2.25;

const CLASSES: &[&str] = &[
    "near_repeat",
    "not_significant",
    "isolated",
    "insufficient_variation",
];

pub(crate) static NEAR_REPEAT: LayerDescription = LayerDescription {
    id: "near-repeat",
    title: "Near repeats (Knox)",
    description: "Where one event raises the risk of another: pairs of events at most space_m metres and days days apart, in each \
                  H3 cell that holds an event, beside the number expected if place and time did not depend on each other. An \
                  event's place is the centre of its cell, so space_m left out is 2.25 mean edges of a cell: the cell and those around it \
                  (about 450 m at resolution 9, 1.2 km at 8, 3.2 km at 7); a shorter distance than a cell is wide is refused. Its day is the first \
                  of at most two; records known to a month, or without a time, make no pairs and are counted in `undated`. A cell is \
                  near_repeat where q is at most alpha. p is the share of shuffles of the days with as many pairs, with \
                  Benjamini-Hochberg q over all cells that have another event near; the answer holds the test of the whole map (Knox) as well.",
    keywords: &[
        "crime",
        "near repeat",
        "Knox",
        "space-time interaction",
        "H3",
    ],
    reference: "Knox, E. G. (1964), Applied Statistics 13(1), doi:10.2307/2985220; Ratcliffe, J. H. and Rengert, G. F. (2008), \
                Security Journal 21, doi:10.1057/palgrave.sj.8350068; \
                Benjamini, Y. and Hochberg, Y. (1995), J. R. Stat. Soc. B 57(1), doi:10.1111/j.2517-6161.1995.tb02031.x",
    properties: &PROPERTIES,
    parameters: &PARAMETERS,
    default: false,
    over_cells: true,
};

static PARAMETERS: [Parameter; 16] = joined(&[
    &OF_COUNTS,
    &[
        Parameter::SpaceM,
        Parameter::Days,
        Parameter::Alpha,
        Parameter::Seed,
        Parameter::Calibrate,
    ],
]);

static PROPERTIES: [Property; 11] = [
    H3,
    Property::of(
        ("n", "Records"),
        PropertyKind::Integer,
        Some("records"),
        "Records in the cell.",
    ),
    Property::of(
        ("events", "Events"),
        PropertyKind::Integer,
        Some("records"),
        "Records of the cell that are known to the day.",
    ),
    Property::of(
        ("originators", "Originators"),
        PropertyKind::Integer,
        Some("records"),
        "Events that a near one follows on a later day.",
    ),
    Property::of(
        ("repeats", "Repeats"),
        PropertyKind::Integer,
        Some("records"),
        "Events that follow a near one of an earlier day. Two events of one day are a pair, and neither follows the other.",
    ),
    Property::of(
        ("pairs", "Pairs"),
        PropertyKind::Integer,
        Some("pairs"),
        "Pairs of near events of which at least one is in the cell.",
    ),
    Property::of(
        ("expected", "Expected pairs"),
        PropertyKind::Number,
        Some("pairs"),
        "Pairs expected if place and time did not depend on each other: the mean of all shuffles.",
    ),
    Property::of(
        ("p", "p"),
        PropertyKind::Number,
        None,
        "Upper p of the pairs: (1 + shuffles with as many) / (1 + shuffles). Null where no other event is near, or nothing varies.",
    ),
    Property::of(
        ("p_pairs", "p of pairs drawn one by one"),
        PropertyKind::Number,
        None,
        "The hypergeometric p if pairs were drawn one by one. They are not, so it is too small where one event is in many; it tells small p apart.",
    ),
    Property::of(
        ("q", "q"),
        PropertyKind::Number,
        None,
        "Benjamini-Hochberg adjusted p over every tested cell.",
    ),
    Property::of(
        ("class", "Class"),
        PropertyKind::Choice(CLASSES),
        None,
        "near_repeat where q is at most alpha, else why not.",
    ),
];

impl Layer for NearRepeat {
    fn describe(&self) -> &'static LayerDescription {
        &NEAR_REPEAT
    }

    fn compute(&self, question: &Question<'_>) -> Result<Computed, LayerError> {
        let space_m = space_m(question)?;
        let occupied = Occupied::of(question, tally(question, Some(&COUNTED_BASES))?)?;
        let events = Events::of(question, &occupied);
        let centres = occupied.centres();
        let graph = Neighbours::within_distance(Points::LonLat(&centres), space_m)
            .map_err(|error| LayerError::Statistic(error.to_string()))?;
        let sampling = sampling(question, &events, &graph)?;
        let found = events.pairs(&graph, question.query.days_apart, sampling)?;
        let too_few = (events.days.len() as u64) < LEAST_RECORDS;
        let p_of = |at: usize| found.places[at].p_upper.ok().filter(|_| !too_few);
        let p: Vec<Option<f64>> = (0..found.places.len()).map(p_of).collect();
        let q = q_values(&p)?;
        let class = |at: usize| match (found.places[at].p_upper, q[at]) {
            (_, Some(q)) if q <= question.query.alpha => "near_repeat",
            (_, Some(_)) => "not_significant",
            (Err(reason), None) => reason.code(),
            (Ok(_), None) => Reason::InsufficientVariation.code(),
        };
        let kept = occupied.kept(question);
        let of = Columns(&kept);
        let columns = [
            of.cells(&occupied),
            of.counts(&occupied),
            of.integers(|at| Some(u64::from(found.places[at].events))),
            of.integers(|at| Some(u64::from(found.places[at].originators))),
            of.integers(|at| Some(u64::from(found.places[at].repeats))),
            of.integers(|at| Some(found.places[at].pairs)),
            of.numbers(|at| Some(found.places[at].expected)),
            of.numbers(|at| p[at]),
            of.numbers(|at| found.places[at].p_pairs.filter(|_| !too_few)),
            of.numbers(|at| q[at]),
            of.choices(|at| Some(class(at))),
        ];
        let metadata = Metadata {
            null: Some("mc"),
            tested: Some(p.iter().flatten().count() as u64),
            alpha: Some(question.query.alpha),
            fdr: Some("bh"),
            seed: Some(question.query.seed),
            statistics: statistics(&found, &events, (space_m, question), sampling),
            calibration: if too_few {
                None
            } else {
                events.calibration(question, &graph, sampling)?
            },
            ..occupied.metadata(question)
        };
        Ok(occupied.table(&NEAR_REPEAT, &kept, columns, metadata))
    }
}

/// How far apart events are near: as asked, or what a cell and those around it are apart.
///
/// # Errors
/// Less than two records of one cell may be apart.
fn space_m(question: &Question<'_>) -> Result<f64, LayerError> {
    let edge = question.resolution.edge_length_m();
    let wide = 2.0 * edge;
    match question.query.space_m {
        None => Ok(EDGES * edge),
        Some(asked) if asked >= wide => Ok(asked),
        Some(asked) => {
            let reason = format!(
                "places are cells of resolution {} here, of which two records may lie {wide:.0} m apart: {asked} m cannot be told. \
                 Ask at least that, or a finer resolution",
                question.resolution
            );
            let name = Parameter::SpaceM.name();
            Err(LayerError::Parameters(vec![ParameterError::new(
                name, reason,
            )]))
        }
    }
}

/// The events of the map, in the order of their cells and days.
struct Events {
    /// Positions among the occupied cells.
    places: Vec<u32>,
    days: Vec<i32>,
    /// Records of the cells that have no day.
    undated: u64,
}

impl Events {
    fn of(question: &Question<'_>, occupied: &Occupied) -> Self {
        let all = question.snapshot.occurrences(&CubeQuery {
            resolution: question.resolution,
            filter: filter(question.query),
            counted_bases: counted_bases(question, Some(&COUNTED_BASES)),
        });
        let cells = &occupied.tally.cells;
        let mut dated = Vec::new();
        let mut undated = 0;
        for of in all {
            let Some(place) = cells
                .binary_search(&of.cell)
                .ok()
                .and_then(|at| u32::try_from(at).ok())
            else {
                continue;
            };
            match of.days {
                Some(days) if days.last().0 - days.first().0 < MOST_DAYS => {
                    let event = (place, i32::from(days.first().0));
                    dated.extend(std::iter::repeat_n(event, of.count as usize));
                }
                _ => undated += u64::from(of.count),
            }
        }
        dated.sort_unstable();
        let (places, days) = dated.into_iter().unzip();
        Self {
            places,
            days,
            undated,
        }
    }

    fn pairs(
        &self,
        graph: &Neighbours,
        within: u32,
        sampling: Sampling,
    ) -> Result<NearRepeats, LayerError> {
        let dated = Dated {
            places: &self.places,
            days: &self.days,
        };
        near_repeats(dated, graph, within, sampling).map_err(|error| match error {
            RepeatsError::TooManyPairs(pairs) => too_many(pairs),
            error => LayerError::Statistic(error.to_string()),
        })
    }

    /// What the test finds once the days are shuffled over the events, with fewer shuffles of each such map.
    fn calibration(
        &self,
        question: &Question<'_>,
        graph: &Neighbours,
        sampling: Sampling,
    ) -> Result<Option<Calibration>, LayerError> {
        let fewer = Sampling {
            permutations: sampling.permutations.min(OF_A_SHUFFLE),
            ..sampling
        };
        calibration(question, (graph.len(), NullModel::MonteCarlo), |nth| {
            let again = Self {
                places: self.places.clone(),
                days: shuffled(&self.days, question.query.seed, nth),
                undated: self.undated,
            };
            let found = again.pairs(graph, question.query.days_apart, fewer)?;
            Ok(found
                .places
                .iter()
                .map(|place| place.p_upper.ok())
                .collect())
        })
    }

    /// Pairs of events at one place or at neighbouring ones.
    fn near_in_space(&self, graph: &Neighbours) -> u64 {
        let mut held = vec![0_u64; graph.len()];
        for place in &self.places {
            held[*place as usize] += 1;
        }
        let around = |at: usize| {
            graph
                .of(at)
                .iter()
                .map(|other| held[*other as usize])
                .sum::<u64>()
        };
        let twice = |at: usize| held[at] * (held[at].saturating_sub(1) + around(at));
        (0..held.len()).map(twice).sum::<u64>() / 2
    }
}

/// Shuffles of each map that the test is tried on, at most: p down to 0.01.
const OF_A_SHUFFLE: NonZeroU32 = NonZeroU32::new(99).expect("not zero");

/// What one pair takes in a shuffle.
const NANOS: u64 = 4;

/// As many shuffles as are configured and as the pairs leave time for.
fn sampling(
    question: &Question<'_>,
    events: &Events,
    graph: &Neighbours,
) -> Result<Sampling, LayerError> {
    let pairs = events.near_in_space(graph);
    let looked_at = pairs + events.days.len() as u64;
    shuffles(question, looked_at * NANOS).ok_or_else(|| too_many(pairs))
}

fn too_many(pairs: u64) -> LayerError {
    let reason = format!(
        "{pairs} pairs of events lie near each other, more than can be shuffled: ask fewer days (datetime), fewer categories or a finer resolution"
    );
    LayerError::unanswered("too_many_pairs", reason)
}

/// The Knox test of the whole map.
#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of pairs are far below 2^53"
)]
fn statistics(
    found: &NearRepeats,
    events: &Events,
    (space_m, question): (f64, &Question<'_>),
    sampling: Sampling,
) -> Vec<(&'static str, Fact)> {
    let ratio = (found.expected > 0.0).then(|| found.observed as f64 / found.expected);
    vec![
        ("space_m", Fact::Number(Some(space_m))),
        ("days", Fact::Count(u64::from(question.query.days_apart))),
        ("events", Fact::Count(events.days.len() as u64)),
        ("undated", Fact::Count(events.undated)),
        ("observed", Fact::Count(found.observed)),
        ("expected", Fact::Number(Some(found.expected))),
        ("ratio", Fact::Number(ratio)),
        ("p", Fact::Number(found.p_upper.ok())),
        (
            "permutations",
            Fact::Count(u64::from(sampling.permutations.get())),
        ),
        ("permutations_rule", rule(question.permutations)),
    ]
}
