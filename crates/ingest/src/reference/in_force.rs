//! When and where a section of law was in force: acts begin, end, and are displaced in a province by its own act.

use jiff::civil::Date;
use naqsha_model::Province;

use super::records;
use super::statutes::{Statutes, loose};

/// Whether a section was law on a day in a province.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing<'a> {
    /// It was, or nothing is known to the contrary.
    InForce,
    /// Its act or amendment came later, or the act is another province's.
    NotYet,
    /// It had been repealed.
    Repealed,
    /// The province had its own act in its place: the statute's key.
    ReplacedBy(&'a str),
}

/// One row of the table.
#[derive(Debug)]
struct Period {
    statute: String,
    /// The section as [`loose`] spells it; blank for the whole act.
    section: String,
    /// First day on which it may have been in force: a year or month stands for its beginning.
    from: Option<Date>,
    /// Last day on which it may have been in force: a year or month stands for its end.
    until: Option<Date>,
    province: Option<Province>,
    displaces: String,
    /// First day on which it certainly displaced the other act.
    displaces_from: Option<Date>,
}

/// When each act and later section was in force.
#[derive(Debug, Default)]
pub(crate) struct Periods(Vec<Period>);

impl Periods {
    pub(super) fn parse(table: &str) -> Self {
        let period = |record: csv::StringRecord| {
            let field = |i| record.get(i).unwrap_or_default();
            Period {
                statute: field(0).to_owned(),
                section: loose(field(1)),
                from: first_day(field(2)),
                until: last_day(field(3)),
                province: Province::parse(field(4)).ok(),
                displaces: field(5).to_owned(),
                displaces_from: last_day(field(2)),
            }
        };
        Self(records(table).map(period).collect())
    }

    fn of<'a>(&'a self, statute: &'a str, section: &str) -> impl Iterator<Item = &'a Period> {
        let section = loose(section);
        self.0.iter().filter(move |period| {
            period.statute == statute
                && (period.section.is_empty() || is_part(&section, &period.section))
        })
    }
}

/// Whether a section is the other or a part of it: `26a(1)` of `26a`, not `26ab`.
fn is_part(section: &str, of: &str) -> bool {
    section
        .strip_prefix(of)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('('))
}

impl Statutes {
    /// Whether a section was law on a day in a province; without the day or the province only what is sure without it.
    ///
    /// Where the table knows no more than the year of a change, every day of that year counts as either.
    pub(crate) fn standing(
        &self,
        statute: &str,
        section: &str,
        on: Option<Date>,
        province: Option<Province>,
    ) -> Standing<'_> {
        let elsewhere = |period: &Period| {
            period
                .province
                .zip(province)
                .is_some_and(|(of, here)| of != here)
        };
        for period in self.periods().of(statute, section) {
            if elsewhere(period) {
                return Standing::NotYet;
            }
            let Some(on) = on else { continue };
            if period.from.is_some_and(|from| on < from) {
                return Standing::NotYet;
            }
            if period.until.is_some_and(|until| on > until) {
                return Standing::Repealed;
            }
        }
        self.replacement(statute, on, province)
            .map_or(Standing::InForce, Standing::ReplacedBy)
    }

    /// The act that a province had in the place of another on a day, where both are known.
    fn replacement(
        &self,
        statute: &str,
        on: Option<Date>,
        province: Option<Province>,
    ) -> Option<&str> {
        let (on, province) = (on?, province?);
        self.periods()
            .0
            .iter()
            .find(|period| {
                period.displaces == statute
                    && period.province == Some(province)
                    && period.displaces_from.is_some_and(|from| on >= from)
            })
            .map(|period| period.statute.as_str())
    }
}

fn parts(text: &str) -> Option<(i16, Option<i8>, Option<i8>)> {
    let mut parts = text.split('-');
    let year = parts.next()?.parse().ok()?;
    let mut part = || parts.next().and_then(|part| part.parse().ok());
    Some((year, part(), part()))
}

fn first_day(text: &str) -> Option<Date> {
    let (year, month, day) = parts(text)?;
    Date::new(year, month.unwrap_or(1), day.unwrap_or(1)).ok()
}

