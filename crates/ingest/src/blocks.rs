//! Rows in blocks: judged one by one on several threads, accounted for in the order of the file.
//!
//! What a row is on its own (its values, its place, whether it is taken) needs no other row; whether it repeats another,
//! or is a line of a case, does. The first is done here, the second by [`crate::ingest`], so the answer is the same at any
//! number of threads.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Scope;

use csv::StringRecord;
use naqsha_model::{Code, Incident, NaturalKey};

use crate::draft::{Draft, is_blank, is_hxl};
use crate::error::IngestError;
use crate::finish::Finisher;
use crate::limits::CHUNK;
use crate::plan::{Plan, Use};
use crate::read::RowReader;
use crate::reader::{Rows, is_total};

/// What a row is on its own.
#[derive(Debug)]
pub(crate) enum Judged {
    /// No record: blank, a row of tags, a row of totals.
    NoRecord(Option<Code>),
    /// An incident, the next of the block's.
    Incident,
    /// Not taken, with the reasons and, where rows are lines of cases, its case.
    Rejected(Vec<Code>, Option<NaturalKey>),
    /// Outside what the service takes.
    Skipped(Vec<Code>),
}

/// Consecutive rows of a file.
#[derive(Debug, Default)]
pub(crate) struct Block {
    first: u64,
    rows: Vec<StringRecord>,
}

/// What became of a block, row by row.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Number of its first row.
    pub(crate) first: u64,
    pub(crate) rows: Vec<Judged>,
    /// The incidents among them: large, so they stay where they are while rows are accounted for.
    pub(crate) incidents: Vec<Incident>,
    /// Codes raised for a column.
    pub(crate) blamed: Vec<(Code, usize)>,
    /// Values, and values with personal data, per column.
    pub(crate) privacy: Vec<(u64, u64)>,
    /// The block, for its memory.
    spent: Block,
}

/// Judges blocks.
pub(crate) struct Judge<'a> {
    reader: &'a RowReader<'a>,
    finisher: Finisher<'a>,
    draft: Draft,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(reader: &'a RowReader<'a>, finisher: Finisher<'a>) -> Self {
        Self {
            reader,
            finisher,
            draft: Draft::default(),
        }
    }

    pub(crate) fn judge(&mut self, mut block: Block) -> Answer {
        let mut answer = Answer {
            first: block.first,
            rows: Vec::with_capacity(block.rows.len()),
            incidents: Vec::with_capacity(block.rows.len()),
            blamed: Vec::new(),
            privacy: vec![(0, 0); self.reader.plan.uses.len()],
            spent: Block::default(),
        };
        for (number, row) in (block.first..).zip(&mut block.rows) {
            // A report that is sent back has our columns behind the bureau's own.
            row.truncate(self.reader.plan.own);
            let row = &*row;
            let judged = if is_blank(row) || (number == 1 && is_hxl(row)) {
                Judged::NoRecord(None)
            } else if is_total(row) {
                Judged::NoRecord(Some(Code::B910))
            } else {
                let judged = self.judge_row(number, row, &mut answer.incidents);
                note_privacy(&mut answer.privacy, self.reader.plan, row, &self.draft);
                answer.blamed.extend_from_slice(&self.draft.blamed);
                judged
            };
            answer.rows.push(judged);
        }
        answer.spent = block;
        answer
    }

    fn judge_row(
        &mut self,
        number: u64,
        row: &StringRecord,
        incidents: &mut Vec<Incident>,
    ) -> Judged {
        let draft = &mut self.draft;
        draft.clear();
        self.reader.read(row, draft);
        if let Some(incident) = self.finisher.finish(number, draft) {
            incidents.push(incident);
            return Judged::Incident;
        }
        draft.codes.sort_unstable();
        if draft.is_rejected() {
            let lines = self.reader.plan.repeat.is_some();
            let case = lines.then(|| self.finisher.case_key(draft)).flatten();
            Judged::Rejected(draft.codes.clone(), case)
        } else {
            Judged::Skipped(draft.codes.clone())
        }
    }
}

