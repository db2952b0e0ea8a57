//! CSV (RFC 4180) of a layer's answer: id, longitude and latitude of the cell's centre (of a flow: of the cell it starts in),
//! then the properties. In another coordinate reference system the two columns are called as its axes.

use std::io::{self, Write};

use naqsha_formats::{Crs, position};
use naqsha_layers::{Answer, LayerTable, Values};

use crate::digits::{push_cell, push_integer, push_number};
use crate::geojson::push_key;

/// The mark at the start of a file by which Excel knows UTF-8.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Writes the line of names.
///
/// # Errors
/// Those of `out`.
pub(crate) fn write_csv_head(answer: &Answer, crs: Crs, out: &mut impl Write) -> io::Result<()> {
    let [first, second] = crs.axes();
    let mut line = format!("id,{first},{second}").into_bytes();
    for column in answer.columns() {
        line.push(b',');
        line.extend_from_slice(column.property.name.as_bytes());
    }
    line.extend_from_slice(b"\r\n");
    out.write_all(&line)
}

/// Writes a line for each row of the answer; nulls are empty.
///
/// A text that a spreadsheet would read as a formula gets an apostrophe before it (OWASP ASVS 1.2.10).
///
/// # Errors
/// Those of `out`.
pub(crate) fn write_csv_rows(answer: &Answer, crs: Crs, out: &mut impl Write) -> io::Result<()> {
    let table = &*answer.table;
    let columns: Vec<_> = answer.columns().collect();
    let mut line = Vec::with_capacity(512);
    for &row in &answer.rows {
        let row = row as usize;
        push_key(&mut line, &table.keys, row);
        push_position(&mut line, table, row, crs);
        for column in &columns {
            line.push(b',');
            push_value(&mut line, &column.values, row);
        }
        line.extend_from_slice(b"\r\n");
        out.write_all(&line)?;
        line.clear();
    }
    Ok(())
}

fn push_position(out: &mut Vec<u8>, table: &LayerTable, row: usize, crs: Crs) {
    let Some([x, y]) = position(table, row).and_then(|degrees| crs.forward(degrees)) else {
        out.extend_from_slice(b",,");
        return;
    };
    let [first, second] = if crs.is_north_first() { [y, x] } else { [x, y] };
    let written = if crs.is_geographic() {
        format!(",{first:.6},{second:.6}")
    } else {
        format!(",{first:.3},{second:.3}")
    };
    out.extend_from_slice(written.as_bytes());
}

fn push_value(out: &mut Vec<u8>, values: &Values, row: usize) {
    match values {
        Values::Integers(values) => {
            if let Some(value) = values[row] {
                push_integer(out, value);
            }
        }
        Values::Numbers(values) => {
            if let Some(value) = values[row].filter(|value| value.is_finite()) {
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

/// Appends a field that is a text, quoted where it must be.
pub(crate) fn push_text(out: &mut Vec<u8>, text: &str) {
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
