//! Incidents as a flat, typed frame: the columns of a Parquet file, in file order.
//!
//! Members of closed sets are stored by their dense index, which `naqsha-model` keeps stable on disk.

use jiff::Timestamp;
use naqsha_model::{Concealment, Conversion, Day, Incident, Metres, Occurred, Point, Status, Unit};
use naqsha_record::DetailsRecord;
use polars::prelude::{Column, DataFrame, PolarsResult};

use crate::text;

/// Names of the columns that the index is made of.
pub(crate) const INDEX_COLUMNS: [&str; 9] = [
    "cell",
    "category",
    "stage",
    "basis",
    "agency",
    "occurred_first_day",
    "occurred_last_day",
    "reported_first_day",
    "reported_last_day",
];

/// Names of the columns by which repeats are known.
pub(crate) const KEY_COLUMNS: [&str; 4] = ["key_high", "key_low", "content_high", "content_low"];

/// The frame of a file: sorted by cell (none first), category, first day (no time first) and row.
///
/// As the number of a cell starts with its resolution, the rows of one resolution are contiguous.
pub(crate) fn frame(incidents: &[Incident]) -> PolarsResult<DataFrame> {
    let mut sorted: Vec<&Incident> = incidents.iter().collect();
    sorted.sort_by_cached_key(|incident| {
        let day = incident.when().map_or(0, |when| when.days.first().0);
        (
            cell(incident),
            incident.category.index(),
            day,
            incident.provenance.row,
        )
    });
    let of = Rows(&sorted);
    let mut columns = vec![
        of.column("row", |i| signed(i.provenance.row)),
        of.column("cell", cell),
        of.column("lon", |i| i.location.point().map(Point::lon)),
        of.column("lat", |i| i.location.point().map(Point::lat)),
        of.column("uncertainty_m", |i| {
            i.location.uncertainty().map(Metres::get)
        }),
        of.column("precision", |i| i.location.precision().index()),
        of.column("method", |i| i.location.method.index()),
        of.column("basis", |i| i.location.basis.index()),
        of.column("district", |i| i.location.district.as_deref()),
        of.column("place_text", |i| i.location.place_text.as_deref()),
        of.column("category", |i| i.category.index()),
        of.column("stage", |i| i.stage.index()),
        of.column("agency", |i| i.agency.as_str()),
        of.column("unit", |i| i.unit.as_deref()),
        of.column("case_number", |i| {
            i.case.as_ref().map(|c| c.number.as_str())
        }),
        of.column("case_year", |i| i.case.as_ref().and_then(|c| c.year)),
        of.column("case_station", |i| {
            i.case.as_ref().and_then(|c| c.station.as_deref())
        }),
        of.column("offences", offences),
        of.column("seizures", seizures),
        of.column("detection", |i| i.detection.index()),
        of.column("handling", |i| i.handling.code.index()),
        of.column("releasable_to", releasable_to),
        of.column("public_embargo_until", |i| {
            i.handling.public_embargo_until.map(|Day(day)| day)
        }),
        of.column("reliability", |i| i.grading.reliability.index()),
        of.column("credibility", |i| i.grading.credibility.index()),
        of.column("description", |i| i.description.as_deref()),
        of.column("status", |i| i.status.map(Status::index)),
        of.column("details", details),
        of.column("key_high", |i| i.natural_key.map(|key| halves(key.0).0)),
        of.column("key_low", |i| i.natural_key.map(|key| halves(key.0).1)),
        of.column("content_high", |i| halves(i.content.0).0),
        of.column("content_low", |i| halves(i.content.0).1),
        of.column("warnings", warnings),
    ];
    columns.extend(of.times("occurred", |i| i.occurred));
    columns.extend(of.times("reported", |i| i.reported));
    DataFrame::new(sorted.len(), columns)
}

