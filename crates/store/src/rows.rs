//! Rows of a file's frame back as incidents.

use h3o::CellIndex;
use jiff::Timestamp;
use naqsha_model::{
    Agency, Basis, CaseReference, Category, Code, Coded, ContentDigest, Credibility, Day, DayRange,
    Details, DetectionMode, Grading, Handling, HandlingCode, Incident, Location, LocationMethod,
    Metres, NaturalKey, Occurred, Offence, OffenceRole, Point, Precision, Provenance, RecordStage,
    Reliability, Seizure, Status, Substance, TimePrecision,
};
use naqsha_record::DetailsRecord;
use polars_core::prelude::DataFrame;

use crate::text;

/// Why a file that matches its digest does not read back: it was written by another program.
pub(crate) type Unreadable = String;

/// The incidents in the rows of a frame, in the order of `rows`.
pub(crate) fn incidents(
    frame: &DataFrame,
    rows: &[usize],
    received_at: Timestamp,
) -> Result<Vec<Incident>, Unreadable> {
    rows.iter()
        .map(|&row| incident(&Reader { frame, row }, received_at))
        .collect()
}

fn incident(of: &Reader<'_>, received_at: Timestamp) -> Result<Incident, Unreadable> {
    Ok(Incident {
        agency: Agency::new(&of.text("agency")?).map_err(|e| e.to_string())?,
        unit: of.optional_text("unit")?,
        stage: of.member("stage", RecordStage::from_index)?,
        category: of.member("category", Category::from_index)?,
        offences: offences(&of.list("offences")?)?,
        case: case(of)?,
        occurred: time(of, "occurred")?,
        reported: time(of, "reported")?,
        location: location(of)?,
        seizures: seizures(&of.list("seizures")?)?,
        detection: of.member("detection", DetectionMode::from_index)?,
        handling: Handling {
            code: of.member("handling", HandlingCode::from_index)?,
            releasable_to: single_fields(&of.list("releasable_to")?)?,
            public_embargo_until: of.day("public_embargo_until")?.map(Day),
        },
        grading: Grading {
            reliability: of.member("reliability", Reliability::from_index)?,
            credibility: of.member("credibility", Credibility::from_index)?,
        },
        description: of.optional_text("description")?,
        status: status(of)?,
        details: details(of)?,
        received_at,
        natural_key: whole(of.integer("key_high")?, of.integer("key_low")?).map(NaturalKey),
        content: whole(of.integer("content_high")?, of.integer("content_low")?)
            .map_or(ContentDigest(0), ContentDigest),
        provenance: Provenance {
            row: u64::try_from(required("row", of.integer("row")?)?).map_err(|e| e.to_string())?,
            warnings: warnings(&of.list("warnings")?)?,
        },
    })
}

/// A number from its two halves.
pub(crate) fn whole(high: Option<i64>, low: Option<i64>) -> Option<u128> {
    Some(u128::from(high?.cast_unsigned()) << 64 | u128::from(low?.cast_unsigned()))
}

fn required<T>(column: &str, value: Option<T>) -> Result<T, Unreadable> {
    value.ok_or_else(|| format!("{column} is missing"))
}

/// One row of a frame; every value is looked up by its column's name.
struct Reader<'a> {
    frame: &'a DataFrame,
    row: usize,
}

macro_rules! typed {
    ($($name:ident, $as:ident, $value:ty);+) => {$(
        fn $name(&self, column: &str) -> Result<Option<$value>, Unreadable> {
            // A column of which no row has a value is not there.
            let Ok(column) = self.frame.column(column) else { return Ok(None) };
            Ok(column.$as().map_err(|e| e.to_string())?.get(self.row))
        }
    )+};
}

impl Reader<'_> {
    typed!(integer, i64, i64; float, f64, f64; byte, u8, u8; day, u16, u16; year, i16, i16);

    fn optional_text(&self, column: &str) -> Result<Option<String>, Unreadable> {
        let Ok(column) = self.frame.column(column) else {
            return Ok(None);
        };
        let texts = column.str().map_err(|e| e.to_string())?;
        Ok(texts.get(self.row).map(str::to_owned))
    }

    fn text(&self, column: &str) -> Result<String, Unreadable> {
        required(column, self.optional_text(column)?)
    }

    /// A list; one of nothing is absent.
    fn list(&self, column: &str) -> Result<String, Unreadable> {
        Ok(self.optional_text(column)?.unwrap_or_default())
    }

    fn member<T>(
        &self,
        column: &str,
        from_index: impl Fn(u8) -> Option<T>,
    ) -> Result<T, Unreadable> {
        let index = required(column, self.byte(column)?)?;
        from_index(index).ok_or_else(|| format!("{column} has no member {index}"))
    }
}

fn status(of: &Reader<'_>) -> Result<Option<Status>, Unreadable> {
    of.byte("status")?
        .map(|index| {
            Status::from_index(index).ok_or_else(|| format!("status has no member {index}"))
        })
        .transpose()
}

