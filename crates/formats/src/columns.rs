//! Columns of a layer's answer as Arrow arrays.
//!
//! Types follow from what the layer says of its properties: whole numbers are 64-bit, dates are dates, codes and cells are
//! texts. All but the id may be null.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, StringBuilder};
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StructArray,
};
use arrow_schema::{DataType, Field, Fields, Schema};
use jiff::civil::Date;
use naqsha_layers::{Answer, Column, PropertyKind, Values};
use serde_json::json;

use crate::crs::Crs;
use crate::error::FormatError;
use crate::key::key;
use crate::shape::shape;

/// Rows of one batch.
pub(crate) const BATCH_ROWS: usize = 8_192;
/// Name of the column of geometries.
pub(crate) const GEOMETRY: &str = "geometry";
/// Name of the column of boxes.
pub(crate) const BBOX: &str = "bbox";
const CORNERS: [&str; 4] = ["xmin", "ymin", "xmax", "ymax"];

/// What a batch holds beside the properties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Boxes {
    /// A box for each geometry, by which readers of `GeoParquet` skip row groups.
    Beside,
    /// None.
    Without,
}

/// The schema of a layer's batches.
pub(crate) fn schema(answer: &Answer, crs: Crs, boxes: Boxes, notes: &str) -> Schema {
    let mut fields = vec![Field::new("id", DataType::Utf8, false)];
    fields.extend(answer.columns().map(|column| {
        let property = column.property;
        let described = HashMap::from([
            ("title".to_owned(), property.title.to_owned()),
            ("description".to_owned(), property.description.to_owned()),
        ]);
        Field::new(property.name, data_type(property.kind), true).with_metadata(described)
    }));
    fields.push(Field::new(GEOMETRY, DataType::Binary, true).with_metadata(extension(crs)));
    if boxes == Boxes::Beside {
        fields.push(Field::new(BBOX, DataType::Struct(corners()), true));
    }
    let notes = HashMap::from([("naqsha".to_owned(), notes.to_owned())]);
    Schema::new(fields).with_metadata(notes)
}

const fn data_type(kind: PropertyKind) -> DataType {
    match kind {
        PropertyKind::Integer => DataType::Int64,
        PropertyKind::Number => DataType::Float64,
        PropertyKind::Boolean => DataType::Boolean,
        PropertyKind::Text | PropertyKind::Choice(_) | PropertyKind::Cell => DataType::Utf8,
        PropertyKind::Date => DataType::Date32,
    }
}

/// The column of geometries as `GeoArrow` marks it.
fn extension(crs: Crs) -> HashMap<String, String> {
    let system = match crs {
        Crs::Crs84 => json!({ "crs": "OGC:CRS84", "crs_type": "authority_code" }),
        other => json!({ "crs": other.projjson(), "crs_type": "projjson" }),
    };
    HashMap::from([
        ("ARROW:extension:name".to_owned(), "geoarrow.wkb".to_owned()),
        ("ARROW:extension:metadata".to_owned(), system.to_string()),
    ])
}

fn corners() -> Fields {
    CORNERS
        .iter()
        .map(|name| Field::new(*name, DataType::Float64, false))
        .collect()
}

/// What the geometries of batches turned out to be.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) kinds: Vec<&'static str>,
    pub(crate) bounds: Option<[f64; 4]>,
}

/// Some rows of an answer as one batch of a schema.
pub(crate) fn batch(
    schema: &Arc<Schema>,
    answer: &Answer,
    rows: &[u32],
    crs: Crs,
    seen: &mut Seen,
) -> Result<RecordBatch, FormatError> {
    let table = &*answer.table;
    let rows: Vec<usize> = rows.iter().map(|&row| row as usize).collect();
    let mut ids = StringBuilder::new();
    for &row in &rows {
        ids.append_value(key(&table.keys, row));
    }
    let mut arrays: Vec<ArrayRef> = vec![Arc::new(ids.finish())];
    for column in answer.columns() {
        arrays.push(values(column, &rows)?);
    }
    let (geometries, boxes) = geometries(answer, &rows, crs, seen);
    arrays.push(geometries);
    if schema.column_with_name(BBOX).is_some() {
        arrays.push(boxes?);
    }
    Ok(RecordBatch::try_new(Arc::clone(schema), arrays)?)
}

