//! `data/PROVENANCE.csv`: where each data file is from, on what terms, and what its bytes must be.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use ring::digest::SHA256;

/// The header of the table.
const COLUMNS: [&str; 5] = ["file", "package", "version", "licence", "sha256"];

/// Below `data/`, what is no data: the table itself, prose, and the scripts that make files.
const NOT_DATA: [&str; 2] = ["PROVENANCE.csv", "README.md"];
const SCRIPTS: &str = "make/";

/// One row, without the file that it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The package that the file was made from.
    pub(crate) package: String,
    /// That package's version.
    pub(crate) version: String,
    /// The licence of the file, by its SPDX name where it has one.
    pub(crate) licence: String,
    /// The SHA-256 of the file's bytes, in lower-case hexadecimal.
    pub(crate) sha256: String,
}

/// The rows of the table, by file (relative to the data folder).
pub(crate) type Table = BTreeMap<String, Origin>;

/// Reads the table of a data folder.
pub(crate) fn read(data: &Path) -> Result<Table> {
    let path = data.join("PROVENANCE.csv");
    let mut reader =
        csv::Reader::from_path(&path).with_context(|| format!("opening {}", path.display()))?;
    if reader.headers()? != COLUMNS.as_slice() {
        bail!(
            "{} must have the columns {}",
            path.display(),
            COLUMNS.join(",")
        );
    }
    let mut table = Table::new();
    for row in reader.into_records() {
        let row = row.with_context(|| format!("reading {}", path.display()))?;
        let [file, package, version, licence, sha256] =
            [0, 1, 2, 3, 4].map(|column| row[column].to_owned());
        let origin = Origin {
            package,
            version,
            licence,
            sha256,
        };
        if table.insert(file.clone(), origin).is_some() {
            bail!("{} has two rows for {file}", path.display());
        }
    }
    Ok(table)
}

/// Writes the table, sorted by file.
pub(crate) fn write(data: &Path, table: &Table) -> Result<()> {
    let path = data.join("PROVENANCE.csv");
    let mut writer =
        csv::Writer::from_path(&path).with_context(|| format!("writing {}", path.display()))?;
    writer.write_record(COLUMNS)?;
    for (file, origin) in table {
        writer.write_record([
            file,
            &origin.package,
            &origin.version,
            &origin.licence,
            &origin.sha256,
        ])?;
    }
    writer
        .flush()
        .with_context(|| format!("writing {}", path.display()))
}

/// The SHA-256 of a file, in lower-case hexadecimal.
pub(crate) fn digest(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    Ok(sha256(&bytes))
}

/// The SHA-256 of some bytes, in lower-case hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&SHA256, bytes);
    digest
        .as_ref()
        .iter()
        .fold(String::new(), |mut text, byte| {
            for half in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(u32::from(half), 16));
            }
            text
        })
}

/// Every data file below a data folder, relative to it, sorted.
pub(crate) fn files(data: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![data.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in
            fs::read_dir(&folder).with_context(|| format!("listing {}", folder.display()))?
        {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let below = path.strip_prefix(data).unwrap_or(&path);
            let name = below.to_string_lossy().replace('\\', "/");
            if !NOT_DATA.contains(&name.as_str()) && !name.starts_with(SCRIPTS) {
                found.push(name);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// What is wrong with the table of a data folder: a sentence for each fault, none when all is well.
pub(crate) fn faults(data: &Path) -> Result<Vec<String>> {
    let table = read(data)?;
    let files = files(data)?;
    let mut faults = Vec::new();
    for file in &files {
        match table.get(file) {
            None => faults.push(format!("{file} has no provenance row")),
            Some(origin) => {
                let actual = digest(&data.join(file))?;
                if actual != origin.sha256 {
                    faults.push(format!(
                        "{file} has SHA-256 {actual}, its row says {}",
                        origin.sha256
                    ));
                }
                if origin.package.is_empty()
                    || origin.version.is_empty()
                    || origin.licence.is_empty()
                {
                    faults.push(format!("the row of {file} has an empty column"));
                }
            }
        }
    }
    let gone = table.keys().filter(|file| !files.contains(file));
    faults.extend(gone.map(|file| format!("{file} has a provenance row but is absent")));
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "file,package,version,licence,sha256\n";
    // SHA-256 of "abc" (FIPS 180-2, appendix B.1).
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn folder(table: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("scratch folder");
        fs::create_dir(folder.path().join("make")).expect("folder of scripts");
        fs::write(folder.path().join("make/a.py"), "").expect("script");
        fs::write(folder.path().join("a.csv"), "abc").expect("data file");
        fs::write(
            folder.path().join("PROVENANCE.csv"),
            format!("{HEADER}{table}"),
        )
        .expect("table");
        folder
    }

    #[test]
    fn a_file_with_a_true_row_has_no_fault() {
        let folder = folder(&format!("a.csv,p,1,CC0-1.0,{ABC}\n"));
        assert_eq!(
            faults(folder.path()).expect("readable"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_missing_row_a_stale_row_and_a_row_without_a_file_are_faults() {
        let folder = folder("b.csv,p,1,CC0-1.0,00\n");
        assert_eq!(
            faults(folder.path()).expect("readable"),
            [
                "a.csv has no provenance row",
                "b.csv has a provenance row but is absent"
            ]
        );
        fs::write(
            folder.path().join("PROVENANCE.csv"),
            format!("{HEADER}a.csv,p,1,CC0-1.0,00\n"),
        )
        .expect("table");
        assert_eq!(
            faults(folder.path()).expect("readable"),
            [format!("a.csv has SHA-256 {ABC}, its row says 00")]
        );
    }

    #[test]
    fn what_is_written_is_read_back() {
        let folder = folder("");
        let mut table = Table::new();
        let origin = Origin {
            package: "a, with a comma".to_owned(),
            version: "1".to_owned(),
            licence: "CC0-1.0".to_owned(),
            sha256: ABC.to_owned(),
        };
        table.insert("a.csv".to_owned(), origin);
        write(folder.path(), &table).expect("written");
        assert_eq!(read(folder.path()).expect("readable"), table);
    }
}
