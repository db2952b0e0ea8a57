//! A JSON value as cells: members of members are joined by dots, lists of plain values by semicolons.

use struson::reader::{JsonReader as _, ValueType};

use super::columns::Columns;
use super::{Fault, Parser};

/// Reads an object: each member becomes a cell.
pub(super) fn object(parser: &mut Parser<'_>, columns: &mut Columns) -> Result<(), Fault> {
    members(parser, &mut String::new(), columns)
}

/// Reads the members of an object below a path, which is as it was afterwards.
pub(super) fn members(
    parser: &mut Parser<'_>,
    path: &mut String,
    columns: &mut Columns,
) -> Result<(), Fault> {
    parser.begin_object()?;
    while parser.has_next()? {
        let above = path.len();
        if above > 0 {
            path.push('.');
        }
        path.push_str(parser.next_name()?);
        value(parser, path, columns)?;
        path.truncate(above);
    }
    parser.end_object()?;
    Ok(())
}

/// Reads any value into the cell that its path names, or the cells below it.
pub(super) fn value(
    parser: &mut Parser<'_>,
    path: &mut String,
    columns: &mut Columns,
) -> Result<(), Fault> {
    match parser.peek()? {
        ValueType::Object => members(parser, path, columns),
        ValueType::Array => list(parser, path, columns),
        _ => plain(parser, columns.cell(path)?),
    }
}

fn list(parser: &mut Parser<'_>, path: &mut String, columns: &mut Columns) -> Result<(), Fault> {
    parser.begin_array()?;
    let mut number = 0_usize;
    let mut cell = String::new();
    while parser.has_next()? {
        if matches!(parser.peek()?, ValueType::Object | ValueType::Array) {
            let above = path.len();
            path.push('.');
            path.push_str(&number.to_string());
            value(parser, path, columns)?;
            path.truncate(above);
        } else {
            if !cell.is_empty() {
                cell.push_str("; ");
            }
            plain(parser, &mut cell)?;
        }
        number += 1;
    }
    parser.end_array()?;
    if number == 0 || !cell.is_empty() {
        *columns.cell(path)? = cell;
    }
    Ok(())
}

/// Appends a string, a number as it is written, `true`, `false`, or nothing for null.
pub(super) fn plain(parser: &mut Parser<'_>, cell: &mut String) -> Result<(), Fault> {
    match parser.peek()? {
        ValueType::String => cell.push_str(parser.next_str()?),
        ValueType::Boolean => cell.push_str(if parser.next_bool()? { "true" } else { "false" }),
        ValueType::Null => parser.next_null()?,
        _ => cell.push_str(parser.next_number_as_str()?),
    }
    Ok(())
}
