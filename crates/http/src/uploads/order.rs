//! What an upload asks for beside its bytes.

use std::collections::BTreeMap;

use naqsha_ingest::{Profile, Settings};
use naqsha_intake::{Options, Synthetic, parse_period};
use naqsha_layers::ParameterError;
use naqsha_model::{Agency, CategorySet, DayRange};
use naqsha_store::Manifest;

use crate::link::query_string;
use crate::problem::Problem;
use crate::request::decoded;

/// What an upload asks for beside its bytes.
#[derive(Debug, Clone, Default)]
pub(super) struct Order {
    pub(super) profile: String,
    pub(super) dry_run: bool,
    pub(super) file_name: String,
    /// Whether its sender was told that it became a job.
    pub(super) is_job: bool,
    revise: bool,
    synthetic: Synthetic,
    agency: Option<Agency>,
    replaces: Option<DayRange>,
    set: BTreeMap<String, String>,
    control_totals: Vec<(CategorySet, String, u64)>,
    rows: Option<u64>,
    /// As asked, sorted: what makes it equal to another.
    pairs: Vec<(String, String)>,
}

/// Parameters that only the ledger's text has.
const FILE_NAME: &str = "file-name";
const IS_JOB: &str = "is-job";

impl Order {
    /// Reads the parameters of a request; every mistake is told.
    pub(super) fn read<'a>(
        pairs: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Problem> {
        let (mut order, mut errors) = (Self::default(), Vec::new());
        for (name, value) in pairs {
            let twice = order.pairs.iter().any(|(known, _)| known == name);
            if twice && name != "control-total" {
                errors.push(ParameterError::new(name, "given more than once"));
            } else if let Err(reason) = order.take(name, value) {
                errors.push(ParameterError::new(name, reason));
            }
            order.pairs.push((name.to_owned(), value.to_owned()));
        }
        if order.profile.is_empty() {
            errors.push(ParameterError::new(
                "profile",
                "is missing: /profiles lists them",
            ));
        }
        if !errors.is_empty() {
            return Err(Problem::parameters(errors));
        }
        order.pairs.sort();
        order
            .control_totals
            .sort_by(|(_, left, _), (_, right, _)| left.cmp(right));
        Ok(order)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "profile" => value.clone_into(&mut self.profile),
            "dry-run" => self.dry_run = truth(value)?,
            "revise" => self.revise = truth(value)?,
            "synthetic" if truth(value)? => self.synthetic = Synthetic::Yes,
            "synthetic" => self.synthetic = Synthetic::No,
            "agency" => self.agency = Some(Agency::new(value).map_err(|error| error.to_string())?),
            "study_area" => {
                self.set.insert(name.to_owned(), value.to_owned());
            }
            "replace" => {
                let period = value.replacen('/', "..", 1);
                self.replaces = Some(parse_period(&period).map_err(|_period| {
                    "is not a period such as 2024-01/2024-03 or 2024-01-05/2024-02-01".to_owned()
                })?);
            }
            "rows" => self.rows = Some(value.parse().map_err(|_int| "is not a number".to_owned())?),
            "control-total" => {
                let total = value.split_once('=').and_then(|(code, n)| {
                    Some((
                        CategorySet::parse(code).ok()?,
                        code.to_owned(),
                        n.parse().ok()?,
                    ))
                });
                let total = total.ok_or_else(|| "is not CATEGORY=N, such as DT=12".to_owned())?;
                if self
                    .control_totals
                    .iter()
                    .any(|(_, code, _)| *code == total.1)
                {
                    return Err(format!("{} is given more than once", total.1));
                }
                self.control_totals.push(total);
            }
            _ => {
                let set = name.strip_prefix("set.").filter(|set| !set.is_empty());
                let set = set.ok_or_else(|| "there is no such parameter here".to_owned())?;
                self.set.insert(set.to_owned(), value.to_owned());
            }
        }
        Ok(())
    }

    /// Whose records the file holds.
    pub(super) fn agency<'a>(&'a self, profile: &'a Profile) -> &'a Agency {
        self.agency.as_ref().unwrap_or_else(|| profile.agency())
    }

    /// What the ledger keeps of it: equal texts ask for the same.
    pub(super) fn text(&self) -> String {
        let mut pairs = self.pairs.clone();
        pairs.push((FILE_NAME.to_owned(), self.file_name.clone()));
        if self.is_job {
            pairs.push((IS_JOB.to_owned(), String::new()));
        }
        query_string(
            pairs
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        )
    }

    /// Reads what the ledger kept.
    pub(super) fn of_text(text: &str) -> Result<Self, Problem> {
        let pairs = decoded(text.trim_start_matches('?'))?;
        let ours = |name: &str| [FILE_NAME, IS_JOB].contains(&name);
        let value = |wanted: &str| pairs.iter().find(|(name, _)| name == wanted);
        let asked = pairs.iter().filter(|(name, _)| !ours(name));
        Ok(Self {
            file_name: value(FILE_NAME)
                .map(|(_, name)| name.clone())
                .unwrap_or_default(),
            is_job: value(IS_JOB).is_some(),
            ..Self::read(asked.map(|(name, value)| (name.as_str(), value.as_str())))?
        })
    }

    /// Adds what is asked to the settings of an ingestion.
    pub(super) fn apply(&self, settings: &mut Settings) {
        settings.set = self.set.clone();
        settings.agency.clone_from(&self.agency);
        settings.stated_rows = self.rows;
        let totals = self.control_totals.iter();
        settings.control_totals = totals.map(|(set, _, n)| (*set, *n)).collect();
    }

    /// What is asked beside the settings; `sender` is the id of their key.
    pub(super) fn options(&self, sender: &str) -> Options {
        let states = self.rows.is_some() || !self.control_totals.is_empty();
        let totals = self.control_totals.iter();
        let manifest = Manifest {
            period: None,
            rows: self.rows,
            control_totals: totals.map(|(_, code, n)| (code.clone(), *n)).collect(),
            uploader: Some(sender.to_owned()),
            approver: None,
        };
        Options {
            file_name: self.file_name.clone(),
            dry_run: self.dry_run,
            revise: self.revise,
            replaces: self.replaces,
            manifest: states.then_some(manifest),
            synthetic: self.synthetic.clone(),
            shown_here: true,
        }
    }
}

