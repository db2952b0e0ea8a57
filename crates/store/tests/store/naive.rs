//! Any sequence of what can be done to a store, against a model that keeps every record in a list and thinks slowly.

use std::path::Path;

use h3o::Resolution;
use naqsha_model::{Day, DayRange, Incident};
use naqsha_store::{
    BatchHeader, BatchState, CubeQuery, Filter, OnChange, Page, Selection, Snapshot, Store,
};
use proptest::prelude::*;

use crate::changes;
use crate::model::{Batch, Model};
use crate::support::{
    act, create, digest, everything, header, incident, keyed, on_day, open, totals, wait,
};

/// What is done; batches and rows are taken modulo how many there are.
#[derive(Debug, Clone)]
enum Step {
    Append {
        records: Vec<(u8, u8, u8)>,
        revise: bool,
        held: bool,
        replaces: Option<(u8, u8)>,
    },
    Withdraw(u8),
    Restore(u8),
    WithdrawRow(u8, u8),
    RestoreRow(u8, u8),
    WithdrawPeriod(u8, u8, u8),
    Release(u8),
    Reopen,
    Merge,
}

fn step() -> impl Strategy<Value = Step> {
    let records = prop::collection::vec((0..7_u8, 0..3_u8, 0..30_u8), 0..6);
    let period = prop::option::weighted(0.2, (0..30_u8, 0..10_u8));
    prop_oneof![
        6 => (records, any::<bool>(), prop::bool::weighted(0.25), period)
            .prop_map(|(records, revise, held, replaces)| Step::Append { records, revise, held, replaces }),
        3 => any::<u8>().prop_map(Step::Withdraw),
        3 => any::<u8>().prop_map(Step::Restore),
        2 => any::<(u8, u8)>().prop_map(|(batch, row)| Step::WithdrawRow(batch, row)),
        2 => any::<(u8, u8)>().prop_map(|(batch, row)| Step::RestoreRow(batch, row)),
        1 => (any::<u8>(), 0..30_u8, 0..10_u8).prop_map(|(batch, day, days)| Step::WithdrawPeriod(batch, day, days)),
        2 => any::<u8>().prop_map(Step::Release),
        1 => Just(Step::Reopen),
        2 => Just(Step::Merge),
    ]
}

/// A store, its model, and the folder to open it again from.
struct Pair<'a> {
    folder: &'a Path,
    store: Store,
    model: Model,
}

