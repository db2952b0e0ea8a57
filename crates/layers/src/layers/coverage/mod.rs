//! `coverage`: which agency reported about which district in which month, and where nobody did.

mod matrix;
mod month;
mod sent;

pub(crate) use sent::{Reports, bytes_of};

use std::sync::Arc;

use naqsha_model::{Day, DayRange};

use self::matrix::{Matrix, Row, Status};
use self::month::Month;
use crate::boundaries::CellBoundaries;
use crate::description::{LayerDescription, Property, PropertyKind};
use crate::error::LayerError;
use crate::layer::{Computed, Layer, Question};
use crate::layers::tally::tally;
use crate::parameters::Parameter;
use crate::query::LayerQuery;
use crate::table::{Column, Fact, Keys, LayerTable, Metadata, Values};

/// Reported, zero or missing, by agency, district and month.
pub(crate) struct Coverage;

/// Months of an answer where the question names no days.
const MONTHS: u32 = 12;

/// Rows of one answer, at most: 160 districts, twenty agencies and six years are fewer.
const MOST_ROWS: usize = 250_000;

const STATUSES: &[&str] = &["reported", "zero", "missing"];
const EVIDENCE: &[&str] = &["records", "statement"];

pub(crate) static COVERAGE: LayerDescription = LayerDescription {
    id: "coverage",
    title: "Coverage of reporting",
    description: "Which agency reported about which district in which month: `reported` where it has records there, `zero` where \
                  it reported about that month but has none there, `missing` where it did not report about that month at all, so \
                  that an empty map means nothing. An agency reported about a month if any of its records, of whatever place and \
                  category, is of that month and came through a profile that has ever sent what is asked about, or if it \
                  stated the whole month: a batch's period, or a nil return. Its districts are those of every province that it \
                  has ever reported from. Rows without an agency say the same of all agencies together, and take in districts \
                  that nobody reports about: do not add them to the others. Rows without a district are records that name \
                  none: while there are any, a zero is one as far as known. Months are whole; the last twelve where `datetime` \
                  names none. The point is the middle of the district's places, no boundary.",
    keywords: &["crime", "coverage", "reporting", "data gap", "missing data"],
    reference: "United Nations (2003), Manual for the Development of a System of Criminal Justice Statistics, \
                ST/ESA/STAT/SER.F/89",
    properties: &PROPERTIES,
    parameters: &[
        Parameter::Category,
        Parameter::Subtype,
        Parameter::Stage,
        Parameter::Agency,
        Parameter::Basis,
        Parameter::Deduplicated,
        Parameter::Datetime,
        Parameter::StudyArea,
        Parameter::AsOf,
    ],
    default: true,
    over_cells: false,
};

static PROPERTIES: [Property; 9] = [
    Property::of(
        ("agency", "Agency"),
        PropertyKind::Text,
        None,
        "Who reports; null: all agencies that were asked about, together.",
    ),
    Property::of(
        ("district", "District"),
        PropertyKind::Text,
        None,
        "The district; null: no district is named.",
    ),
    Property::of(
        ("province", "Province"),
        PropertyKind::Text,
        None,
        "Code of the district's province or territory; null where the district is not of the table.",
    ),
    Property::of(
        ("month", "Month"),
        PropertyKind::Text,
        None,
        "Civil month of the first day on which it may have happened, `YYYY-MM`.",
    ),
    Property::of(
        ("status", "Status"),
        PropertyKind::Choice(STATUSES),
        None,
        "Whether records were reported, none happened as far as was reported, or nothing was reported.",
    ),
    Property::of(
        ("n", "Records"),
        PropertyKind::Integer,
        Some("records"),
        "Records of the district and month; null where the report is missing: nobody counted.",
    ),
    Property::of(
        ("n_month", "Records of the month"),
        PropertyKind::Integer,
        Some("records"),
        "All records of the agency in that month that tell that it reported: of any district, and of any category of its \
         profiles. Few beside other months: the report may have only begun.",
    ),
    Property::of(
        ("n_unplaced", "Records without a district"),
        PropertyKind::Integer,
        Some("records"),
        "Records asked about, of the agency in that month, that name no district: some may be of this one.",
    ),
    Property::of(
        ("evidence", "Evidence"),
        PropertyKind::Choice(EVIDENCE),
        None,
        "What tells that the agency reported about the month: its records, or its statement alone. Null where it is missing.",
    ),
];

