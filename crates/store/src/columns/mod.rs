//! Incidents as flat, typed columns: filled row by row, sorted once, written as the columns of a Parquet file.
//!
//! Members of closed sets are stored by their dense index, which `naqsha-model` keeps stable on disk.

mod optional;
mod text;

use jiff::Timestamp;
use naqsha_model::{
    Concealment, Conversion, Day, DayRange, Incident, Metres, Occurred, Point, Seizure, Status,
    Unit,
};
use naqsha_record::DetailsRecord;
use polars_core::prelude::{Column, DataFrame, NamedFrom, PolarsResult, Series};

use crate::text::{end_record, push_field};
use optional::{Filled, Optional};
use text::Texts;

/// Names of the columns that the index is made of.
pub(crate) const INDEX_COLUMNS: [&str; 12] = [
    "cell",
    "category",
    "stage",
    "basis",
    "precision",
    "handling",
    RECIPIENTS_COLUMN,
    "agency",
    "occurred_first_day",
    "occurred_last_day",
    "reported_first_day",
    "reported_last_day",
];

/// Names of the columns by which repeats are known.
pub(crate) const KEY_COLUMNS: [&str; 4] = ["key_high", "key_low", "content_high", "content_low"];

/// Name of the column of those a record may be released to.
pub(crate) const RECIPIENTS_COLUMN: &str = "releasable_to";

/// Name of the column of statuses.
pub(crate) const STATUS_COLUMN: &str = "status";

/// The columns of a file while it is filled: a third of the memory of the incidents, touched once.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    row: Vec<i64>,
    cell: Optional<i64>,
    lon: Optional<f64>,
    lat: Optional<f64>,
    uncertainty_m: Optional<f64>,
    precision: Vec<u8>,
    method: Vec<u8>,
    basis: Vec<u8>,
    district: Texts,
    place_text: Texts,
    category: Vec<u8>,
    stage: Vec<u8>,
    agency: Texts,
    unit: Texts,
    case_number: Texts,
    case_year: Optional<i16>,
    case_station: Texts,
    offences: Texts,
    seizures: Texts,
    detection: Vec<u8>,
    handling: Vec<u8>,
    releasable_to: Texts,
    public_embargo_until: Optional<u16>,
    reliability: Vec<u8>,
    credibility: Vec<u8>,
    description: Texts,
    status: Optional<u8>,
    details: Texts,
    key_high: Optional<i64>,
    key_low: Optional<i64>,
    content_high: Optional<i64>,
    content_low: Optional<i64>,
    warnings: Texts,
    occurred: Times,
    reported: Times,
    /// Written into before it goes to a column of lists.
    list: String,
}

/// First and last day, precision and instants.
#[derive(Debug, Default)]
struct Times {
    first_day: Optional<u16>,
    last_day: Optional<u16>,
    precision: Optional<u8>,
    start_ms: Optional<i64>,
    end_ms: Optional<i64>,
}

impl Times {
    fn push(&mut self, time: Option<Occurred>) {
        self.first_day.push(time.map(|t| t.days.first().0));
        self.last_day.push(time.map(|t| t.days.last().0));
        self.precision.push(time.map(|t| t.precision.index()));
        let millisecond = |instant: Option<Timestamp>| instant.map(Timestamp::as_millisecond);
        self.start_ms.push(time.and_then(|t| millisecond(t.start)));
        self.end_ms.push(time.and_then(|t| millisecond(t.end)));
    }

    fn days(&self, row: usize) -> Option<DayRange> {
        let (first, last) = (self.first_day.get(row)?, self.last_day.get(row)?);
        DayRange::new(Day(first), Day(last)).ok()
    }
}

impl Columns {
    /// Rows so far.
    pub(crate) fn len(&self) -> usize {
        self.row.len()
    }

    /// First and last row of the bureau's file, 0 where there is none.
    pub(crate) fn source_rows(&self) -> (u64, u64) {
        let least = self.row.iter().min().copied().unwrap_or(0);
        let most = self.row.iter().max().copied().unwrap_or(0);
        (least.cast_unsigned(), most.cast_unsigned())
    }

    /// The days of each row that has a time: when it happened, else when it was reported.
    pub(crate) fn days(&self) -> impl Iterator<Item = DayRange> {
        (0..self.len()).filter_map(|row| self.when(row))
    }

