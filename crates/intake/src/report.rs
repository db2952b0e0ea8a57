//! The sender's own rows with what became of each.

use std::io::{self, Write};

use naqsha_ingest::{IngestError, Ingested, Remark, ReportInput};

use crate::TakeError;
use crate::take::Taking;
use crate::watch::{self, Step};

impl Taking {
    /// Writes the report of a file that was read; each row that has codes is told to `remarks` too.
    ///
    /// # Errors
    /// [`TakeError::Ingest`] where `out` or `remarks` fails, or the file is another by now.
    pub fn write_report(
        &self,
        ingested: &Ingested,
        out: &mut dyn Write,
        remarks: &mut dyn FnMut(Remark<'_>) -> io::Result<()>,
    ) -> Result<(), TakeError> {
        let source = watch::open(&self.file, Step::Reporting, &self.watch)?;
        let input = ReportInput {
            profile: &self.profile,
            reference: &self.reference,
            settings: &self.settings,
            outcomes: &ingested.outcomes,
        };
        naqsha_ingest::write_report_telling(source, input, &mut *out, remarks)?;
        out.flush()
            .map_err(|error| TakeError::Ingest(IngestError::Write(error)))
    }
}
