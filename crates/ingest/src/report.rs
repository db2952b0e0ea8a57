//! The bureau's own rows with what became of each: a second pass over the same file.

use std::borrow::Cow;
use std::io::{self, Read, Seek, Write};

use csv::{StringRecord, WriterBuilder};
use naqsha_model::Code;
use serde_json::{Map, Value};

use crate::draft::Draft;
use crate::error::IngestError;
use crate::outcome::{Outcome, Outcomes};
use crate::plan::{Plan, Use, resolve};
use crate::profile::Profile;
use crate::read::RowReader;
use crate::reader;
use crate::reference::Reference;
use crate::settings::Settings;
use crate::values::redact::redact;

/// Everything the report is made of, but the file itself.
#[derive(Debug, Clone, Copy)]
pub struct ReportInput<'a> {
    /// The profile the file was read through.
    pub profile: &'a Profile,
    /// The reference data it was read with.
    pub reference: &'a Reference,
    /// The settings it was read with.
    pub settings: &'a Settings,
    /// What became of its rows.
    pub outcomes: &'a Outcomes,
}

/// What is to be said of one row: never a value of it.
#[derive(Debug, Clone, Copy)]
pub struct Remark<'a> {
    /// Its number, 1-based.
    pub row: u64,
    /// What became of it.
    pub outcome: Outcome,
    /// Each code, with the header of the column it was raised for, where it was one.
    pub codes: &'a [(Code, Option<&'a str>)],
}

/// Writes the file's own columns in order, then `naqsha_row, naqsha_outcome, naqsha_codes, naqsha_fixed`.
///
/// Dropped columns are blank and personal data in every other one is replaced. Cells that a spreadsheet would run as a
/// formula start with an apostrophe. UTF-8 with a byte-order mark, commas, one line per data row; rows written are
/// returned.
///
/// # Errors
/// [`IngestError`] as for [`ingest`](crate::ingest) on a file that changed in between, and where `out` fails.
pub fn write_report(
    source: impl Read + Seek,
    input: ReportInput<'_>,
    out: impl Write,
) -> Result<u64, IngestError> {
    write_report_telling(source, input, out, &mut |_remark| Ok(()))
}

/// [`write_report`], with each row that has codes told to `remarks` on the way.
///
/// # Errors
/// As for [`write_report`], and where `remarks` fails.
pub fn write_report_telling(
    mut source: impl Read + Seek,
    input: ReportInput<'_>,
    mut out: impl Write,
    remarks: &mut dyn FnMut(Remark<'_>) -> io::Result<()>,
) -> Result<u64, IngestError> {
    let ReportInput {
        profile,
        reference,
        settings,
        outcomes,
    } = input;
    let mut rows = reader::open(&mut source, &profile.layout, settings)?;
    let header = rows.header().clone();
    let plan = resolve(profile, settings, &header)?.complete(&header)?;
    let reader = RowReader::new(profile, &plan, reference, settings)?;
    out.write_all("\u{feff}".as_bytes())
        .map_err(IngestError::Write)?;
    let mut writer = WriterBuilder::new().from_writer(out);
    let own = header.iter().map(neutral);
    let ours = [
        "naqsha_row",
        "naqsha_outcome",
        "naqsha_codes",
        "naqsha_fixed",
    ]
    .into_iter()
    .map(Cow::Borrowed);
    write(&mut writer, own.chain(ours))?;
    let mut draft = Draft::default();
    while let Some(record) = rows.next()? {
        let (outcome, codes) = outcomes.of(rows.number());
        draft.clear();
        reader.read(&record, &mut draft);
        if !codes.is_empty() {
            let codes = blamed(codes, &draft, &header);
            let row = rows.number();
            let remark = Remark {
                row,
                outcome,
                codes: &codes,
            };
            remarks(remark).map_err(IngestError::Write)?;
        }
        let codes = codes
            .iter()
            .map(|code| code.code())
            .collect::<Vec<_>>()
            .join(" ");
        let own = record
            .iter()
            .enumerate()
            .map(|(column, cell)| shown(&plan, column, cell));
        let ours = [
            rows.number().to_string(),
            outcome.word().to_owned(),
            codes,
            fixed(&draft, &header),
        ]
        .map(Cow::Owned);
        write(&mut writer, own.chain(ours))?;
        rows.recycle(record);
    }
    writer.flush().map_err(IngestError::Write)?;
    Ok(rows.number())
}

/// The codes of a row with the columns they were raised for; one of the row as a whole has none.
fn blamed<'h>(
    codes: &[Code],
    draft: &Draft,
    header: &'h StringRecord,
) -> Vec<(Code, Option<&'h str>)> {
    let mut all = Vec::new();
    for &code in codes {
        let columns = draft.blamed.iter().filter(|(of, _)| *of == code);
        let before = all.len();
        all.extend(columns.map(|&(code, column)| (code, header.get(column))));
        if all.len() == before {
            all.push((code, None));
        }
    }
    all
}

fn write<'c, W: Write>(
    writer: &mut csv::Writer<W>,
    cells: impl Iterator<Item = Cow<'c, str>>,
) -> Result<(), IngestError> {
    let written = cells
        .map(|cell| writer.write_field(cell.as_bytes()))
        .find(Result::is_err)
        .unwrap_or(Ok(()));
    written
        .and_then(|()| writer.write_record(None::<&[u8]>))
        .map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => IngestError::Write(error),
            other => IngestError::Write(io::Error::other(format!("{other:?}"))),
        })
}

/// A cell as the report shows it.
fn shown<'c>(plan: &Plan<'_>, column: usize, cell: &'c str) -> Cow<'c, str> {
    match plan.uses.get(column) {
        Some(Use::Mapped | Use::KeptText) => match redact(cell).text {
            Cow::Borrowed(text) => neutral(text),
            Cow::Owned(text) => Cow::Owned(neutral(&text).into_owned()),
        },
        _ => Cow::Borrowed(""),
    }
}

/// Neutralises what a spreadsheet would run: `= + - @`, TAB and CR, also full-width, unless it is a plain number.
pub(crate) fn neutral(cell: &str) -> Cow<'_, str> {
    let dangerous = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    // A dash alone is how registers write "nothing".
    let nothing = cell.bytes().all(|b| b == b'-');
    if dangerous && !nothing && fast_float2::parse::<f64, _>(cell.as_bytes()).is_err() {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// Corrected values by header, as JSON; blank where nothing was corrected.
fn fixed(draft: &Draft, header: &StringRecord) -> String {
    if draft.fixed.is_empty() {
        return String::new();
    }
    let entries = draft.fixed.iter().map(|(column, value)| {
        (
            header.get(*column).unwrap_or_default().to_owned(),
            Value::String(value.clone()),
        )
    });
    Value::Object(entries.collect::<Map<_, _>>()).to_string()
}

#[cfg(test)]
mod tests {
    use super::neutral;

    #[test]
    fn formulas_are_text_and_numbers_stay_numbers() {
        for formula in ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", "＝1"] {
            assert_eq!(neutral(formula), format!("'{formula}"));
        }
        for plain in ["-1.550626", "+5", "Drugs", "", "a=b", "-", "--"] {
            assert_eq!(neutral(plain), plain);
        }
    }
}
