//! `naqsha stats` of random maps against spdep, the implementation in R; skipped where R or spdep is absent
//! (`cargo xtask test --install-clients` installs both).

use std::path::Path;
use std::process::Command;

use naqsha_tests::skip::r;
use naqsha_tests::statistics::{Scratch, number, stats, text};
use serde_json::Value;

/// Every number of the oracle, of each row or of the whole, is that of the answer. Fields have the same names.
fn same(found: &Value, expected: &Value, what: &str) -> usize {
    let members = expected.as_object().expect("an object");
    let mut compared = 0;
    for (field, other) in members {
        let near = |found: f64, other: &Value, at: &str| {
            let other = other.as_f64().expect("a number");
            let allowed = 1e-9 * other.abs().max(1.0);
            assert!(
                (found - other).abs() <= allowed,
                "{field} of {what}{at}: {found} is not {other}"
            );
        };
        let Some(list) = other.as_array() else {
            near(number(found, field), other, "");
            compared += 1;
            continue;
        };
        let rows = found["rows"].as_array().expect("rows");
        assert_eq!(rows.len(), list.len(), "{what}");
        for (row, other) in rows.iter().zip(list) {
            near(number(row, field), other, &format!(" at {}", row["id"]));
            compared += 1;
        }
    }
    compared
}

/// Runs the script; gives the files that it made and what it computed of them.
fn in_r(mut r: Command, seed: &str, scratch: &Scratch) -> (String, String, Value) {
    let [values, links, expected] =
        ["values.csv", "links.csv", "expected.json"].map(|name| scratch.path(name));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("oracles/spdep_maps.R");
    let run = r
        .arg(script)
        .arg(seed)
        .args([&values, &links, &expected])
        .output()
        .expect("R runs");
    let errors = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{errors}");
    let written = std::fs::read(&expected).expect("the oracle writes");
    let expected = serde_json::from_slice(&written).expect("JSON");
    (text(&values).to_owned(), text(&links).to_owned(), expected)
}

#[test]
fn statistics_of_random_maps_are_those_of_spdep() {
    let test = "statistics_of_random_maps_are_those_of_spdep";
    let scratch = Scratch::new();
    for seed in ["1", "2", "3", "4"] {
        let Some(r) = r(test, "spdep") else {
            return;
        };
        let (values, links, expected) = in_r(r, seed, &scratch);
        let run = |name: &str, column: &str, more: &[&str]| {
            let base = [
                name,
                "--values",
                &values,
                "--column",
                column,
                "--neighbours",
                &links,
            ];
            stats(&[&base, more].concat())
        };
        let few = ["--permutations", "99"];
        let mut compared = 0;
        for column in ["count", "real"] {
            let of = &expected[column];
            let mut check = |name: &str, key: &str, more: &[&str]| {
                let found = run(name, column, more);
                compared += same(&found, &of[key], &format!("{key} of {column}"));
            };
            check("local-moran", "local given", &few);
            check(
                "local-moran",
                "local row",
                &[&few[..], &["--row-standardise"]].concat(),
            );
            check("geary", "geary given", &[]);
            check("geary", "geary row", &["--row-standardise"]);
            check("gi", "gi", &few);
            check("gi", "gi star", &[&few[..], &["--star"]].concat());
            check("general-g", "general-g", &[]);
            check("losh", "losh", &["--row-standardise"]);
            check("moran", "moran given", &few);
            check(
                "moran",
                "moran row",
                &[&few[..], &["--row-standardise"]].concat(),
            );
        }
        let joins = run("join-count", "kind", &[]);
        compared += same(&joins, &expected["joins"], "joins");
        assert!(compared > 2 * 240 * 8, "{compared} numbers");
    }
}
