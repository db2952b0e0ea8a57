//! The exact permutation law of a neighbourhood sum of counts.
//!
//! Given a place's own value y and its number of neighbours k, shuffling the other values makes its neighbourhood
//! sum the sum of k draws without replacement from the other n − 1 values. With h(v) the multiplicity of v among
//! them, the number of ways to a sum s is the coefficient of tᵏxˢ in ∏ᵥ Σⱼ C(h(v), j) tʲ xʲᵛ. That law depends on
//! the place only through (y, k), so a map of a million places has a few dozen laws.
//!
//! The multiset differs between own values by one element. Dividing that factor out of the full product would
//! subtract nearly equal numbers in the far tail, where p-values decide. Instead the products that leave one
//! distinct value out are built by bisection: every number is a sum of positive terms, so every tail keeps its
//! relative accuracy.

use std::f64::consts::E;

use rayon::prelude::*;

use crate::error::LocalError;
use crate::neighbours::Neighbours;

/// The largest neighbourhood sum the law is computed for: bounds the table to some milliseconds of work.
const SUPPORT_LIMIT: u64 = 4_096;

/// Places whose sums are taken as one piece of parallel work.
const CHUNK: usize = 16_384;

/// Values that are tallied as one piece of parallel work.
const TALLIED: usize = 65_536;

/// Values as counts, with what the law needs to know of them.
pub(crate) struct Counts {
    values: Vec<u32>,
    /// Distinct values, ascending, with how many places have each.
    distinct: Vec<(u32, u32)>,
    max_degree: usize,
}

impl Counts {
    /// Checks that the exact law exists and is small enough.
    pub(crate) fn new(values: &[f64], neighbours: &Neighbours) -> Result<Self, LocalError> {
        if let Some(unit) = neighbours.first_unequal_row() {
            return Err(LocalError::UnequalWeights(unit));
        }
        Self::of(values, neighbours.max_degree())
    }

    /// The same for a graph of equal weights, of which only the largest number of neighbours is known.
    pub(crate) fn of(values: &[f64], max_degree: usize) -> Result<Self, LocalError> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "compared with its source below"
        )]
        let counts: Vec<u32> = values.par_iter().map(|value| *value as u32).collect();
        if let Some(unit) = first_other(&counts, values) {
            let value = values[unit];
            return Err(LocalError::NotACount { unit, value });
        }
        let distinct = multiplicities(&counts);
        let largest = largest_sum(&counts, &distinct, max_degree);
        if largest > SUPPORT_LIMIT {
            return Err(LocalError::SupportTooLarge {
                largest,
                limit: SUPPORT_LIMIT,
            });
        }
        Ok(Self {
            values: counts,
            distinct,
            max_degree,
        })
    }

    /// The counts themselves.
    pub(crate) fn values(&self) -> &[u32] {
        &self.values
    }

    /// The position of every distinct count among them.
    ///
    /// A count above the limit has none. It stands on maps without neighbours only, where no class is asked for.
    fn index(&self) -> Vec<u32> {
        let most = self.distinct.last().map_or(0, |(value, _)| *value);
        let mut index = vec![0; most as usize + 1];
        for (at, (value, _)) in (0_u32..).zip(&self.distinct) {
            index[*value as usize] = at;
        }
        index
    }
}

/// The first value that its count is not.
fn first_other(counts: &[u32], values: &[f64]) -> Option<usize> {
    // Looked for piece by piece: asking after each value whether another thread has found one takes longer than comparing it.
    let pieces = counts.par_chunks(TALLIED).zip(values.par_chunks(TALLIED));
    pieces
        .enumerate()
        .find_map_first(|(nth, (counts, values))| {
            let differs = |(count, value): (&u32, &f64)| (f64::from(*count) - value).abs() > 0.0;
            let at = counts.iter().zip(values).position(differs)?;
            Some(nth * TALLIED + at)
        })
}

