//! The matrix of agencies, districts and months, and of all agencies together.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use h3o::CellIndex;
use naqsha_model::DayRange;

use super::month::Month;
use super::sent::{AllSent, Evidence, Sent};
use super::{MONTHS, MOST_ROWS};
use crate::error::LayerError;
use crate::layer::Question;
use crate::parameters::Parameter;
use crate::table::Excluded;

/// What is known of a district and month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Reported,
    Zero,
    Missing,
}

impl Status {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Zero => "zero",
            Self::Missing => "missing",
        }
    }

    fn of(n: u64, evidence: Option<Evidence>) -> Self {
        match (n, evidence) {
            (1.., _) => Self::Reported,
            (0, Some(_)) => Self::Zero,
            (0, None) => Self::Missing,
        }
    }
}

/// One agency, district and month.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) id: String,
    /// `None`: all agencies together.
    pub(super) agency: Option<Arc<str>>,
    /// `None`: none is named.
    pub(super) district: Option<String>,
    pub(super) month: Month,
    pub(super) status: Status,
    /// `None` where the report is missing.
    pub(super) n: Option<u64>,
    pub(super) n_month: u64,
    pub(super) n_unplaced: u64,
    pub(super) evidence: Option<Evidence>,
}

/// All rows, ascending by id.
#[derive(Debug, Default)]
pub(super) struct Matrix {
    pub(super) rows: Vec<Row>,
    pub(super) months: Option<(Month, Month)>,
    pub(super) agencies: usize,
    pub(super) excluded: Excluded,
    pub(super) synthetic: bool,
}

/// Districts, and the records that name none.
type Places = BTreeSet<Option<String>>;

/// What agencies together say of a district and month.
#[derive(Default)]
struct Sum {
    n: u64,
    n_month: u64,
    n_unplaced: u64,
    evidence: Option<Evidence>,
}

impl Matrix {
    pub(super) fn of(question: &Question<'_>) -> Result<Self, LayerError> {
        let known = districts_in(question);
        let sites = question.areas.sites();
        // A district that is neither listed nor located is where its batch says.
        let lies_in = |name: &str| {
            let is_elsewhere =
                sites.listed.contains_key(name) || sites.districts.contains_key(name);
            known.contains(name) || !is_elsewhere
        };
        let mut sent = AllSent::of(question, lies_in)?;
        let mut matrix = Self {
            agencies: sent.agencies.len(),
            synthetic: sent.synthetic,
            ..Self::default()
        };
        let places: BTreeMap<Arc<str>, Places> = sent
            .agencies
            .iter()
            .map(|(agency, sent)| (Arc::clone(agency), places(question, sent, &known)))
            .collect();
        let of_all: Places = known
            .iter()
            .map(|name| Some((*name).to_owned()))
            .chain(places.values().flatten().cloned())
            .collect();
        let a_month = of_all.len() + places.values().map(BTreeSet::len).sum::<usize>();
        let covered = sent.agencies.values().flat_map(Sent::months);
        let hull = covered.fold(None, |hull: Option<(Month, Month)>, month| {
            Some(hull.map_or((month, month), |(a, b)| (a.min(month), b.max(month))))
        });
        matrix.months = months(question.query.days, hull, a_month)?;
        exclude_other_months(&mut sent, matrix.months);
        if let Some((first, last)) = matrix.months {
            for month in first.to(last) {
                matrix.add(question, &sent, month, (&places, &of_all));
            }
        }
        matrix.excluded = sent.excluded;
        matrix.rows.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        Ok(matrix)
    }

    fn add(
        &mut self,
        question: &Question<'_>,
        sent: &AllSent,
        month: Month,
        (places, of_all): (&BTreeMap<Arc<str>, Places>, &Places),
    ) {
        let mut together: BTreeMap<&Option<String>, Sum> =
            of_all.iter().map(|place| (place, Sum::default())).collect();
        for (agency, sent) in &sent.agencies {
            let evidence = sent.evidence(month);
            let n_month = sent.by_month.get(&month).copied().unwrap_or_default();
            let count = |place: &Option<String>| {
                let place = (place.clone(), month);
                sent.matching.get(&place).copied().unwrap_or_default()
            };
            let n_unplaced = count(&None);
            for place in places.get(agency).into_iter().flatten() {
                let n = count(place);
                let sum = together.entry(place).or_default();
                sum.n += n;
                sum.n_month += n_month;
                sum.n_unplaced += n_unplaced;
                // Records tell more than statements.
                sum.evidence = [sum.evidence, evidence].into_iter().flatten().min();
                let of_agency = Sum {
                    n,
                    n_month,
                    n_unplaced,
                    evidence,
                };
                self.push(question, (Some(agency), place, month), &of_agency);
            }
        }
        for (place, sum) in together {
            self.push(question, (None, place, month), &sum);
        }
    }

