//! The run over one file: rows to incidents in chunks, every row accounted for once.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::io::{Read, Seek};

use csv::StringRecord;
use naqsha_model::{Category, Code, Incident, LocationMethod};

use crate::blocks::{Answer, Blocks, Judge, Judged, Workers};
use crate::cases::{Case, Cases, Place};
use crate::error::{IngestError, Refusal};
use crate::finish::Finisher;
use crate::limits::CHUNK;
use crate::locate::RepeatedPoints;
use crate::outcome::{Outcome, Outcomes};
use crate::plan::{Plan, Use, resolve};
use crate::profile::Profile;
use crate::read::RowReader;
use crate::reader::{self, Rows};
use crate::reference::Reference;
use crate::seen::{Seen, Sight};
use crate::settings::Settings;
use crate::tally::Tally;

/// What the sink says of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Its data row (`provenance.row`).
    pub row: u64,
    /// Not taken: D701 for the same content under a natural key already held, D702 for other content. Taken with a
    /// warning: C804 where it revises a record and its status goes back.
    pub code: Code,
}

/// Takes chunks of accepted incidents and answers for those it did not take, or took with a warning.
pub type Sink<'s> =
    dyn FnMut(Vec<Incident>) -> Result<Vec<Verdict>, Box<dyn Error + Send + Sync>> + 's;

/// What became of a file.
#[derive(Debug, Clone)]
pub struct Ingested {
    /// Data rows: `accepted + rejected + duplicate + skipped`.
    pub rows: u64,
    /// Rows taken, those with warnings among them.
    pub accepted: u64,
    /// Rows taken with a warning.
    pub warned: u64,
    /// Rows not taken.
    pub rejected: u64,
    /// Rows that repeat a record held, or one earlier in the file.
    pub duplicate: u64,
    /// Rows that are no records of this service.
    pub skipped: u64,
    /// Incidents taken: fewer than rows where a case has several lines.
    pub incidents: u64,
    /// Incidents taken, by category.
    pub categories: BTreeMap<Category, u64>,
    /// How often each code was raised, once per row.
    pub codes: BTreeMap<Code, u64>,
    /// How often each code was raised for a column, by header; what is wrong with a row as a whole is not here.
    pub columns: BTreeMap<Code, BTreeMap<String, u64>>,
    /// The rows that are not plainly accepted.
    pub outcomes: Outcomes,
    /// P603, B904 or B903: the batch may be staged, not published.
    pub held: Option<Code>,
    /// The headers in which personal data was found too often (P603).
    pub columns_with_personal_data: Vec<String>,
    /// The study area that the settings or the profile name.
    pub study_area: Option<String>,
}

/// Reads a file through a profile; accepted incidents go to `sink` in chunks of at most [`CHUNK`].
///
/// Rows are read in order, memory is bounded by [`Limits`](crate::Limits) whatever the file.
///
/// # Errors
/// [`IngestError`]: a structure fault refuses the whole file, and the chunks handed on before it must be dropped.
pub fn ingest(
    mut source: impl Read + Seek,
    profile: &Profile,
    reference: &Reference,
    settings: &Settings,
    sink: &mut Sink<'_>,
) -> Result<Ingested, IngestError> {
    check_term(profile, settings)?;
    let mut run = {
        let mut rows = reader::open(&mut source, &profile.layout, settings)?;
        let header = rows.header().clone();
        let plan = resolve(profile, settings, &header)?.complete(&header)?;
        let mut run = Run::new(profile, settings, reference, &plan);
        let reader = RowReader::new(profile, &plan, reference, settings)?;
        run.read_all(&mut rows, &reader, sink)
            .map_err(|error| rows.explain(error))?;
        run.judge_columns(&plan, &header);
        run.tally.header = header;
        run.tally
    };
    run.outcomes.sort();
    Ok(run.finish(profile, settings))
}

/// B905 where the profile was not yet, or is no longer, the one to read files through.
fn check_term(profile: &Profile, settings: &Settings) -> Result<(), Refusal> {
    let early = profile
        .effective_from()
        .filter(|from| *from > settings.today);
    let late = profile.effective_to().filter(|to| *to < settings.today);
    let detail = match (early, late) {
        (Some(from), _) => format!("{} takes effect on {from}", profile.id()),
        (_, Some(to)) => format!("{} expired on {to}", profile.id()),
        (None, None) => return Ok(()),
    };
    Err(Refusal::new(Code::B905, detail))
}

struct Run<'a> {
    settings: &'a Settings,
    finisher: Finisher<'a>,
    seen: Seen,
    cases: Option<Cases>,
    /// Rows of a case after its first, by the first.
    further_rows: HashMap<u64, Vec<u64>>,
    /// Points that too many rows share; open data is published on shared points.
    points: Option<RepeatedPoints>,
    chunk: Vec<Incident>,
    tally: Tally,
    /// Values and redactions per column.
    privacy: Vec<(u64, u64)>,
}