    fn when(&self, row: usize) -> Option<DayRange> {
        self.occurred.days(row).or_else(|| self.reported.days(row))
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, incident: &Incident) {
        self.row.push(signed(incident.provenance.row));
        self.push_place(incident);
        self.category.push(incident.category.index());
        self.stage.push(incident.stage.index());
        self.agency.push(Some(incident.agency.as_str()));
        self.unit.push(incident.unit.as_deref());
        let case = incident.case.as_ref();
        self.case_number.push(case.map(|case| case.number.as_str()));
        self.case_year.push(case.and_then(|case| case.year));
        self.case_station
            .push(case.and_then(|case| case.station.as_deref()));
        self.detection.push(incident.detection.index());
        self.handling.push(incident.handling.code.index());
        let embargo = incident.handling.public_embargo_until;
        self.public_embargo_until.push(embargo.map(|Day(day)| day));
        self.reliability.push(incident.grading.reliability.index());
        self.credibility.push(incident.grading.credibility.index());
        self.description.push(incident.description.as_deref());
        self.status.push(incident.status.map(Status::index));
        let key = incident.natural_key.map(|key| halves(key.0));
        self.key_high.push(key.map(|(high, _)| high));
        self.key_low.push(key.map(|(_, low)| low));
        let content = key.map(|_| halves(incident.content.0));
        self.content_high.push(content.map(|(high, _)| high));
        self.content_low.push(content.map(|(_, low)| low));
        self.occurred.push(incident.occurred);
        self.reported.push(incident.reported);
        self.push_lists(incident);
        self.push_details(incident);
    }

    fn push_place(&mut self, incident: &Incident) {
        let place = &incident.location;
        self.cell.push(place.cell().map(|cell| signed(cell.into())));
        self.lon.push(place.point().map(Point::lon));
        self.lat.push(place.point().map(Point::lat));
        self.uncertainty_m
            .push(place.uncertainty().map(Metres::get));
        self.precision.push(place.precision().index());
        self.method.push(place.method.index());
        self.basis.push(place.basis.index());
        self.district.push(place.district.as_deref());
        self.place_text.push(place.place_text.as_deref());
    }

    fn push_lists(&mut self, incident: &Incident) {
        let list = &mut self.list;
        let mut fill = |column: &mut Texts, write: &dyn Fn(&mut String)| {
            list.clear();
            write(list);
            column.push((!list.is_empty()).then_some(&**list));
        };
        fill(&mut self.offences, &|list| write_offences(list, incident));
        fill(&mut self.seizures, &|list| {
            incident
                .seizures
                .iter()
                .for_each(|line| write_seizure(list, line));
        });
        fill(&mut self.releasable_to, &|list| {
            let agencies = incident.handling.releasable_to.iter().map(String::as_str);
            one_field_each(list, agencies);
        });
        fill(&mut self.warnings, &|list| {
            one_field_each(
                list,
                incident.provenance.warnings.iter().map(|code| code.code()),
            );
        });
    }

    /// The rare parts as JSON; null for the records that have none of them.
    fn push_details(&mut self, incident: &Incident) {
        let json = incident.details.as_deref().map(|details| {
            serde_json::to_string(&DetailsRecord::from(details))
                .expect("a record of texts and finite numbers is JSON")
        });
        self.details.push(json.as_deref());
    }

    /// The frame of a file: sorted by cell (none first), category, first day (no time first) and row.
    ///
    /// As the number of a cell starts with its resolution, the rows of one resolution are contiguous. A column of which no
    /// row has a value is left out.
    pub(crate) fn frame(&self) -> PolarsResult<DataFrame> {
        let order = Order(self.order());
        let columns = [
            Some(order.column("row", &self.row)),
            order.optional("cell", &self.cell),
            order.optional("lon", &self.lon),
            order.optional("lat", &self.lat),
            order.optional("uncertainty_m", &self.uncertainty_m),
            Some(order.column("precision", &self.precision)),
            Some(order.column("method", &self.method)),
            Some(order.column("basis", &self.basis)),
            order.texts("district", &self.district),
            order.texts("place_text", &self.place_text),
            Some(order.column("category", &self.category)),
            Some(order.column("stage", &self.stage)),
            order.texts("agency", &self.agency),
            order.texts("unit", &self.unit),
            order.texts("case_number", &self.case_number),
            order.optional("case_year", &self.case_year),
            order.texts("case_station", &self.case_station),
            order.texts("offences", &self.offences),
            order.texts("seizures", &self.seizures),
            Some(order.column("detection", &self.detection)),
            Some(order.column("handling", &self.handling)),
            order.texts(RECIPIENTS_COLUMN, &self.releasable_to),
            order.optional("public_embargo_until", &self.public_embargo_until),
            Some(order.column("reliability", &self.reliability)),
            Some(order.column("credibility", &self.credibility)),
            order.texts("description", &self.description),
            order.optional(STATUS_COLUMN, &self.status),
            order.texts("details", &self.details),
            order.optional("key_high", &self.key_high),
            order.optional("key_low", &self.key_low),
            order.optional("content_high", &self.content_high),
            order.optional("content_low", &self.content_low),
            order.texts("warnings", &self.warnings),
        ];
        let times = [("occurred", &self.occurred), ("reported", &self.reported)];
        let times = times
            .into_iter()
            .flat_map(|(what, times)| order.times(what, times));
        let columns = columns.into_iter().chain(times).flatten().collect();
        DataFrame::new(self.len(), columns)
    }

