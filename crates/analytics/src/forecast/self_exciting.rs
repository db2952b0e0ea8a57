//! The self-exciting model: events come from a background, and each sets off others near it for a while.

use std::f64::consts::PI;

use rayon::prelude::*;

use super::pairs::{Pairs, Reach, WIDTHS};
use super::spread::spread;
use super::{EVEN, ForecastError, Ground, Happening, Spell};

/// An event sets off others for at most so many days, and as far as so many bandwidths of the background.
const AFTER_DAYS: f64 = 180.0;
const REACH: f64 = 3.0;

/// The fit stays within these bounds: without them places that are rounded to one point would be held to be aftershocks of no
/// width, and slow changes of the background aftershocks of no end.
const DECAY_PER_DAY: [f64; 2] = [1.0 / 30.0, 4.0];
const WIDTH: [f64; 2] = [1.0 / 20.0, 1.0 / 2.0];
const MOST_OFFSPRING: f64 = 0.99;

/// Bandwidths up to here are measured in the plane.
const WIDEST_M: f64 = 10_000.0;

const STEPS: u32 = 500;
const SETTLED: f64 = 1e-8;

/// What was fitted: λ(x, t) = Σ γ f(x) + Σ θ ω exp(−ω Δt) · exp(−d²/2σ²)/(2πσ²), the latter over the events before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SelfExciting {
    /// Σ γ, background events a day.
    pub background_per_day: f64,
    /// γ of each density f: kernels as wide as the bandwidth, a half, a quarter and an eighth of it.
    pub background: [f64; 4],
    /// θ, events that one sets off on average.
    pub offspring: f64,
    /// ω, the rate at which the risk after an event fades, a day.
    pub decay_per_day: f64,
    /// σ, how far away they are set off, in metres.
    pub sigma_m: f64,
    /// Σ ln λ − ∫ λ, with λ per day and km².
    pub log_likelihood: f64,
    /// Steps of the fit.
    pub steps: u32,
    /// Pairs of events of which one may have set off the other.
    pub pairs: usize,
}

/// Fits the model by expectation and maximisation, which raises the likelihood at each step.
///
/// Each f is the normal kernel density of the other events, one hundredth of it even over the area. They are fixed, so that the
/// likelihood is one; and of several widths, so that what is uneven in space at all times is not held to be aftershocks. An
/// event sets off none on its own day, where days are all that is known.
pub(super) fn fit(
    ground: &Ground<'_>,
    events: &[Happening],
    spell: Spell,
    bandwidth_m: f64,
) -> Result<SelfExciting, ForecastError> {
    if !(bandwidth_m > 0.0 && bandwidth_m <= WIDEST_M) {
        return Err(ForecastError::OutOfRange {
            bandwidth_m,
            window_days: AFTER_DAYS,
        });
    }
    let reach = Reach {
        days: AFTER_DAYS,
        metres: REACH * bandwidth_m,
        bandwidth_m,
    };
    let pairs = Pairs::find(events, reach)?;
    let problem = Problem::new(&pairs, ground, events, spell, bandwidth_m);
    let mut fit = problem.start();
    for step in 1..=STEPS {
        let next = problem.step(&fit);
        let moved = [
            (next.background_per_day, fit.background_per_day),
            (next.offspring, fit.offspring),
            (next.decay_per_day, fit.decay_per_day),
            (next.sigma_m, fit.sigma_m),
        ];
        fit = SelfExciting {
            steps: step,
            ..next
        };
        let settled = |(a, b): (f64, f64)| (a - b).abs() <= SETTLED * (a.abs() + 1e-3);
        if moved.into_iter().all(settled) {
            break;
        }
    }
    fit.log_likelihood = problem.sums(&fit).log_likelihood(&problem, &fit);
    Ok(fit)
}

/// The events to be expected in each cell: from the background, from events so far, and from those that either set off.
///
/// Without the even part of the background, which is the second number. The totals are exact means; events that are set off by
/// events to come are counted in the cell of the latter.
pub(super) fn expected(
    ground: &Ground<'_>,
    events: &[Happening],
    spell: Spell,
    bandwidth_m: f64,
    fit: &SelfExciting,
) -> (Vec<f64>, f64) {
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of events are far below 2^53"
    )]
    let each = (1.0 - EVEN) / events.len() as f64;
    let mut background = vec![0.0; ground.cells().len()];
    for (per_day, part) in fit.background.iter().zip(WIDTHS) {
        // A kernel that has next to nothing need not be spread.
        if *per_day > 1e-6 * fit.background_per_day {
            let even: Vec<(Happening, f64)> = events
                .iter()
                .map(|event| (*event, each * per_day))
                .collect();
            let masses = spread(ground, &even, part * bandwidth_m);
            for (sum, mass) in background.iter_mut().zip(masses) {
                *sum += mass;
            }
        }
    }
    let rate = |event: &Happening| {
        let ago = spell.to - event.day;
        let fading = fit.offspring * fit.decay_per_day * (-fit.decay_per_day * ago).exp();
        (ago <= AFTER_DAYS).then_some((*event, fading))
    };
    let excited: Vec<(Happening, f64)> = events.iter().filter_map(rate).collect();
    let excited = spread(ground, &excited, fit.sigma_m);
    let horizon = spell.horizon;
    let fading = fit.decay_per_day * (1.0 - fit.offspring);
    let lasting = -(-fading * horizon).exp_m1() / fading;
    let grown = horizon + fit.offspring / (1.0 - fit.offspring) * (horizon - lasting);
    let cells = background.iter().zip(excited);
    let own = cells.map(|(background, rate)| background * grown + rate * lasting);
    (own.collect(), fit.background_per_day * EVEN * grown)
}

