//! `scan`: which circle of cells, or which stretch of time in it, holds too many records?

use h3o::{CellIndex, Resolution};
use naqsha_analytics::{
    Case, Cluster, Look, Metric, Points, Reason, Sampling, ScanError, ScanOptions, SpatialModel,
    space_time_scan, spatial_scan,
};

use crate::description::{LayerDescription, Property, PropertyKind};
use crate::error::LayerError;
use crate::layer::{Computed, Layer, Question};
use crate::layers::map::LEAST_RECORDS;
use crate::layers::occupied::{Columns, Occupied, shuffles};
use crate::layers::properties::H3;
use crate::layers::stepped::{Stepped, covered, touching};
use crate::layers::tally::{COUNTED_BASES, tally};
use crate::parameters::{OF_COUNTS, Parameter, ParameterError, joined};
use crate::period::Period;
use crate::query::ScanModel;
use crate::steps::Steps;
use crate::table::{Fact, Metadata};

/// The scan statistic over the cells of the study area.
pub(crate) struct Scan;

/// Most places that are scanned: each is the centre of circles that may hold half of all others.
const MOST_PLACES: usize = 3_500;

/// Most random maps, whatever is configured.
const MOST_MAPS: u32 = 999;

/// Most steps of time where no length is asked, and fewest in which a stretch of at most half of them can stand out.
const MOST_STEPS: usize = 36;
const FEWEST_STEPS: usize = 4;

/// Clusters but the first are told where at most this share of random maps has one as strong: the others are chance.
const CHANCE: f64 = 0.5;

pub(crate) static SCAN: LayerDescription = LayerDescription {
    id: "scan",
    title: "Clusters in space and time (scan statistic)",
    description: "Which circle of H3 cells holds more records than chance would put there? model=stp, the default, looks for a circle and a \
                  stretch of time in it where the two have more records together than each by itself predicts (space-time \
                  permutation, looking back over all stretches of at most half the period): neither busy places nor busy times are clusters. Time is \
                  counted in complete civil steps (period; left out, the shortest that makes at most 36), records in none of them \
                  wholly are excluded. model=poisson compares the records of all time with the area of the cells. A feature is a cell of a \
                  cluster: the most likely one, significant or not, and those after it that share no cell with another and that \
                  at most half of the random maps match. p is right for having looked everywhere. Cells are the places, at most 3,500: where \
                  no resolution is asked the finest with so few is taken. As many random maps are drawn as are configured, at \
                  most 999, and fewer where places, steps and records are many; the answer says how many.",
    keywords: &[
        "crime",
        "cluster",
        "scan statistic",
        "outbreak",
        "space-time permutation",
        "H3",
    ],
    reference: "Kulldorff, M. et al. (2005), PLoS Medicine 2(3), doi:10.1371/journal.pmed.0020059; Kulldorff, M. (1997), Communications \
                in Statistics 26(6), doi:10.1080/03610929708831995; Abrams, A. M., Kulldorff, M. and Kleinman, K. (2010), \
                Int. J. Health Geographics 9:61, doi:10.1186/1476-072X-9-61",
    properties: &PROPERTIES,
    parameters: &PARAMETERS,
    default: false,
    over_cells: true,
};

static PARAMETERS: [Parameter; 15] = joined(&[
    &OF_COUNTS,
    &[
        Parameter::Period,
        Parameter::Model,
        Parameter::Alpha,
        Parameter::Seed,
    ],
]);

const fn number(
    name: (&'static str, &'static str),
    unit: Option<&'static str>,
    description: &'static str,
) -> Property {
    Property::of(name, PropertyKind::Number, unit, description)
}

