//! Batches whose rows are known: what the harness sends, and what the program must give back.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::random::Random;

/// Batches that one store takes: each has a month of its own, so that a batch that replaces a month replaces one batch.
pub(crate) const MOST: usize = 200;

/// Whether a batch stands beside all others or takes the place of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Beside all others.
    New,
    /// The same records with other contents, as a correction (`--revise`).
    Revises(usize),
    /// Other records of the same month (`--replace-period`).
    Replaces(usize),
}

impl Place {
    /// The batch whose rows are not seen while this one is live.
    pub(crate) const fn covered(self) -> Option<usize> {
        match self {
            Self::New => None,
            Self::Revises(number) | Self::Replaces(number) => Some(number),
        }
    }
}

/// A file with its rows.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    pub(crate) number: usize,
    pub(crate) place: Place,
    pub(crate) file: PathBuf,
    /// SHA-256 of the file in hexadecimal digits: the batch's name in the store.
    pub(crate) digest: String,
    /// What the export says of each row, sorted: see [`told`].
    pub(crate) rows: Vec<String>,
}

impl Batch {
    /// Makes the file of a batch below a folder.
    pub(crate) fn write(
        folder: &Path,
        number: usize,
        place: Place,
        rows: usize,
        random: &mut Random,
    ) -> Result<Self> {
        let (month, identity) = match place {
            Place::New => (number, number),
            Place::Revises(of) => (of, of),
            Place::Replaces(of) => (of, number),
        };
        let (year, month) = (2005 + month / 12, month % 12 + 1);
        let mut text = "time,lon,lat,category,id\n".to_owned();
        let mut expected = Vec::with_capacity(rows);
        for row in 0..rows {
            let category = ["TF", "DT", "HT", "CY"][random.below(4)];
            let day = format!("{year}-{month:02}-{:02}", random.below(28) + 1);
            // No other row has this point: a tenth of a degree for each batch of ten, a hundredth for each of these.
            let (lon, lat) = (
                point(61, number * 1000 + row / 500),
                point(25, row % 500 * 100),
            );
            writeln!(
                text,
                "{day} {:02}:15,{lon},{lat},{category},b{identity}r{row}",
                row % 24
            )
            .context("writing a row")?;
            expected.push(told(category, &day, &lon, &lat));
        }
        expected.sort();
        let file = folder.join(format!("batch-{number}.csv"));
        fs::write(&file, &text).with_context(|| format!("writing {}", file.display()))?;
        let hash = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        let mut digest = String::with_capacity(64);
        for byte in hash.as_ref() {
            write!(digest, "{byte:02x}").context("writing a digest")?;
        }
        Ok(Self {
            number,
            place,
            file,
            digest,
            rows: expected,
        })
    }

    /// The month that `--replace-period` names for a batch that stands beside all others.
    pub(crate) fn month(number: usize) -> String {
        format!("{}-{:02}", 2005 + number / 12, number % 12 + 1)
    }
}

/// A coordinate with five decimals: so many hundred-thousandths above whole degrees.
fn point(degrees: usize, above: usize) -> String {
    format!("{}.{:05}", degrees + above / 100_000, above % 100_000)
}

/// A row as it is compared: category, day and point.
pub(crate) fn told(category: &str, day: &str, lon: &str, lat: &str) -> String {
    format!("{category} {day} {lon} {lat}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_rows_of_any_batches_are_told_alike() {
        let folder = tempfile::tempdir().expect("scratch folder");
        let mut random = Random::new(1);
        let mut all = Vec::new();
        for (number, place) in [
            (0, Place::New),
            (1, Place::Revises(0)),
            (2, Place::Replaces(0)),
            (199, Place::New),
        ] {
            all.extend(
                Batch::write(folder.path(), number, place, 1_200, &mut random)
                    .expect("a file")
                    .rows,
            );
        }
        let before = all.len();
        all.sort();
        all.dedup();
        assert_eq!((before, all.len()), (4_800, 4_800));
    }
}
