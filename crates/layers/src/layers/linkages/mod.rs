//! `linkages`: is a category surrounded by another, cell by cell, in both directions?

mod measures;

use std::num::NonZeroU32;

use h3o::CellIndex;
use naqsha_analytics::{
    Calibration, JoinCase, Linkage, LocalQuotient, Neighbours, Reason, Sampling, linkages, shuffled,
};
use naqsha_model::{Category, CategorySet};
use naqsha_store::Filter;

use crate::description::{LayerDescription, Property, PropertyKind};
use crate::error::LayerError;
use crate::layer::{Computed, Layer, Question};
use crate::layers::calibration::calibration;
use crate::layers::linkages::measures::Measures;
use crate::layers::map::LEAST_RECORDS;
use crate::layers::occupied::{Columns, Occupied};
use crate::layers::properties::H3;
use crate::layers::tally::{COUNTED_BASES, filter, tally_of};
use crate::parameters::{PAIRS, Parameter};
use crate::query::NullModel;
use crate::table::Metadata;

/// Colocation of the four categories.
pub(crate) struct Linkages;

const CLASSES: &[&str] = &[
    "linked",
    "not_significant",
    "isolated",
    "insufficient_variation",
    "no_denominator",
];

pub(crate) static LINKAGES: LayerDescription = LayerDescription {
    id: "linkages",
    title: "Linkages between categories",
    description: "Is one of the four categories surrounded by another more than by chance? For each ordered pair A-B the local \
                  colocation quotient of each H3 cell with a record of A: the records of B among all others in the cell and its neighbours, \
                  over those expected if the categories were dealt at random over the records of the study area. A cell is linked where q is \
                  at most alpha. p is exact, and q of Benjamini and Hochberg is over all cells of all twelve pairs, whichever are asked \
                  for. Named by pair, the answer has every cell with a record of A; else every cell with a record of the four, with \
                  its strongest pair (least q). A-B and B-A differ: all smuggling may happen beside drugs, and few drugs beside \
                  smuggling. Beside the quotient: join counts of the cells with A and those with B, and the bivariate local Moran's I of \
                  the two maps, zeros included. The answer holds the quotients of the whole map as well.",
    keywords: &[
        "crime",
        "colocation quotient",
        "linkage",
        "join count",
        "bivariate Moran",
        "H3",
    ],
    reference: "Leslie, T. F. and Kronenfeld, B. J. (2011), Geographical Analysis 43(3), doi:10.1111/j.1538-4632.2011.00821.x; \
                Anselin, L. and Li, X. (2019), J. Geogr. Syst. 21, doi:10.1007/s10109-019-00299-x; \
                Benjamini, Y. and Hochberg, Y. (1995), J. R. Stat. Soc. B 57(1), doi:10.1111/j.2517-6161.1995.tb02031.x",
    properties: &PROPERTIES,
    parameters: &[
        Parameter::Stage,
        Parameter::Agency,
        Parameter::Basis,
        Parameter::Deduplicated,
        Parameter::Datetime,
        Parameter::Resolution,
        Parameter::K,
        Parameter::Alpha,
        Parameter::Pair,
        Parameter::Seed,
        Parameter::StudyArea,
        Parameter::NMin,
        Parameter::Calibrate,
        Parameter::AsOf,
    ],
    default: false,
    over_cells: true,
};

const fn count(name: (&'static str, &'static str), description: &'static str) -> Property {
    Property::of(name, PropertyKind::Integer, Some("records"), description)
}

const fn number(name: (&'static str, &'static str), description: &'static str) -> Property {
    Property::of(name, PropertyKind::Number, None, description)
}

