//! The files of a scan: places, cases, populations.

use std::collections::HashMap;
use std::path::Path;

use naqsha_analytics::Case;

use super::super::StatsError;
use super::super::graph::Coordinates;
use super::super::instant::{Clock, whole};
use super::super::table::{Csv, Table, text};

/// Places in the order of their ids.
pub(super) struct Places {
    pub(super) ids: Vec<String>,
    pub(super) coordinates: Coordinates,
    pub(super) positions: Vec<[f64; 2]>,
}

impl Places {
    pub(super) fn read(path: &Path) -> Result<Self, StatsError> {
        let coordinates = Coordinates::of(&Csv::open(path)?)?;
        let Table { ids, columns } = Table::read(path, &coordinates.names())?;
        let positions = columns[0].iter().zip(&columns[1]).map(|(x, y)| [*x, *y]);
        Ok(Self {
            coordinates,
            positions: positions.collect(),
            ids,
        })
    }

    fn numbers(&self) -> HashMap<&str, u32> {
        self.ids.iter().map(String::as_str).zip(0..).collect()
    }
}

/// Cases, and controls where they are asked for, of each place; places without a row have none.
pub(super) struct Counts {
    pub(super) cases: Vec<u32>,
    pub(super) controls: Vec<u32>,
}

impl Counts {
    pub(super) fn read(
        path: &Path,
        places: &Places,
        controls: Option<&str>,
    ) -> Result<Self, StatsError> {
        let numbers = places.numbers();
        let csv = Csv::open(path)?;
        let (id, cases) = (csv.column("id")?, csv.column("cases")?);
        let controls = controls.map(|name| csv.column(name)).transpose()?;
        let mut counts = Self {
            cases: vec![0; places.ids.len()],
            controls: vec![0; places.ids.len()],
        };
        csv.each(|row| {
            let place = known(&numbers, text(row, id)?)? as usize;
            let add = |sum: &mut u32, more: u32| {
                *sum = sum.checked_add(more).ok_or("too many cases at one place")?;
                Ok::<(), String>(())
            };
            add(&mut counts.cases[place], count(text(row, cases)?)?)?;
            match controls {
                Some(column) => add(&mut counts.controls[place], count(text(row, column)?)?),
                None => Ok(()),
            }
        })?;
        Ok(counts)
    }
}

/// Cases with their times.
pub(super) struct Dated {
    pub(super) cases: Vec<Case>,
    pub(super) clock: Clock,
}

/// The most cases with a time: a limit on memory (16 bytes each).
const CASE_LIMIT: usize = 10_000_000;

impl Dated {
    pub(super) fn read(path: &Path, places: &Places) -> Result<Self, StatsError> {
        let numbers = places.numbers();
        let csv = Csv::open(path)?;
        let (id, cases, time) = (csv.column("id")?, csv.column("cases")?, csv.column("time")?);
        let (mut list, mut clocks) = (Vec::new(), Vec::new());
        csv.each(|row| {
            let place = known(&numbers, text(row, id)?)?;
            let (time, clock) = whole(text(row, time)?)?;
            let many = count(text(row, cases)?)? as usize;
            if list.len() + many > CASE_LIMIT {
                return Err(format!("more than {CASE_LIMIT} cases"));
            }
            list.extend(std::iter::repeat_n(Case { place, time }, many));
            clocks.push(clock);
            Ok(())
        })?;
        Ok(Self {
            cases: list,
            clock: Clock::common(clocks)?,
        })
    }
}

/// The population of each place, which must have one, be it zero.
pub(super) fn populations(path: Option<&Path>, places: &Places) -> Result<Vec<f64>, StatsError> {
    let Some(path) = path else {
        return Ok(Vec::new());
    };
    let file = |problem: String| StatsError::File {
        path: path.display().to_string(),
        problem,
    };
    let table = Table::read(path, &["population"])?;
    let numbers = places.numbers();
    let mut populations = vec![None; places.ids.len()];
    for (id, population) in table.ids.iter().zip(&table.columns[0]) {
        let place = known(&numbers, id).map_err(file)?;
        populations[place as usize] = Some(*population);
    }
    let absent = populations.iter().position(Option::is_none);
    if let Some(at) = absent {
        return Err(file(format!("id `{}` has no population", places.ids[at])));
    }
    Ok(populations.into_iter().flatten().collect())
}

fn known(numbers: &HashMap<&str, u32>, id: &str) -> Result<u32, String> {
    numbers
        .get(id)
        .copied()
        .ok_or_else(|| format!("`{id}` is not an id of the coordinates"))
}

fn count(field: &str) -> Result<u32, String> {
    field
        .parse()
        .map_err(|_invalid| format!("`{field}` is not a number of cases"))
}