    fn push(
        &mut self,
        question: &Question<'_>,
        (agency, place, month): (Option<&Arc<str>>, &Option<String>, Month),
        sum: &Sum,
    ) {
        let status = Status::of(sum.n, sum.evidence);
        self.rows.push(Row {
            id: id(question, agency, place.as_deref(), month),
            agency: agency.map(Arc::clone),
            district: place.clone(),
            month,
            status,
            n: (status != Status::Missing).then_some(sum.n),
            n_month: sum.n_month,
            n_unplaced: sum.n_unplaced,
            evidence: sum.evidence,
        });
    }
}

/// The listed districts of the study area. One that lies nobody knows where is in it where all others of its province are.
fn districts_in<'q>(question: &Question<'q>) -> BTreeSet<&'q str> {
    let sites = question.areas.sites();
    let located = |name: &str| {
        let (point, _) = sites.districts.get(name)?;
        let cell = point.to_lat_lng().to_cell(question.resolution);
        // The middle of a district on the coast or the border may lie in a cell whose own centre is outside.
        let mut around: Vec<CellIndex> = cell.grid_disk(1);
        around.sort_unstable();
        let contained = question.area.contain(question.resolution, &around);
        Some(contained.contains(&true))
    };
    let mut provinces: BTreeMap<&str, bool> = BTreeMap::new();
    let mut inside = BTreeSet::new();
    for (name, listed) in &sites.listed {
        if let Some(is_inside) = located(name) {
            let all = provinces.entry(&listed.province).or_insert(true);
            *all &= is_inside;
            if is_inside {
                inside.insert(name.as_str());
            }
        }
    }
    let lost = sites.listed.iter().filter(|(name, listed)| {
        let whole = provinces.get(listed.province.as_str()).copied();
        !sites.districts.contains_key(*name) && whole == Some(true)
    });
    inside.extend(lost.map(|(name, _)| name.as_str()));
    inside
}

/// The places that an agency reports about: the districts of its provinces; and none, where records name none or it has never
/// named one.
fn places(question: &Question<'_>, sent: &Sent, known: &BTreeSet<&str>) -> Places {
    let listed = &question.areas.sites().listed;
    let province = |name: &str| listed.get(name).map(|listed| listed.province.as_str());
    let provinces: BTreeSet<&str> = sent
        .districts
        .iter()
        .filter_map(|name| province(name))
        .collect();
    let theirs = known
        .iter()
        .filter(|name| province(name).is_some_and(|province| provinces.contains(province)));
    let mut places: Places = theirs.map(|name| Some((*name).to_owned())).collect();
    places.extend(sent.districts.iter().cloned().map(Some));
    let names_none = sent.matching.keys().any(|(district, _)| district.is_none());
    if names_none || places.is_empty() {
        places.insert(None);
    }
    places
}

/// The months of an answer: whole ones that the days asked about touch, an open end being that of what was reported; else the
/// last ones.
///
/// # Errors
/// More rows than one answer has.
fn months(
    asked: Option<DayRange>,
    hull: Option<(Month, Month)>,
    a_month: usize,
) -> Result<Option<(Month, Month)>, LayerError> {
    let most = u32::try_from(MOST_ROWS / a_month.max(1))
        .unwrap_or(u32::MAX)
        .max(1);
    let Some(asked) = asked else {
        let last_ones =
            |(first, last): (Month, Month)| (first.max(last.before(MONTHS.min(most) - 1)), last);
        return Ok(hull.map(last_ones));
    };
    let open = DayRange::ALL;
    let (from, to) = (Month::of(asked.first()), Month::of(asked.last()));
    let from = if asked.first() == open.first() {
        hull.map(|hull| hull.0)
    } else {
        Some(from)
    };
    let to = if asked.last() == open.last() {
        hull.map(|hull| hull.1)
    } else {
        Some(to)
    };
    let Some((from, to)) = from.zip(to).filter(|(from, to)| from <= to) else {
        return Ok(None);
    };
    let many = from.to(to).count();
    if many as u64 > u64::from(most) {
        let reason = format!(
            "asks for {many} months of {a_month} rows each; an answer has at most {MOST_ROWS}: ask fewer months or agencies"
        );
        return Err(LayerError::of_parameter(Parameter::Datetime.name(), reason));
    }
    Ok(Some((from, to)))
}

