//! Rows of an aggregate: the store's groups by the keys that were asked, in their order and in words.

use std::collections::BTreeMap;
use std::sync::Arc;

use h3o::CellIndex;
use jiff::civil::Date;
use naqsha_model::{Basis, Category, Day, RecordStage};
use naqsha_store::Group;

use super::question::{AggregateQuery, GROUP_BY, GroupKey};
use crate::error::LayerError;
use crate::period::Period;

/// Most rows of an aggregate.
pub const MOST_ROWS: usize = 100_000;

/// A row of an aggregate: a value for each key, and how many records have them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AggregateRow {
    /// In the order of the keys; null where a record has none.
    pub values: Vec<Option<Arc<str>>>,
    /// Records, at least 1.
    pub n: u64,
}

/// What a row is ordered by; null is first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    Null,
    Number(u64),
    Text(Arc<str>),
}

/// The groups in the order and by the keys that were asked, and whether a record of them is synthetic.
pub(super) fn rows(
    groups: &[Group],
    asked: &AggregateQuery,
) -> Result<(Vec<AggregateRow>, bool), LayerError> {
    let mut sums: BTreeMap<Vec<Order>, u64> = BTreeMap::new();
    for group in groups {
        let keys = asked.group_by.iter().map(|key| order(*key, group));
        *sums.entry(keys.collect()).or_default() += group.count;
    }
    if sums.len() > MOST_ROWS {
        let reason = format!(
            "gives {} rows, the most are {MOST_ROWS}: tell less apart, or ask for a part by bbox, datetime or resolution",
            sums.len()
        );
        return Err(LayerError::of_parameter(GROUP_BY, reason));
    }
    let told = |(keys, n): (Vec<Order>, u64)| {
        let values = asked.group_by.iter().zip(keys);
        let values = values.map(|(key, order)| text(*key, asked.period, order));
        AggregateRow {
            values: values.collect(),
            n,
        }
    };
    let synthetic = groups.iter().any(|group| group.synthetic);
    Ok((sums.into_iter().map(told).collect(), synthetic))
}

fn order(key: GroupKey, group: &Group) -> Order {
    let number = |value: Option<u64>| value.map_or(Order::Null, Order::Number);
    match key {
        GroupKey::H3 => number(group.cell.map(u64::from)),
        GroupKey::Category => number(group.category.map(|of| u64::from(of.index().min(4)))),
        GroupKey::Subtype => {
            let index = group.category.map(Category::index);
            number(index.filter(|&index| index >= 4).map(u64::from))
        }
        GroupKey::Stage => number(group.stage.map(|of| u64::from(of.index()))),
        GroupKey::Basis => number(group.basis.map(|of| u64::from(of.index()))),
        GroupKey::Agency => group.agency.clone().map_or(Order::Null, Order::Text),
        GroupKey::Period => number(group.step.map(u64::from)),
    }
}

fn text(key: GroupKey, period: Period, order: Order) -> Option<Arc<str>> {
    let number = match order {
        Order::Null => return None,
        Order::Text(text) => return Some(text),
        Order::Number(number) => number,
    };
    let index = u8::try_from(number).ok();
    match key {
        GroupKey::H3 => CellIndex::try_from(number)
            .ok()
            .map(|cell| cell.to_string().into()),
        GroupKey::Category => Category::from_index(index?).map(|of| of.code().into()),
        GroupKey::Subtype => Category::from_index(index?)?.subtype().map(Into::into),
        GroupKey::Stage => RecordStage::from_index(index?).map(|of| of.code().into()),
        GroupKey::Basis => Basis::from_index(index?).map(|of| of.code().into()),
        GroupKey::Agency => None,
        GroupKey::Period => {
            let first = Day(u16::try_from(number).ok()?).date();
            Some(named(period, first).into())
        }
    }
}

/// The step that a day lies in: `2024`, `2024-Q1`, `2024-03`, or the ISO week `2024-W09`.
fn named(period: Period, day: Date) -> String {
    match period {
        Period::Year => format!("{:04}", day.year()),
        Period::Quarter => format!("{:04}-Q{}", day.year(), (day.month() - 1) / 3 + 1),
        Period::Month => format!("{:04}-{:02}", day.year(), day.month()),
        Period::Week => {
            let week = day.iso_week_date();
            format!("{:04}-W{:02}", week.year(), week.week())
        }
    }
}

/// The first day of the step of each day, by its number. The first step there is may begin before the first day.
pub(super) fn steps(period: Period) -> Vec<u16> {
    let start = |day: u16| Day::new(period.start(Day(day).date())).map_or(0, |first| first.0);
    (0..=u16::MAX).map(start).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn steps_have_the_names_that_iso_8601_gives_them() {
        let day = date(2024, 12, 30);
        assert_eq!(named(Period::Year, day), "2024");
        assert_eq!(named(Period::Quarter, day), "2024-Q4");
        assert_eq!(named(Period::Month, day), "2024-12");
        assert_eq!(
            named(Period::Week, day),
            "2025-W01",
            "a Monday of the next year's first week"
        );
    }

    #[test]
    fn every_day_is_of_the_step_that_it_lies_in() {
        for period in [Period::Week, Period::Month, Period::Quarter, Period::Year] {
            let steps = steps(period);
            assert_eq!(steps.len(), 1 << 16);
            for (day, &step) in (0..=u16::MAX).zip(&steps) {
                assert!(step <= day);
                let name = |day: u16| named(period, Day(day).date());
                assert_eq!(name(step), name(day));
            }
            assert!(steps.is_sorted());
        }
    }
}
