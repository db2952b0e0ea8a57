//! Synthetic bureau files: seeded, spatially plausible, labelled. No row describes anything that happened.
//!
//! Two thirds of the incidents follow the towns' populations; one third stands in planted areas, which the truth file
//! names. Places are town names, as in real returns: what is finer than a town is not there.

mod draw;
mod places;
mod rows;

use std::fmt::Write as _;
use std::io;

use naqsha_model::BatchDigest;
use sha2::{Digest, Sha256};

use crate::reference::Reference;
use draw::Draw;
use rows::{Bureau, Row};

/// What to generate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GenerateSettings {
    /// Incidents over all files.
    pub incidents: u64,
    /// The same seed and settings give the same bytes.
    pub seed: u64,
    /// Share of damaged rows, 0 to 1.
    pub messy: f64,
    /// First year of occurrence.
    pub first_year: i16,
    /// Last year of occurrence.
    pub last_year: i16,
}

/// Settings that nothing can be generated from.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// A share outside 0 to 1, or years that end before they begin or lie outside 1990 to 2079.
    #[error("the share of damaged rows is 0 to 1, the years are ordered and within 1990 to 2079")]
    Settings,
    /// A file could not be written.
    #[error("a generated file could not be written")]
    Write(#[source] io::Error),
}

/// Rows of one file.
const ROWS_PER_FILE: usize = 50_000;

/// Writes `<profile>-NNN.csv` for each shipped bureau profile, `truth.csv` and last `MANIFEST.toml` through `write`.
///
/// # Errors
/// [`GenerateError`] for impossible settings and where `write` fails.
pub fn generate(
    settings: &GenerateSettings,
    reference: &Reference,
    write: &mut dyn FnMut(&str, &[u8]) -> io::Result<()>,
) -> Result<(), GenerateError> {
    let years = settings.first_year <= settings.last_year
        && settings.first_year >= 1990
        && settings.last_year <= 2079;
    if !(0.0..=1.0).contains(&settings.messy) || !years {
        return Err(GenerateError::Settings);
    }
    let mut output = Output {
        write,
        manifest: manifest_head(settings),
        truth: TRUTH_HEADER.to_owned(),
    };
    let mut left = settings.incidents;
    for (position, bureau) in Bureau::ALL.into_iter().enumerate() {
        let last = position + 1 == Bureau::ALL.len();
        let share = if last {
            left
        } else {
            settings.incidents * bureau.percent() / 100
        };
        left -= share;
        let draw = Draw::new(settings.seed, position as u64);
        output.bureau(
            bureau,
            share,
            rows::Generator::new(bureau, settings, reference, draw),
        )?;
    }
    let truth = std::mem::take(&mut output.truth);
    output.file("truth.csv", truth.as_bytes(), None)?;
    let manifest = std::mem::take(&mut output.manifest);
    (output.write)("MANIFEST.toml", manifest.as_bytes()).map_err(GenerateError::Write)
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

const TRUTH_HEADER: &str = "file,row,category,place,lon,lat,planted,damage\n";

fn manifest_head(settings: &GenerateSettings) -> String {
    format!(
        "# Synthetic data made by `naqsha generate`: no row describes anything that happened.\nsynthetic = true\nseed = {}\nincidents = {}\nmessy = {:?}\nyears = [{}, {}]\n",
        settings.seed, settings.incidents, settings.messy, settings.first_year, settings.last_year
    )
}

struct Output<'w> {
    write: &'w mut dyn FnMut(&str, &[u8]) -> io::Result<()>,
    manifest: String,
    truth: String,
}

impl Output<'_> {
    fn bureau(
        &mut self,
        bureau: Bureau,
        incidents: u64,
        mut generator: rows::Generator<'_>,
    ) -> Result<(), GenerateError> {
        let (mut left, mut number) = (incidents, 1);
        while left > 0 {
            let name = format!("{}-{number:03}.csv", bureau.profile());
            let mut writer = csv::Writer::from_writer(Vec::new());
            let failed = |error: csv::Error| GenerateError::Write(io::Error::other(error));
            writer.write_record(bureau.header()).map_err(failed)?;
            let mut rows = 0;
            while left > 0 && rows < ROWS_PER_FILE {
                for row in generator.incident() {
                    rows += 1;
                    writer.write_record(&row.cells).map_err(failed)?;
                    self.truth_row(&name, rows, &row);
                }
                left -= 1;
            }
            let bytes = writer
                .into_inner()
                .map_err(|error| GenerateError::Write(io::Error::other(error.to_string())))?;
            self.file(&name, &bytes, Some(rows))?;
            number += 1;
        }
        Ok(())
    }

    fn truth_row(&mut self, file: &str, number: usize, row: &Row) {
        let (lon, lat) = (row.point.lon(), row.point.lat());
        writeln!(
            self.truth,
            "{file},{number},{},{},{lon},{lat},{},{}",
            row.category, row.place, row.planted, row.damage
        )
        .expect("writing to a string does not fail");
    }

    fn file(&mut self, name: &str, bytes: &[u8], rows: Option<usize>) -> Result<(), GenerateError> {
        let digest = BatchDigest::new(Sha256::digest(bytes).into());
        let rows = rows
            .map(|rows| format!("rows = {rows}\n"))
            .unwrap_or_default();
        write!(
            self.manifest,
            "\n[[file]]\nname = \"{name}\"\nsha256 = \"{digest}\"\n{rows}"
        )
        .expect("writing to a string does not fail");
        (self.write)(name, bytes).map_err(GenerateError::Write)
    }
}