fn truth(value: &str) -> Result<bool, String> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("is not one of true, false".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_ledger_keeps_asks_for_the_same() {
        let pairs = [
            ("set.lon", "x & y"),
            ("profile", "open.generic-points"),
            ("replace", "2024-01/2024-03"),
            ("control-total", "DT=2"),
            ("control-total", "ADJ=1"),
            ("revise", "true"),
        ];
        let mut order = Order::read(pairs.into_iter()).unwrap();
        order.file_name = "seizures, 1.csv".to_owned();
        order.is_job = true;
        let again = Order::of_text(&order.text()).unwrap();
        assert_eq!(again.text(), order.text());
        assert_eq!(format!("{again:?}"), format!("{order:?}"));
        let mut turned = pairs;
        turned.reverse();
        let other = Order::read(turned.into_iter()).unwrap();
        assert_eq!(other.pairs, order.pairs, "their order says nothing");
    }

    #[test]
    fn every_mistake_is_told() {
        let pairs = [
            ("dry-run", "yes"),
            ("replace", "now"),
            ("colour", "red"),
            ("rows", "1"),
            ("rows", "2"),
        ];
        let mistakes = Order::read(pairs.into_iter()).unwrap_err().mistakes();
        let of: Vec<&str> = mistakes.iter().map(|e| e.parameter.as_str()).collect();
        assert_eq!(of, ["dry-run", "replace", "colour", "rows", "profile"]);
    }
}
