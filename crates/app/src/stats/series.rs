//! A CSV of one value an id and step, as a table with one column a step.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::StatsError;
use super::table::{Csv, Table, number, ranks, text};

/// Values in time order. There are no holes: every id has every step, and whole-numbered steps follow each other.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) steps: Vec<String>,
    /// The asked columns first, then one a step.
    pub(super) table: Table,
}

/// One row of the file.
struct Entry {
    id: String,
    step: String,
    value: f64,
    more: Vec<f64>,
}

impl Series {
    /// Reads `id`, `step`, `value`, and columns that are the same for all steps of an id.
    pub(super) fn read(path: &Path, constant: &[&str]) -> Result<Self, StatsError> {
        let entries = entries(path, constant)?;
        let (ids, steps) = (
            distinct(entries.iter().map(|entry| &entry.id)),
            distinct(entries.iter().map(|entry| &entry.step)),
        );
        let refuse = |problem: String| StatsError::Usage(format!("{}: {problem}", path.display()));
        if let Some([before, after]) = steps.array_windows().find(|[a, b]| leap(a, b)) {
            return Err(refuse(format!("no step lies between {before} and {after}")));
        }
        let positions =
            |list: &[String]| -> HashMap<String, usize> { list.iter().cloned().zip(0..).collect() };
        let (at_id, at_step) = (positions(&ids), positions(&steps));
        let mut cells = vec![vec![None; ids.len()]; steps.len()];
        let mut more: Vec<Option<&[f64]>> = vec![None; ids.len()];
        for entry in &entries {
            let unit = at_id[&entry.id];
            if cells[at_step[&entry.step]][unit]
                .replace(entry.value)
                .is_some()
            {
                return Err(refuse(format!(
                    "id `{}` has step `{}` twice",
                    entry.id, entry.step
                )));
            }
            match more[unit].replace(&entry.more) {
                Some(before) if before != entry.more => {
                    return Err(refuse(format!("id `{}` changes its place", entry.id)));
                }
                Some(_) | None => {}
            }
        }
        let mut columns = vec![Vec::with_capacity(ids.len()); constant.len()];
        for values in more.iter().flatten() {
            for (column, value) in columns.iter_mut().zip(*values) {
                column.push(*value);
            }
        }
        for (step, cells) in steps.iter().zip(cells) {
            let whole: Option<Vec<f64>> = cells.iter().copied().collect();
            let hole = cells.iter().position(Option::is_none).unwrap_or(0);
            columns.push(
                whole.ok_or_else(|| refuse(format!("id `{}` has no step `{step}`", ids[hole])))?,
            );
        }
        Ok(Self {
            steps,
            table: Table { ids, columns },
        })
    }
}

fn entries(path: &Path, constant: &[&str]) -> Result<Vec<Entry>, StatsError> {
    let csv = Csv::open(path)?;
    let (id, step, value) = (csv.column("id")?, csv.column("step")?, csv.column("value")?);
    let positions = constant
        .iter()
        .map(|name| csv.column(name))
        .collect::<Result<Vec<_>, _>>()?;
    let mut entries = Vec::new();
    csv.each(|row| {
        let name = |column, what: &str| match text(row, column)? {
            "" => Err(format!("the {what} is empty")),
            text => Ok(text.to_owned()),
        };
        entries.push(Entry {
            id: name(id, "id")?,
            step: name(step, "step")?,
            value: number(row, value, "value")?,
            more: positions
                .iter()
                .zip(constant)
                .map(|(column, name)| number(row, *column, name))
                .collect::<Result<_, _>>()?,
        });
        Ok(())
    })?;
    if entries.is_empty() {
        return Err(StatsError::File {
            path: path.display().to_string(),
            problem: "no rows".to_owned(),
        });
    }
    Ok(entries)
}

/// The distinct names, in the order that tables have.
fn distinct<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    // Names repeat in every row: they are told apart before they are sorted.
    let distinct: HashSet<&String> = names.collect();
    let list: Vec<String> = distinct.into_iter().cloned().collect();
    let order = ranks(&list);
    order.into_iter().map(|at| list[at].clone()).collect()
}

/// Whether two steps are whole numbers with another between them.
fn leap(before: &str, after: &str) -> bool {
    match (before.parse::<i64>(), after.parse::<i64>()) {
        (Ok(before), Ok(after)) => after.saturating_sub(before) != 1,
        _ => false,
    }
}