/// The largest count, piece by piece.
fn highest(counts: &[u32]) -> u32 {
    let pieces = counts.par_chunks(TALLIED);
    let highest = pieces.filter_map(|counts| counts.iter().copied().max());
    highest.max().unwrap_or(0)
}

/// The sum of the `k` largest counts, or one that exceeds the limit: the largest count alone, where it does.
fn largest_sum(counts: &[u32], distinct: &[(u32, u32)], k: usize) -> u64 {
    let highest = u64::from(highest(counts));
    if k > 0 && highest > SUPPORT_LIMIT {
        return highest;
    }
    let mut left = k as u64;
    distinct.iter().rev().fold(0, |sum, (value, many)| {
        let taken = left.min(u64::from(*many));
        left -= taken;
        sum + taken * u64::from(*value)
    })
}

/// Distinct counts with their multiplicities, ascending.
///
/// A count above the limit can only stand here when no place has a neighbour: then no law is needed.
fn multiplicities(counts: &[u32]) -> Vec<(u32, u32)> {
    let none = || vec![0_u32; usize::try_from(SUPPORT_LIMIT).unwrap_or(usize::MAX) + 1];
    let tally = counts
        .par_chunks(TALLIED)
        .fold(none, |mut tally, counts| {
            for count in counts {
                if let Some(slot) = tally.get_mut(*count as usize) {
                    *slot += 1;
                }
            }
            tally
        })
        .reduce(none, |mut tally, other| {
            for (sum, more) in tally.iter_mut().zip(other) {
                *sum += more;
            }
            tally
        });
    (0_u32..).zip(tally).filter(|(_, many)| *many > 0).collect()
}

/// The tails of every class (own value, number of neighbours) that occurs, over the sums that occur in it.
pub(crate) struct Law {
    sums: Vec<u32>,
    /// Class of each unit.
    classes: Vec<u32>,
    tails: Vec<Tails>,
    /// How many numbers of neighbours there may be, for each own value.
    width: usize,
}

/// P(S ≥ s) and P(S ≤ s) from the smallest observed sum on.
#[derive(Debug, Clone, Default)]
struct Tails {
    first: u32,
    /// How many outcomes (a class and a sum) come before those of this class.
    before: usize,
    upper_lower: Vec<(f64, f64)>,
}

impl Law {
    pub(crate) fn new(counts: &Counts, neighbours: &Neighbours) -> Self {
        Self::of_sums(counts, CHUNK, |first, sums, degrees| {
            for (unit, (sum, degree)) in (first..).zip(sums.iter_mut().zip(degrees)) {
                let row = neighbours.of(unit);
                *degree = u32::try_from(row.len()).unwrap_or(u32::MAX);
                *sum = row.iter().map(|&other| counts.values[other as usize]).sum();
            }
        })
    }

    /// The law of sums that somebody else adds up: `add` is given the first of consecutive units, at most `chunk` of them, and
    /// where their sums and numbers of neighbours go.
    pub(crate) fn of_sums(
        counts: &Counts,
        chunk: usize,
        add: impl Fn(usize, &mut [u32], &mut [u32]) + Sync,
    ) -> Self {
        let width = counts.max_degree + 1;
        let index = counts.index();
        let mut sums = vec![0_u32; counts.values.len()];
        let mut classes = vec![0_u32; counts.values.len()];
        let class_count = counts.distinct.len() * width;
        let ranges = sums
            .par_chunks_mut(chunk)
            .zip(classes.par_chunks_mut(chunk))
            .enumerate()
            .map(|(nth, (sums, classes))| {
                let first = nth * chunk;
                add(first, sums, classes);
                let mut seen = Ranges::new(class_count);
                let own = &counts.values[first..first + sums.len()];
                for ((sum, class), own) in sums.iter().zip(classes).zip(own) {
                    let degree = *class as usize;
                    let of_unit =
                        index.get(*own as usize).map_or(0, |at| *at as usize) * width + degree;
                    *class = u32::try_from(of_unit).unwrap_or(u32::MAX);
                    if degree > 0 {
                        seen.include(of_unit, *sum);
                    }
                }
                seen
            })
            .reduce(|| Ranges::new(class_count), Ranges::merge);
        let mut tails = tails_of_all(counts, &ranges, width);
        let mut before = 0;
        for tails in &mut tails {
            tails.before = before;
            before += tails.upper_lower.len();
        }
        Self {
            sums,
            classes,
            tails,
            width,
        }
    }

