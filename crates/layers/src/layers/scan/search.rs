//! The search itself: in space and time over the cells that hold a record, or in space over all of them.

use h3o::Resolution;
use naqsha_analytics::{
    Case, Cluster, Look, Metric, Points, Reason, Sampling, ScanError, ScanOptions, SpatialModel,
    space_time_scan, spatial_scan,
};

use crate::error::LayerError;
use crate::layer::Question;
use crate::layers::map::LEAST_RECORDS;
use crate::layers::occupied::{Occupied, are_quick, rule, shuffles};
use crate::layers::rates::{denominator, people};
use crate::layers::stepped::{Stepped, TOO_FEW_STEPS, covered, touching};
use crate::layers::tally::{COUNTED_BASES, Tally, tally};
use crate::parameters::Parameter;
use crate::period::Period;
use crate::population::{People, Population};
use crate::steps::Steps;
use crate::table::{Denominator, Fact};

/// Most places that are scanned: each is the centre of circles that may hold half of all others.
const MOST_PLACES: usize = 3_500;

/// Most random maps, whatever is configured.
const MOST_MAPS: u32 = 999;

/// Most steps of time where no length is asked, and fewest in which a stretch of at most half of them can stand out.
const MOST_STEPS: usize = 36;
const FEWEST_STEPS: usize = 4;

/// Clusters but the first are told where at most this share of random maps has one as strong: the others are chance.
const CHANCE: f64 = 0.5;

/// What a scan found; places of the clusters are cells of `occupied`.
pub(super) struct Scanned {
    pub(super) occupied: Occupied,
    pub(super) steps: Option<Steps>,
    pub(super) clusters: Vec<Cluster>,
    pub(super) facts: Vec<(&'static str, Fact)>,
    pub(super) resolution: Resolution,
}

impl Scanned {
    /// Place and time beside each other, over the cells that hold a record.
    pub(super) fn in_time(question: &Question<'_>) -> Result<Self, LayerError> {
        let steps = steps(question)?;
        let matched = touching(question);
        let many = steps.complete.len();
        let (question, cube) = coarse_enough(question, |question| {
            let cube = Stepped::of(question, &steps.complete, matched)?;
            let size = Size {
                places: cube.tally.cells.len(),
                nanos: nanos_in_time(&cube.tally, many as u64),
            };
            Ok((cube, size))
        })?;
        let nanos = nanos_in_time(&cube.tally, many as u64);
        let occupied = Occupied::of(&question, cube.tally)?;
        let held = cube
            .counts
            .chunks_exact(many)
            .filter(|counts| counts.iter().any(|&count| count > 0));
        let mut cases = Vec::new();
        for (place, counts) in (0_u32..).zip(held) {
            for (time, &count) in (0_i64..).zip(counts) {
                cases.extend(std::iter::repeat_n(Case { place, time }, count as usize));
            }
        }
        let period = naqsha_analytics::Period {
            start: 0,
            end: i64::try_from(many).unwrap_or(i64::MAX) - 1,
        };
        let clusters = if (cases.len() as u64) < LEAST_RECORDS {
            (Vec::new(), None)
        } else {
            let sampling = sampling(&question, nanos)?;
            let centres = occupied.centres();
            let look = Look::Retrospective;
            let found = space_time_scan(
                Points::LonLat(&centres),
                &cases,
                period,
                look,
                options(sampling),
            );
            (told(found)?, Some(sampling))
        };
        Ok(Self::of(occupied, Some(steps), clusters, &question))
    }