/// What does not change while the model is fitted.
struct Problem<'a> {
    pairs: &'a Pairs,
    /// Each f at each event, per km².
    background: Vec<[f64; WIDTHS.len()]>,
    /// Days after each event during which it was seen whether it set off others.
    seen: Vec<f64>,
    days: f64,
    bandwidth_km: f64,
}

/// Sums of a step of the expectation: over events, and over pairs weighted by how likely one set off the other.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    log_rates: f64,
    background: [f64; WIDTHS.len()],
    set_off: f64,
    days: f64,
    square_km: f64,
}

impl<'a> Problem<'a> {
    fn new(
        pairs: &'a Pairs,
        ground: &Ground<'_>,
        events: &[Happening],
        spell: Spell,
        bandwidth_m: f64,
    ) -> Self {
        let even = EVEN / ground.area_km2();
        let seen = |event: &Happening| (spell.to - event.day).min(AFTER_DAYS);
        Self {
            background: pairs
                .around
                .iter()
                .map(|densities| densities.map(|f| (1.0 - EVEN) * f + even))
                .collect(),
            pairs,
            seen: events.iter().map(seen).collect(),
            days: spell.to - spell.from,
            bandwidth_km: bandwidth_m / 1_000.0,
        }
    }

    fn start(&self) -> SelfExciting {
        #[expect(
            clippy::cast_precision_loss,
            reason = "numbers of events are far below 2^53"
        )]
        let events = self.background.len() as f64;
        SelfExciting {
            background_per_day: 0.7 * events / self.days,
            background: WIDTHS.map(|_part| 0.7 * events / self.days / 4.0),
            offspring: 0.3,
            decay_per_day: 1.0 / 7.0,
            sigma_m: self.bandwidth_km * 250.0,
            log_likelihood: 0.0,
            steps: 0,
            pairs: self.pairs.len(),
        }
    }

    fn sums(&self, fit: &SelfExciting) -> Sums {
        let variance = (fit.sigma_m / 1_000.0).powi(2);
        let height = fit.offspring * fit.decay_per_day / (2.0 * PI * variance);
        let one = |at: usize| {
            let mut background = self.background[at];
            for (density, per_day) in background.iter_mut().zip(fit.background) {
                *density *= per_day;
            }
            let mut sums = Sums::default();
            for &[days, square_km] in self.pairs.before(at) {
                let rate =
                    height * (-fit.decay_per_day * days - square_km / (2.0 * variance)).exp();
                sums.set_off += rate;
                sums.days += rate * days;
                sums.square_km += rate * square_km;
            }
            let rate = background.iter().sum::<f64>() + sums.set_off;
            Sums {
                log_rates: rate.ln(),
                background: background.map(|part| part / rate),
                set_off: sums.set_off / rate,
                days: sums.days / rate,
                square_km: sums.square_km / rate,
            }
        };
        // Added in the order of the events, so that the number of threads changes no digit.
        let each: Vec<Sums> = (0..self.background.len())
            .into_par_iter()
            .map(one)
            .collect();
        each.iter().fold(Sums::default(), |all, one| Sums {
            log_rates: all.log_rates + one.log_rates,
            background: std::array::from_fn(|at| all.background[at] + one.background[at]),
            set_off: all.set_off + one.set_off,
            days: all.days + one.days,
            square_km: all.square_km + one.square_km,
        })
    }

    /// One step: which event set off which, then the parameters that fit that best.
    fn step(&self, fit: &SelfExciting) -> SelfExciting {
        let sums = self.sums(fit);
        let background = sums.background.map(|events| events / self.days);
        let background_per_day = background.iter().sum();
        if sums.set_off <= f64::MIN_POSITIVE {
            return SelfExciting {
                background_per_day,
                background,
                offspring: 0.0,
                ..*fit
            };
        }
        let offspring = (sums.set_off / self.observed(fit.decay_per_day)).min(MOST_OFFSPRING);
        // Where an event was seen for a while only, the slow ones it set off are missing.
        let unseen: f64 = self
            .seen
            .iter()
            .map(|seen| seen * (-fit.decay_per_day * seen).exp())
            .sum();
        let decay = sums.set_off / (sums.days + offspring * unseen);
        let [narrow, wide] = WIDTH.map(|part| part * self.bandwidth_km * 1_000.0);
        let sigma_m = (sums.square_km / (2.0 * sums.set_off)).sqrt() * 1_000.0;
        SelfExciting {
            background_per_day,
            background,
            offspring,
            decay_per_day: decay.clamp(DECAY_PER_DAY[0], DECAY_PER_DAY[1]),
            sigma_m: sigma_m.clamp(narrow, wide),
            ..*fit
        }
    }

    /// The part of what all events set off that was seen, for one each.
    fn observed(&self, decay_per_day: f64) -> f64 {
        let part = |seen: &f64| -(-decay_per_day * seen).exp_m1();
        self.seen.iter().map(part).sum()
    }
}

impl Sums {
    fn log_likelihood(&self, problem: &Problem<'_>, fit: &SelfExciting) -> f64 {
        self.log_rates
            - fit.background_per_day * problem.days
            - fit.offspring * problem.observed(fit.decay_per_day)
    }
}
