//! Aggregates: exact numbers of records by any of cell, category, subtype, stage, agency, basis and period.
//!
//! Of `counts` they are the records on its map, so that their sum is that of its features whatever is told apart; of
//! `incidents` all its records, and where cells are told apart those that have one.

use std::collections::BTreeMap;
use std::sync::Arc;

use h3o::{CellIndex, Resolution};
use jiff::civil::Date;
use naqsha_model::{Basis, Category, Day, RecordStage};
use naqsha_store::{Area, CubeQuery, Group, GroupCells, GroupQuery, GroupedBy, Reach};

use crate::boundaries::{BoundingBox, CellBoundaries};
use crate::catalogue::{Asked, Catalogue, refuse_damage};
use crate::description::LayerDescription;
use crate::error::LayerError;
use crate::layer::Question;
use crate::layers::{COUNTS, INCIDENTS, filter, tally};
use crate::page::Page;
use crate::parameters::{Parameter, ParameterError};
use crate::period::Period;
use crate::query::{Apportion, LayerQuery};
use crate::scope::Scope;
use crate::table::{Excluded, StudyAreaFacts};

/// Most rows of an aggregate.
pub const MOST_ROWS: usize = 100_000;

/// Names of parameters beside those of the layer.
const GROUP_BY: &str = "group_by";
const PERIOD: &str = "period";
const RESOLUTION: &str = "resolution";

/// Something that records are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupKey {
    /// Their cell at the resolution that is asked.
    H3,
    /// Their category: one of five codes.
    Category,
    /// Which adjacent crime; null for the four categories.
    Subtype,
    /// The register they come from.
    Stage,
    /// Who sent them.
    Agency,
    /// What their place is the place of.
    Basis,
    /// The step of time of their first day; null without a time.
    Period,
}

impl GroupKey {
    /// Every key, in documentation order.
    pub const ALL: [Self; 7] = [
        Self::H3,
        Self::Category,
        Self::Subtype,
        Self::Stage,
        Self::Agency,
        Self::Basis,
        Self::Period,
    ];

    /// The name used in the parameter and in rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::H3 => "h3",
            Self::Category => "category",
            Self::Subtype => "subtype",
            Self::Stage => "stage",
            Self::Agency => "agency",
            Self::Basis => "basis",
            Self::Period => "period",
        }
    }

    fn parse_list(value: &str) -> Result<Vec<Self>, String> {
        let mut keys = Vec::new();
        for name in value.split(',').map(str::trim) {
            let key = Self::ALL.into_iter().find(|key| key.name() == name);
            let key = key.ok_or_else(|| {
                let names = Self::ALL.map(Self::name);
                format!("{name:?} is not one of {}", names.join(", "))
            })?;
            if keys.contains(&key) {
                return Err(format!("names {name:?} twice"));
            }
            keys.push(key);
        }
        Ok(keys)
    }

    /// What the store tells apart for it, where it is a matter of kinds of records.
    const fn of_kind(self) -> Option<GroupedBy> {
        match self {
            Self::Category | Self::Subtype => Some(GroupedBy::Category),
            Self::Stage => Some(GroupedBy::Stage),
            Self::Agency => Some(GroupedBy::Agency),
            Self::Basis => Some(GroupedBy::Basis),
            Self::H3 | Self::Period => None,
        }
    }
}

/// What is told apart, and where.
#[derive(Debug, Clone)]
pub struct AggregateQuery {
    /// In the order of the columns; nothing gives one row with all.
    pub group_by: Vec<GroupKey>,
    /// Length of the steps that periods are.
    pub period: Period,
    /// Only records in cells that share a point with the box; as in features of the layer.
    pub bbox: Option<BoundingBox>,
}

/// A row of an aggregate: a value for each key, and how many records have them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AggregateRow {
    /// In the order of the keys; null where a record has none.
    pub values: Vec<Option<Arc<str>>>,
    /// Records, at least 1.
    pub n: u64,
}

/// Numbers of records by group.
#[derive(Debug, Clone)]
pub struct Aggregate {
    /// The layer.
    pub layer: &'static LayerDescription,
    /// Version of the data.
    pub version: u64,
    /// What is told apart.
    pub group_by: Vec<GroupKey>,
    /// Length of the steps, where periods are told apart.
    pub period: Option<Period>,
    /// Resolution, where records count in cells.
    pub resolution: Option<Resolution>,
    /// The study area, where only its cells count.
    pub study_area: Option<StudyAreaFacts>,
    /// Ascending by the keys in their order; null first.
    pub rows: Vec<AggregateRow>,
    /// Records in all rows.
    pub n: u64,
    /// Records that match the question and count in no cell.
    pub excluded: Excluded,
    /// The rules of disclosure that were applied.
    pub policy: &'static str,
    /// Whether any record counted is synthetic.
    pub synthetic: bool,
}

