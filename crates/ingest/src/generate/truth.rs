//! The known truth about every generated row, as a Parquet table that is written group by group.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use super::row::Truth;

/// Columns of the table. `codes` and `mess` are lists joined by a space and by `+`, `private` is a JSON array of
/// `{"column", "text"}`; `category` has the subtype behind a slash.
const SCHEMA: &str = "message truth {
    required binary file (utf8);
    required int64 row;
    required binary outcome (utf8);
    required binary codes (utf8);
    required binary category (utf8);
    required binary day (utf8);
    required binary precision (utf8);
    required binary district (utf8);
    required binary place (utf8);
    optional double lon;
    optional double lat;
    required binary planted (utf8);
    required binary mess (utf8);
    required binary private (utf8);
}";

/// Rows held before a group is written.
const GROUP: usize = 65_536;

/// Text columns, in the order of the schema.
const TEXTS: usize = 11;

/// Writes the truth.
pub(super) struct TruthWriter<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    texts: [Vec<ByteArray>; TEXTS],
    rows: Vec<i64>,
    points: Vec<Option<(f64, f64)>>,
}

impl<W: Write + Send> TruthWriter<W> {
    pub(super) fn new(out: W) -> io::Result<Self> {
        let schema = parse_message_type(SCHEMA).map_err(failed)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by("naqsha generate".to_owned())
            .build();
        Ok(Self {
            writer: SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties))
                .map_err(failed)?,
            texts: std::array::from_fn(|_| Vec::new()),
            rows: Vec::new(),
            points: Vec::new(),
        })
    }

    pub(super) fn push(&mut self, file: &str, row: usize, truth: &Truth) -> io::Result<()> {
        let codes: Vec<&str> = truth.codes.iter().map(|code| code.code()).collect();
        let category = match truth.category {
            None => String::new(),
            Some(category) => match category.subtype() {
                None => category.code().to_owned(),
                Some(subtype) => format!("{}/{subtype}", category.code()),
            },
        };
        let private: Vec<serde_json::Value> = truth
            .private
            .iter()
            .map(|p| serde_json::json!({ "column": p.column, "text": p.text }))
            .collect();
        let private = if private.is_empty() {
            String::new()
        } else {
            serde_json::Value::Array(private).to_string()
        };
        let texts = [
            file,
            truth.outcome.word(),
            &codes.join(" "),
            &category,
            &truth.day.map(|day| day.to_string()).unwrap_or_default(),
            truth.precision.code(),
            &truth.district,
            &truth.place,
            truth.planted,
            &truth.mess,
            &private,
        ];
        for (column, text) in self.texts.iter_mut().zip(texts) {
            column.push(ByteArray::from(text));
        }
        self.rows.push(i64::try_from(row).unwrap_or(i64::MAX));
        self.points
            .push(truth.point.map(|point| (point.lon(), point.lat())));
        if self.rows.len() >= GROUP {
            self.write_group()?;
        }
        Ok(())
    }

    /// Writes what is held and the table's end; gives back what it was written to.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.write_group()?;
        self.writer.into_inner().map_err(failed)
    }

    fn write_group(&mut self) -> io::Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let mut group = self.writer.next_row_group().map_err(failed)?;
        let defined: Vec<i16> = self
            .points
            .iter()
            .map(|point| i16::from(point.is_some()))
            .collect();
        let [file, first_texts @ .., planted, mess, private] = &self.texts;
        write_texts(&mut group, file).map_err(failed)?;
        let mut column = next(&mut group).map_err(failed)?;
        column
            .typed::<Int64Type>()
            .write_batch(&self.rows, None, None)
            .map_err(failed)?;
        column.close().map_err(failed)?;
        for texts in first_texts {
            write_texts(&mut group, texts).map_err(failed)?;
        }
        let known = || self.points.iter().flatten();
        let longitudes: Vec<f64> = known().map(|(lon, _)| *lon).collect();
        let latitudes: Vec<f64> = known().map(|(_, lat)| *lat).collect();
        for degrees in [&longitudes, &latitudes] {
            let mut column = next(&mut group).map_err(failed)?;
            column
                .typed::<DoubleType>()
                .write_batch(degrees, Some(&defined), None)
                .map_err(failed)?;
            column.close().map_err(failed)?;
        }
        for texts in [planted, mess, private] {
            write_texts(&mut group, texts).map_err(failed)?;
        }
        group.close().map_err(failed)?;
        self.texts.iter_mut().for_each(Vec::clear);
        self.rows.clear();
        self.points.clear();
        Ok(())
    }
}

fn next<'g, W: Write + Send>(
    group: &'g mut SerializedRowGroupWriter<'_, W>,
) -> Result<parquet::file::writer::SerializedColumnWriter<'g>, ParquetError> {
    group
        .next_column()?
        .ok_or_else(|| ParquetError::General("the schema has fewer columns".to_owned()))
}

fn write_texts<W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    texts: &[ByteArray],
) -> Result<(), ParquetError> {
    let mut column = next(group)?;
    column
        .typed::<ByteArrayType>()
        .write_batch(texts, None, None)?;
    column.close()
}

fn failed(error: ParquetError) -> io::Error {
    io::Error::other(error)
}
