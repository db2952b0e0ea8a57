//! Members of records as columns: names in the order in which they are first met, one cell each.

use std::collections::HashMap;

use csv::StringRecord;
use naqsha_model::Code;

use crate::error::Refusal;

/// One column and its cell in the record being read.
#[derive(Debug)]
struct Column {
    name: String,
    cell: String,
    /// The record that filled the cell.
    filled: u64,
}

/// The columns known, and the record being read.
#[derive(Debug)]
pub(super) struct Columns {
    known: Vec<Column>,
    index: HashMap<String, usize>,
    is_open: bool,
    most: usize,
    record: u64,
}

impl Columns {
    pub(super) fn new(most: usize) -> Self {
        Self {
            known: Vec::new(),
            index: HashMap::new(),
            is_open: true,
            most,
            record: 0,
        }
    }

    /// From here on a name that is not known is refused.
    pub(super) const fn close(&mut self) {
        self.is_open = false;
    }

    pub(super) fn names(&self) -> Vec<&str> {
        self.known
            .iter()
            .map(|column| column.name.as_str())
            .collect()
    }

    /// Begins a record: all cells are blank.
    pub(super) fn begin(&mut self) {
        self.record += 1;
    }

    /// The cell of a member, emptied; a member may stand in a record once.
    pub(super) fn cell(&mut self, name: &str) -> Result<&mut String, Refusal> {
        let at = match self.index.get(name) {
            Some(&at) => at,
            None => self.add(name)?,
        };
        let again = || {
            Refusal::of_columns(
                Code::E102,
                "a record has the same member twice",
                vec![name.to_owned()],
            )
        };
        let record = self.record;
        let column = self
            .known
            .get_mut(at)
            .filter(|column| column.filled != record)
            .ok_or_else(again)?;
        column.filled = record;
        column.cell.clear();
        Ok(&mut column.cell)
    }

    fn add(&mut self, name: &str) -> Result<usize, Refusal> {
        if !self.is_open {
            return Err(Refusal::of_columns(
                Code::E103,
                format!(
                    "record {} has a member that no record before it has: {name}",
                    self.record
                ),
                vec![name.to_owned()],
            ));
        }
        let at = self.known.len();
        if at == self.most {
            let detail = format!("more than {} different members", self.most);
            return Err(Refusal::new(Code::B909, detail));
        }
        self.known.push(Column {
            name: name.to_owned(),
            cell: String::new(),
            filled: 0,
        });
        self.index.insert(name.to_owned(), at);
        Ok(at)
    }

    /// What the record being read says in a cell.
    pub(super) fn cell_text(&self, name: &str) -> Option<&str> {
        let column = self.known.get(*self.index.get(name)?)?;
        (column.filled == self.record).then_some(&column.cell)
    }

    /// Ends a record: its cells in the order of the columns.
    pub(super) fn end(&self, row: &mut StringRecord) {
        row.clear();
        for column in &self.known {
            let is_filled = column.filled == self.record;
            row.push_field(if is_filled { &column.cell } else { "" });
        }
    }
}