/// Whether a layer's records can be aggregated: those of a layer that computes something else than a number cannot.
pub fn aggregated() -> impl Iterator<Item = &'static LayerDescription> {
    [&INCIDENTS, &COUNTS].into_iter()
}

impl AggregateQuery {
    /// Reads what is asked of a layer beside a box: its own parameters, and those of an aggregate.
    ///
    /// # Errors
    /// Every mistake at once.
    pub fn parse<'a>(
        layer: &LayerDescription,
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(Self, LayerQuery), Vec<ParameterError>> {
        let mut asked = Self {
            group_by: Vec::new(),
            period: Period::Month,
            bbox: None,
        };
        let (mut errors, mut seen, mut rest) = (Vec::new(), Vec::new(), Vec::new());
        let mut resolution = None;
        let own = layer.parameters.contains(&Parameter::Resolution);
        for (name, value) in pairs {
            let is_ours = matches!(name, GROUP_BY | PERIOD) || (name == RESOLUTION && !own);
            if !is_ours {
                rest.push((name, value));
                continue;
            }
            let outcome = match name {
                _ if seen.contains(&name) => Err("given more than once".to_owned()),
                GROUP_BY => GroupKey::parse_list(value).map(|keys| asked.group_by = keys),
                PERIOD => Period::parse(value)
                    .map(|period| asked.period = period)
                    .ok_or_else(|| format!("{value:?} is not one of week, month, quarter, year")),
                _ => LayerQuery::parse(&COUNTS, [(name, value)])
                    .map(|query| resolution = query.resolution)
                    .map_err(|errors| errors.into_iter().map(|error| error.reason).collect()),
            };
            seen.push(name);
            errors.extend(
                outcome
                    .err()
                    .map(|reason| ParameterError::new(name, reason)),
            );
        }
        match LayerQuery::parse(layer, rest) {
            Ok(mut query) if errors.is_empty() => {
                query.resolution = query.resolution.or(resolution);
                Ok((asked, query))
            }
            Ok(_) => Err(errors),
            Err(more) => {
                errors.extend(more);
                Err(errors)
            }
        }
    }

    fn has(&self, key: GroupKey) -> bool {
        self.group_by.contains(&key)
    }

    fn of_kinds(&self) -> Vec<GroupedBy> {
        let mut by: Vec<GroupedBy> = Vec::new();
        for kind in self.group_by.iter().filter_map(|key| key.of_kind()) {
            if !by.contains(&kind) {
                by.push(kind);
            }
        }
        by
    }
}

impl Catalogue {
    /// Numbers of a layer's records by group.
    ///
    /// # Errors
    /// [`LayerError::UnknownLayer`] for a layer that is not [`aggregated`]; [`LayerError::Parameters`] where the groups are
    /// more than [`MOST_ROWS`]; else as [`Self::answer`].
    pub fn aggregate(
        &self,
        layer: &str,
        query: &LayerQuery,
        scope: Scope,
        asked: &AggregateQuery,
    ) -> Result<Aggregate, LayerError> {
        let snapshot = self.snapshot(query)?;
        let of_all = Asked {
            query,
            scope,
            page: &Page::ALL,
        };
        let (layer, mut question) = self.question(layer, of_all, &snapshot)?;
        let layer = layer.describe();
        refuse_damage(&snapshot, query.days)?;
        let steps = asked.has(GroupKey::Period).then(|| steps(asked.period));
        let mut aggregate = match layer.id {
            id if id == COUNTS.id => on_the_map(&question, asked, steps.as_deref())?,
            id if id == INCIDENTS.id => {
                let finest = scope.finest_record_resolution();
                if query.resolution.is_some_and(|of| of > finest) {
                    let reason = format!("single records are shown at resolution {finest} at most");
                    return Err(LayerError::of_parameter(RESOLUTION, reason));
                }
                question.resolution = question.resolution.min(finest);
                of_records(&question, asked, steps.as_deref())?
            }
            id => return Err(LayerError::UnknownLayer(id.to_owned())),
        };
        aggregate.layer = layer;
        Ok(aggregate)
    }
}