impl Pair<'_> {
    fn number(batch: usize) -> u8 {
        u8::try_from(batch + 1).unwrap()
    }

    fn pick(&self, batch: u8) -> Option<usize> {
        usize::from(batch).checked_rem(self.model.batches.len())
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Append {
                records,
                revise,
                held,
                replaces,
            } => self.append(records, *revise, *held, *replaces),
            Step::Withdraw(batch) => {
                if let Some(batch) = self.pick(*batch) {
                    let done = wait(self.store.withdraw(
                        &digest(Self::number(batch)),
                        Selection::Batch,
                        act("x"),
                    ));
                    assert_eq!(done.is_ok(), !self.model.batches[batch].withdrawn);
                    self.model.batches[batch].withdrawn = true;
                }
            }
            Step::Restore(batch) => {
                if let Some(batch) = self.pick(*batch) {
                    let done = wait(self.store.restore(
                        &digest(Self::number(batch)),
                        Selection::Batch,
                        act("x"),
                    ));
                    assert_eq!(done.is_ok(), self.model.batches[batch].withdrawn);
                    self.model.batches[batch].withdrawn = false;
                }
            }
            Step::WithdrawRow(batch, row) => self.change_row(*batch, *row, true),
            Step::RestoreRow(batch, row) => self.change_row(*batch, *row, false),
            Step::WithdrawPeriod(batch, day, days) => self.withdraw_period(*batch, *day, *days),
            Step::Release(batch) => {
                if let Some(batch) = self.pick(*batch) {
                    let of = &self.model.batches[batch];
                    let held = of.base == BatchState::Held && !of.withdrawn;
                    match wait(self.store.release(&digest(Self::number(batch)), act("x"))) {
                        Ok(changed) => assert_eq!(changed.repeats, self.model.release(batch)),
                        Err(_) => assert!(!held),
                    }
                }
            }
            Step::Reopen => self.store = open(self.folder),
            Step::Merge => {
                wait(self.store.merge(0)).unwrap();
            }
        }
    }

    fn append(
        &mut self,
        records: &[(u8, u8, u8)],
        revise: bool,
        held: bool,
        replaces: Option<(u8, u8)>,
    ) {
        let days = replaces
            .map(|(first, more)| (40_000 + u16::from(first), 40_000 + u16::from(first + more)));
        let header = BatchHeader {
            on_change: if revise {
                OnChange::Revise
            } else {
                OnChange::Report
            },
            replaces: days.map(|(first, last)| DayRange::new(Day(first), Day(last)).unwrap()),
            ..header(Self::number(self.model.batches.len()))
        };
        let incidents: Vec<Incident> = (1..)
            .zip(records)
            .map(|(row, &(key, content, day))| {
                let record = match key {
                    0 => incident(row),
                    key => keyed(row, u128::from(key), u128::from(content)),
                };
                on_day(record, 40_000 + u16::from(day))
            })
            .collect();
        let base = if held {
            BatchState::Held
        } else {
            BatchState::Live
        };
        let batch = Batch {
            base,
            withdrawn: false,
            revise,
            replaces: days,
        };
        let mut writer = wait(self.store.begin(header)).unwrap();
        let repeats = writer.push(incidents.clone()).unwrap();
        let repeats: Vec<_> = repeats
            .into_iter()
            .map(|repeat| (repeat.row, repeat.kind))
            .collect();
        assert_eq!(repeats, self.model.append(&incidents, batch));
        let before = self.model.records.len();
        wait(writer.commit(totals(before), base)).unwrap();
    }

    fn change_row(&mut self, batch: u8, row: u8, withdraw: bool) {
        let Some(batch) = self.pick(batch) else {
            return;
        };
        let row = u64::from(row % 6);
        let found = (0..self.model.records.len())
            .find(|&at| (self.model.records[at].batch, self.model.records[at].row) == (batch, row))
            .filter(|&at| {
                if withdraw {
                    self.model.is_live(batch) && self.model.is_current(at)
                } else {
                    self.model.is_live(batch) && self.model.records[at].withdrawn
                }
            });
        let (digest, rows) = (digest(Self::number(batch)), Selection::Rows(vec![row]));
        let done = if withdraw {
            wait(self.store.withdraw(&digest, rows, act("x")))
        } else {
            wait(self.store.restore(&digest, rows, act("x")))
        };
        assert_eq!(done.is_ok(), found.is_some(), "{done:?}");
        for at in found
            .map(|at| self.model.with_earlier(at))
            .unwrap_or_default()
        {
            self.model.records[at].withdrawn = withdraw;
        }
    }

    fn withdraw_period(&mut self, batch: u8, day: u8, days: u8) {
        let Some(batch) = self.pick(batch) else {
            return;
        };
        let (first, last) = (40_000 + u16::from(day), 40_000 + u16::from(day + days));
        let found: Vec<usize> = (0..self.model.records.len())
            .filter(|&at| self.model.records[at].batch == batch && self.model.is_current(at))
            .filter(|&at| (first..=last).contains(&self.model.records[at].day))
            .flat_map(|at| self.model.with_earlier(at))
            .collect();
        let period = Selection::Period(DayRange::new(Day(first), Day(last)).unwrap());
        let done = wait(
            self.store
                .withdraw(&digest(Self::number(batch)), period, act("x")),
        );
        assert_eq!(done.is_ok(), !found.is_empty(), "{done:?}");
        for at in found {
            self.model.records[at].withdrawn = true;
        }
    }

    fn agree(&self, snapshot: &Snapshot) {
        let mut expected: Vec<_> = self
            .model
            .current()
            .iter()
            .map(|r| (r.key, r.content, r.day, r.row))
            .collect();
        expected.sort_unstable();
        let page = snapshot.rows(&Filter::default(), 0, usize::MAX).unwrap();
        let mut found: Vec<_> = page
            .rows
            .iter()
            .map(|stored| {
                let i = &stored.incident;
                (
                    i.natural_key.map(|key| key.0),
                    i.content.0,
                    i.occurred.unwrap().days.first().0,
                    i.provenance.row,
                )
            })
            .collect();
        found.sort_unstable();
        assert_eq!(found, expected);
        assert_eq!(snapshot.live(), expected.len() as u64);
        for day in 40_000..40_040 {
            let days = DayRange::new(Day(day), Day(day)).ok();
            let on = expected.iter().filter(|record| record.2 == day).count() as u64;
            let filter = Filter {
                days,
                ..Filter::default()
            };
            assert_eq!(snapshot.count(&filter), on);
            let query = CubeQuery {
                resolution: Resolution::Seven,
                filter,
                counted_bases: None,
            };
            assert_eq!(snapshot.cube(&query).matched, on);
        }
        for stored in &page.rows {
            assert_eq!(snapshot.incident(stored.id).unwrap().as_ref(), Some(stored));
        }
        let ids: std::collections::BTreeSet<_> = page.rows.iter().map(|stored| stored.id).collect();
        assert_eq!(ids.len(), page.rows.len(), "no id is given twice");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, max_shrink_iters: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_changes_leaves_what_the_naive_model_says(steps in prop::collection::vec(step(), 1..25)) {
        let folder = tempfile::tempdir().unwrap();
        let mut pair = Pair { folder: folder.path(), store: create(folder.path()), model: Model::default() };
        let mut shown = vec![Page::default()];
        for step in &steps {
            pair.take(step);
            let snapshot = pair.store.snapshot();
            let version = usize::try_from(snapshot.version()).unwrap();
            let page = everything(&snapshot);
            if version == shown.len() {
                shown.push(page);
            } else {
                prop_assert_eq!(version + 1, shown.len(), "at most one more");
                prop_assert_eq!(Some(&page), shown.last(), "another answer is another version");
            }
            pair.agree(&snapshot);
        }
        let reopened = open(folder.path()).snapshot();
        pair.agree(&reopened);
        for newest in [pair.store.snapshot(), reopened] {
            for (version, page) in (0..).zip(&shown) {
                let past = newest.as_of(version).unwrap();
                prop_assert_eq!(past.version(), version);
                prop_assert_eq!(&everything(&past), page, "as of {}", version);
                for (since, then) in (0..=version).zip(&shown) {
                    changes::agree(&past, since, then, 1 + steps.len() % 4);
                }
            }
            prop_assert!(newest.as_of(newest.version() + 1).is_none());
        }
    }
}