fn values(column: &Column, rows: &[usize]) -> Result<ArrayRef, FormatError> {
    let rows = rows.iter().copied();
    Ok(match &column.values {
        Values::Integers(values) => Arc::new(rows.map(|row| values[row]).collect::<Int64Array>()),
        Values::Numbers(values) => {
            // What is not finite is null in every format.
            let finite = rows.map(|row| values[row].filter(|value| value.is_finite()));
            Arc::new(finite.collect::<Float64Array>())
        }
        Values::Booleans(values) => {
            Arc::new(rows.map(|row| Some(values[row])).collect::<BooleanArray>())
        }
        Values::Texts(values) if column.property.kind == PropertyKind::Date => {
            let days = rows.map(|row| values[row].as_deref().map(days).transpose());
            Arc::new(days.collect::<Result<Date32Array, _>>()?)
        }
        Values::Texts(values) => texts(rows.map(|row| values[row].as_deref())),
        Values::Choices(values) => texts(rows.map(|row| values[row])),
        Values::Cells(values) => {
            let cells: Vec<_> = rows
                .map(|row| values[row].map(|cell| cell.to_string()))
                .collect();
            texts(cells.iter().map(Option::as_deref))
        }
    })
}

fn texts<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    let mut texts = StringBuilder::new();
    for value in values {
        texts.append_option(value);
    }
    Arc::new(texts.finish())
}

/// Days since 1970-01-01 of `YYYY-MM-DD`.
fn days(text: &str) -> Result<i32, FormatError> {
    let wrong = || FormatError::Value(format!("{text:?} is not a date"));
    let date: Date = text.parse().map_err(|_civil| wrong())?;
    let epoch = Date::constant(1970, 1, 1);
    let since = date.since(epoch).map_err(|_range| wrong())?;
    Ok(since.get_days())
}

fn geometries(
    answer: &Answer,
    rows: &[usize],
    crs: Crs,
    seen: &mut Seen,
) -> (ArrayRef, Result<ArrayRef, FormatError>) {
    let mut binaries = BinaryBuilder::new();
    let mut sides: [Vec<f64>; 4] = Default::default();
    let mut known = Vec::with_capacity(rows.len());
    let mut wkb = Vec::new();
    for &row in rows {
        let shape = shape(&answer.table, row, crs).filter(|_| answer.geometry);
        known.push(shape.is_some());
        let Some(shape) = shape else {
            binaries.append_null();
            for side in &mut sides {
                side.push(0.0);
            }
            continue;
        };
        wkb.clear();
        shape.push_wkb(&mut wkb);
        binaries.append_value(&wkb);
        let [west, south, east, north] = shape.bounds();
        for (side, value) in sides.iter_mut().zip([west, south, east, north]) {
            side.push(value);
        }
        let [w, s, e, n] = seen.bounds.unwrap_or([west, south, east, north]);
        seen.bounds = Some([w.min(west), s.min(south), e.max(east), n.max(north)]);
        if !seen.kinds.contains(&shape.kind()) {
            seen.kinds.push(shape.kind());
        }
    }
    let sides = sides.map(|side| Arc::new(Float64Array::from(side)) as ArrayRef);
    let boxes = StructArray::try_new(corners(), sides.to_vec(), Some(known.into()));
    (
        Arc::new(binaries.finish()),
        boxes
            .map(|boxes| Arc::new(boxes) as ArrayRef)
            .map_err(FormatError::from),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_the_epoch() {
        assert_eq!(days("1970-01-01").unwrap(), 0);
        assert_eq!(days("1969-12-31").unwrap(), -1);
        assert_eq!(days("2024-02-29").unwrap(), 19_782);
        assert!(days("2023-02-29").is_err() && days("").is_err());
    }
}
