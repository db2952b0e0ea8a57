//! `naqsha stats aoristic`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::civil::{Date, DateTime, Weekday, date};
use jiff::{Span as Calendar, ToSpan as _};
use naqsha_analytics::{Span, aoristic};
use serde::Serialize;

use super::StatsError;
use super::table::{Csv, text};

/// Arguments of `stats aoristic`.
#[derive(Debug, Args)]
pub(super) struct AoristicArgs {
    /// CSV with the columns `id`, `start` and `end`: local dates (the whole day) or times such as 2024-03-12T22:30; `end` may
    /// be empty.
    #[arg(long, value_name = "E.csv")]
    events: PathBuf,
    /// Length of a step; weeks begin on Monday.
    #[arg(long)]
    step: Step,
    /// Leave out, and count, events that may have happened over more days than this.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..))]
    cap: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
enum Step {
    Hour,
    Day,
    Week,
    Month,
}

/// The answer: a weight for each step from the first that may hold an event to the last.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    step: Step,
    /// How many are in the weights.
    events: usize,
    /// Of them, how many have no usable end and count wholly where they begin.
    unspread: usize,
    /// How many are left out by `--cap`.
    #[serde(skip_serializing_if = "Option::is_none")]
    too_long: Option<usize>,
    rows: Vec<Row>,
    /// Ids of those without a usable end.
    unspread_ids: Vec<String>,
    /// Weights by day of the week, from Monday, and hour; for steps of an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    hour_of_week: Option<Vec<[f64; 24]>>,
}

#[derive(Debug, Serialize)]
struct Row {
    start: String,
    weight: f64,
}

/// Steps of an answer at most: a century of hours.
const MOST_STEPS: usize = 1_000_000;

const EPOCH: DateTime = date(1970, 1, 1).at(0, 0, 0, 0);
const DAY: i64 = 86_400;

pub(super) fn answer(args: &AoristicArgs) -> Result<Answer, StatsError> {
    let (mut ids, mut spans) = read(args)?;
    let all = spans.len();
    if let Some(cap) = args.cap {
        let longest = i64::from(cap) * DAY;
        let fits = |span: &Span| span.to.is_none_or(|to| to - span.from <= longest);
        let kept: Vec<bool> = spans.iter().map(fits).collect();
        ids = std::iter::zip(ids, &kept)
            .filter_map(|(id, kept)| kept.then_some(id))
            .collect();
        spans.retain(fits);
    }
    let edges = edges(args, &spans)?;
    let seconds: Vec<i64> = edges.iter().copied().map(second).collect();
    let found = if spans.is_empty() {
        None
    } else {
        let found = aoristic(&spans, &seconds);
        Some(found.map_err(|error| StatsError::Statistic(error.into()))?)
    };
    let (weights, unspread) = found.map_or_else(Default::default, |of| (of.weights, of.unspread));
    Ok(Answer {
        step: args.step,
        events: spans.len(),
        unspread: unspread.len(),
        too_long: args.cap.map(|_| all - spans.len()),
        hour_of_week: (args.step == Step::Hour).then(|| by_hour_of_week(&edges, &weights)),
        rows: std::iter::zip(&edges, weights)
            .map(|(start, weight)| Row {
                start: args.step.written(*start),
                weight,
            })
            .collect(),
        unspread_ids: unspread.into_iter().map(|at| ids[at].clone()).collect(),
    })
}

/// Ids and spans in the order of the ids.
fn read(args: &AoristicArgs) -> Result<(Vec<String>, Vec<Span>), StatsError> {
    let csv = Csv::open(&args.events)?;
    let (id, start, end) = (csv.column("id")?, csv.column("start")?, csv.column("end")?);
    let name = csv.name();
    let mut rows: Vec<(String, Span)> = Vec::new();
    csv.each(|row| {
        let from = second(moment(text(row, start)?)?.0);
        let to = match text(row, end)? {
            "" => None,
            text => Some(second(last(text)?)),
        };
        let span = Span { from, to };
        rows.push((text(row, id)?.to_owned(), span));
        Ok(())
    })?;
    if rows.is_empty() {
        return Err(StatsError::File {
            path: name,
            problem: "no rows".to_owned(),
        });
    }
    rows.sort();
    Ok(rows.into_iter().unzip())
}