fn note_privacy(privacy: &mut [(u64, u64)], plan: &Plan<'_>, row: &StringRecord, draft: &Draft) {
    for (column, (values, hits)) in privacy.iter_mut().enumerate() {
        if plan.uses.get(column) == Some(&Use::KeptText) {
            let filled = row.get(column).is_some_and(|cell| !cell.trim().is_empty());
            *values += u64::from(filled);
            *hits += u64::from(draft.redacted.contains(&column));
        }
    }
}

/// Reads blocks, using the memory of spent ones again.
pub(crate) struct Blocks<'r, 's> {
    rows: &'r mut Rows<'s>,
    spent: Vec<Block>,
}

impl<'r, 's> Blocks<'r, 's> {
    pub(crate) const fn new(rows: &'r mut Rows<'s>) -> Self {
        Self {
            rows,
            spent: Vec::new(),
        }
    }

    /// The next block; a short one is the last, and may be empty.
    pub(crate) fn next(&mut self) -> Result<Block, IngestError> {
        let mut block = self.spent.pop().unwrap_or_default();
        block.first = self.rows.number() + 1;
        let mut filled = 0;
        while filled < CHUNK {
            if let Some(slot) = block.rows.get_mut(filled) {
                self.rows.recycle(std::mem::take(slot));
            }
            let Some(row) = self.rows.next()? else { break };
            match block.rows.get_mut(filled) {
                Some(slot) => *slot = row,
                None => block.rows.push(row),
            }
            filled += 1;
        }
        block.rows.truncate(filled);
        Ok(block)
    }

    /// Takes the memory of an answered block back.
    pub(crate) fn reuse(&mut self, answer: &mut Answer) {
        self.spent.push(std::mem::take(&mut answer.spent));
    }
}

impl Block {
    pub(crate) const fn is_last(&self) -> bool {
        self.rows.len() < CHUNK
    }
}

/// Threads that judge, each with its own judge. Blocks go round, so answers come back in order.
pub(crate) struct Workers {
    lanes: Vec<(SyncSender<Block>, Receiver<Answer>)>,
    sent: usize,
    answered: usize,
}

impl Workers {
    /// Starts a thread for each judge; all end with the scope.
    pub(crate) fn start<'scope, 'a: 'scope>(
        scope: &'scope Scope<'scope, '_>,
        judges: Vec<Judge<'a>>,
    ) -> Self {
        let lane = |mut judge: Judge<'a>| {
            let (block_in, block_out) = sync_channel::<Block>(WAITING);
            let (answer_in, answer_out) = sync_channel(WAITING);
            scope.spawn(move || {
                for block in block_out {
                    if answer_in.send(judge.judge(block)).is_err() {
                        break;
                    }
                }
            });
            (block_in, answer_out)
        };
        Self {
            lanes: judges.into_iter().map(lane).collect(),
            sent: 0,
            answered: 0,
        }
    }

    /// Whether another block can be sent without waiting for an answer.
    pub(crate) fn has_room(&self) -> bool {
        self.sent - self.answered < self.lanes.len() * WAITING
    }

    /// Whether all blocks are answered.
    pub(crate) const fn is_idle(&self) -> bool {
        self.sent == self.answered
    }

    /// Sends a block to the next lane.
    pub(crate) fn send(&mut self, block: Block) -> Result<(), IngestError> {
        let lane = self.lanes.get(self.sent % self.lanes.len());
        self.sent += 1;
        lane.and_then(|(block_in, _)| block_in.send(block).ok())
            .ok_or_else(gone)
    }

    /// The answer to the oldest block that has none yet.
    pub(crate) fn answer(&mut self) -> Result<Answer, IngestError> {
        let lane = self.lanes.get(self.answered % self.lanes.len());
        self.answered += 1;
        lane.and_then(|(_, answer_out)| answer_out.recv().ok())
            .ok_or_else(gone)
    }
}

/// Blocks that wait in one lane.
const WAITING: usize = 2;

/// A judge that panicked; the scope hands its panic on.
fn gone() -> IngestError {
    IngestError::Read(std::io::Error::other("a thread that reads rows ended"))
}