    /// One number holds all four: no cell is 0, and the place among the bureau's rows, which lie in order as a rule, stands
    /// for the row.
    #[expect(
        clippy::indexing_slicing,
        reason = "every column has a value for each row, and every rank a row"
    )]
    fn order(&self) -> Vec<usize> {
        let mut by_row: Vec<usize> = (0..self.len()).collect();
        by_row.sort_by_key(|&at| self.row[at]);
        let key = |(rank, &at): (u64, &usize)| {
            let cell = self.cell.get(at).unwrap_or(0).cast_unsigned();
            let day = self.when(at).map_or(0, |days| days.first().0);
            let rest = u64::from(self.category[at]) << 56 | u64::from(day) << RANK_BITS | rank;
            u128::from(cell) << 64 | u128::from(rest)
        };
        let mut keys: Vec<u128> = (0..).zip(&by_row).map(key).collect();
        keys.sort_unstable();
        let rank = |key: u128| usize::try_from(key & ((1 << RANK_BITS) - 1));
        keys.into_iter()
            .map(|key| by_row[rank(key).expect("fewer than 2⁴⁰ rows")])
            .collect()
    }
}

/// Bits of a row's place in its part.
const RANK_BITS: u32 = 40;

/// The rows in the order of the file.
struct Order(Vec<usize>);

impl Order {
    #[expect(
        clippy::indexing_slicing,
        reason = "every column has a value for each row"
    )]
    fn column<V: Copy>(&self, name: &str, values: &[V]) -> Column
    where
        Series: NamedFrom<Vec<V>, [V]>,
    {
        let sorted: Vec<V> = self.0.iter().map(|&row| values[row]).collect();
        Series::new(name.into(), sorted).into()
    }

    /// A column without a value is left out.
    #[expect(
        clippy::indexing_slicing,
        reason = "a column that holds something has a value for each row"
    )]
    fn optional<V: Copy + Default>(&self, name: &str, values: &Optional<V>) -> Option<Column>
    where
        Series: NamedFrom<Vec<V>, [V]> + NamedFrom<Vec<Option<V>>, [Option<V>]>,
    {
        match values.filled() {
            Filled::Nothing => None,
            Filled::All(values) => Some(self.column(name, values)),
            Filled::Some(values, present) => {
                let value = |&row: &usize| present[row].then_some(values[row]);
                let sorted: Vec<Option<V>> = self.0.iter().map(value).collect();
                Some(Series::new(name.into(), sorted).into())
            }
        }
    }

    fn texts(&self, name: &str, texts: &Texts) -> Option<Column> {
        if texts.holds_nothing() {
            return None;
        }
        let sorted: Vec<Option<&str>> = self.0.iter().map(|&row| texts.get(row)).collect();
        Some(Series::new(name.into(), sorted).into())
    }

    fn times(&self, what: &str, times: &Times) -> [Option<Column>; 5] {
        let name = |part: &str| format!("{what}_{part}");
        [
            self.optional(&name("first_day"), &times.first_day),
            self.optional(&name("last_day"), &times.last_day),
            self.optional(&name("precision"), &times.precision),
            self.optional(&name("start_ms"), &times.start_ms),
            self.optional(&name("end_ms"), &times.end_ms),
        ]
    }
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

fn write_offences(list: &mut String, incident: &Incident) {
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
            push_field(list, Some(field));
        }
        push_field(list, offence.raw.as_deref());
        end_record(list);
    }
}

fn write_seizure(list: &mut String, seizure: &Seizure) {
    let number = |value: Option<f64>| value.map(|value| value.to_string());
    push_field(list, Some(seizure.substance.code()));
    push_field(list, number(seizure.quantity).as_deref());
    push_field(list, seizure.unit.map(Unit::code));
    push_field(list, number(seizure.kilograms).as_deref());
    push_field(list, seizure.conversion.map(Conversion::code));
    push_field(list, number(seizure.purity_percent).as_deref());
    let forensic = seizure
        .forensic_report
        .map(|is| if is { "yes" } else { "no" });
    push_field(list, forensic);
    push_field(list, seizure.concealment.map(Concealment::code));
    end_record(list);
}

fn one_field_each<'a>(list: &mut String, fields: impl Iterator<Item = &'a str>) {
    for field in fields {
        push_field(list, Some(field));
        end_record(list);
    }
}
