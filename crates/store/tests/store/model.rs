//! The model that thinks slowly: every record in a list, what is current asked of each.

use std::collections::BTreeMap;

use naqsha_model::{Code, Incident};
use naqsha_store::{BatchState, RepeatKind};

#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) batch: usize,
    pub(crate) row: u64,
    pub(crate) key: Option<u128>,
    pub(crate) content: u128,
    pub(crate) day: u16,
    pub(crate) withdrawn: bool,
    pub(crate) left_out: bool,
    pub(crate) replaced_by: Vec<usize>,
}

#[derive(Debug, Clone)]
pub(crate) struct Batch {
    pub(crate) base: BatchState,
    pub(crate) withdrawn: bool,
    pub(crate) revise: bool,
    pub(crate) replaces: Option<(u16, u16)>,
}

/// Every record ever stored, and for each incident its records in the order in which they became live.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) batches: Vec<Batch>,
    pub(crate) records: Vec<Record>,
    pub(crate) incidents: Vec<Vec<usize>>,
}

impl Model {
    pub(crate) fn is_live(&self, batch: usize) -> bool {
        self.batches[batch].base == BatchState::Live && !self.batches[batch].withdrawn
    }

    fn eligible(&self, at: usize) -> bool {
        let record = &self.records[at];
        self.is_live(record.batch)
            && !record.withdrawn
            && !record.left_out
            && !record.replaced_by.iter().any(|&batch| self.is_live(batch))
    }

    fn incident_of(&self, at: usize) -> &[usize] {
        self.incidents
            .iter()
            .find(|records| records.contains(&at))
            .unwrap()
    }

    fn current_of(&self, incident: &[usize]) -> Option<usize> {
        incident.iter().rev().copied().find(|&at| self.eligible(at))
    }

    pub(crate) fn is_current(&self, at: usize) -> bool {
        self.incidents
            .iter()
            .any(|incident| incident.contains(&at) && self.current_of(incident) == Some(at))
    }

    pub(crate) fn current(&self) -> Vec<&Record> {
        self.incidents
            .iter()
            .filter_map(|incident| self.current_of(incident))
            .map(|at| &self.records[at])
            .collect()
    }

    /// The record and the earlier ones of its incident.
    pub(crate) fn with_earlier(&self, at: usize) -> Vec<usize> {
        let incident = self.incident_of(at);
        let position = incident.iter().position(|&other| other == at).unwrap();
        incident[..=position].to_vec()
    }

    /// Marks what a batch takes the place of, as if it were live already.
    fn replace(&mut self, batch: usize) {
        let Some((first, last)) = self.batches[batch].replaces else {
            return;
        };
        let of_period: Vec<usize> = (0..self.records.len())
            .filter(|&at| self.records[at].batch != batch && self.is_current(at))
            .filter(|&at| (first..=last).contains(&self.records[at].day))
            .flat_map(|at| self.with_earlier(at))
            .collect();
        for at in of_period {
            self.records[at].replaced_by.push(batch);
        }
    }

    fn of_key(&self, key: u128) -> Option<usize> {
        self.incidents
            .iter()
            .position(|incident| self.records[incident[0]].key == Some(key))
    }

    /// The record becomes part of its incident, or begins one.
    fn join(&mut self, at: usize) {
        match self.records[at].key.and_then(|key| self.of_key(key)) {
            Some(incident) => self.incidents[incident].push(at),
            None => self.incidents.push(vec![at]),
        }
    }

    /// Stores a batch; gives the rows that repeat a record.
    pub(crate) fn append(
        &mut self,
        incidents: &[Incident],
        batch: Batch,
    ) -> Vec<(u64, RepeatKind)> {
        let number = self.batches.len();
        let live = batch.base == BatchState::Live;
        let revise = batch.revise;
        // Keys are compared as if the batch were live, so that what it replaces is gone.
        self.batches.push(Batch {
            base: BatchState::Live,
            ..batch.clone()
        });
        let unmarked = self.records.clone();
        self.replace(number);
        let mut repeats = Vec::new();
        let mut own: Vec<usize> = Vec::new();
        for incident in incidents {
            let (key, content) = (incident.natural_key.map(|key| key.0), incident.content.0);
            let twin = own
                .iter()
                .map(|&at| &self.records[at])
                .find(|record| key.is_some() && record.key == key);
            let held_now = key
                .and_then(|key| self.of_key(key))
                .and_then(|incident| self.current_of(&self.incidents[incident]));
            let repeat = match (twin, held_now.map(|at| self.records[at].content)) {
                (Some(twin), _) => Some(twin.content == content),
                (None, Some(held)) if held == content => Some(true),
                (None, Some(_)) if !revise => Some(false),
                _ => None,
            };
            if let Some(same) = repeat {
                repeats.push((
                    incident.provenance.row,
                    if same {
                        RepeatKind::Same
                    } else {
                        RepeatKind::Changed
                    },
                ));
                continue;
            }
            own.push(self.records.len());
            self.records.push(Record {
                batch: number,
                row: incident.provenance.row,
                key,
                content,
                day: incident.occurred.unwrap().days.first().0,
                withdrawn: false,
                left_out: false,
                replaced_by: Vec::new(),
            });
        }
        if live {
            for at in own {
                self.join(at);
            }
        } else {
            for (record, before) in self.records.iter_mut().zip(unmarked) {
                record.replaced_by = before.replaced_by;
            }
        }
        self.batches[number] = batch;
        repeats
    }

    /// Makes a held batch live; gives how many records stay out, by code.
    pub(crate) fn release(&mut self, batch: usize) -> BTreeMap<Code, u64> {
        self.batches[batch].base = BatchState::Live;
        self.replace(batch);
        let mut left_out = BTreeMap::new();
        let own: Vec<usize> = (0..self.records.len())
            .filter(|&at| self.records[at].batch == batch)
            .collect();
        let mut joining = Vec::new();
        for at in own {
            let held_now = self.records[at]
                .key
                .and_then(|key| self.of_key(key))
                .and_then(|incident| self.current_of(&self.incidents[incident]));
            let code = held_now.and_then(|held| {
                let (held, record) = (&self.records[held], &self.records[at]);
                if held.content == record.content {
                    Some(Code::D701)
                } else if self.batches[batch].revise && held.batch < batch {
                    None
                } else {
                    Some(Code::D702)
                }
            });
            match code {
                Some(code) => {
                    self.records[at].left_out = true;
                    *left_out.entry(code).or_default() += 1;
                }
                None => joining.push(at),
            }
        }
        for at in joining {
            self.join(at);
        }
        left_out
    }
}