fn last_day(text: &str) -> Option<Date> {
    let (year, month, day) = parts(text)?;
    match (month, day) {
        (Some(month), Some(day)) => Date::new(year, month, day).ok(),
        (month, _) => Date::new(year, month.unwrap_or(12), 1)
            .ok()
            .map(Date::last_of_month),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::Reference;

    #[test]
    fn every_statute_of_the_table_of_sections_has_its_dates() {
        let statutes = Reference::embedded().statutes;
        for key in statutes.keys() {
            assert!(
                statutes
                    .periods()
                    .0
                    .iter()
                    .any(|p| p.statute == *key && p.section.is_empty()),
                "{key}"
            );
        }
        for period in &statutes.periods().0 {
            assert!(
                statutes.has(&period.statute) && period.from.is_some(),
                "{period:?}"
            );
            assert!(
                period.section.is_empty()
                    || statutes.find(&period.statute, &period.section).is_some(),
                "{period:?}"
            );
            assert!(
                period.displaces.is_empty() || statutes.has(&period.displaces),
                "{period:?}"
            );
        }
    }

    type Case = (
        &'static str,
        &'static str,
        Option<Date>,
        Option<Province>,
        Standing<'static>,
    );

    fn check_standings(cases: &[Case]) {
        let statutes = Reference::embedded().statutes;
        for &(statute, section, day, province, standing) in cases {
            assert_eq!(
                statutes.standing(statute, section, day, province),
                standing,
                "{statute} {section} {day:?} {province:?}"
            );
        }
    }

    #[expect(
        clippy::unnecessary_wraps,
        reason = "the cases hold days that may be unknown"
    )]
    const fn on(year: i16, month: i8, day: i8) -> Option<Date> {
        Some(date(year, month, day))
    }

    #[test]
    fn a_section_is_law_only_in_its_time() {
        check_standings(&[
            ("PECA-2016", "26A", on(2024, 5, 1), None, Standing::NotYet),
            (
                "PECA-2016",
                "26A(1)",
                on(2024, 5, 1),
                None,
                Standing::NotYet,
            ),
            ("PECA-2016", "26A", on(2025, 3, 1), None, Standing::InForce),
            ("PECA-2016", "26", on(2024, 5, 1), None, Standing::InForce),
            ("PECA-2016", "14", on(2015, 5, 1), None, Standing::NotYet),
            ("PACHTO-2002", "3", on(2019, 1, 1), None, Standing::Repealed),
            ("PACHTO-2002", "3", on(2018, 3, 1), None, Standing::InForce),
            ("PTPA-2018", "3(1)", on(2018, 4, 30), None, Standing::NotYet),
            ("ATA-1997", "11-H", on(2000, 1, 1), None, Standing::NotYet),
            ("PPC-1860", "420", None, None, Standing::InForce),
        ]);
    }

    #[test]
    fn a_section_is_law_only_in_its_province() {
        use Province::{KhyberPakhtunkhwa as Kp, Punjab, Sindh};
        check_standings(&[
            (
                "CNSA-1997",
                "9(c)",
                on(2020, 1, 1),
                Some(Kp),
                Standing::ReplacedBy("KP-CNSA-2019"),
            ),
            (
                "CNSA-1997",
                "9(c)",
                on(2019, 9, 1),
                Some(Kp),
                Standing::InForce,
            ),
            (
                "CNSA-1997",
                "9(c)",
                on(2020, 1, 1),
                Some(Sindh),
                Standing::InForce,
            ),
            ("CNSA-1997", "9(c)", on(2020, 1, 1), None, Standing::InForce),
            (
                "CNSA-1997",
                "9(c)",
                on(2026, 1, 1),
                Some(Punjab),
                Standing::ReplacedBy("PB-CNSA-2025"),
            ),
            // The day of the Punjab act is not known: within its year neither is wrong.
            (
                "CNSA-1997",
                "9(c)",
                on(2025, 6, 1),
                Some(Punjab),
                Standing::InForce,
            ),
            (
                "PB-CNSA-2025",
                "9",
                on(2025, 6, 1),
                Some(Punjab),
                Standing::InForce,
            ),
            (
                "PB-CNSA-2025",
                "9",
                on(2024, 12, 31),
                Some(Punjab),
                Standing::NotYet,
            ),
            (
                "PB-CNSA-2025",
                "9",
                on(2026, 1, 1),
                Some(Sindh),
                Standing::NotYet,
            ),
        ]);
    }
}
