//! What is measured of every ordered pair of categories: quotients, join counts and bivariate Moran's I.

use naqsha_analytics::{
    BivariateJoins, BivariateMoranRow, JoinCase, Linkage, LocalError, LocalQuotient, MapError,
    Neighbours, Null, Reason, WeightStyle, bivariate_join_counts, bivariate_local_moran,
};

use super::Four;
use crate::error::LayerError;
use crate::layer::Question;
use crate::layers::map::q_values;
use crate::layers::occupied::{rule, shuffles};
use crate::parameters::PAIRS;
use crate::table::Fact;

/// Everything of each pair, by cell that holds a record.
pub(super) struct Measures {
    pairs: Vec<Linkage>,
    too_few: bool,
    joins: Vec<Vec<Option<(JoinCase, BivariateJoins)>>>,
    moran: Vec<Vec<BivariateMoranRow>>,
    pub(super) q: Family,
    pub(super) joins_q: Family,
    pub(super) moran_q: Family,
    permutations: u32,
    /// As many as would be drawn if time allowed.
    configured: u32,
}

/// Adjusted p of the cells of all pairs, judged together.
pub(super) struct Family {
    q: Vec<Option<f64>>,
    cells: usize,
}

impl Family {
    fn new(p: &[Option<f64>], cells: usize) -> Result<Self, LayerError> {
        Ok(Self {
            q: q_values(p)?,
            cells,
        })
    }

    pub(super) fn at(&self, pair: usize, cell: usize) -> Option<f64> {
        self.q[pair * self.cells + cell]
    }

    pub(super) fn tested(&self) -> u64 {
        self.q.iter().flatten().count() as u64
    }
}

impl Measures {
    pub(super) fn of(question: &Question<'_>, four: &Four) -> Result<Self, LayerError> {
        let cells = four.cells();
        let graph = Neighbours::from_grid_disk(cells, question.query.k)
            .map_err(|error| LayerError::Statistic(error.to_string()))?;
        let records: u64 = four
            .occupied
            .tally
            .counts
            .iter()
            .map(|&count| u64::from(count))
            .sum();
        let looked_at = records + 4 * (graph.links() + cells.len()) as u64;
        let sampling = shuffles(question, looked_at * NANOS).ok_or_else(too_much)?;
        let pairs = four.linkages(&graph, sampling);
        let maps = Maps::of(question, four)?;
        let (mut joins, mut moran) = (Vec::new(), Vec::new());
        for pair in &pairs {
            joins.push(maps.joins(pair)?);
            moran.push(maps.moran(pair)?);
        }
        let too_few = four.is_too_few();
        let count = cells.len();
        let family = |p: Vec<Option<f64>>| {
            let p = if too_few { vec![None; p.len()] } else { p };
            Family::new(&p, count)
        };
        let local =
            |place: &Option<Result<LocalQuotient, Reason>>| Some(place.as_ref()?.ok()?.p_upper);
        Ok(Self {
            q: family(
                pairs
                    .iter()
                    .flat_map(|pair| pair.places.iter().map(local))
                    .collect(),
            )?,
            joins_q: family(
                joins
                    .iter()
                    .flatten()
                    .map(|of| of.as_ref()?.1.p_upper.ok())
                    .collect(),
            )?,
            moran_q: family(moran_p(&pairs, &moran))?,
            too_few,
            pairs,
            joins,
            moran,
            permutations: sampling.permutations.get(),
            configured: question.permutations,
        })
    }

    pub(super) fn pair(&self, pair: usize) -> &Linkage {
        &self.pairs[pair]
    }

    pub(super) fn local(&self, pair: usize, cell: usize) -> Option<Result<LocalQuotient, Reason>> {
        self.pairs[pair].places[cell]
    }

    pub(super) fn p(&self, pair: usize, cell: usize) -> Option<f64> {
        let local = self.local(pair, cell).filter(|_| !self.too_few)?;
        local.ok().map(|local| local.p_upper)
    }

    pub(super) fn joins(&self, pair: usize, cell: usize) -> Option<(JoinCase, BivariateJoins)> {
        self.joins[pair][cell]
    }

    /// Moran's I of a cell that holds a record of the pair's first category.
    pub(super) fn moran(&self, pair: usize, cell: usize) -> Option<BivariateMoranRow> {
        self.pairs[pair].places[cell].map(|_| self.moran[pair][cell])
    }

    /// The pair of a cell with the least q, then p, then the highest quotient, then the first; else the first whose first
    /// category is there.
    pub(super) fn strongest(&self, cell: usize) -> usize {
        let held = (0..self.pairs.len()).filter(|&pair| self.pairs[pair].places[cell].is_some());
        let rank = |pair: usize| {
            let local = self.local(pair, cell).and_then(Result::ok);
            let q = self.q.at(pair, cell).unwrap_or(f64::INFINITY);
            let p = self.p(pair, cell).unwrap_or(f64::INFINITY);
            (q, p, local.map_or(f64::INFINITY, |local| -local.quotient))
        };
        let order = |a: &usize, b: &usize| {
            let (a, b) = (rank(*a), rank(*b));
            a.0.total_cmp(&b.0)
                .then(a.1.total_cmp(&b.1))
                .then(a.2.total_cmp(&b.2))
        };
        held.min_by(order).unwrap_or(0)
    }

