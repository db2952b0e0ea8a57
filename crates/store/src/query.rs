//! Questions to a snapshot and their answers; integers only.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use h3o::{CellIndex, Resolution};
use naqsha_model::{
    Agency, Basis, BatchDigest, Category, CategorySet, DayRange, HandlingCode, Incident,
    IncidentId, Precision, RecordStage,
};

/// Which records a question is about: those that pass every condition.
#[derive(Debug, Clone)]
pub struct Filter<'a> {
    /// Categories.
    pub categories: CategorySet,
    /// Registers; all where `None`.
    pub stages: Option<Vec<RecordStage>>,
    /// Codes of agencies; all where `None`.
    pub agencies: Option<Vec<String>>,
    /// What the place is the place of; all where `None`.
    pub bases: Option<Vec<Basis>>,
    /// How finely the place is known; all where `None`.
    pub precisions: Option<Vec<Precision>>,
    /// Who may have the record; all where `None`.
    pub handlings: Option<Vec<HandlingCode>>,
    /// Who reads: only records that this agency may read pass; all where `None`.
    pub reader: Option<Reader>,
    /// Days that share a day with the record's ([`Incident::when`]). A record without a time always passes.
    pub days: Option<DayRange>,
    /// Whether all days of the record must be among `days`; then one without a time does not pass.
    pub only_within_days: bool,
    /// Area of the record's cell.
    pub area: Option<Area<'a>>,
}

impl Default for Filter<'_> {
    /// Passes every record.
    fn default() -> Self {
        Self {
            categories: CategorySet::ALL,
            stages: None,
            agencies: None,
            bases: None,
            precisions: None,
            handlings: None,
            reader: None,
            days: None,
            only_within_days: false,
            area: None,
        }
    }
}

/// An agency that reads: its own records, and those of others that name it a recipient and whose handling code lets it
/// read them ([`HandlingCode::opens_to`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// The agency.
    pub agency: Agency,
    /// Which of the records that it may read are meant.
    pub whose: Whose,
}

/// Whose records are meant of those that an agency may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Its own and those of others.
    All,
    /// Its own.
    Own,
    /// Those of others.
    Others,
}

impl Reader {
    /// An agency with all that it may read.
    pub const fn of(agency: Agency) -> Self {
        let whose = Whose::All;
        Self { agency, whose }
    }

    /// Whether a record is one of those that are meant.
    pub fn admits(&self, incident: &Incident) -> bool {
        let Incident {
            agency, handling, ..
        } = incident;
        let recipients = handling.releasable_to.iter().map(String::as_str);
        self.reads(agency.as_str(), handling.code, recipients)
    }

    /// The same of a record that is told by its owner, code and recipients: the one place where it is decided.
    pub(crate) fn reads<'a>(
        &self,
        owner: &str,
        code: HandlingCode,
        recipients: impl IntoIterator<Item = &'a str>,
    ) -> bool {
        let agency = self.agency.as_str();
        if owner == agency {
            self.whose != Whose::Others
        } else {
            self.whose != Whose::Own && code.opens_to(agency, recipients)
        }
    }
}

/// An area given as the cells it contains.
#[derive(Clone, Copy)]
pub struct Area<'a> {
    /// The resolution the predicate is asked at; a coarser cell is asked itself.
    pub finest: Resolution,
    /// Whether the area contains a cell. Asked once for each run of equal cells of an index segment, from many threads.
    pub contains: &'a (dyn Fn(CellIndex) -> bool + Sync),
    /// How much of all that lies below a coarser cell the area contains, where that can be told without asking for each;
    /// then whole regions are taken or left at one question. It must agree with `contains`.
    pub reach: Option<&'a (dyn Fn(CellIndex) -> Reach + Sync)>,
    /// Whether a record without a cell passes, as OGC API asks of features without geometry. A map has no use for it.
    pub unlocated: bool,
}

