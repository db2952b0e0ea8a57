//! A CSV of named numeric columns, in the order of its ids.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::StatsError;

/// A CSV being read: its header is known, its rows follow.
pub(super) struct Csv {
    path: PathBuf,
    header: csv::ByteRecord,
    reader: csv::Reader<File>,
}

impl Csv {
    pub(super) fn open(path: &Path) -> Result<Self, StatsError> {
        let read = |source| StatsError::Read {
            path: path.display().to_string(),
            source,
        };
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_path(path)
            .map_err(read)?;
        let mut header = reader.byte_headers().map_err(read)?.clone();
        // Spreadsheets put a byte order mark before the first name.
        if let Some(rest) = header
            .get(0)
            .and_then(|first| first.strip_prefix(b"\xef\xbb\xbf"))
        {
            let names = std::iter::once(rest).chain(header.iter().skip(1));
            header = names.collect();
        }
        Ok(Self {
            path: path.to_owned(),
            header,
            reader,
        })
    }

    /// What messages call the file.
    pub(super) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// The position of a column that may be absent.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.header
            .iter()
            .position(|column| column == name.as_bytes())
    }

    /// The position of a column that the arguments name.
    pub(super) fn column(&self, name: &str) -> Result<usize, StatsError> {
        self.find(name)
            .ok_or_else(|| StatsError::Usage(format!("{} has no column `{name}`", self.name())))
    }

    /// Visits every row with its line number.
    pub(super) fn each(
        mut self,
        mut visit: impl FnMut(&csv::ByteRecord) -> Result<(), String>,
    ) -> Result<(), StatsError> {
        let path = self.path.display().to_string();
        let mut row = csv::ByteRecord::new();
        while self
            .reader
            .read_byte_record(&mut row)
            .map_err(|source| StatsError::Read {
                path: path.clone(),
                source,
            })?
        {
            let line = row.position().map_or(0, csv::Position::line);
            visit(&row).map_err(|problem| StatsError::Row {
                path: path.clone(),
                line,
                problem,
            })?;
        }
        Ok(())
    }
}

/// The text of a field.
pub(super) fn text(row: &csv::ByteRecord, column: usize) -> Result<&str, String> {
    std::str::from_utf8(row.get(column).unwrap_or_default())
        .map_err(|_invalid| "not UTF-8".to_owned())
}

/// A finite number.
pub(super) fn number(row: &csv::ByteRecord, column: usize, name: &str) -> Result<f64, String> {
    let field = text(row, column)?;
    match field.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        Ok(_) | Err(_) => Err(format!("`{field}` in column `{name}` is not a number")),
    }
}

/// Numeric columns in the order of their ids: by number where every id is a whole number, else by bytes.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) ids: Vec<String>,
    /// In the order the columns were asked for.
    pub(super) columns: Vec<Vec<f64>>,
}

impl Table {
    /// Reads the `id` column and the named ones.
    pub(super) fn read(path: &Path, names: &[&str]) -> Result<Self, StatsError> {
        let csv = Csv::open(path)?;
        let id = csv.column("id")?;
        let positions = names
            .iter()
            .map(|name| csv.column(name))
            .collect::<Result<Vec<_>, _>>()?;
        let (mut ids, mut columns) = (Vec::new(), vec![Vec::new(); names.len()]);
        csv.each(|row| {
            let field = text(row, id)?;
            if field.is_empty() {
                return Err("the id is empty".to_owned());
            }
            ids.push(field.to_owned());
            for ((column, position), name) in columns.iter_mut().zip(&positions).zip(names) {
                column.push(number(row, *position, name)?);
            }
            Ok(())
        })?;
        let file = |problem: String| StatsError::File {
            path: path.display().to_string(),
            problem,
        };
        if ids.is_empty() {
            return Err(file("no rows".to_owned()));
        }
        let table = Self { ids, columns }.sorted();
        match table.ids.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(file(format!("the id `{}` occurs twice", pair[0]))),
            None => Ok(table),
        }
    }

    fn sorted(self) -> Self {
        let order = ranks(&self.ids);
        self.arranged(&order)
    }

    /// The rows in another order.
    pub(super) fn arranged(mut self, order: &[usize]) -> Self {
        let ids = order
            .iter()
            .map(|at| std::mem::take(&mut self.ids[*at]))
            .collect();
        let columns = self
            .columns
            .iter()
            .map(|column| order.iter().map(|at| column[*at]).collect())
            .collect();
        Self { ids, columns }
    }
}

/// The positions of names in their order: by number where every one is a whole number, else by bytes.
pub(super) fn ranks(names: &[String]) -> Vec<usize> {
    let numbers: Option<Vec<i128>> = names.iter().map(|name| name.parse().ok()).collect();
    let mut order: Vec<usize> = (0..names.len()).collect();
    match numbers {
        Some(numbers) => {
            order.sort_unstable_by(|a, b| {
                numbers[*a]
                    .cmp(&numbers[*b])
                    .then(names[*a].cmp(&names[*b]))
            });
        }
        None => order.sort_unstable_by(|a, b| names[*a].cmp(&names[*b])),
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(ids: &[&str]) -> Vec<String> {
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        Table {
            ids,
            columns: Vec::new(),
        }
        .sorted()
        .ids
    }

    #[test]
    fn whole_numbers_are_ordered_as_numbers_and_others_as_bytes() {
        assert_eq!(table(&["10", "9", "-1"]), ["-1", "9", "10"]);
        assert_eq!(table(&["10", "9", "a"]), ["10", "9", "a"]);
    }
}
