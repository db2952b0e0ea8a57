//! Headers of several rows.

use csv::StringRecord;

/// The rows of a header as one: the names above each other joined by a space, blank cells at the end left out.
pub(crate) fn join(rows: &[StringRecord]) -> StringRecord {
    let last = |row: &StringRecord| (0..row.len()).rev().find(|&i| !is_blank(row.get(i)));
    let width = rows
        .iter()
        .filter_map(last)
        .max()
        .map_or(0, |last| last + 1);
    let name = |column: usize| {
        let cells = rows.iter().map(|row| row.get(column));
        let names: Vec<&str> = cells.filter(|cell| !is_blank(*cell)).flatten().collect();
        match names.as_slice() {
            [one] => (*one).to_owned(),
            several => several
                .iter()
                .map(|name| name.trim())
                .collect::<Vec<_>>()
                .join(" "),
        }
    };
    (0..width).map(name).collect::<Vec<_>>().into()
}

fn is_blank(cell: Option<&str>) -> bool {
    cell.is_none_or(|cell| cell.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_above_each_other_are_one() {
        let rows = [
            StringRecord::from(vec!["FIR", "Victim ", "Victim", "", ""]),
            StringRecord::from(vec!["No", "Male", "", "Place", " "]),
        ];
        assert_eq!(
            join(&rows),
            vec!["FIR No", "Victim Male", "Victim", "Place"]
        );
        assert_eq!(
            join(&[StringRecord::from(vec![" a ", "b"])]),
            vec![" a ", "b"]
        );
        assert!(join(&[]).is_empty());
    }
}
