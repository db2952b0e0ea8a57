//! CSV (RFC 4180) of a layer's answer: id, longitude and latitude of the cell's centre (of a flow: of the cell it starts in),
//! then the properties.

use std::io::{self, Write};

use h3o::{CellIndex, LatLng};
use naqsha_layers::{Answer, Keys, LayerTable, Values};

use crate::digits::{push_cell, push_integer, push_number};
use crate::geojson::push_key;

/// Writes the answer as CSV with a header; nulls are empty.
///
/// A text that a spreadsheet would read as a formula gets an apostrophe before it (OWASP ASVS 1.2.10).
///
/// # Errors
/// Those of `out`.
pub fn write_csv(answer: &Answer, out: &mut impl Write) -> io::Result<()> {
    let table = &*answer.table;
    let mut line = Vec::with_capacity(512);
    line.extend_from_slice(b"id,lon,lat");
    for column in &table.columns {
        line.push(b',');
        line.extend_from_slice(column.property.name.as_bytes());
    }
    line.extend_from_slice(b"\r\n");
    for &row in &answer.rows {
        let row = row as usize;
        push_key(&mut line, &table.keys, row);
        push_position(&mut line, table, row);
        for column in &table.columns {
            line.push(b',');
            push_value(&mut line, &column.values, row);
        }
        line.extend_from_slice(b"\r\n");
        out.write_all(&line)?;
        line.clear();
    }
    out.write_all(&line)
}

fn push_position(out: &mut Vec<u8>, table: &LayerTable, row: usize) {
    let point = table
        .points
        .as_ref()
        .and_then(|points| points[row])
        .map(|point| (point.lon(), point.lat()));
    let centre = || {
        cell_of(table, row)
            .map(LatLng::from)
            .map(|centre| (centre.lng(), centre.lat()))
    };
    match point.or_else(centre) {
        Some((lon, lat)) => out.extend_from_slice(format!(",{lon:.6},{lat:.6}").as_bytes()),
        None => out.extend_from_slice(b",,"),
    }
}

fn cell_of(table: &LayerTable, row: usize) -> Option<CellIndex> {
    match &table.keys {
        Keys::Cells(cells) => Some(cells[row]),
        Keys::Flows(pairs) => Some(pairs[row].0),
        Keys::Named(_) => None,
        Keys::Incidents(_) => table
            .columns
            .iter()
            .find_map(|column| match &column.values {
                Values::Cells(cells) => Some(cells[row]),
                _ => None,
            })?,
    }
}

fn push_value(out: &mut Vec<u8>, values: &Values, row: usize) {
    match values {
        Values::Integers(values) => {
            if let Some(value) = values[row] {
                push_integer(out, value);
            }
        }
        Values::Numbers(values) => {
            if let Some(value) = values[row] {
                push_number(out, value);
            }
        }
        Values::Booleans(values) => {
            out.extend_from_slice(if values[row] { b"true" } else { b"false" });
        }
        Values::Texts(values) => push_text(out, values[row].as_deref().unwrap_or_default()),
        Values::Choices(values) => push_text(out, values[row].unwrap_or_default()),
        Values::Cells(values) => {
            if let Some(cell) = values[row] {
                push_cell(out, cell);
            }
        }
    }
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    // Full-width forms of the four signs start formulas in East Asian versions of spreadsheets.
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    let text = if formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\n', '\r']) {
        out.push(b'"');
        out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
        out.push(b'"');
    } else {
        out.extend_from_slice(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_disarmed_and_commas_quoted() {
        let written = |text: &str| {
            let mut out = Vec::new();
            push_text(&mut out, text);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written("=1+1"), "'=1+1");
        assert_eq!(written("＝1"), "'＝1");
        assert_eq!(written("a, \"b\""), "\"a, \"\"b\"\"\"");
        assert_eq!(written("plain"), "plain");
    }
}
