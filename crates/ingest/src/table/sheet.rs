//! Cells of one sheet, in order, to rows: header found and stacked, merged cells filled. Knows no spreadsheet library.

use csv::StringRecord;
use naqsha_model::Code;

use super::{TableRequest, TakeRow};
use crate::error::{IngestError, Refusal};
use crate::reader::join;

/// Cells merged into one: rows and columns from 0, ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Merged {
    pub(super) rows: (u32, u32),
    pub(super) columns: (u32, u32),
}

/// The merged cells of a sheet, by their first row.
#[derive(Debug, Default)]
pub(super) struct Merges(Vec<Merged>);

impl Merges {
    pub(super) fn new(mut merges: Vec<Merged>) -> Self {
        merges.sort_unstable_by_key(|merged| (merged.rows.0, merged.columns.0));
        Self(merges)
    }

    fn starting_at(&self, row: u32) -> impl Iterator<Item = &Merged> {
        let first = self.0.partition_point(|merged| merged.rows.0 < row);
        let from = self.0.get(first..).unwrap_or_default();
        from.iter().take_while(move |merged| merged.rows.0 == row)
    }

    /// Rows of a header that starts at `row`: names that span columns have names below them.
    fn header_rows(&self, row: u32) -> usize {
        let spans = |row| {
            self.starting_at(row)
                .any(|merged| merged.columns.0 < merged.columns.1)
        };
        let below = |by: u32| row.saturating_add(by);
        1 + (0..MOST_STACKED - 1)
            .take_while(|&by| spans(below(by)))
            .count()
    }
}

/// Rows that one header is stacked of at most.
const MOST_STACKED: u32 = 4;

/// A merged cell that reaches down into rows to come.
#[derive(Debug)]
struct Reaching {
    column: usize,
    last_row: u32,
    text: String,
}

/// Puts the rows of a sheet together.
pub(super) struct Sheet<'r> {
    request: &'r TableRequest,
    merges: Merges,
    rows: &'r mut dyn TakeRow,
    /// The header of the sheets before this one.
    header: &'r mut Option<Vec<String>>,
    /// Rows of the header read so far.
    stacked: Vec<StringRecord>,
    header_rows: usize,
    header_done: bool,
    reaching: Vec<Reaching>,
    row: Option<u32>,
    /// The row that was put out last, the header among them.
    last: Option<u32>,
    cells: Vec<String>,
}

impl<'r> Sheet<'r> {
    pub(super) fn new(
        request: &'r TableRequest,
        merges: Merges,
        header: &'r mut Option<Vec<String>>,
        rows: &'r mut dyn TakeRow,
    ) -> Self {
        Self {
            request,
            merges,
            rows,
            header,
            stacked: Vec::new(),
            header_rows: 0,
            header_done: false,
            reaching: Vec::new(),
            row: None,
            last: None,
            cells: Vec::new(),
        }
    }

    /// Takes the next cell that is not empty.
    pub(super) fn cell(&mut self, row: u32, column: u32, text: String) -> Result<(), IngestError> {
        if (row as usize) < self.request.skip || text.trim().is_empty() {
            return Ok(());
        }
        let column = column as usize;
        if column >= self.request.columns {
            let detail = format!(
                "a cell in column {} of the sheet, more than {}",
                column + 1,
                self.request.columns
            );
            return Err(Refusal::new(Code::B909, detail).into());
        }
        if text.len() > self.request.field_bytes {
            let detail = format!("a cell of more than {} bytes", self.request.field_bytes);
            return Err(Refusal::new(Code::B909, detail).into());
        }
        if self.row != Some(row) {
            if self.row.is_some_and(|before| before > row) {
                return Err(
                    Refusal::new(Code::B908, "the rows of the sheet are not in order").into(),
                );
            }
            self.end_row()?;
            self.row = Some(row);
        }
        if self.cells.len() <= column {
            self.cells.resize_with(column + 1, String::new);
        }
        if let Some(cell) = self.cells.get_mut(column) {
            *cell = text;
        }
        Ok(())
    }

    /// Ends the sheet.
    pub(super) fn end(mut self) -> Result<(), IngestError> {
        self.end_row()?;
        if !self.header_done && !self.stacked.is_empty() {
            self.end_header()?;
        }
        Ok(())
    }

    fn end_row(&mut self) -> Result<(), IngestError> {
        let Some(row) = self.row.take() else {
            return Ok(());
        };
        let before = self.last.replace(row);
        if !self.header_done {
            return self.header_row(row);
        }
        self.blank_rows(before, row)?;
        self.fill(row);
        let width = self.header.as_ref().map_or(0, Vec::len);
        if self.cells.len() < width {
            self.cells.resize_with(width, String::new);
        }
        self.rows.row(&self.cells)?;
        self.cells.iter_mut().for_each(String::clear);
        self.cells.truncate(width);
        Ok(())
    }

    /// Puts out the blank rows between two rows, so that the number of a row is its place below the header, as the clerk
    /// sees it. Blank rows at the end of a sheet are none.
    fn blank_rows(&mut self, before: Option<u32>, row: u32) -> Result<(), IngestError> {
        let blank = before.map_or(0, |before| row.saturating_sub(before + 1));
        if blank > 0 {
            let width = self.header.as_ref().map_or(0, Vec::len);
            let cells = vec![String::new(); width];
            for _ in 0..blank {
                self.rows.row(&cells)?;
            }
        }
        Ok(())
    }

