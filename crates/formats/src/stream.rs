//! Arrow IPC streams: a schema, then batches of rows, written as they come.

use std::io::Write;
use std::sync::Arc;

use arrow_ipc::writer::StreamWriter;
use arrow_schema::Schema;
use naqsha_layers::Answer;

use crate::columns::{BATCH_ROWS, Boxes, Seen, batch, schema};
use crate::crs::Crs;
use crate::error::FormatError;

/// Writes answers of one layer as one Arrow IPC stream; geometries are well-known binary, marked as `geoarrow.wkb`.
pub struct ArrowWriter<W: Write> {
    schema: Arc<Schema>,
    crs: Crs,
    stream: StreamWriter<W>,
}

impl<W: Write> std::fmt::Debug for ArrowWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ArrowWriter")
            .field("crs", &self.crs)
            .finish_non_exhaustive()
    }
}

impl<W: Write> ArrowWriter<W> {
    /// Begins a stream of answers such as this one, which is not written yet. `notes`, a JSON text, stands under `naqsha` in the schema's metadata.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn new(answer: &Answer, crs: Crs, notes: &str, out: W) -> Result<Self, FormatError> {
        let schema = Arc::new(schema(answer, crs, Boxes::Without, notes));
        let stream = StreamWriter::try_new(out, &schema)?;
        Ok(Self {
            schema,
            crs,
            stream,
        })
    }

    /// Writes the rows of an answer, in batches.
    ///
    /// # Errors
    /// Those of the output, and [`FormatError::Value`] for a date that is none.
    pub fn write(&mut self, answer: &Answer) -> Result<(), FormatError> {
        for rows in answer.rows.chunks(BATCH_ROWS) {
            let batch = batch(&self.schema, answer, rows, self.crs, &mut Seen::default())?;
            self.stream.write(&batch)?;
        }
        Ok(())
    }

    /// Ends the stream.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(mut self) -> Result<W, FormatError> {
        self.stream.finish()?;
        Ok(self.stream.into_inner()?)
    }
}