struct Rows<'a>(&'a [&'a Incident]);

impl<'a> Rows<'a> {
    fn column<V>(&self, name: &str, value: impl Fn(&'a Incident) -> V) -> Column
    where
        Column: FromValues<V>,
    {
        Column::from_values(
            name,
            self.0.iter().map(|&incident| value(incident)).collect(),
        )
    }

    fn times(&self, what: &str, time: impl Fn(&'a Incident) -> Option<Occurred>) -> [Column; 5] {
        let name = |part: &str| format!("{what}_{part}");
        [
            self.column(&name("first_day"), |i| time(i).map(|t| t.days.first().0)),
            self.column(&name("last_day"), |i| time(i).map(|t| t.days.last().0)),
            self.column(&name("precision"), |i| time(i).map(|t| t.precision.index())),
            self.column(&name("start_ms"), |i| {
                time(i)?.start.map(Timestamp::as_millisecond)
            }),
            self.column(&name("end_ms"), |i| {
                time(i)?.end.map(Timestamp::as_millisecond)
            }),
        ]
    }
}

/// Making a column of values of one type; polars names this differently for each type.
trait FromValues<V> {
    fn from_values(name: &str, values: Vec<V>) -> Self;
}

macro_rules! from_values {
    ($($value:ty),+) => {$(
        impl FromValues<$value> for Column {
            fn from_values(name: &str, values: Vec<$value>) -> Self {
                Self::new(name.into(), values)
            }
        }
    )+};
}
from_values!(
    u8,
    i64,
    Option<u8>,
    Option<u16>,
    Option<i16>,
    Option<i64>,
    Option<f64>,
    Option<String>,
    String,
    &str,
    Option<&str>
);

fn cell(incident: &Incident) -> Option<i64> {
    incident.location.cell().map(|cell| signed(cell.into()))
}

/// Cells have a zero first bit, and rows are below 2⁴⁰.
fn signed(number: u64) -> i64 {
    number.cast_signed()
}

fn halves(bits: u128) -> (i64, i64) {
    #[expect(clippy::cast_possible_truncation, reason = "each half is meant")]
    (
        ((bits >> 64) as u64).cast_signed(),
        (bits as u64).cast_signed(),
    )
}

fn offences(incident: &Incident) -> String {
    let mut text = String::new();
    for offence in &incident.offences {
        let principal = if offence.principal { "principal" } else { "" };
        for field in [
            offence.statute.as_str(),
            &offence.section,
            offence.role.code(),
            &offence.iccs,
            principal,
            if offence.attempted { "attempted" } else { "" },
        ] {
            text::push_field(&mut text, Some(field));
        }
        text::push_field(&mut text, offence.raw.as_deref());
        text::end_record(&mut text);
    }
    text
}

fn seizures(incident: &Incident) -> String {
    let mut text = String::new();
    let number = |value: Option<f64>| value.map(|value| value.to_string());
    for seizure in &incident.seizures {
        text::push_field(&mut text, Some(seizure.substance.code()));
        text::push_field(&mut text, number(seizure.quantity).as_deref());
        text::push_field(&mut text, seizure.unit.map(Unit::code));
        text::push_field(&mut text, number(seizure.kilograms).as_deref());
        text::push_field(&mut text, seizure.conversion.map(Conversion::code));
        text::push_field(&mut text, number(seizure.purity_percent).as_deref());
        let forensic = seizure
            .forensic_report
            .map(|is| if is { "yes" } else { "no" });
        text::push_field(&mut text, forensic);
        text::push_field(&mut text, seizure.concealment.map(Concealment::code));
        text::end_record(&mut text);
    }
    text
}

/// The rare parts as JSON; null for the records that have none of them.
fn details(incident: &Incident) -> Option<String> {
    let details = incident.details.as_deref()?;
    Some(
        serde_json::to_string(&DetailsRecord::from(details))
            .expect("a record of texts and finite numbers is JSON"),
    )
}

fn releasable_to(incident: &Incident) -> String {
    one_field_each(incident.handling.releasable_to.iter().map(String::as_str))
}

fn warnings(incident: &Incident) -> String {
    one_field_each(incident.provenance.warnings.iter().map(|code| code.code()))
}

fn one_field_each<'a>(fields: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for field in fields {
        text::push_field(&mut text, Some(field));
        text::end_record(&mut text);
    }
    text
}