/// Counts the records of other months as excluded.
fn exclude_other_months(sent: &mut AllSent, months: Option<(Month, Month)>) {
    let is_in = |month: Month| months.is_some_and(|(first, last)| (first..=last).contains(&month));
    let matching = sent.agencies.values().flat_map(|sent| &sent.matching);
    let others = matching.filter(|((_, month), _)| !is_in(*month));
    let others: u64 = others.map(|(_, n)| n).sum();
    if others > 0 {
        sent.excluded.reasons.insert("outside_steps", others);
    }
}

/// `ANF.PK630.2024-03`: agency or `all`, the district's code or its name or `none`, month.
fn id(
    question: &Question<'_>,
    agency: Option<&Arc<str>>,
    district: Option<&str>,
    month: Month,
) -> String {
    let listed = &question.areas.sites().listed;
    let place = match district {
        None => "none".to_owned(),
        Some(name) => listed
            .get(name)
            .map_or_else(|| spelled(name), |listed| listed.code.clone()),
    };
    format!("{}.{place}.{month}", agency.map_or("all", |code| code))
}

/// A name in letters, digits and hyphens; other characters by their number.
fn spelled(name: &str) -> String {
    let mut spelled = String::new();
    for letter in name.chars() {
        match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' => spelled.push(letter.to_ascii_lowercase()),
            ' ' | '-' => spelled.push('-'),
            other => write!(spelled, "-{:x}", u32::from(other)).unwrap_or_default(),
        }
    }
    spelled
}

#[cfg(test)]
mod tests {
    use super::*;
    use naqsha_model::Day;

    fn month(text: &str) -> Month {
        Month::parse(text).unwrap()
    }

    fn told(months: Option<(Month, Month)>) -> String {
        months.map_or("none".to_owned(), |(first, last)| {
            format!("{first}..{last}")
        })
    }

    #[test]
    fn without_days_the_last_twelve_months_are_answered_and_an_open_end_is_that_of_the_reports() {
        let hull = Some((month("2020-05"), month("2024-03")));
        let asked = |days, a_month| months(days, hull, a_month).map(told);
        let day = |text: &str| Day::new(text.parse().unwrap()).unwrap();
        let range = |first: Day, last: Day| DayRange::new(first, last).ok();
        assert_eq!(asked(None, 100).unwrap(), "2023-04..2024-03");
        assert_eq!(asked(None, MOST_ROWS / 3).unwrap(), "2024-01..2024-03");
        assert_eq!(asked(None, MOST_ROWS * 2).unwrap(), "2024-03..2024-03");
        let since = range(day("2024-02-20"), DayRange::ALL.last());
        assert_eq!(asked(since, 100).unwrap(), "2024-02..2024-03");
        let until = range(DayRange::ALL.first(), day("2020-06-01"));
        assert_eq!(asked(until, 100).unwrap(), "2020-05..2020-06");
        // Months after the last report are asked for by name: they are missing.
        let named = range(day("2024-03-01"), day("2024-06-30"));
        assert_eq!(asked(named, 100).unwrap(), "2024-03..2024-06");
        let late = range(day("2030-01-01"), DayRange::ALL.last());
        assert_eq!(asked(late, 100).unwrap(), "none");
        assert!(asked(named, MOST_ROWS / 3).is_err());
        assert_eq!(told(months(None, None, 0).unwrap()), "none");
    }

    #[test]
    fn names_without_a_code_are_spelled_for_an_address() {
        assert_eq!(spelled("Dera Ismail-Khan"), "dera-ismail-khan");
        assert_eq!(spelled("لاہ"), "-644-627-6c1");
    }
}