static PROPERTIES: [Property; 20] = [
    H3,
    count(
        ("n", "Records"),
        "Records of the four categories in the cell.",
    ),
    Property::of(
        ("pair", "Pair"),
        PropertyKind::Choice(PAIRS),
        None,
        "A, then B: whether A is surrounded by B. The pair asked for, else the cell's strongest.",
    ),
    count(("a", "Records of A"), "Records of A in the cell."),
    count(("b", "Records of B"), "Records of B in the cell."),
    count(
        ("around", "Records of B around"),
        "Records of B in the cell and its neighbours.",
    ),
    count(
        ("others", "Other records around"),
        "Records of the four in the cell and its neighbours, but for the one of A that they are around.",
    ),
    number(
        ("expected", "Expected"),
        "Records of B expected around if the categories of all other records were dealt at random.",
    ),
    number(
        ("quotient", "Local colocation quotient"),
        "Around over expected: 1 without linkage. Null where nothing else is around.",
    ),
    number(("p", "p"), "Exact upper p of the records of B around."),
    number(
        ("q", "q"),
        "Benjamini-Hochberg adjusted p over every tested cell of all twelve pairs.",
    ),
    Property::of(
        ("class", "Class"),
        PropertyKind::Choice(CLASSES),
        None,
        "linked where q is at most alpha, else why not.",
    ),
    Property::of(
        ("join_case", "Join case"),
        PropertyKind::Choice(&["apart", "together"]),
        None,
        "What joins are counted: apart, of a cell with A and without B to those with B and without A; together, of a cell with both to others with both.",
    ),
    Property::of(
        ("joins", "Joins"),
        PropertyKind::Integer,
        Some("cells"),
        "Neighbouring cells that the join case names.",
    ),
    number(
        ("joins_p", "p of the joins"),
        "Exact upper p of the joins, the other cells shuffled.",
    ),
    number(
        ("joins_q", "q of the joins"),
        "Benjamini-Hochberg adjusted, over the cells of all twelve pairs.",
    ),
    number(
        ("i", "Bivariate local Moran's I"),
        "Deviation of A in the cell times the sum of those of B in its neighbours, both in standard deviations.",
    ),
    number(
        ("i_p", "p of I"),
        "Two-sided p, B of the other cells shuffled: exact, or normal where the counts are too large.",
    ),
    number(
        ("i_q", "q of I"),
        "Benjamini-Hochberg adjusted, over the cells of all twelve pairs.",
    ),
    Property::of(
        ("quadrant", "Quadrant"),
        PropertyKind::Choice(&["HH", "LL", "HL", "LH"]),
        None,
        "Whether A in the cell, then B around it, lies above (H) or below (L) its mean.",
    ),
];

impl Layer for Linkages {
    fn describe(&self) -> &'static LayerDescription {
        &LINKAGES
    }

    fn compute(&self, question: &Question<'_>) -> Result<Computed, LayerError> {
        let four = Four::of(question)?;
        let measures = Measures::of(question, &four)?;
        let kept = four.kept(question);
        let pair: Vec<usize> = (0..four.occupied.tally.cells.len())
            .map(|at| {
                question
                    .query
                    .pair
                    .unwrap_or_else(|| measures.strongest(at))
            })
            .collect();
        let of = Columns(&kept);
        let kind =
            |at: usize, side: fn(&Linkage) -> usize| four.counts[side(measures.pair(pair[at]))][at];
        let local = |at: usize| measures.local(pair[at], at).and_then(Result::ok);
        let q = |at: usize| measures.q.at(pair[at], at);
        let class = |at: usize| match (measures.local(pair[at], at), q(at)) {
            (_, Some(q)) if q <= question.query.alpha => "linked",
            (Some(Err(reason)), _) => reason.code(),
            (_, Some(_)) => "not_significant",
            (_, None) => Reason::InsufficientVariation.code(),
        };
        let joins = |at: usize| measures.joins(pair[at], at);
        let case = |at: usize| joins(at).map(|(case, _)| code(case));
        let moran = |at: usize| measures.moran(pair[at], at);
        let columns = [
            of.cells(&four.occupied),
            of.counts(&four.occupied),
            of.choices(|at| PAIRS.get(pair[at]).copied()),
            of.integers(|at| Some(u64::from(kind(at, |pair| pair.from)))),
            of.integers(|at| Some(u64::from(kind(at, |pair| pair.to)))),
            of.integers(|at| local(at).map(|local| local.around)),
            of.integers(|at| local(at).map(|local| local.others)),
            of.numbers(|at| local(at).map(|local| local.expected)),
            of.numbers(|at| local(at).map(|local| local.quotient)),
            of.numbers(|at| measures.p(pair[at], at)),
            of.numbers(q),
            of.choices(|at| Some(class(at))),
            of.choices(case),
            of.integers(|at| joins(at).map(|(_, of)| u64::from(of.joins))),
            of.numbers(|at| joins(at).and_then(|(_, of)| of.p_upper.ok())),
            of.numbers(|at| measures.joins_q.at(pair[at], at)),
            of.numbers(|at| moran(at).and_then(|row| row.statistic)),
            of.numbers(|at| {
                moran(at)
                    .and_then(|row| row.outcome.ok())
                    .map(|test| test.p_two_sided)
            }),
            of.numbers(|at| measures.moran_q.at(pair[at], at)),
            of.choices(|at| {
                moran(at)
                    .and_then(|row| row.outcome.ok())
                    .map(|test| test.quadrant.code())
            }),
        ];
        let metadata = Metadata {
            null: Some("exact"),
            tested: Some(measures.q.tested()),
            alpha: Some(question.query.alpha),
            fdr: Some("bh"),
            seed: Some(question.query.seed),
            statistics: measures.statistics()?,
            calibration: four.calibration(question, &measures)?,
            ..four.occupied.metadata(question)
        };
        Ok(four.occupied.table(&LINKAGES, &kept, columns, metadata))
    }
}

