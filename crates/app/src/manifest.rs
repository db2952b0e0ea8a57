//! The manifest of a file: what the bureau states about it, as TOML.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use naqsha_intake::parse_period;
use naqsha_model::{Agency, CategorySet, DayRange};
use serde::Deserialize;

use crate::exit::Usage;

/// The file as it stands; an unknown key is refused.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Toml {
    agency: String,
    period: String,
    profile: String,
    rows: Option<u64>,
    #[serde(default)]
    control_totals: BTreeMap<String, u64>,
    uploader: String,
    approver: Option<String>,
    #[serde(default)]
    nil_return: bool,
}

/// What a bureau states about a file, or about a period without one.
#[derive(Debug, Clone)]
pub(crate) struct Manifest {
    pub(crate) agency: Agency,
    pub(crate) period: DayRange,
    /// Id of the profile.
    pub(crate) profile: String,
    /// Its version, where one is stated.
    pub(crate) version: Option<String>,
    pub(crate) rows: Option<u64>,
    pub(crate) control_totals: Vec<(CategorySet, String, u64)>,
    pub(crate) uploader: String,
    pub(crate) approver: Option<String>,
    /// The period has nothing to report.
    pub(crate) nil_return: bool,
}

/// Reads a manifest.
///
/// # Errors
/// [`Usage`] for what is not a manifest, and where uploader and approver are one person.
pub(crate) fn read(path: &Path) -> anyhow::Result<Manifest> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    parse(&text).with_context(|| path.display().to_string())
}

fn parse(text: &str) -> anyhow::Result<Manifest> {
    let toml: Toml = toml::from_str(text).map_err(|error| Usage(error.to_string()))?;
    let (profile, version) = match toml.profile.split_once('@') {
        Some((profile, version)) => (profile.to_owned(), Some(version.to_owned())),
        None => (toml.profile.clone(), None),
    };
    let total = |(code, stated): (String, u64)| {
        let set = CategorySet::parse(&code).map_err(|error| Usage(error.to_string()))?;
        Ok((set, code, stated))
    };
    let totals = toml.control_totals.into_iter().map(total);
    let control_totals = totals.collect::<Result<Vec<_>, Usage>>()?;
    let same = |approver: &String| approver.trim().eq_ignore_ascii_case(toml.uploader.trim());
    if toml.approver.as_ref().is_some_and(same) {
        return Err(Usage("uploader and approver are the same person".to_owned()).into());
    }
    let states_some = toml.rows.is_some_and(|rows| rows > 0)
        || control_totals.iter().any(|&(_, _, stated)| stated > 0);
    if toml.nil_return && states_some {
        return Err(Usage("a nil return states rows or totals above zero".to_owned()).into());
    }
    Ok(Manifest {
        agency: Agency::new(&toml.agency).map_err(|error| Usage(error.to_string()))?,
        period: parse_period(&toml.period)?,
        profile,
        version,
        rows: toml.rows,
        control_totals,
        uploader: toml.uploader,
        approver: toml.approver,
        nil_return: toml.nil_return,
    })
}

impl Manifest {
    /// What the ledger keeps of it.
    pub(crate) fn record(&self) -> naqsha_store::Manifest {
        let total = |(_, code, stated): &(CategorySet, String, u64)| (code.clone(), *stated);
        naqsha_store::Manifest {
            period: Some(self.period),
            rows: self.rows,
            control_totals: self.control_totals.iter().map(total).collect(),
            uploader: Some(self.uploader.clone()),
            approver: self.approver.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::bool::weighted;
    use proptest::collection::vec;
    use proptest::prelude::{any, prop_assert, proptest};
    use proptest::sample::{Index, select};

    const WHOLE: &str = "agency = \"ANF\"\nperiod = \"2024-01\"\nprofile = \"anf.seizure@1.0.0\"\nrows = 3\n\
                         uploader = \"clerk\"\napprover = \"director\"\n[control_totals]\nDT = 2\nADJ = 1\n";

    #[test]
    fn a_manifest_is_read_whole() {
        let read = parse(WHOLE).unwrap();
        assert_eq!(
            (read.profile.as_str(), read.version.as_deref()),
            ("anf.seizure", Some("1.0.0"))
        );
        assert_eq!(
            (read.rows, read.control_totals.len(), read.nil_return),
            (Some(3), 2, false)
        );
        assert_eq!(read.period.last().date().to_string(), "2024-01-31");
        assert_eq!(
            read.record().control_totals,
            [("ADJ".to_owned(), 1), ("DT".to_owned(), 2)]
        );
    }

    #[test]
    fn what_is_not_a_manifest_is_refused() {
        let with = |from: &str, to: &str| parse(&WHOLE.replace(from, to)).is_err();
        assert!(with("rows = 3", "row = 3"), "an unknown key");
        assert!(with("DT = 2", "XX = 2"), "an unknown category");
        assert!(with("\"director\"", "\"Clerk\""), "one pair of eyes");
        assert!(
            with("rows = 3", "rows = 3\nnil_return = true"),
            "nothing and something"
        );
        assert!(with("2024-01", "January"), "no period");
        assert!(with("uploader = \"clerk\"\n", ""), "nobody sent it");
    }

    proptest! {
        /// Whatever bytes a manifest is of: it is read or refused, and what is read has an agency, days and two persons.
        #[test]
        fn any_text_is_a_manifest_or_refused(
            edits in vec((any::<Index>(), any::<Index>(), select(WORDS)), 0..6),
            any in ".{0,80}",
            is_any in weighted(0.1),
        ) {
            let mut text = if is_any { any } else { WHOLE.to_owned() };
            for (from, to, word) in edits {
                let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
                let (from, to) = (places[from.index(places.len())], places[to.index(places.len())]);
                let to = if from < to && to - from < 12 { to } else { from };
                text.replace_range(from..to, word);
            }
            if let Ok(read) = parse(&text) {
                prop_assert!(!read.agency.as_str().is_empty() && read.period.first() <= read.period.last());
                let same = |of: &String| of.trim().eq_ignore_ascii_case(read.uploader.trim());
                prop_assert!(!read.approver.as_ref().is_some_and(same));
            }
        }
    }

    const WORDS: &[&str] = &[
        "=",
        "\"",
        "\"\"\"",
        "[",
        "]",
        "[[",
        "{",
        "}",
        ".",
        ",",
        "#",
        "\n",
        "'",
        "\\u0000",
        "0",
        "-1",
        "1e9",
        "99999999999999999999",
        "inf",
        "nan",
        "2024-13",
        "2024-02-30",
        "9999-12",
        "-0001-01",
        "2024-01/2023-01",
        "DT",
        "ADJ/OT",
        "TF,DT",
        "@",
        "nil_return = true\n",
        "approver",
        "clerk",
        "[control_totals]\n",
        "\u{0}",
        "\u{202e}",
        "٢٠٢٤",
    ];
}
