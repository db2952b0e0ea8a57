//! `GeoParquet` 1.1: well-known binary with a box beside each geometry, row groups written as they fill.

use std::io::Write;
use std::sync::Arc;

use arrow_schema::Schema;
use naqsha_layers::Answer;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use serde_json::{Value, json};

use crate::columns::{BATCH_ROWS, BBOX, Boxes, GEOMETRY, Seen, batch, schema};
use crate::crs::Crs;
use crate::error::FormatError;

/// Rows of a row group: what is held before it is written. Cells come in the order of their indexes, neighbours together,
/// so that readers of a region skip most groups by their boxes.
const GROUP_ROWS: usize = 32_768;

/// Writes answers of one layer as one `GeoParquet` file.
pub struct ParquetWriter<W: Write + Send> {
    schema: Arc<Schema>,
    crs: Crs,
    seen: Seen,
    file: parquet::arrow::ArrowWriter<W>,
}

impl<W: Write + Send> std::fmt::Debug for ParquetWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetWriter")
            .field("crs", &self.crs)
            .finish_non_exhaustive()
    }
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Begins a file of answers such as this one, which is not written yet. `notes`, a JSON text, stands under `naqsha` in the file's metadata.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn new(answer: &Answer, crs: Crs, notes: &str, out: W) -> Result<Self, FormatError> {
        let schema = Arc::new(schema(answer, crs, Boxes::Beside, notes));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .set_created_by(format!("naqsha {}", env!("CARGO_PKG_VERSION")))
            .build();
        let file =
            parquet::arrow::ArrowWriter::try_new(out, Arc::clone(&schema), Some(properties))?;
        Ok(Self {
            schema,
            crs,
            seen: Seen::default(),
            file,
        })
    }

    /// Writes the rows of an answer.
    ///
    /// # Errors
    /// Those of the output, and [`FormatError::Value`] for a date that is none.
    pub fn write(&mut self, answer: &Answer) -> Result<(), FormatError> {
        for rows in answer.rows.chunks(BATCH_ROWS) {
            let batch = batch(&self.schema, answer, rows, self.crs, &mut self.seen)?;
            self.file.write(&batch)?;
        }
        Ok(())
    }

    /// Writes what says where everything lies; a file without it is none.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(mut self) -> Result<W, FormatError> {
        let geo = geo(self.crs, &self.seen).to_string();
        self.file
            .append_key_value_metadata(KeyValue::new("geo".to_owned(), geo));
        Ok(self.file.into_inner()?)
    }
}

/// The member `geo` of the file's metadata (`GeoParquet` 1.1.0).
fn geo(crs: Crs, seen: &Seen) -> Value {
    let side = |name: &str| json!([BBOX, name]);
    let mut column = json!({
        "encoding": "WKB",
        "geometry_types": seen.kinds,
        "orientation": "counterclockwise",
        "edges": "planar",
        "covering": { "bbox": {
            "xmin": side("xmin"), "ymin": side("ymin"), "xmax": side("xmax"), "ymax": side("ymax"),
        } },
    });
    if let Some(bounds) = seen.bounds {
        column["bbox"] = bounds.to_vec().into();
    }
    // Without it the coordinates are those of CRS84.
    if crs != Crs::Crs84 {
        column["crs"] = crs.projjson();
    }
    json!({ "version": "1.1.0", "primary_column": GEOMETRY, "columns": { GEOMETRY: column } })
}
