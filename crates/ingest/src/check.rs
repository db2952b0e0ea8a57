//! A profile against a sample: what it covers, which columns and values it does not know. Nothing is taken.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use naqsha_model::Code;

use crate::draft::{Draft, is_blank, is_hxl};
use crate::error::IngestError;
use crate::plan::{Use, resolve};
use crate::profile::Profile;
use crate::read::RowReader;
use crate::reader;
use crate::reference::Reference;
use crate::settings::Settings;
use crate::values::redact::redact;

/// What a profile makes of a sample.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Check {
    /// Data rows read.
    pub rows: u64,
    /// The separator found, where the format has one.
    pub delimiter: Option<char>,
    /// Headers read into fields, with the number of rows that have a value.
    pub mapped: BTreeMap<String, u64>,
    /// Headers dropped.
    pub dropped: Vec<String>,
    /// Headers neither mapped nor dropped (E103).
    pub unmapped: Vec<String>,
    /// Required headers that are missing (E101).
    pub missing: Vec<String>,
    /// Values that a map does not know, per header, personal data removed; at most 100 for each.
    pub unmapped_values: BTreeMap<String, BTreeMap<String, u64>>,
    /// How many rows each code of the fields was raised for.
    pub codes: BTreeMap<Code, u64>,
}

/// Distinct unknown values listed per column.
const LISTED: usize = 100;

/// Checks a profile against a sample.
///
/// # Errors
/// [`IngestError`] for a file that is not delimited text, has duplicate headers, or crosses a limit.
pub fn check(
    mut source: impl Read + Seek,
    profile: &Profile,
    reference: &Reference,
    settings: &Settings,
) -> Result<Check, IngestError> {
    let mut rows = reader::open(&mut source, &profile.layout, settings)?;
    let header = rows.header().clone();
    let plan = resolve(profile, settings, &header)?;
    let name = |column: usize| header.get(column).unwrap_or_default().to_owned();
    let with_use = |which: Use| {
        plan.uses
            .iter()
            .enumerate()
            .filter(move |(_, u)| **u == which)
            .map(|(column, _)| name(column))
    };
    let mut found = Check {
        delimiter: rows.delimiter().map(char::from),
        mapped: with_use(Use::Mapped)
            .chain(with_use(Use::KeptText))
            .map(|name| (name, 0))
            .collect(),
        dropped: with_use(Use::Dropped).collect(),
        unmapped: plan.unmapped(&header),
        missing: plan.missing.clone(),
        ..Check::default()
    };
    let fields = RowReader::new(profile, &plan, reference, settings)?;
    let mut draft = Draft::default();
    while let Some(record) = rows.next()? {
        found.rows += 1;
        let is_tag_row = rows.number() == 1 && is_hxl(&record);
        let no_record = is_blank(&record) || is_tag_row || reader::is_total(&record);
        if !no_record {
            draft.clear();
            fields.read(&record, &mut draft);
            draft
                .codes
                .iter()
                .for_each(|&code| *found.codes.entry(code).or_default() += 1);
            for (column, cell) in record
                .iter()
                .enumerate()
                .filter(|(_, cell)| !cell.trim().is_empty())
            {
                if let Some(filled) = found.mapped.get_mut(header.get(column).unwrap_or_default()) {
                    *filled += 1;
                }
                if fields.unknown_value(column, cell) {
                    let values = found.unmapped_values.entry(name(column)).or_default();
                    if values.len() < LISTED || values.contains_key(cell) {
                        *values
                            .entry(redact(cell.trim()).text.into_owned())
                            .or_default() += 1;
                    }
                }
            }
        }
        rows.recycle(record);
    }
    Ok(found)
}
