//! `naqsha stats harm`.

pub(crate) mod sentences;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::Args;
use naqsha_analytics::{Assumption, harm_days};
use naqsha_layers::{Sentences, is_proactive};
use naqsha_model::{DetectionMode, RecordStage};
use serde::Serialize;

use super::StatsError;
use super::table::{Csv, text};

/// Arguments of `stats harm`.
#[derive(Debug, Args)]
pub(super) struct HarmArgs {
    /// CSV with the columns `id` and `section` (such as `CNSA-1997 9(c)`; several, of which the gravest counts, separated by
    /// `|`), and any of `stage` and `detection`, which tell what was found by controls from what was reported.
    #[arg(long, value_name = "E.csv")]
    events: PathBuf,
}

/// The answer: numbers and harm side by side, and what was reported apart from what controls found.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    edition: u32,
    rule: &'static str,
    reported: Group,
    proactive: Group,
    rows: Vec<Row>,
}

const RULE: &str = "the least sentence where one is stated, else a quarter of the greatest; life and death are 25 years of 365 days";

/// Events of one kind of detection.
#[derive(Debug, Default, Serialize)]
struct Group {
    count: u64,
    /// Of them, those whose section has no sentence in the table: they are in no sum of days.
    unweighted: u64,
    days: f64,
    /// What the days were if other numbers stood for the sentences.
    sensitivity: Sensitivity,
}

#[derive(Debug, Default, Serialize)]
struct Sensitivity {
    least: f64,
    quarter: f64,
    half: f64,
}

/// A section, with what it counts and weighs.
#[derive(Debug, Serialize)]
struct Row {
    section: String,
    reported: u64,
    proactive: u64,
    /// Of one offence; null where the table has no sentence.
    days_each: Option<f64>,
    days_reported: Option<f64>,
    days_proactive: Option<f64>,
    citation: Option<String>,
    /// `V` where the years were seen in a published source, `K` where they are to be checked.
    tag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

pub(super) fn answer(args: &HarmArgs) -> Result<Answer, StatsError> {
    let sentences = sentences::embedded();
    let counts = read(args, &sentences)?;
    let (mut reported, mut proactive) = (Group::default(), Group::default());
    let mut rows = Vec::new();
    for (section, [by_report, by_control]) in counts {
        let cited = sentences.find(&section);
        let days = |assumption| cited.map(|cited| harm_days(cited.sentence, assumption));
        for (group, count) in [(&mut reported, by_report), (&mut proactive, by_control)] {
            group.add(count, days);
        }
        let each = days(Assumption::Index);
        rows.push(Row {
            section,
            reported: by_report,
            proactive: by_control,
            days_each: each,
            days_reported: each.map(|each| each * real(by_report)),
            days_proactive: each.map(|each| each * real(by_control)),
            citation: cited.map(|cited| cited.citation.clone()),
            tag: cited.map(|cited| cited.tag.clone()),
            reason: cited.is_none().then_some("no_sentence"),
        });
    }
    Ok(Answer {
        edition: sentences.edition(),
        rule: RULE,
        reported,
        proactive,
        rows,
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn real(count: u64) -> f64 {
    count as f64
}

impl Group {
    fn add(&mut self, count: u64, days: impl Fn(Assumption) -> Option<f64>) {
        self.count += count;
        let all = [
            Assumption::Index,
            Assumption::Least,
            Assumption::Quarter,
            Assumption::Half,
        ];
        let sums = [
            &mut self.days,
            &mut self.sensitivity.least,
            &mut self.sensitivity.quarter,
            &mut self.sensitivity.half,
        ];
        for (assumption, sum) in all.into_iter().zip(sums) {
            *sum += days(assumption).unwrap_or(0.0) * real(count);
        }
        if days(Assumption::Index).is_none() {
            self.unweighted += count;
        }
    }
}

/// Numbers of events by section, as the table has it or as written where the table has none: reported, then proactive.
fn read(args: &HarmArgs, sentences: &Sentences) -> Result<BTreeMap<String, [u64; 2]>, StatsError> {
    let csv = Csv::open(&args.events)?;
    let (id, section) = (csv.column("id")?, csv.column("section")?);
    let (stage, detection) = (csv.find("stage"), csv.find("detection"));
    let name = csv.name();
    let mut seen = BTreeSet::new();
    let mut counts: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    csv.each(|row| {
        let id = text(row, id)?;
        if !seen.insert(id.to_owned()) {
            return Err(format!("the id `{id}` occurs twice"));
        }
        let optional = |column: Option<usize>| column.map_or(Ok(""), |at| text(row, at));
        let proactive = is_found(optional(stage)?, optional(detection)?)?;
        let gravest = gravest(text(row, section)?, sentences);
        counts.entry(gravest).or_default()[usize::from(proactive)] += 1;
        Ok(())
    })?;
    if counts.is_empty() {
        return Err(StatsError::File {
            path: name,
            problem: "no rows".to_owned(),
        });
    }
    Ok(counts)
}

/// Of several sections the one with the most harm, the first of equals; where the table knows none, the first.
fn gravest(text: &str, sentences: &Sentences) -> String {
    let mut gravest: Option<(f64, &str)> = None;
    for cited in text
        .split('|')
        .filter_map(|section| sentences.find(section))
    {
        let days = harm_days(cited.sentence, Assumption::Index);
        if gravest.is_none_or(|(most, _)| days > most) {
            gravest = Some((days, &cited.section));
        }
    }
    let first = text.split('|').next().unwrap_or_default().trim();
    gravest.map_or(first, |(_, section)| section).to_owned()
}

/// Whether controls found it, by the words of a table.
fn is_found(stage: &str, detection: &str) -> Result<bool, String> {
    let detection = match detection {
        "" => DetectionMode::Unknown,
        word => DetectionMode::parse(word).map_err(|error| error.to_string())?,
    };
    let stage = match stage {
        "" => None,
        word => Some(RecordStage::parse(word).map_err(|error| error.to_string())?),
    };
    Ok(is_proactive(stage, detection))
}