/// Records on the map of counts.
fn on_the_map(
    question: &Question<'_>,
    asked: &AggregateQuery,
    steps: Option<&[u16]>,
) -> Result<Aggregate, LayerError> {
    if question.query.apportion != Apportion::None {
        let reason = "spreads records as shares of cells, and an aggregate counts whole ones";
        let parameter = Parameter::Apportion.name();
        return Err(LayerError::of_parameter(parameter, reason.to_owned()));
    }
    let tally = tally(question, None)?;
    let least = question.query.n_min;
    let counted = tally.cells.iter().zip(&tally.counts);
    let counted = counted.filter(|&(_, &count)| u64::from(count) >= least);
    let mut cells: Vec<CellIndex> = counted.map(|(&cell, _)| cell).collect();
    if let Some(bbox) = &asked.bbox {
        let boundaries = CellBoundaries::of(&cells);
        let meets = (0..)
            .zip(cells)
            .filter(|&(at, _)| boundaries.meets(at, bbox));
        cells = meets.map(|(_, cell)| cell).collect();
    }
    let keep = |cell: CellIndex| cells.binary_search(&cell).is_ok();
    let groups = question.snapshot.groups(&GroupQuery {
        filter: filter(question.query),
        by: asked.of_kinds(),
        steps,
        cells: Some(GroupCells {
            resolution: question.resolution,
            keep: &keep,
            apart: asked.has(GroupKey::H3),
        }),
    });
    let rows = rows(&groups, asked)?;
    Ok(Aggregate {
        resolution: Some(question.resolution),
        study_area: Some(tally.facts.clone()),
        ..aggregate(question, asked, rows, tally.excluded)
    })
}

/// All records of a question, or those of them that have a cell.
fn of_records(
    question: &Question<'_>,
    asked: &AggregateQuery,
    steps: Option<&[u16]>,
) -> Result<Aggregate, LayerError> {
    let finest = question.scope.finest_record_resolution();
    let in_box = |cell: CellIndex| {
        let meets = |bbox: &BoundingBox| CellBoundaries::of(&[cell]).meets(0, bbox);
        asked.bbox.as_ref().is_none_or(meets)
    };
    let reach = |cell: CellIndex| asked.bbox.map_or(Reach::All, |bbox| bbox.reach(cell));
    let mut filter = filter(question.query);
    filter.area = asked.bbox.map(|_box| Area {
        finest,
        contains: &in_box,
        reach: Some(&reach),
        unlocated: true,
    });
    let all = |_: CellIndex| true;
    let in_cells = asked.has(GroupKey::H3);
    let query = GroupQuery {
        filter: filter.clone(),
        by: asked.of_kinds(),
        steps,
        cells: in_cells.then_some(GroupCells {
            resolution: question.resolution,
            keep: &all,
            apart: true,
        }),
    };
    let rows = rows(&question.snapshot.groups(&query), asked)?;
    let mut excluded = Excluded {
        matched: question.snapshot.count(&filter),
        ..Excluded::default()
    };
    if in_cells {
        let cube = question.snapshot.cube(&CubeQuery {
            resolution: question.resolution,
            filter,
            counted_bases: None,
        });
        let reasons = [
            ("too_coarse", cube.excluded.too_coarse),
            ("no_location", cube.excluded.no_location),
        ];
        excluded.reasons = reasons
            .into_iter()
            .filter(|&(_, count)| count > 0)
            .collect();
    }
    Ok(Aggregate {
        resolution: in_cells.then_some(question.resolution),
        ..aggregate(question, asked, rows, excluded)
    })
}

fn aggregate(
    question: &Question<'_>,
    asked: &AggregateQuery,
    (rows, synthetic): (Vec<AggregateRow>, bool),
    excluded: Excluded,
) -> Aggregate {
    Aggregate {
        layer: &COUNTS,
        version: question.snapshot.version(),
        group_by: asked.group_by.clone(),
        period: asked.has(GroupKey::Period).then_some(asked.period),
        resolution: None,
        study_area: None,
        n: rows.iter().map(|row| row.n).sum(),
        rows,
        excluded,
        policy: question.scope.policy(),
        synthetic,
    }
}

/// What a row is ordered by; null is first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    Null,
    Number(u64),
    Text(Arc<str>),
}

/// The groups in the order and by the keys that were asked, and whether a record of them is synthetic.
fn rows(groups: &[Group], asked: &AggregateQuery) -> Result<(Vec<AggregateRow>, bool), LayerError> {
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
fn steps(period: Period) -> Vec<u16> {
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
            for (day, &step) in (0..).zip(&steps) {
                assert!(step <= day);
                let name = |day: u16| named(period, Day(day).date());
                assert_eq!(name(step), name(day));
            }
            assert!(steps.is_sorted());
        }
    }

    #[test]
    fn every_mistake_is_listed() {
        let pairs = [
            ("group_by", "h3,colour"),
            ("period", "decade"),
            ("k", "1"),
            ("resolution", "12"),
        ];
        let errors = AggregateQuery::parse(&INCIDENTS, pairs).unwrap_err();
        let mut names: Vec<_> = errors
            .iter()
            .map(|error| error.parameter.as_str())
            .collect();
        names.sort_unstable();
        assert_eq!(names, ["group_by", "k", "period", "resolution"]);
        let twice = AggregateQuery::parse(&COUNTS, [("group_by", "h3,h3")]).unwrap_err();
        assert!(twice[0].reason.contains("twice"), "{}", twice[0]);
    }
}