static PROPERTIES: [Property; 15] = [
    H3,
    Property::of(
        ("n", "Records"),
        PropertyKind::Integer,
        Some("records"),
        "Records in the cell, of all time that was scanned.",
    ),
    Property::of(
        ("cluster", "Cluster"),
        PropertyKind::Integer,
        None,
        "The cluster that the cell is of: 1 is the most likely.",
    ),
    number(
        ("llr", "Log likelihood ratio"),
        None,
        "How much likelier the records are with the cluster than without.",
    ),
    number(
        ("p", "p"),
        None,
        "(1 + random maps whose strongest cluster is at least as strong) / (1 + maps). Cautious for all but cluster 1.",
    ),
    number(
        ("p_gumbel", "p of Gumbel's law"),
        None,
        "The same from a law fitted to the random maps' strongest clusters: tells small p apart. Null where those do not vary.",
    ),
    number(
        ("recurrence_interval", "Recurrence interval"),
        Some("analyses"),
        "1 / p: how many such analyses until chance alone gives as strong a cluster.",
    ),
    Property::of(
        ("observed", "Observed"),
        PropertyKind::Integer,
        Some("records"),
        "Records of the cluster.",
    ),
    number(
        ("expected", "Expected"),
        Some("records"),
        "Records expected in it: of stp, those of its circle times those of its time over all; of poisson, by area.",
    ),
    number(
        ("relative_risk", "Relative risk"),
        None,
        "Observed over expected inside, over the same outside. Null where all records are inside.",
    ),
    number(
        ("radius_km", "Radius"),
        Some("km"),
        "Distance of the cluster's farthest cell centre from its middle one; 0 for a single cell.",
    ),
    Property::of(
        ("start", "Start"),
        PropertyKind::Date,
        None,
        "First day of the cluster; null with model=poisson.",
    ),
    Property::of(
        ("end", "End"),
        PropertyKind::Date,
        None,
        "Last day of the cluster; null with model=poisson.",
    ),
    Property::of(
        ("cells", "Cells"),
        PropertyKind::Integer,
        Some("cells"),
        "Cells of the cluster; of stp, those that hold a record.",
    ),
    Property::of(
        ("class", "Class"),
        PropertyKind::Choice(&["significant", "not_significant"]),
        None,
        "significant where p is at most alpha.",
    ),
];

impl Layer for Scan {
    fn describe(&self) -> &'static LayerDescription {
        &SCAN
    }

    fn compute(&self, question: &Question<'_>) -> Result<Computed, LayerError> {
        let Scanned {
            occupied,
            steps,
            clusters,
            facts,
            resolution,
        } = match question.query.model {
            ScanModel::SpaceTime => Scanned::in_time(question)?,
            ScanModel::Poisson => Scanned::by_area(question)?,
        };
        let members = members(&clusters);
        let kept: Vec<usize> = members.iter().map(|member| member.0).collect();
        let of = Columns(&kept);
        let found = |at: usize| {
            let row = members.partition_point(|member| member.0 < at);
            (members[row].1, &clusters[members[row].1])
        };
        let cluster = |at: usize| found(at).1;
        let day = |at: usize, side: usize| {
            let step = steps
                .as_ref()?
                .complete
                .get(usize::try_from(cluster(at).window?[side]).ok()?)?;
            let day = if side == 0 { step.first() } else { step.last() };
            Some(day.date().to_string())
        };
        let class = |at: usize| {
            if cluster(at).p <= question.query.alpha {
                "significant"
            } else {
                "not_significant"
            }
        };
        let columns = [
            of.cells(&occupied),
            of.counts(&occupied),
            of.integers(|at| Some(found(at).0 as u64 + 1)),
            of.numbers(|at| Some(cluster(at).llr)),
            of.numbers(|at| Some(cluster(at).p)),
            of.numbers(|at| cluster(at).p_gumbel),
            of.numbers(|at| Some(1.0 / cluster(at).p)),
            of.integers(|at| Some(cluster(at).observed)),
            of.numbers(|at| Some(cluster(at).expected)),
            of.numbers(|at| cluster(at).relative_risk),
            of.numbers(|at| Some(cluster(at).radius / 1_000.0)),
            of.texts(|at| day(at, 0)),
            of.texts(|at| day(at, 1)),
            of.integers(|at| Some(cluster(at).places.len() as u64)),
            of.choices(|at| Some(class(at))),
        ];
        let metadata = Metadata {
            resolution: Some(resolution),
            null: Some("mc"),
            alpha: Some(question.query.alpha),
            seed: Some(question.query.seed),
            steps,
            statistics: facts,
            ..occupied.metadata(question)
        };
        Ok(occupied.table(&SCAN, &kept, columns, metadata))
    }
}

/// The cells of all clusters, ascending, each with its cluster.
fn members(clusters: &[Cluster]) -> Vec<(usize, usize)> {
    let cells = |(nth, cluster): (usize, &Cluster)| {
        let places = cluster.places.iter();
        places
            .map(move |&place| (place as usize, nth))
            .collect::<Vec<_>>()
    };
    let mut members: Vec<_> = clusters.iter().enumerate().flat_map(cells).collect();
    members.sort_unstable();
    members
}