impl Layer for Coverage {
    fn describe(&self) -> &'static LayerDescription {
        &COVERAGE
    }

    fn narrow(&self, query: &mut LayerQuery, id: &str) {
        // A feature is found whatever months an answer has by default.
        let month = id.rsplit('.').next().and_then(Month::parse);
        let days = month.and_then(|month| {
            let (first, next) = (month.first_day()?, month.next().first_day()?);
            DayRange::new(
                Day::new(first).ok()?,
                Day::new(next.yesterday().ok()?).ok()?,
            )
            .ok()
        });
        query.days = days.or(query.days);
    }

    fn compute(&self, question: &Question<'_>) -> Result<Computed, LayerError> {
        let matrix = Matrix::of(question)?;
        let facts = tally(question, None)?.facts;
        let metadata = Metadata {
            study_area: Some(facts),
            resolution: Some(question.resolution),
            statistics: statistics(&matrix),
            excluded: matrix.excluded.clone(),
            synthetic: matrix.synthetic,
            ..Metadata::plain(question.snapshot.version(), question.scope)
        };
        Ok(Computed::all(table(question, &matrix.rows, metadata)))
    }
}

/// What the answer says of the matrix as a whole: statuses are those of all agencies together.
fn statistics(matrix: &Matrix) -> Vec<(&'static str, Fact)> {
    let together = || matrix.rows.iter().filter(|row| row.agency.is_none());
    let of = |status: Status| {
        let rows = together().filter(|row| row.district.is_some() && row.status == status);
        Fact::Count(rows.count() as u64)
    };
    let word = |month: Option<Month>| Fact::Word(month.map(|month| month.to_string()));
    let (first, last) = matrix.months.unzip();
    vec![
        ("first_month", word(first)),
        ("last_month", word(last)),
        ("agencies", Fact::Count(matrix.agencies as u64)),
        ("reported", of(Status::Reported)),
        ("zero", of(Status::Zero)),
        ("missing", of(Status::Missing)),
    ]
}

fn table(question: &Question<'_>, rows: &[Row], metadata: Metadata) -> LayerTable {
    let sites = question.areas.sites();
    let texts =
        |value: &dyn Fn(&Row) -> Option<String>| Values::Texts(rows.iter().map(value).collect());
    let counts = |value: &dyn Fn(&Row) -> Option<u64>| {
        let count = |row: &Row| i64::try_from(value(row)?).ok();
        Values::Integers(rows.iter().map(count).collect())
    };
    let province = |row: &Row| {
        let listed = sites.listed.get(row.district.as_deref()?)?;
        Some(listed.province.clone())
    };
    let values = [
        texts(&|row| row.agency.as_deref().map(str::to_owned)),
        texts(&|row| row.district.clone()),
        texts(&province),
        texts(&|row| Some(row.month.to_string())),
        Values::Choices(rows.iter().map(|row| Some(row.status.code())).collect()),
        counts(&|row| row.n),
        counts(&|row| Some(row.n_month)),
        counts(&|row| Some(row.n_unplaced)),
        Values::Choices(
            rows.iter()
                .map(|row| row.evidence.map(sent::Evidence::code))
                .collect(),
        ),
    ];
    let point = |row: &Row| Some(sites.districts.get(row.district.as_deref()?)?.0);
    LayerTable {
        layer: &COVERAGE,
        keys: Keys::Named(rows.iter().map(|row| row.id.clone()).collect()),
        shapes: vec![None; rows.len()],
        boundaries: Arc::new(CellBoundaries::of(&[])),
        points: Some(rows.iter().map(point).collect()),
        columns: PROPERTIES
            .iter()
            .zip(values)
            .map(|(property, values)| Column { property, values })
            .collect(),
        metadata,
    }
}
