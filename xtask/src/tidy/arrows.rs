//! Which crate may depend on which: the table of ARCHITECTURE.md, as data.

use super::Finding;
use crate::workspace::Package;

/// A crate and all workspace crates that it may depend on. A crate that is not here may depend on any (the developer
/// side), and no crate that is here may depend on it.
const ALLOWED: [(&str, &[&str]); 10] = [
    ("naqsha-model", &[]),
    ("naqsha-record", &["naqsha-model"]),
    ("naqsha-ingest", &["naqsha-model", "naqsha-record"]),
    ("naqsha-store", &["naqsha-model", "naqsha-record"]),
    ("naqsha-analytics", &[]),
    (
        "naqsha-layers",
        &["naqsha-model", "naqsha-store", "naqsha-analytics"],
    ),
    (
        "naqsha-intake",
        &["naqsha-model", "naqsha-ingest", "naqsha-store"],
    ),
    ("naqsha-formats", &["naqsha-model", "naqsha-layers"]),
    (
        "naqsha-http",
        &[
            "naqsha-model",
            "naqsha-ingest",
            "naqsha-store",
            "naqsha-layers",
            "naqsha-intake",
            "naqsha-formats",
        ],
    ),
    (
        "naqsha",
        &[
            "naqsha-model",
            "naqsha-record",
            "naqsha-ingest",
            "naqsha-store",
            "naqsha-analytics",
            "naqsha-layers",
            "naqsha-intake",
            "naqsha-http",
        ],
    ),
];

/// Arrows that the table does not have, and crates of the table that are gone.
pub(super) fn findings(packages: &[Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, allowed) in ALLOWED {
        let Some(package) = packages.iter().find(|package| package.name == name) else {
            findings.push(Finding::error(
                name,
                0,
                "is in the table of crates but not in the workspace",
            ));
            continue;
        };
        for needed in &package.needs {
            if !allowed.contains(&needed.as_str()) {
                let message =
                    format!("must not depend on {needed}: see the table of ARCHITECTURE.md");
                findings.push(Finding::error(name, 0, message));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages(changed: &str, needs: &[&str]) -> Vec<Package> {
        ALLOWED
            .iter()
            .map(|(name, allowed)| {
                let needs = if *name == changed { needs } else { allowed };
                Package {
                    name: (*name).to_owned(),
                    needs: needs.iter().map(|need| (*need).to_owned()).collect(),
                }
            })
            .collect()
    }

    #[test]
    fn the_table_itself_has_no_finding() {
        assert!(findings(&packages("", &[])).is_empty());
    }

    #[test]
    fn an_arrow_against_the_stream_is_found() {
        let found = findings(&packages("naqsha-analytics", &["naqsha-store"]));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].place, "naqsha-analytics");
        assert_eq!(findings(&packages("naqsha-model", &["xtask"])).len(), 1);
    }

    #[test]
    fn a_crate_that_is_gone_is_found() {
        let mut packages = packages("", &[]);
        packages.remove(0);
        assert_eq!(findings(&packages).len(), 1);
    }
}
