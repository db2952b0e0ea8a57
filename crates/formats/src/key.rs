//! Ids of features as every format writes them.

use naqsha_layers::Keys;

/// The id of a row: a cell's digits, those of two with a hyphen, or a record's ULID.
pub fn key(keys: &Keys, row: usize) -> String {
    match keys {
        Keys::Cells(cells) => cells[row].to_string(),
        Keys::Incidents(ids) => ids[row].to_string(),
        Keys::Flows(pairs) => format!("{}-{}", pairs[row].0, pairs[row].1),
        Keys::Named(names) => names[row].clone(),
    }
}