impl<'a> Run<'a> {
    fn new(
        profile: &'a Profile,
        settings: &'a Settings,
        reference: &'a Reference,
        plan: &Plan<'a>,
    ) -> Self {
        Self {
            settings,
            finisher: Finisher::new(profile, settings, reference, plan.category),
            cases: plan.repeat.is_some().then(Cases::default),
            further_rows: HashMap::new(),
            seen: Seen::new(settings.limits.keyed_rows),
            points: (!profile.is_open_data()).then(RepeatedPoints::default),
            chunk: Vec::new(),
            tally: Tally::default(),
            privacy: vec![(0, 0); plan.uses.len()],
        }
    }

    /// A short file is read on this thread, a longer one on several.
    fn read_all(
        &mut self,
        rows: &mut Rows<'_>,
        reader: &RowReader<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<(), IngestError> {
        let mut blocks = Blocks::new(rows);
        let mut first = blocks.next()?;
        let judge = || Judge::new(reader, self.finisher.another());
        if first.is_last() {
            let mut judge = judge();
            self.account(&mut judge.judge(first), sink)?;
        } else {
            let judges = (0..self.settings.threads.get()).map(|_| judge()).collect();
            std::thread::scope(|scope| {
                let mut workers = Workers::start(scope, judges);
                let mut last = false;
                while !last || !workers.is_idle() {
                    if !last && workers.has_room() {
                        last = first.is_last();
                        workers.send(std::mem::take(&mut first))?;
                        if !last {
                            first = blocks.next()?;
                        }
                    } else {
                        let mut answer = workers.answer()?;
                        self.account(&mut answer, sink)?;
                        blocks.reuse(&mut answer);
                    }
                }
                Ok::<(), IngestError>(())
            })?;
        }
        if self.tally.rows == 0 {
            return Err(Refusal::new(Code::B906, "the file has a header and no rows").into());
        }
        self.close_all(sink)
    }

    /// Accounts for a block, in order.
    fn account(&mut self, answer: &mut Answer, sink: &mut Sink<'_>) -> Result<(), IngestError> {
        self.tally.blame(&answer.blamed);
        for (sum, more) in self.privacy.iter_mut().zip(&answer.privacy) {
            *sum = (sum.0 + more.0, sum.1 + more.1);
        }
        let mut incidents = std::mem::take(&mut answer.incidents);
        if self.cases.is_some() {
            self.account_lines(answer, incidents)?;
        } else {
            for (row, judged) in (answer.first..).zip(&answer.rows) {
                self.remark(row, judged);
            }
            let mut kept = Ok(());
            incidents.retain_mut(|incident| {
                note_repeated(&mut self.points, incident);
                self.look(incident).unwrap_or_else(|refusal| {
                    kept = Err(refusal);
                    false
                })
            });
            kept?;
            self.chunk = incidents;
        }
        self.hand_on(sink)?;
        let most = self.settings.limits.remarked_rows;
        if self.tally.outcomes.len() > most {
            let detail = format!("more than {most} rows with remarks");
            return Err(Refusal::new(Code::B909, detail).into());
        }
        Ok(())
    }

    /// Counts a row, and says what became of one that is no incident.
    fn remark(&mut self, row: u64, judged: &Judged) {
        self.tally.rows += 1;
        match judged {
            Judged::NoRecord(code) => self.tally.remark(row, Outcome::Skipped, code.as_slice()),
            Judged::Skipped(codes) => self.tally.remark(row, Outcome::Skipped, codes),
            Judged::Rejected(codes, _) => self.tally.remark(row, Outcome::Rejected, codes),
            Judged::Incident => {}
        }
    }

    /// Accounts for a block whose rows may be lines of cases.
    fn account_lines(
        &mut self,
        answer: &Answer,
        incidents: Vec<Incident>,
    ) -> Result<(), IngestError> {
        let mut incidents = incidents.into_iter();
        for (row, judged) in (answer.first..).zip(&answer.rows) {
            match (judged, &mut self.cases) {
                (Judged::Rejected(codes, Some(key)), Some(cases)) => {
                    self.tally.rows += 1;
                    cases.fail(*key, row, codes);
                }
                _ => self.remark(row, judged),
            }
            if !matches!(judged, Judged::Incident) {
                continue;
            }
            let mut incident = incidents.next().expect("one for each row that is one");
            note_repeated(&mut self.points, &mut incident);
            match (&mut self.cases, incident.natural_key) {
                (Some(cases), Some(key)) => {
                    let head = |incident: &Incident| self.finisher.head_of_case(incident);
                    if let Place::Repeat(code) = cases.add(key, incident, head) {
                        self.tally.remark(row, Outcome::Duplicate, &[code]);
                    }
                    if let Some(case) = cases.overdue() {
                        self.close(case)?;
                    }
                }
                _ => self.keep(incident)?,
            }
        }
        Ok(())
    }

    /// Whether an incident is the first of its key in the file, and may be handed on; one that is not is remarked.
    fn look(&mut self, incident: &Incident) -> Result<bool, Refusal> {
        let row = incident.provenance.row;
        let code = match self.seen.look(incident)? {
            Sight::First => return Ok(true),
            Sight::Same => Code::D701,
            Sight::Changed => Code::D702,
        };
        self.tally.remark(row, Outcome::Duplicate, &[code]);
        for further in taken(&mut self.further_rows, row).unwrap_or_default() {
            self.tally.remark(further, Outcome::Duplicate, &[code]);
        }
        Ok(false)
    }

    fn keep(&mut self, incident: Incident) -> Result<(), IngestError> {
        if self.look(&incident)? {
            self.chunk.push(incident);
        }
        Ok(())
    }

    fn close(&mut self, case: Box<Case>) -> Result<(), IngestError> {
        if !case.failed.is_empty() {
            case.rows
                .iter()
                .for_each(|&row| self.tally.remark(row, Outcome::Rejected, &case.failed));
            return Ok(());
        }
        let Some(mut incident) = case.incident else {
            return Ok(());
        };
        if let [first, further @ ..] = case.rows.as_slice()
            && !further.is_empty()
        {
            incident.content = self.finisher.content(&incident);
            self.further_rows.insert(*first, further.to_vec());
        }
        self.keep(incident)
    }

    fn close_all(&mut self, sink: &mut Sink<'_>) -> Result<(), IngestError> {
        while let Some(case) = self.cases.as_mut().and_then(Cases::close) {
            self.close(case)?;
            if self.chunk.len() >= CHUNK {
                self.hand_on(sink)?;
            }
        }
        self.hand_on(sink)
    }

    fn hand_on(&mut self, sink: &mut Sink<'_>) -> Result<(), IngestError> {
        let chunk = std::mem::take(&mut self.chunk);
        if chunk.is_empty() {
            return Ok(());
        }
        let rows: Vec<(u64, Category, Vec<Code>)> = chunk
            .iter()
            .map(|i| (i.provenance.row, i.category, i.provenance.warnings.clone()))
            .collect();
        let verdicts = sink(chunk).map_err(IngestError::Sink)?;
        let mut verdicts: HashMap<u64, Code> =
            verdicts.into_iter().map(|v| (v.row, v.code)).collect();
        for (row, category, mut warnings) in rows {
            let further = taken(&mut self.further_rows, row).unwrap_or_default();
            let rows = std::iter::once(row).chain(further);
            let verdict = taken(&mut verdicts, row);
            if verdict != Some(Code::D702) {
                self.tally.stated.add(category);
            }
            match verdict {
                Some(code @ (Code::D701 | Code::D702)) => {
                    rows.for_each(|row| self.tally.remark(row, Outcome::Duplicate, &[code]));
                    continue;
                }
                Some(warning) => {
                    warnings.push(warning);
                    warnings.sort_unstable();
                }
                None => {}
            }
            self.tally.incidents += 1;
            self.tally.categories.add(category);
            if warnings.is_empty() {
                rows.for_each(|_| self.tally.count(Outcome::Accepted));
            } else {
                rows.for_each(|row| self.tally.remark(row, Outcome::Warned, &warnings));
            }
        }
        Ok(())
    }

    fn judge_columns(&mut self, plan: &Plan<'_>, header: &StringRecord) {
        for (column, &(values, hits)) in self.privacy.iter().enumerate() {
            if plan.uses.get(column) == Some(&Use::KeptText)
                && hits >= FEWEST_HITS
                && hits * 100 > values
            {
                self.tally
                    .private_columns
                    .push(header.get(column).unwrap_or_default().to_owned());
            }
        }
    }
}

/// What is known of a row, which is mostly nothing of any row.
fn taken<T>(known: &mut HashMap<u64, T>, row: u64) -> Option<T> {
    (!known.is_empty()).then(|| known.remove(&row)).flatten()
}

/// W408 where too many rows before this one stated the same point.
fn note_repeated(points: &mut Option<RepeatedPoints>, incident: &mut Incident) {
    let stated = incident.location.method == LocationMethod::AgencyPoint;
    if let (Some(points), Some(point), true) = (points, incident.location.point(), stated)
        && points.count(point)
    {
        let warnings = &mut incident.provenance.warnings;
        warnings.push(Code::W408);
        warnings.sort_unstable();
    }
}

/// Redactions in one column below which P603 is not raised: one slip in a short file is no pattern.
const FEWEST_HITS: u64 = 3;
