//! `scan`: which circle of cells, or which stretch of time in it, holds too many records?

mod search;

use naqsha_analytics::Cluster;

use self::search::Scanned;
use crate::description::{LayerDescription, Property, PropertyKind};
use crate::error::LayerError;
use crate::layer::{Computed, Layer, Question};
use crate::layers::occupied::Columns;
use crate::layers::properties::H3;
use crate::parameters::{OF_COUNTS, Parameter, joined};
use crate::query::ScanModel;
use crate::table::Metadata;

/// The scan statistic over the cells of the study area.
pub(crate) struct Scan;

pub(crate) static SCAN: LayerDescription = LayerDescription {
    id: "scan",
    title: "Clusters in space and time (scan statistic)",
    description: "Which circle of H3 cells holds more records than chance would put there? model=stp, the default, looks for a circle and a \
                  stretch of time in it where the two have more records together than each by itself predicts (space-time \
                  permutation, looking back over all stretches of at most half the period): neither busy places nor busy times are clusters. Time is \
                  counted in complete civil steps (period; left out, the shortest that makes at most 36), records in none of them \
                  wholly are excluded. model=poisson compares the records of all time with the people in the cells, where a population is imported and \
                  the category is of residents (HT, ADJ) or denominator=population asks for it, else with their area; records where \
                  nobody lives are then excluded. A feature is a cell of a \
                  cluster: the most likely one, significant or not, and those after it that share no cell with another and that \
                  at most half of the random maps match. p is right for having looked everywhere. Cells are the places, at most 3,500: where \
                  no resolution is asked the finest is taken that has so few and of which 99 random maps are searched in two \
                  seconds. As many maps are drawn as are configured, at most 999, and fewer where those take longer, but at \
                  least 99; the answer says how many.",
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

static PARAMETERS: [Parameter; 16] = joined(&[
    &OF_COUNTS,
    &[
        Parameter::Period,
        Parameter::Model,
        Parameter::Alpha,
        Parameter::Seed,
        Parameter::Denominator,
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
        "Records expected in it: of stp, those of its circle times those of its time over all; of poisson, by people or by area.",
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
            ScanModel::Poisson => Scanned::by_place(question)?,
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