    /// Records of all time beside the people in all cells, or their area, zeros included.
    pub(super) fn by_place(question: &Question<'_>) -> Result<Self, LayerError> {
        let (question, population) = base(question)?;
        let (question, searched) = coarse_enough(&question, |question| {
            let size =
                usize::try_from(question.area.size(question.resolution)?).unwrap_or(usize::MAX);
            let grid = (size <= MOST_PLACES).then(|| question.area.grid(question.resolution));
            let tally = tally(question, Some(&COUNTED_BASES))?;
            let size = Size {
                places: size,
                nanos: nanos_by_area(&tally, size as u64),
            };
            Ok(((grid.transpose()?, tally), size))
        })?;
        let (grid, mut tally) = searched;
        if let Some(grid) = &grid {
            tally.counts = tally.over(grid);
            tally.cells.clone_from(&grid.cells);
        }
        let base: Vec<f64> = match population {
            Some(population) => leave_peopled(&mut tally, population),
            None => tally.cells.iter().map(|cell| cell.area_km2()).collect(),
        };
        let occupied = Occupied::of(&question, tally)?;
        let cells = &occupied.tally.cells;
        let cases: u64 = occupied
            .tally
            .counts
            .iter()
            .map(|&count| u64::from(count))
            .sum();
        let clusters = if cases < LEAST_RECORDS {
            (Vec::new(), None)
        } else {
            let nanos = nanos_by_area(&occupied.tally, cells.len() as u64);
            let sampling = sampling(&question, nanos)?;
            let centres = occupied.centres();
            let model = SpatialModel::Poisson {
                cases: &occupied.tally.counts,
                population: &base,
            };
            let found = spatial_scan(Points::LonLat(&centres), model, options(sampling));
            (told(found)?, Some(sampling))
        };
        let mut scanned = Self::of(occupied, None, clusters, &question);
        let by = if population.is_some() {
            "population"
        } else {
            "area"
        };
        scanned.facts.extend([
            ("denominator", Fact::Word(Some(by.to_owned()))),
            (
                "population_vintage",
                Fact::Word(population.map(|of| of.vintage().to_owned())),
            ),
            (
                "people",
                Fact::Number(population.map(|_| base.iter().sum())),
            ),
        ]);
        Ok(scanned)
    }

    fn of(
        occupied: Occupied,
        steps: Option<Steps>,
        (clusters, sampling): (Vec<Cluster>, Option<Sampling>),
        question: &Question<'_>,
    ) -> Self {
        let cases = occupied
            .tally
            .counts
            .iter()
            .map(|&count| u64::from(count))
            .sum();
        let reason = sampling
            .is_none()
            .then(|| Reason::InsufficientVariation.code().to_owned());
        let permutations = sampling.map_or(0, |sampling| sampling.permutations.get());
        let facts = vec![
            ("places", Fact::Count(occupied.tally.cells.len() as u64)),
            ("cases", Fact::Count(cases)),
            ("clusters", Fact::Count(clusters.len() as u64)),
            ("permutations", Fact::Count(u64::from(permutations))),
            (
                "permutations_rule",
                rule(question.permutations.min(MOST_MAPS)),
            ),
            ("reason", Fact::Word(reason)),
        ];
        Self {
            occupied,
            steps,
            clusters,
            facts,
            resolution: question.resolution,
        }
    }
}

/// The population that records are compared with, as in the layer `rates`, and the question at a resolution that it has; none
/// where records are compared with area.
///
/// # Errors
/// The population is asked for and there is none, or none so fine.
fn base<'a>(question: &Question<'a>) -> Result<(Question<'a>, Option<&'a Population>), LayerError> {
    let finest = question
        .deployment
        .population()?
        .map(Population::resolution);
    let finest = finest.filter(|_| question.query.resolution.is_none());
    let coarser = Question {
        resolution: finest.map_or(question.resolution, |of| of.min(question.resolution)),
        ..*question
    };
    match denominator(&coarser)? {
        Ok(population) => Ok((coarser, Some(population))),
        Err(Denominator::None { detail, .. }) if question.query.per_head => {
            let name = Parameter::Denominator.name();
            Err(LayerError::of_parameter(name, detail))
        }
        Err(_) => Ok((Question { ..*question }, None)),
    }
}

/// Leaves only cells that people are known to live in, and says how many; records in the others can be compared with nothing.
fn leave_peopled(tally: &mut Tally, population: &Population) -> Vec<f64> {
    let people = people(population, &tally.cells);
    let (mut cells, mut counts, mut base) = (Vec::new(), Vec::new(), Vec::new());
    let mut without = 0;
    for ((&cell, &count), people) in tally.cells.iter().zip(&tally.counts).zip(people) {
        match people.map(People::get) {
            Some(people) if people > 0.0 => {
                cells.push(cell);
                counts.push(count);
                base.push(people);
            }
            _ => without += u64::from(count),
        }
    }
    if without > 0 {
        tally.excluded.reasons.insert("no_denominator", without);
    }
    (tally.cells, tally.counts) = (cells, counts);
    base
}