/// How much of the cells below a cell an area contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// None of them.
    Nothing,
    /// Perhaps some of them.
    Part,
    /// Each of them.
    All,
}

impl fmt::Debug for Area<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Area")
            .field("finest", &self.finest)
            .finish_non_exhaustive()
    }
}

/// Counts of records per cell at one resolution.
#[derive(Debug, Clone)]
pub struct CubeQuery<'a> {
    /// Resolution of the cells.
    pub resolution: Resolution,
    /// Which records.
    pub filter: Filter<'a>,
    /// Bases that are counted; records of another basis pass the filter but are excluded. All count where `None`.
    pub counted_bases: Option<Vec<Basis>>,
}

/// Records that pass the filter but are in no cell of the answer, each under the first reason that holds:
/// `no_location`, then `basis`, then `too_coarse`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Excluded {
    /// Their place is known more coarsely than the resolution asked.
    pub too_coarse: u64,
    /// They have no cell at all.
    pub no_location: u64,
    /// Their basis is not one that is counted.
    pub basis: u64,
}

impl Excluded {
    /// All of them.
    pub const fn total(&self) -> u64 {
        self.too_coarse + self.no_location + self.basis
    }
}

/// The answer to a [`CubeQuery`]: `cells`, `counts` and `synthetic` run in parallel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cube {
    /// Cells that hold a record, ascending, each once.
    pub cells: Vec<CellIndex>,
    /// Records in the cell, at least 1.
    pub counts: Vec<u32>,
    /// Whether one of them is of a synthetic batch.
    pub synthetic: Vec<bool>,
    /// Records known more coarsely than asked, by their own cell (of several resolutions), ascending as integers.
    pub coarse: Vec<(CellIndex, u32)>,
    /// Records without a cell, by the study area that their batch names; at least 1 each.
    pub unlocated: BTreeMap<Option<String>, u64>,
    /// Records left out.
    pub excluded: Excluded,
    /// Records that pass the filter: the sum of `counts` and of `excluded`.
    pub matched: u64,
}

/// Records without a cell that are known to lie in a district, or a tehsil of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedCount {
    /// The district, by the name that the district table has.
    pub district: String,
    /// The tehsil, in the bureau's words.
    pub tehsil: Option<String>,
    /// How many, at least 1.
    pub count: u64,
    /// Whether one of them is of a synthetic batch.
    pub synthetic: bool,
}

/// Records of a category in a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonthCount {
    /// The category.
    pub category: Category,
    /// Year and month of the record's first day, `None` where it has no time.
    pub month: Option<(i16, i8)>,
    /// How many, at least 1.
    pub count: u64,
}

/// Records of an agency through one profile, of a district and a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// The study area that their batch names.
    pub study_area: Option<String>,
    /// Whose records they are.
    pub agency: Arc<str>,
    /// The mapping profile, without its version.
    pub profile: String,
    /// The district, by the name that the district table has; `None` where none is known.
    pub district: Option<String>,
    /// Year and month of the first day; `None` where the time is not known to the month.
    pub month: Option<(i16, i8)>,
    /// How many, at least 1.
    pub records: u64,
    /// Those of them that pass the filter.
    pub matching: u64,
    /// Whether one of them is of a synthetic batch.
    pub synthetic: bool,
}

/// An incident with what its batch says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredIncident {
    /// Its id, made of batch and row of its first revision: it stays while the record is revised.
    pub id: IncidentId,
    /// Which revision of the incident this is, from 1.
    pub revision: u32,
    /// The batch of this revision.
    pub batch: BatchDigest,
    /// Mapping profile with its version.
    pub profile: String,
    /// Whether it is invented.
    pub synthetic: bool,
    /// The record as accepted.
    pub incident: Incident,
}

/// Some of the records that pass a filter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// The records, in the order of the batches and, within a batch, of its files.
    pub rows: Vec<StoredIncident>,
    /// How many records pass the filter.
    pub matched: u64,
}