    fn header_row(&mut self, row: u32) -> Result<(), IngestError> {
        if self.stacked.is_empty() {
            let shown = self.merges.header_rows(row);
            self.header_rows = self.request.header_rows.unwrap_or(shown);
        }
        // A name above several columns is the name of each.
        for merged in self.merges.starting_at(row) {
            let (first, last) = (merged.columns.0 as usize, merged.columns.1 as usize);
            let last = last.min(self.request.columns.saturating_sub(1));
            let Some(name) = self
                .cells
                .get(first)
                .filter(|name| !name.is_empty())
                .cloned()
            else {
                continue;
            };
            if self.cells.len() <= last {
                self.cells.resize_with(last + 1, String::new);
            }
            let span = self.cells.get_mut(first..=last).unwrap_or_default();
            for cell in span {
                cell.clone_from(&name);
            }
        }
        self.stacked
            .push(StringRecord::from(std::mem::take(&mut self.cells)));
        if self.stacked.len() == self.header_rows {
            self.end_header()?;
        }
        Ok(())
    }

    fn end_header(&mut self) -> Result<(), IngestError> {
        self.header_done = true;
        let names: Vec<String> = join(&self.stacked).iter().map(str::to_owned).collect();
        match &self.header {
            None => {
                self.rows.header(&names)?;
                *self.header = Some(names);
                Ok(())
            }
            Some(before) if *before == names => Ok(()),
            Some(_) => Err(Refusal::new(
                Code::B908,
                "the sheets have different headers: send them as files of their own",
            )
            .into()),
        }
    }

    /// A cell merged over several rows says the same of each.
    fn fill(&mut self, row: u32) {
        self.reaching.retain(|reaching| reaching.last_row >= row);
        for reaching in &self.reaching {
            if self.cells.len() <= reaching.column {
                self.cells.resize_with(reaching.column + 1, String::new);
            }
            if let Some(cell) = self
                .cells
                .get_mut(reaching.column)
                .filter(|cell| cell.is_empty())
            {
                cell.clone_from(&reaching.text);
            }
        }
        for merged in self.merges.starting_at(row) {
            let column = merged.columns.0 as usize;
            let reaches_down = merged.columns.0 == merged.columns.1 && merged.rows.1 > row;
            if let Some(text) = self
                .cells
                .get(column)
                .filter(|text| reaches_down && !text.is_empty())
            {
                self.reaching.push(Reaching {
                    column,
                    last_row: merged.rows.1,
                    text: text.clone(),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Holder;
    use super::*;
    use crate::limits::Limits;

    #[derive(Default)]
    struct Taken {
        header: Vec<String>,
        rows: Vec<Vec<String>>,
    }

    impl TakeRow for Taken {
        fn header(&mut self, cells: &[String]) -> Result<(), IngestError> {
            self.header = cells.to_vec();
            Ok(())
        }

        fn row(&mut self, cells: &[String]) -> Result<(), IngestError> {
            self.rows.push(cells.to_vec());
            Ok(())
        }
    }

    fn request(skip: usize) -> TableRequest {
        TableRequest {
            skip,
            ..TableRequest::new(Holder::Workbook, &Limits::default())
        }
    }

    fn sheet(lines: &[&str], merges: Vec<Merged>, skip: usize) -> Result<Taken, IngestError> {
        let (mut taken, mut header, request) = (Taken::default(), None, request(skip));
        let mut sheet = Sheet::new(&request, Merges::new(merges), &mut header, &mut taken);
        for (row, line) in (0_u32..).zip(lines) {
            for (column, text) in (0_u32..).zip(line.split('|')) {
                sheet.cell(row, column, text.to_owned())?;
            }
        }
        sheet.end()?;
        Ok(taken)
    }

    const fn merged(rows: (u32, u32), columns: (u32, u32)) -> Merged {
        Merged { rows, columns }
    }

    #[test]
    fn banners_are_skipped_and_blank_rows_keep_their_place() {
        let taken = sheet(
            &["Return", "", "No|Place", "", "1|Lahore", "|", "2||"],
            vec![],
            2,
        )
        .unwrap();
        assert_eq!(taken.header, ["No", "Place"]);
        assert_eq!(taken.rows, [["", ""], ["1", "Lahore"], ["", ""], ["2", ""]]);
    }

    #[test]
    fn merged_names_stand_above_each_of_their_columns() {
        let merges = vec![merged((0, 1), (0, 0)), merged((0, 0), (1, 2))];
        let taken = sheet(
            &["FIR No|Victims||Place", "|Male|Female|", "1|2|3|X"],
            merges,
            0,
        )
        .unwrap();
        assert_eq!(
            taken.header,
            ["FIR No", "Victims Male", "Victims Female", "Place"]
        );
        assert_eq!(taken.rows, [["1", "2", "3", "X"]]);
    }

    #[test]
    fn a_cell_merged_down_says_the_same_of_each_row() {
        let merges = vec![merged((1, 2), (0, 0))];
        let taken = sheet(
            &["FIR|Drug", "7/24|Heroin", "|Hashish", "|Opium"],
            merges,
            0,
        )
        .unwrap();
        assert_eq!(
            taken.rows,
            [["7/24", "Heroin"], ["7/24", "Hashish"], ["", "Opium"]]
        );
    }

    #[test]
    fn a_cell_far_out_is_refused_before_its_row_is_made() {
        let (mut taken, mut header, request) = (Taken::default(), None, request(0));
        let mut sheet = Sheet::new(&request, Merges::default(), &mut header, &mut taken);
        sheet.cell(0, 16_383, " ".to_owned()).unwrap();
        assert!(sheet.cell(1_048_575, 16_383, "x".to_owned()).is_err());
    }

    #[test]
    fn rows_out_of_order_are_refused() {
        let (mut taken, mut header, request) = (Taken::default(), None, request(0));
        let mut sheet = Sheet::new(&request, Merges::default(), &mut header, &mut taken);
        sheet.cell(5, 0, "a".to_owned()).unwrap();
        assert!(sheet.cell(4, 0, "b".to_owned()).is_err());
    }
}