fn details(of: &Reader<'_>) -> Result<Option<Box<Details>>, Unreadable> {
    let Some(json) = of.optional_text("details")? else {
        return Ok(None);
    };
    let record: DetailsRecord = serde_json::from_str(&json).map_err(|e| e.to_string())?;
    let details = Details::try_from(record).map_err(|e| e.to_string())?;
    Ok(Some(Box::new(details)))
}

fn case(of: &Reader<'_>) -> Result<Option<CaseReference>, Unreadable> {
    let Some(number) = of.optional_text("case_number")? else {
        return Ok(None);
    };
    Ok(Some(CaseReference {
        number,
        year: of.year("case_year")?,
        station: of.optional_text("case_station")?,
    }))
}

fn time(of: &Reader<'_>, what: &str) -> Result<Option<Occurred>, Unreadable> {
    let name = |part: &str| format!("{what}_{part}");
    let Some(first) = of.day(&name("first_day"))? else {
        return Ok(None);
    };
    let last = required(&name("last_day"), of.day(&name("last_day"))?)?;
    let instant = |part: &str| -> Result<Option<Timestamp>, Unreadable> {
        of.integer(&name(part))?
            .map(Timestamp::from_millisecond)
            .transpose()
            .map_err(|e| e.to_string())
    };
    Ok(Some(Occurred {
        days: DayRange::new(Day(first), Day(last)).map_err(|e| e.to_string())?,
        precision: of.member(&name("precision"), TimePrecision::from_index)?,
        start: instant("start_ms")?,
        end: instant("end_ms")?,
    }))
}

fn location(of: &Reader<'_>) -> Result<Location, Unreadable> {
    let mut location = Location::area(of.member("precision", Precision::from_index)?);
    location.method = of.member("method", LocationMethod::from_index)?;
    location.basis = of.member("basis", Basis::from_index)?;
    location.district = of.optional_text("district")?;
    location.place_text = of.optional_text("place_text")?;
    let point = match (of.float("lon")?, of.float("lat")?) {
        (Some(lon), Some(lat)) => Some(Point::new(lon, lat).map_err(|e| e.to_string())?),
        _ => None,
    };
    let uncertainty = of
        .float("uncertainty_m")?
        .map(Metres::new)
        .transpose()
        .map_err(|e| e.to_string())?;
    let cell = of
        .integer("cell")?
        .map(|cell| CellIndex::try_from(cell.cast_unsigned()));
    Ok(location.restored(
        point,
        uncertainty,
        cell.transpose().map_err(|e| e.to_string())?,
    ))
}

fn records<const N: usize>(text: &str) -> Result<Vec<[Option<String>; N]>, Unreadable> {
    let unreadable = || format!("{text:?} is not a list");
    let records = text::records(text).ok_or_else(unreadable)?;
    records
        .into_iter()
        .map(|fields| fields.try_into().map_err(|_fields| unreadable()))
        .collect()
}

fn offences(text: &str) -> Result<Vec<Offence>, Unreadable> {
    let offence = |[fields @ .., raw]: [Option<String>; 7]| {
        let [statute, section, role, iccs, principal, attempted] =
            fields.map(Option::unwrap_or_default);
        let role = OffenceRole::parse(&role).map_err(|e| e.to_string())?;
        Ok(Offence {
            statute,
            section,
            role,
            iccs,
            principal: !principal.is_empty(),
            attempted: !attempted.is_empty(),
            raw,
        })
    };
    records(text)?.into_iter().map(offence).collect()
}

/// The lines of a list of seizures.
pub(crate) fn seizures(text: &str) -> Result<Vec<Seizure>, Unreadable> {
    let number = |field: Option<String>| {
        field
            .map(|f| f.parse::<f64>())
            .transpose()
            .map_err(|e| e.to_string())
    };
    let seizure = |fields: [Option<String>; 8]| {
        let [
            substance,
            quantity,
            unit,
            kilograms,
            conversion,
            purity,
            forensic,
            concealment,
        ] = fields;
        let substance =
            Substance::parse(&substance.unwrap_or_default()).map_err(|e| e.to_string())?;
        Ok(Seizure {
            substance,
            quantity: number(quantity)?,
            unit: member(unit)?,
            kilograms: number(kilograms)?,
            conversion: member(conversion)?,
            purity_percent: number(purity)?,
            forensic_report: forensic.map(|is| is == "yes"),
            concealment: member(concealment)?,
        })
    };
    records(text)?.into_iter().map(seizure).collect()
}

fn member<T: Coded>(code: Option<String>) -> Result<Option<T>, Unreadable> {
    code.map(|code| T::read(&code))
        .transpose()
        .map_err(|e| e.to_string())
}

fn single_fields(text: &str) -> Result<Vec<String>, Unreadable> {
    Ok(records(text)?
        .into_iter()
        .map(|[field]| field.unwrap_or_default())
        .collect())
}

fn warnings(text: &str) -> Result<Vec<Code>, Unreadable> {
    single_fields(text)?
        .iter()
        .map(|code| Code::parse(code).map_err(|e| e.to_string()))
        .collect()
}
