//! Rows of files of format 1 in the columns of today, so that the rest of the program knows one format.
//!
//! Those files have no details, grading or embargo; offences and seizures have fewer fields, the source's own words stand
//! under `modus`, and `status` is the source's text.

use std::borrow::Cow;

use naqsha_model::{Credibility, Reliability, Status};
use polars_core::prelude::{Column, DataFrame, NamedFrom as _, PolarsResult, Series};

use crate::columns::STATUS_COLUMN;
use crate::rows::Unreadable;
use crate::text;

/// Fields of a seizure.
const SEIZURE_FIELDS: usize = 8;

/// A frame as this program writes it, of rows as any program of ours wrote them.
pub(crate) fn present(frame: DataFrame) -> Result<DataFrame, Unreadable> {
    if frame.column("modus").is_err() {
        return Ok(frame);
    }
    from_format_1(frame).map_err(|error| error.to_string())
}

/// The status of each row, as any program of ours wrote it; none where no row has one.
pub(crate) fn statuses(frame: &DataFrame) -> Result<Vec<Option<Status>>, Unreadable> {
    let Ok(column) = frame.column(STATUS_COLUMN) else {
        return Ok(Vec::new());
    };
    if let Ok(texts) = column.str() {
        return Ok(texts.iter().map(status_of_text).collect());
    }
    let members = column.u8().map_err(|error| error.to_string())?;
    Ok(members
        .iter()
        .map(|member| member.and_then(Status::from_index))
        .collect())
}

fn status_of_text(text: Option<&str>) -> Option<Status> {
    Status::parse(text?).ok()
}

fn from_format_1(mut frame: DataFrame) -> PolarsResult<DataFrame> {
    let rows = frame.height();
    let status: Vec<Option<u8>> = frame
        .column(STATUS_COLUMN)?
        .str()?
        .iter()
        .map(|text| status_of_text(text).map(Status::index))
        .collect();
    let offences = padded(&frame, "offences", 7)?;
    let seizures = padded(&frame, "seizures", SEIZURE_FIELDS)?;
    let no_text = || vec![None::<String>; rows];
    let of = |index: u8| vec![index; rows];
    let columns: [Series; 7] = [
        Series::new(STATUS_COLUMN.into(), status),
        Series::new("offences".into(), offences),
        Series::new("seizures".into(), seizures),
        Series::new("public_embargo_until".into(), vec![None::<u16>; rows]),
        Series::new("reliability".into(), of(Reliability::F.index())),
        Series::new("credibility".into(), of(Credibility::Unjudged.index())),
        Series::new("details".into(), no_text()),
    ];
    frame.rename("modus", "description".into())?;
    for column in columns {
        frame.with_column(Column::from(column))?;
    }
    Ok(frame)
}

/// A column of lists with absent fields added until each record has `fields`. An offence's sixth field is a text that says
/// nothing where it is empty, and absent reads the same.
fn padded(frame: &DataFrame, column: &str, fields: usize) -> PolarsResult<Vec<Option<String>>> {
    let lists = frame.column(column)?.str()?;
    Ok(lists
        .iter()
        .map(|list| list.map(|list| pad(list, fields).unwrap_or_else(|| list.to_owned())))
        .collect())
}

/// A list that does not read back is left as it is, and named when it is read.
fn pad(list: &str, fields: usize) -> Option<String> {
    let mut padded = String::new();
    for mut record in text::records(list)? {
        record.resize(fields, None);
        for field in &record {
            text::push_field(&mut padded, field.as_deref());
        }
        text::end_record(&mut padded);
    }
    Some(padded)
}

/// A list of seizures, as this program writes it.
pub(crate) fn seizures(list: &str) -> Cow<'_, str> {
    pad(list, SEIZURE_FIELDS).map_or(Cow::Borrowed(list), Cow::Owned)
}