    /// The quotients of the whole map.
    pub(super) fn statistics(&self) -> Result<Vec<(&'static str, Fact)>, LayerError> {
        let whole = |pair: &Linkage| pair.whole.ok().filter(|_| !self.too_few);
        let p: Vec<Option<f64>> = self
            .pairs
            .iter()
            .map(|pair| Some(whole(pair)?.p_upper))
            .collect();
        let q = q_values(&p)?;
        let row = |(at, pair): (usize, &Linkage)| {
            vec![
                (
                    "pair",
                    Fact::Word(PAIRS.get(at).map(|&pair| pair.to_owned())),
                ),
                (
                    "quotient",
                    Fact::Number(pair.whole.ok().map(|of| of.quotient)),
                ),
                ("p", Fact::Number(p[at])),
                ("q", Fact::Number(q[at])),
                (
                    "reason",
                    Fact::Word(pair.whole.err().map(|reason| reason.code().to_owned())),
                ),
            ]
        };
        let rows = self.pairs.iter().enumerate().map(row).collect();
        Ok(vec![
            ("pairs", Fact::Rows(rows)),
            ("permutations", Fact::Count(u64::from(self.permutations))),
            ("permutations_rule", rule(self.configured)),
        ])
    }
}

/// p of the cells that hold a record of their pair's first category.
fn moran_p(pairs: &[Linkage], moran: &[Vec<BivariateMoranRow>]) -> Vec<Option<f64>> {
    let cells = pairs
        .iter()
        .zip(moran)
        .flat_map(|(pair, rows)| pair.places.iter().zip(rows));
    cells
        .map(|(place, row)| {
            place.as_ref()?;
            Some(row.outcome.ok()?.p_two_sided)
        })
        .collect()
}

/// What one record, neighbour or cell takes in a shuffle.
const NANOS: u64 = 10;

fn too_much() -> LayerError {
    let reason = "more records and cells than can be shuffled: ask fewer days (datetime) or a coarser resolution";
    LayerError::unanswered("too_many_pairs", reason.to_owned())
}

/// The four maps of the whole study area, zeros included.
struct Maps {
    counts: Vec<Vec<f64>>,
    present: Vec<Vec<f64>>,
    neighbours: std::sync::Arc<Neighbours>,
    /// Where the cells that hold a record lie in the grid.
    positions: Vec<usize>,
}

impl Maps {
    fn of(question: &Question<'_>, four: &Four) -> Result<Self, LayerError> {
        let grid = question.area.grid(question.resolution)?;
        let positions: Vec<usize> = grid.positions(four.cells()).into_iter().flatten().collect();
        let spread = |of: &Vec<u32>, value: fn(u32) -> f64| {
            let mut values = vec![0.0; grid.cells.len()];
            for (&position, &count) in positions.iter().zip(of) {
                values[position] = value(count);
            }
            values
        };
        let map = |value: fn(u32) -> f64| four.counts.iter().map(|of| spread(of, value)).collect();
        Ok(Self {
            counts: map(f64::from),
            present: map(|count| f64::from(u8::from(count > 0))),
            neighbours: question
                .area
                .neighbours(question.resolution, question.query.k)?,
            positions,
        })
    }

    fn joins(&self, pair: &Linkage) -> Result<Vec<Option<(JoinCase, BivariateJoins)>>, LayerError> {
        let (x, z) = (&self.present[pair.from], &self.present[pair.to]);
        let of = |case: JoinCase| {
            let found = bivariate_join_counts(x, z, &self.neighbours, case);
            found.map_err(|error: MapError| LayerError::Statistic(error.to_string()))
        };
        let (apart, together) = (of(JoinCase::Apart)?, of(JoinCase::Together)?);
        let at = |&cell: &usize| {
            let apart = apart[cell].map(|of| (JoinCase::Apart, of));
            apart.or_else(|| together[cell].map(|of| (JoinCase::Together, of)))
        };
        Ok(self.positions.iter().map(at).collect())
    }

    fn moran(&self, pair: &Linkage) -> Result<Vec<BivariateMoranRow>, LayerError> {
        let (x, y) = (&self.counts[pair.from], &self.counts[pair.to]);
        let of =
            |null: Null| bivariate_local_moran(x, y, &self.neighbours, WeightStyle::AsGiven, null);
        let rows = match of(Null::Exact) {
            Err(LocalError::SupportTooLarge { .. }) => of(Null::Normal),
            rows => rows,
        };
        let rows = rows.map_err(|error| LayerError::Statistic(error.to_string()))?;
        Ok(self.positions.iter().map(|&cell| rows[cell]).collect())
    }
}
