//! The most surprising zones that share no place.

use rayon::prelude::*;

use super::significance::Maxima;
use super::zones::Circles;
use super::{Cluster, likelihood};

/// Ratios closer than this count as equal; then the smaller zone is named.
const TIE: f64 = 1e-9;

/// A zone around a place, with what was found in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate {
    pub(super) ratio: f64,
    /// Which circle around the centre.
    pub(super) circle: usize,
    pub(super) window: Option<[i64; 2]>,
    pub(super) observed: u64,
    pub(super) expected: f64,
}

impl Candidate {
    /// Whether another candidate of the same centre should be named instead: a higher ratio, or a later equal one never.
    pub(super) fn replaced_by(best: Option<&Self>, ratio: f64) -> bool {
        best.map_or(ratio > 0.0, |best| ratio > best.ratio + TIE)
    }
}

/// Cases must meet in a cluster: one alone is none.
pub(super) const FEWEST_CASES: u64 = 2;

/// The zones from the highest ratio down, each without a place of one before it.
///
/// `best` gives the best zone around a centre among its first circles. Of equal ratios the zone with fewer places is
/// named, then the one with the smaller radius, then the one whose centre comes first.
pub(super) fn apart(
    circles: &[Circles],
    best: impl Fn(usize, usize) -> Option<Candidate> + Sync,
) -> Vec<(usize, Candidate)> {
    let mut allowed: Vec<usize> = circles.iter().map(|around| around.ends.len()).collect();
    let mut candidates: Vec<Option<Candidate>> = (0..circles.len())
        .into_par_iter()
        .map(|centre| best(centre, allowed[centre]))
        .collect();
    let mut taken = vec![false; circles.len()];
    let mut chosen = Vec::new();
    while let Some((centre, cluster)) = highest(circles, &candidates) {
        for place in held(&circles[centre], cluster.circle) {
            taken[*place as usize] = true;
        }
        chosen.push((centre, cluster));
        candidates = (0..circles.len())
            .into_par_iter()
            .zip(allowed.par_iter_mut())
            .map(|(centre, allowed)| {
                let around = &circles[centre];
                let free = |circle: &usize| {
                    held(around, *circle)
                        .iter()
                        .all(|place| !taken[*place as usize])
                };
                let candidate = candidates[centre].filter(|found| !free(&found.circle));
                if candidate.is_none() {
                    return candidates[centre];
                }
                // Circles grow: those before the first taken place are free.
                let first = around
                    .places
                    .iter()
                    .position(|place| taken[*place as usize]);
                let before = |end: &u32| first.is_none_or(|first| *end as usize <= first);
                *allowed = (*allowed).min(around.ends.partition_point(before));
                best(centre, *allowed)
            })
            .collect();
    }
    chosen
}

fn held(around: &Circles, circle: usize) -> &[u32] {
    &around.places[..around.ends[circle] as usize]
}

fn highest(circles: &[Circles], candidates: &[Option<Candidate>]) -> Option<(usize, Candidate)> {
    let found = || {
        candidates
            .iter()
            .enumerate()
            .filter_map(|(centre, candidate)| candidate.map(|candidate| (centre, candidate)))
    };
    let top = found().map(|found| found.1.ratio).max_by(f64::total_cmp)?;
    found()
        .filter(|found| found.1.ratio >= top - TIE)
        .min_by(|a, b| {
            let size = |found: &(usize, Candidate)| circles[found.0].ends[found.1.circle];
            let radius = |found: &(usize, Candidate)| circles[found.0].radii[found.1.circle];
            size(a)
                .cmp(&size(b))
                .then(radius(a).total_cmp(&radius(b)))
                .then(a.0.cmp(&b.0))
        })
}

/// The answer for chosen zones.
pub(super) fn judged(
    circles: &[Circles],
    chosen: Vec<(usize, Candidate)>,
    maxima: &Maxima,
    (all, apart): (f64, impl Fn(usize, usize) -> f64),
) -> Vec<Cluster> {
    let radius = |centre: usize, places: &[u32]| {
        let farthest = places.last().map(|place| *place as usize);
        farthest.map_or(0.0, |farthest| apart(centre, farthest))
    };
    chosen
        .into_iter()
        .map(|(centre, found)| Cluster {
            places: held(&circles[centre], found.circle).to_vec(),
            radius: radius(centre, held(&circles[centre], found.circle)),
            window: found.window,
            observed: found.observed,
            expected: found.expected,
            relative_risk: likelihood::relative_risk(found.observed, found.expected, all),
            llr: found.ratio,
            p: maxima.p(found.ratio),
            p_gumbel: maxima.p_gumbel(found.ratio),
        })
        .collect()
}