fn options(sampling: Sampling) -> ScanOptions {
    ScanOptions {
        metric: Metric::Straight,
        max_share: 0.5,
        sampling,
    }
}

/// The clusters that are told.
fn told(found: Result<Vec<Cluster>, ScanError>) -> Result<Vec<Cluster>, LayerError> {
    let mut clusters = found.map_err(|error| LayerError::Statistic(error.to_string()))?;
    // In order of their strength, so of their p.
    let matter = clusters
        .iter()
        .skip(1)
        .take_while(|cluster| cluster.p <= CHANCE)
        .count();
    clusters.truncate(1 + matter);
    Ok(clusters)
}

/// How much there is to search.
struct Size {
    places: usize,
    /// Of one random map, about.
    nanos: u64,
}

/// What one random map takes that is searched for circles: each place's circles may hold half of all others.
fn nanos_by_area(tally: &Tally, places: u64) -> u64 {
    const OF_A_CELL: u64 = 12;
    const OF_A_CASE: u64 = 20;
    places * places / 2 * OF_A_CELL + cases(tally) * OF_A_CASE
}

/// The same where stretches of time are searched too: the search looks closely only at what can hold the highest ratio.
fn nanos_in_time(tally: &Tally, steps: u64) -> u64 {
    let stretches = steps * steps;
    tally.cells.len() as u64 * cases(tally).isqrt() * stretches
}

fn cases(tally: &Tally) -> u64 {
    tally.counts.iter().map(|&count| u64::from(count)).sum()
}

/// The question at the resolution asked; where none is asked, at the finest, from the default on, whose places are few enough
/// and searched quickly.
///
/// # Errors
/// Too many places at the resolution that is asked.
fn coarse_enough<'a, T>(
    question: &Question<'a>,
    search: impl Fn(&Question<'a>) -> Result<(T, Size), LayerError>,
) -> Result<(Question<'a>, T), LayerError> {
    let mut resolution = question.resolution;
    loop {
        let coarser = Question {
            resolution,
            ..*question
        };
        let (found, size) = search(&coarser)?;
        let is_asked = question.query.resolution.is_some();
        if size.places <= MOST_PLACES && (is_asked || are_quick(size.nanos)) {
            return Ok((coarser, found));
        }
        match resolution.pred() {
            Some(next) if !is_asked => resolution = next,
            None if size.places <= MOST_PLACES => return Ok((coarser, found)),
            _ => {
                let reason = format!(
                    "{} cells would be places of the scan at resolution {resolution}; the limit is {MOST_PLACES}. Ask a \
                     coarser resolution, a smaller study area or fewer records",
                    size.places
                );
                return Err(LayerError::of_parameter(
                    Parameter::Resolution.name(),
                    reason,
                ));
            }
        }
    }
}

/// As many random maps as are configured and as the work for one leaves time for.
fn sampling(question: &Question<'_>, nanos: u64) -> Result<Sampling, LayerError> {
    let fewer = Question {
        permutations: question.permutations.min(MOST_MAPS),
        ..*question
    };
    shuffles(&fewer, nanos).ok_or_else(|| {
        let reason = "places, steps and records are too many for 99 random maps: ask a longer period, a coarser resolution or fewer records";
        LayerError::unanswered("too_many_records", reason.to_owned())
    })
}

/// The steps of the length asked, or of the shortest that makes few enough.
fn steps(question: &Question<'_>) -> Result<Steps, LayerError> {
    let of = |period: Period| Steps::of(period, question.query.days, covered(question));
    let steps = match question.query.period {
        Some(period) => of(period),
        None => [Period::Week, Period::Month, Period::Quarter]
            .into_iter()
            .map(of)
            .find(|steps| steps.complete.len() <= MOST_STEPS)
            .unwrap_or_else(|| of(Period::Year)),
    };
    if steps.complete.len() >= FEWEST_STEPS {
        return Ok(steps);
    }
    let reason = format!(
        "a stretch of time stands out among at least {FEWEST_STEPS} complete steps; {}. A shorter period or a longer datetime has more; \
         model=poisson needs none",
        steps.in_words()
    );
    Err(LayerError::unanswered(TOO_FEW_STEPS, reason))
}
