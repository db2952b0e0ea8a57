//! Synthetic bureau files: seeded, spatially plausible, labelled. No row describes anything that happened.
//!
//! Two thirds of the incidents follow the towns' populations; one third stands in planted areas, which the truth names.
//! Places are town names, as in real returns. Damage is that of real registers (domain.md §3), each row's with the code
//! that it must get. Files are written as they are made: memory does not grow with the number of incidents.

mod anf;
mod bureau;
mod ctd;
mod draw;
mod fia;
mod file;
mod mess;
mod ngo;
mod notation;
mod places;
mod private;
mod punjab;
mod row;
mod truth;
mod world;

use std::fmt::Write as _;
use std::io::{self, Write};

use naqsha_model::{BatchDigest, Code};

use crate::outcome::Outcome;
use crate::reference::Reference;
use bureau::{Bureau, Kind, Medium};
use draw::Draw;
use file::{Dress, File, Hashed};
use row::{Case, Cell, Row, Truth};
use truth::TruthWriter;

/// What to generate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GenerateSettings {
    /// Incidents over all files.
    pub incidents: u64,
    /// The same seed and settings give the same bytes.
    pub seed: u64,
    /// Share of disturbed rows, 0 to 1.
    pub messy: f64,
    /// Share of rows that name a person in a text that is kept, 0 to 1. Above about 0.01 batches are held (P603).
    pub private: f64,
    /// First year of occurrence.
    pub first_year: i16,
    /// Last year of occurrence.
    pub last_year: i16,
}

impl GenerateSettings {
    /// So many incidents of a seed in 2023 and 2024, with this share of disturbed rows; personal data in kept text is
    /// as rare among them as registers have it.
    pub fn new(incidents: u64, seed: u64, messy: f64) -> Self {
        Self {
            incidents,
            seed,
            messy,
            private: messy * 0.005,
            first_year: 2023,
            last_year: 2024,
        }
    }
}

/// Settings that nothing can be generated from.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// A share outside 0 to 1, or years that end before they begin or lie outside 1990 to 2079.
    #[error("shares are 0 to 1, the years are ordered and within 1990 to 2079")]
    Settings,
    /// A file could not be written.
    #[error("a generated file could not be written")]
    Write(#[source] io::Error),
}

/// Opens the file of a name for writing.
pub type CreateFile<'c> = dyn FnMut(&str) -> io::Result<Box<dyn Write + Send>> + 'c;

/// Rows of each of the first files of a bureau: small sets show every dress.
const ROWS_OF_FIRST_FILES: usize = 2_500;
/// Rows of a later file; of a workbook, which is held until it is written, at most this many too.
const ROWS_PER_FILE: usize = 50_000;
const FIRST_FILES: usize = 4;

/// Writes `<profile>-NNN.<ext>` for each shipped bureau profile, `truth.parquet`, and last `MANIFEST.toml`.
///
/// # Errors
/// [`GenerateError`] for impossible settings and where a file cannot be written.
pub fn generate(
    settings: &GenerateSettings,
    reference: &Reference,
    create: &mut CreateFile<'_>,
) -> Result<(), GenerateError> {
    let years = settings.first_year <= settings.last_year
        && settings.first_year >= 1990
        && settings.last_year <= 2079;
    let shares = [settings.messy, settings.private];
    if shares.iter().any(|share| !(0.0..=1.0).contains(share)) || !years {
        return Err(GenerateError::Settings);
    }
    write_all(settings, reference, create).map_err(GenerateError::Write)
}

fn write_all(
    settings: &GenerateSettings,
    reference: &Reference,
    create: &mut CreateFile<'_>,
) -> io::Result<()> {
    let truth = TruthWriter::new(Hashed::new(create("truth.parquet")?))?;
    let mut output = Output {
        settings,
        reference,
        create,
        manifest: manifest_head(settings),
        truth,
    };
    let mut left = settings.incidents;
    for (stream, kind) in (0_u64..).zip(Kind::ALL) {
        let last = Kind::ALL.last() == Some(&kind);
        let share = if last {
            left
        } else {
            settings.incidents * kind.percent() / 100
        };
        left -= share;
        let bureau = kind.open(settings, reference, Draw::new(settings.seed, stream));
        output.bureau(kind, share, bureau)?;
    }
    let digest = output.truth.finish()?.finish()?;
    let mut manifest = output.manifest;
    list_file(&mut manifest, "truth.parquet", &digest, None);
    let mut out = (output.create)("MANIFEST.toml")?;
    out.write_all(manifest.as_bytes())?;
    out.flush()
}

/// Whether a manifest made by [`generate`] names a file of these bytes as synthetic.
pub fn manifest_says_synthetic(manifest: &str, digest: &BatchDigest) -> bool {
    let Ok(table) = manifest.parse::<toml::Table>() else {
        return false;
    };
    let synthetic = table.get("synthetic").and_then(toml::Value::as_bool) == Some(true);
    let digest = digest.to_string();
    let files = table.get("file").and_then(toml::Value::as_array);
    synthetic
        && files.is_some_and(|files| {
            files
                .iter()
                .any(|file| file.get("sha256").and_then(toml::Value::as_str) == Some(&digest))
        })
}

fn manifest_head(settings: &GenerateSettings) -> String {
    format!(
        "# Synthetic data made by `naqsha generate`: no row describes anything that happened.\nsynthetic = true\nseed = {}\nincidents = {}\nmessy = {:?}\nprivate = {:?}\nyears = [{}, {}]\n",
        settings.seed,
        settings.incidents,
        settings.messy,
        settings.private,
        settings.first_year,
        settings.last_year
    )
}