    /// P(S ≥ observed) and P(S ≤ observed) of a unit with neighbours.
    pub(crate) fn tails(&self, unit: usize) -> (f64, f64) {
        let tails = &self.tails[self.classes[unit] as usize];
        tails.upper_lower[(self.sums[unit] - tails.first) as usize]
    }

    /// The sum of a unit's neighbours.
    pub(crate) fn sum(&self, unit: usize) -> u32 {
        self.sums[unit]
    }

    /// How many neighbours a unit has.
    pub(crate) fn degree(&self, unit: usize) -> usize {
        self.classes[unit] as usize % self.width
    }

    /// For every number of neighbours that occurs, the highest sum of a unit and its neighbours.
    pub(crate) fn highest(&self, counts: &Counts) -> Vec<Option<u32>> {
        let none = || vec![None; self.width];
        let all = (0..self.sums.len()).into_par_iter().with_min_len(CHUNK);
        all.fold(none, |mut highest: Vec<Option<u32>>, unit| {
            let degree = self.degree(unit);
            if degree > 0 {
                let sum = self.sums[unit] + counts.values[unit];
                highest[degree] = highest[degree].max(Some(sum));
            }
            highest
        })
        .reduce(none, |a, b| {
            a.into_iter().zip(b).map(|(a, b)| a.max(b)).collect()
        })
    }

    /// P(S ≥ s) and P(S ≤ s) of every outcome, a class and a sum, that lies between two that occur.
    pub(crate) fn outcomes(&self) -> impl Iterator<Item = (f64, f64)> {
        self.tails
            .iter()
            .flat_map(|tails| tails.upper_lower.iter().copied())
    }

    /// Which of them a unit with neighbours has.
    pub(crate) fn outcome(&self, unit: usize) -> usize {
        let tails = &self.tails[self.classes[unit] as usize];
        tails.before + (self.sums[unit] - tails.first) as usize
    }
}

/// The smallest and largest sum seen per class; `first > last` where none was.
struct Ranges(Vec<(u32, u32)>);

impl Ranges {
    fn new(classes: usize) -> Self {
        Self(vec![(u32::MAX, 0); classes])
    }

    fn include(&mut self, class: usize, sum: u32) {
        let range = &mut self.0[class];
        *range = (range.0.min(sum), range.1.max(sum));
    }

    fn merge(mut self, other: Self) -> Self {
        for (range, seen) in self.0.iter_mut().zip(other.0) {
            *range = (range.0.min(seen.0), range.1.max(seen.1));
        }
        self
    }
}

fn tails_of_all(counts: &Counts, ranges: &Ranges, width: usize) -> Vec<Tails> {
    let mut tails = vec![Tails::default(); ranges.0.len()];
    if counts.max_degree > 0 && !tails.is_empty() {
        let nothing = Ways::one(counts.values.len(), counts.max_degree);
        bisect(&counts.distinct, &nothing, &ranges.0, &mut tails, width);
    }
    tails
}