const fn code(case: JoinCase) -> &'static str {
    match case {
        JoinCase::Apart => "apart",
        JoinCase::Together => "together",
    }
}

/// Records of the four categories.
struct Four {
    /// The cells that hold one of any.
    occupied: Occupied,
    /// Of each category, records in each of those cells.
    counts: [Vec<u32>; 4],
}

impl Four {
    fn of(question: &Question<'_>) -> Result<Self, LayerError> {
        let counted = |categories: CategorySet| {
            let filter = Filter {
                categories,
                ..filter(question.query)
            };
            tally_of(question, Some(&COUNTED_BASES), filter)
        };
        let each = [0, 1, 2, 3].map(|index| {
            let category = Category::from_index(index);
            category.map_or(CategorySet::NONE, |category| {
                CategorySet::NONE.with(category)
            })
        });
        let all = each.into_iter().fold(CategorySet::NONE, CategorySet::union);
        let occupied = Occupied::of(question, counted(all)?)?;
        let cells = &occupied.tally.cells;
        let mut counts = [const { Vec::new() }; 4];
        for (counts, category) in counts.iter_mut().zip(each) {
            let tally = counted(category)?;
            *counts = vec![0; cells.len()];
            for (cell, count) in tally.cells.iter().zip(tally.counts) {
                if let Ok(at) = cells.binary_search(cell) {
                    counts[at] = count;
                }
            }
        }
        Ok(Self { occupied, counts })
    }

    fn cells(&self) -> &[CellIndex] {
        &self.occupied.tally.cells
    }

    /// Cells that are answered: of a named pair those with a record of its first category.
    fn kept(&self, question: &Question<'_>) -> Vec<usize> {
        let mut kept = self.occupied.kept(question);
        if let Some(pair) = question.query.pair {
            let from = pair / 3;
            kept.retain(|&at| self.counts[from][at] > 0);
        }
        kept
    }

    /// Whether no class is given, whatever the numbers.
    fn is_too_few(&self) -> bool {
        let counts = self.occupied.tally.counts.iter();
        counts.map(|&count| u64::from(count)).sum::<u64>() < LEAST_RECORDS
    }

    /// What the test finds once the categories are dealt anew over the records, of the p that q is of.
    fn calibration(
        &self,
        question: &Question<'_>,
        measures: &Measures,
    ) -> Result<Option<Calibration>, LayerError> {
        let graph = Neighbours::from_grid_disk(self.cells(), question.query.k)
            .map_err(|error| LayerError::Statistic(error.to_string()))?;
        // p of places is exact; what is sampled, of the whole map, is not looked at.
        let sampling = Sampling {
            permutations: NonZeroU32::MIN,
            seed: question.query.seed,
        };
        let cells = 0..self.cells().len();
        let held = |cell: usize| self.counts.iter().map(move |counts| counts[cell] as usize);
        let mut labels = Vec::new();
        for (kind, held) in cells.clone().flat_map(|cell| held(cell).enumerate()) {
            labels.extend(std::iter::repeat_n(kind, held));
        }
        let tests = usize::try_from(measures.q.tested()).unwrap_or(usize::MAX);
        calibration(question, (tests, NullModel::Exact), |nth| {
            let mut dealt = shuffled(&labels, question.query.seed, nth).into_iter();
            let mut counts = [(); 4].map(|()| vec![0; cells.len()]);
            for cell in cells.clone() {
                for kind in dealt.by_ref().take(held(cell).sum()) {
                    counts[kind][cell] += 1;
                }
            }
            let pairs = linkages(&counts, &graph, sampling);
            let p = |place: &Option<Result<LocalQuotient, Reason>>| {
                Some(place.as_ref()?.as_ref().ok()?.p_upper)
            };
            Ok(pairs
                .iter()
                .flat_map(|pair| pair.places.iter().map(p))
                .collect())
        })
    }

    fn linkages(&self, graph: &Neighbours, sampling: Sampling) -> Vec<Linkage> {
        linkages(&self.counts, graph, sampling)
    }
}