fn list_file(manifest: &mut String, name: &str, digest: &BatchDigest, rows: Option<usize>) {
    let rows = rows
        .map(|rows| format!("rows = {rows}\n"))
        .unwrap_or_default();
    write!(
        manifest,
        "\n[[file]]\nname = \"{name}\"\nsha256 = \"{digest}\"\n{rows}"
    )
    .expect("writing to a string does not fail");
}

struct Output<'o, 'c> {
    settings: &'o GenerateSettings,
    reference: &'o Reference,
    create: &'o mut CreateFile<'c>,
    manifest: String,
    truth: TruthWriter<Hashed>,
}

/// A file with the number of data rows in it.
struct Open {
    name: String,
    file: File,
    dress: Dress,
    rows: usize,
    /// Repeats of earlier rows, still to be written.
    repeats: Vec<Row>,
}

impl Output<'_, '_> {
    fn bureau<'a>(
        &mut self,
        kind: Kind,
        incidents: u64,
        mut bureau: Box<dyn Bureau<'a> + 'a>,
    ) -> io::Result<()> {
        let (mut left, mut number) = (incidents, 1);
        while left > 0 {
            let mut open = self.open(kind, number)?;
            let most = if number <= FIRST_FILES {
                ROWS_OF_FIRST_FILES
            } else {
                ROWS_PER_FILE
            };
            // What remains after the last full file is not worth a file of its own.
            while left > 0 && (open.rows < most || left < most as u64 / 10) {
                if let Some(case) = bureau.incident() {
                    self.case(kind, case, &mut bureau.world().draw, &mut open)?;
                }
                left -= 1;
            }
            self.close(kind, open)?;
            number += 1;
        }
        Ok(())
    }

    fn open(&mut self, kind: Kind, number: usize) -> io::Result<Open> {
        let extension = match kind.medium() {
            Medium::Text(_) => "csv",
            Medium::Sheet(..) => "xlsx",
        };
        let name = format!("{}-{number:03}.{extension}", kind.profile());
        let dress = Dress::of(kind, number, self.settings.messy == 0.0);
        let file = File::start(kind, dress, Hashed::new((self.create)(&name)?))?;
        Ok(Open {
            name,
            file,
            dress,
            rows: 0,
            repeats: Vec::new(),
        })
    }

    /// Writes an incident, disturbed as its draws say, with what happens around it.
    fn case(
        &mut self,
        kind: Kind,
        mut case: Case<'_>,
        draw: &mut Draw,
        open: &mut Open,
    ) -> io::Result<()> {
        let messy = self.settings.messy;
        let columns = kind.columns();
        if draw.chance(messy) {
            mess::disturb(&mut case, columns, self.reference, draw);
        }
        if draw.chance(self.settings.private) {
            mess::plant_private(&mut case, columns, draw);
        }
        if draw.chance(messy * 0.02) {
            // A row without any cell is no row of a workbook.
            let text_file = matches!(kind.medium(), Medium::Text(_));
            let blank = if draw.chance(0.5) && text_file {
                ""
            } else {
                " "
            };
            let cells = vec![Cell::Text(blank.to_owned()); columns.header.len()];
            let truth = Truth::no_record("blank_row", Vec::new());
            self.row(Row { cells, truth }, open)?;
        }
        let accepted = case
            .rows
            .iter()
            .all(|row| row.truth.outcome == Outcome::Accepted);
        for row in &case.rows {
            self.row(row.clone(), open)?;
        }
        if accepted && draw.chance(messy * 0.03) {
            open.repeats.extend(repeat(&case, "repeat", Code::D701));
        } else if accepted && draw.chance(messy * 0.01) && mess::contradict(&mut case, columns) {
            open.repeats
                .extend(repeat(&case, "contradiction", Code::D702));
        }
        if draw.chance(0.2)
            && let Some(row) = open.repeats.pop()
        {
            self.row(row, open)?;
        }
        Ok(())
    }

    fn row(&mut self, mut row: Row, open: &mut Open) -> io::Result<()> {
        if let Some(encoding) = open.dress.legacy {
            file::in_legacy(&mut row, encoding);
        }
        open.rows += 1;
        open.file.write(&row.cells)?;
        self.truth.push(&open.name, open.rows, &row.truth)
    }

    fn close(&mut self, kind: Kind, mut open: Open) -> io::Result<()> {
        for row in std::mem::take(&mut open.repeats) {
            self.row(row, &mut open)?;
        }
        if self.settings.messy > 0.0 {
            self.total(kind, &mut open)?;
        }
        let digest = open.file.finish()?;
        list_file(&mut self.manifest, &open.name, &digest, Some(open.rows));
        Ok(())
    }

    /// The row with which a spreadsheet ends.
    fn total(&mut self, kind: Kind, open: &mut Open) -> io::Result<()> {
        let columns = kind.columns();
        let mut cells = vec![Cell::Text(String::new()); columns.header.len()];
        let words = ["Total", "Grand Total", "میزان", "TOTAL:"];
        let word = words.get(open.rows % words.len()).copied();
        let total = open.rows.to_string();
        for (column, text) in [
            (columns.number, word.unwrap_or("Total")),
            (columns.closed, &total),
        ] {
            if let Some(slot) = cells.get_mut(column) {
                *slot = Cell::Text(text.to_owned());
            }
        }
        let truth = Truth::no_record("total", vec![Code::B910]);
        self.row(Row { cells, truth }, open)
    }
}

/// The first row of a case once more, for another place in the file.
fn repeat(case: &Case<'_>, mess: &str, code: Code) -> Option<Row> {
    let mut row = case.rows.first()?.clone();
    row.truth.outcome = Outcome::Duplicate;
    row.truth.codes = vec![code];
    row.truth.messed(mess);
    Some(row)
}