/// Visits every distinct value with the product over all others: halves the range, multiplying in the other half.
fn bisect(
    all: &[(u32, u32)],
    others: &Ways,
    ranges: &[(u32, u32)],
    tails: &mut [Tails],
    width: usize,
) {
    if let [(value, many)] = all {
        let mut rest = others.clone();
        rest.multiply(*value, many - 1);
        for (k, (range, slot)) in ranges.iter().zip(tails).enumerate() {
            if range.0 <= range.1 {
                *slot = rest.tails(k, *range);
            }
        }
        return;
    }
    let middle = all.len() / 2;
    let (low, high) = all.split_at(middle);
    let (low_ranges, high_ranges) = ranges.split_at(middle * width);
    let (low_tails, high_tails) = tails.split_at_mut(middle * width);
    let occurs = |ranges: &[(u32, u32)]| ranges.iter().any(|range| range.0 <= range.1);
    let visit =
        |half: &[(u32, u32)], rest: &[(u32, u32)], ranges: &[(u32, u32)], tails: &mut [Tails]| {
            if occurs(ranges) {
                let mut product = others.clone();
                for (value, many) in rest {
                    product.multiply(*value, *many);
                }
                bisect(half, &product, ranges, tails, width);
            }
        };
    rayon::join(
        || visit(low, high, low_ranges, low_tails),
        || visit(high, low, high_ranges, high_tails),
    );
}

/// Numbers of ways to draw k values with sum s, for all k up to the largest degree.
///
/// Row k is scaled by σ⁻ᵏ, with σ = e·n/kmax, which keeps C(n, k) and all its parts inside the range of f64 for
/// degrees up to about 1,900; the scale leaves with the row's total.
#[derive(Debug, Clone)]
struct Ways {
    rows: Vec<Vec<f64>>,
    scale: f64,
}

impl Ways {
    /// The empty product: one way to draw nothing.
    #[expect(clippy::cast_precision_loss, reason = "a scale, not a result")]
    fn one(places: usize, max_degree: usize) -> Self {
        let mut rows = vec![Vec::new(); max_degree + 1];
        rows[0].push(1.0);
        Self {
            rows,
            scale: (E * places as f64 / max_degree as f64).max(1.0),
        }
    }

    /// Multiplies by Σⱼ C(many, j) tʲ xʲᵛ.
    fn multiply(&mut self, value: u32, many: u32) {
        if many == 0 {
            return;
        }
        // From the highest row down, so that each row still finds the rows below it as they were.
        for k in (1..self.rows.len()).rev() {
            let (below, rest) = self.rows.split_at_mut(k);
            let row = &mut rest[0];
            let mut ways = 1.0;
            for (j, drawn) in (1..=k.min(many as usize)).zip(1_u32..) {
                ways *= f64::from(many - drawn + 1) / (f64::from(drawn) * self.scale);
                let source = &below[k - j];
                if source.is_empty() {
                    continue;
                }
                let shift = j * value as usize;
                if row.len() < shift + source.len() {
                    row.resize(shift + source.len(), 0.0);
                }
                for (target, from) in row[shift..].iter_mut().zip(source) {
                    *target += ways * from;
                }
            }
        }
    }

    /// Both tails of the sum of k draws, for the sums in a range that occur.
    fn tails(&self, k: usize, (first, last): (u32, u32)) -> Tails {
        let row = &self.rows[k];
        let total: f64 = row.iter().sum();
        let (first, last) = (first as usize, last as usize);
        let mut upper_lower = vec![(0.0, 0.0); last - first + 1];
        // Each tail is summed from its own end, smallest terms first.
        let mut sum = row[last + 1..].iter().rev().sum::<f64>();
        for (slot, ways) in upper_lower.iter_mut().zip(&row[first..=last]).rev() {
            sum += ways;
            slot.0 = probability(sum, total);
        }
        let mut sum = row[..first].iter().sum::<f64>();
        for (slot, ways) in upper_lower.iter_mut().zip(&row[first..=last]) {
            sum += ways;
            slot.1 = probability(sum, total);
        }
        Tails {
            first: u32::try_from(first).unwrap_or(u32::MAX),
            before: 0,
            upper_lower,
        }
    }
}

/// What was observed is possible: where f64 cannot hold how unlikely it is, the smallest number stands for it.
fn probability(ways: f64, total: f64) -> f64 {
    (ways / total).clamp(f64::MIN_POSITIVE, 1.0)
}