/// A local time, and whether it is a date alone.
fn moment(text: &str) -> Result<(DateTime, bool), String> {
    if let Ok(date) = text.parse::<Date>()
        && text.len() == 10
    {
        return Ok((date.at(0, 0, 0, 0), true));
    }
    // A zone would shift it to another hour of the week.
    let zoned = text.ends_with(['Z', 'z']) || text.contains('+') || text.contains('[');
    match text.parse::<DateTime>() {
        Ok(time) if !zoned => Ok((time, false)),
        Ok(_) | Err(_) => Err(format!(
            "`{text}` is neither a date nor a local time such as 2024-03-12T22:30"
        )),
    }
}

/// The end of a stretch: of a date alone, the end of the day.
fn last(text: &str) -> Result<DateTime, String> {
    let (time, is_date) = moment(text)?;
    if is_date {
        time.checked_add(1.day()).map_err(|error| error.to_string())
    } else {
        Ok(time)
    }
}

/// Seconds since 1970 on a clock that is never set.
fn second(time: DateTime) -> i64 {
    let days = EPOCH
        .date()
        .until(time.date())
        .map_or(0, |span| i64::from(span.get_days()));
    let clock = time.time();
    days * DAY
        + i64::from(clock.hour()) * 3_600
        + i64::from(clock.minute()) * 60
        + i64::from(clock.second())
}

/// Edges of the steps from the first event to the last.
fn edges(args: &AoristicArgs, spans: &[Span]) -> Result<Vec<DateTime>, StatsError> {
    let usage = |problem: String| StatsError::Usage(problem);
    let Some(first) = spans.iter().map(|span| span.from).min() else {
        return Ok(Vec::new());
    };
    let end = spans
        .iter()
        .map(|span| span.to.unwrap_or(span.from).max(span.from + 1))
        .max();
    let end = end.unwrap_or(first + 1);
    let first = EPOCH
        .checked_add(first.seconds())
        .map_err(|error| usage(error.to_string()))?;
    let mut edges = vec![args.step.start(first)];
    let mut last = edges[0];
    while second(last) < end {
        if edges.len() > MOST_STEPS {
            return Err(usage(format!(
                "more than {MOST_STEPS} steps: take a longer one, or --cap"
            )));
        }
        last = last
            .checked_add(args.step.length())
            .map_err(|error| usage(error.to_string()))?;
        edges.push(last);
    }
    Ok(edges)
}

impl Step {
    /// The beginning of the step that a time is in.
    fn start(self, time: DateTime) -> DateTime {
        let date = time.date();
        match self {
            Self::Hour => date.at(time.hour(), 0, 0, 0),
            Self::Day => date.at(0, 0, 0, 0),
            Self::Week => {
                let since = i64::from(date.weekday().since(Weekday::Monday));
                let monday = date.checked_sub(since.days()).unwrap_or(date);
                monday.at(0, 0, 0, 0)
            }
            Self::Month => date.first_of_month().at(0, 0, 0, 0),
        }
    }

    fn length(self) -> Calendar {
        match self {
            Self::Hour => 1.hour(),
            Self::Day => 1.day(),
            Self::Week => 1.week(),
            Self::Month => 1.month(),
        }
    }

    fn written(self, start: DateTime) -> String {
        match self {
            Self::Hour => start.strftime("%Y-%m-%dT%H:%M").to_string(),
            Self::Day | Self::Week => start.date().to_string(),
            Self::Month => start.strftime("%Y-%m").to_string(),
        }
    }
}

fn by_hour_of_week(edges: &[DateTime], weights: &[f64]) -> Vec<[f64; 24]> {
    let mut week = vec![[0.0; 24]; 7];
    for (start, weight) in std::iter::zip(edges, weights) {
        let day = start.weekday().since(Weekday::Monday).unsigned_abs();
        week[usize::from(day)][usize::from(start.hour().unsigned_abs())] += weight;
    }
    week
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_local_and_dates_are_whole_days() {
        let second_of = |text: &str| second(moment(text).unwrap().0);
        assert_eq!(second_of("1970-01-02"), DAY);
        assert_eq!(second_of("1969-12-31T23:30"), -1_800);
        assert_eq!(second(last("2024-02-28").unwrap()), second_of("2024-02-29"));
        for wrong in [
            "soon",
            "",
            "2024-03-12T22:30Z",
            "2024-03-12T22:30+05:00",
            "12-03-2024",
        ] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn steps_are_civil_and_weeks_begin_on_monday() {
        let time = date(2024, 3, 13).at(22, 30, 0, 0);
        let start = |step: Step| step.written(step.start(time));
        assert_eq!(start(Step::Hour), "2024-03-13T22:00");
        assert_eq!(start(Step::Day), "2024-03-13");
        assert_eq!(start(Step::Week), "2024-03-11");
        assert_eq!(start(Step::Month), "2024-03");
    }
}