/// What a scan found; places of the clusters are cells of `occupied`.
struct Scanned {
    occupied: Occupied,
    steps: Option<Steps>,
    clusters: Vec<Cluster>,
    facts: Vec<(&'static str, Fact)>,
    resolution: Resolution,
}

impl Scanned {
    /// Place and time beside each other, over the cells that hold a record.
    fn in_time(question: &Question<'_>) -> Result<Self, LayerError> {
        let steps = steps(question)?;
        let matched = touching(question);
        let (question, cube) = coarse_enough(question, |question| {
            let cube = Stepped::of(question, &steps.complete, matched)?;
            let places = cube.tally.cells.len();
            Ok((cube, places))
        })?;
        let many = steps.complete.len();
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
        let places = occupied.tally.cells.len() as u64;
        let stretches = (many * many) as u64;
        let work = places * (cases.len() as u64).isqrt() * stretches;
        let clusters = if (cases.len() as u64) < LEAST_RECORDS {
            (Vec::new(), None)
        } else {
            let sampling = sampling(&question, work)?;
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
        Ok(Self::of(
            occupied,
            Some(steps),
            clusters,
            question.resolution,
        ))
    }

    /// Records of all time beside the area of all cells, zeros included.
    fn by_area(question: &Question<'_>) -> Result<Self, LayerError> {
        let (question, grid) = coarse_enough(question, |question| {
            let size =
                usize::try_from(question.area.size(question.resolution)?).unwrap_or(usize::MAX);
            let grid = (size <= MOST_PLACES).then(|| question.area.grid(question.resolution));
            Ok((grid.transpose()?, size))
        })?;
        let mut tally = tally(&question, Some(&COUNTED_BASES))?;
        if let Some(grid) = &grid {
            tally.counts = tally.over(grid);
            tally.cells.clone_from(&grid.cells);
        }
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
            let places = cells.len() as u64;
            let sampling = sampling(&question, places * places / 2 + cases)?;
            let areas: Vec<f64> = cells
                .iter()
                .map(|cell| CellIndex::area_km2(*cell))
                .collect();
            let centres = occupied.centres();
            let model = SpatialModel::Poisson {
                cases: &occupied.tally.counts,
                population: &areas,
            };
            let found = spatial_scan(Points::LonLat(&centres), model, options(sampling));
            (told(found)?, Some(sampling))
        };
        Ok(Self::of(occupied, None, clusters, question.resolution))
    }

    fn of(
        occupied: Occupied,
        steps: Option<Steps>,
        (clusters, sampling): (Vec<Cluster>, Option<Sampling>),
        resolution: Resolution,
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
            ("reason", Fact::Word(reason)),
        ];
        Self {
            occupied,
            steps,
            clusters,
            facts,
            resolution,
        }
    }
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

/// The question at the resolution asked; where none is asked, at the finest, from the default on, with few enough places.
///
/// # Errors
/// Too many places at the resolution that is asked.
fn coarse_enough<'a, T>(
    question: &Question<'a>,
    places: impl Fn(&Question<'a>) -> Result<(T, usize), LayerError>,
) -> Result<(Question<'a>, T), LayerError> {
    let mut resolution = question.resolution;
    loop {
        let coarser = Question {
            resolution,
            ..*question
        };
        let (found, many) = places(&coarser)?;
        if many <= MOST_PLACES {
            return Ok((coarser, found));
        }
        match resolution.pred() {
            Some(next) if question.query.resolution.is_none() => resolution = next,
            _ => {
                let reason = format!(
                    "{many} cells would be places of the scan at resolution {resolution}; the limit is {MOST_PLACES}. Ask a coarser \
                     resolution, a smaller study area or fewer records"
                );
                return Err(refusal(Parameter::Resolution, reason));
            }
        }
    }
}

fn refusal(parameter: Parameter, reason: String) -> LayerError {
    LayerError::Parameters(vec![ParameterError::new(parameter.name(), reason)])
}

/// As many random maps as are configured and as the work for one leaves time for.
fn sampling(question: &Question<'_>, work: u64) -> Result<Sampling, LayerError> {
    let fewer = Question {
        permutations: question.permutations.min(MOST_MAPS),
        ..*question
    };
    shuffles(&fewer, work).ok_or_else(|| {
        let reason = "places, steps and records are too many for 99 random maps: ask a longer period, a coarser resolution or fewer records";
        refusal(Parameter::Period, reason.to_owned())
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
    Err(refusal(Parameter::Period, reason))
}
