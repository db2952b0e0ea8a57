//! `naqsha stats` rates, mann-kendall, emerging, concentration and pai against `PySAL`, pymannkendall and published
//! values.

use std::fmt::Write as _;

use naqsha_tests::skip::{python, shared};
use naqsha_tests::statistics::{Scratch, close, number, oracle, refusal, stats, text};
use serde_json::Value;

fn rows(found: &Value) -> &Vec<Value> {
    found["rows"].as_array().expect("rows")
}

/// Numbers of the rows are those of a list.
fn same(found: &Value, field: &str, expected: &Value, tolerance: f64) {
    let expected = expected.as_array().expect("a list");
    assert!(rows(found).len() == expected.len() && expected.len() > 20);
    for (row, other) in rows(found).iter().zip(expected) {
        let other = other.as_f64().expect("a number");
        assert!(
            (number(row, field) - other).abs() <= tolerance,
            "{field} of {}: {} is not {other}",
            row["id"],
            row[field]
        );
    }
}

#[test]
fn rates_and_trends_of_random_data_are_those_of_others() {
    let test = "rates_and_trends_of_random_data_are_those_of_others";
    let scratch = Scratch::new();
    for seed in ["1", "2", "3"] {
        let Some(python) = python(test, "esda, libpysal, pymannkendall") else {
            return;
        };
        let folder = scratch.path("");
        let expected = oracle(python, "trends.py", &[seed, text(&folder)], &scratch);
        let (table, links) = (scratch.path("rates.csv"), scratch.path("links.csv"));
        for method in ["raw", "eb", "local-eb", "excess"] {
            let base = [
                "rates",
                "--values",
                text(&table),
                "--events",
                "e",
                "--population",
                "b",
            ];
            let mut run = [&base[..], &["--method", method]].concat();
            if method == "local-eb" {
                run.extend(["--neighbours", text(&links)]);
            }
            same(&stats(&run), "value", &expected["rates"][method], 1e-12);
        }
        let series = scratch.path("trend.csv");
        for (name, more) in [("plain", &[][..]), ("hamed_rao", &["--hamed-rao"])] {
            let base = ["mann-kendall", "--values", text(&series), "--column", "v"];
            let found = stats(&[&base[..], more].concat());
            for field in ["s", "var_s", "z", "p", "tau", "slope"] {
                close(number(&found, field), number(&expected[name], field), 1e-9);
            }
        }
        emerging_as(&scratch, &expected["emerging"]);
    }
}

fn emerging_as(scratch: &Scratch, expected: &Value) {
    let (series, links) = (scratch.path("series.csv"), scratch.path("links.csv"));
    let found = stats(&[
        "emerging",
        "--series",
        text(&series),
        "--neighbours",
        text(&links),
    ]);
    assert_eq!(found["null"], "exact");
    same(&found, "trend_z", &expected["trend_z"], 1e-9);
    same(&found, "trend_p", &expected["trend_p"], 1e-9);
    for (row, other) in rows(&found)
        .iter()
        .zip(expected["z_series"].as_array().expect("z"))
    {
        let (z, other) = (
            row["z_series"].as_array().expect("z"),
            other.as_array().expect("z"),
        );
        assert!(z.len() == 12 && other.len() == 12);
        for (z, other) in z.iter().zip(other) {
            assert!((z.as_f64().expect("z") - other.as_f64().expect("z")).abs() < 1e-9);
        }
    }
    // What was made to rise step by step is a hot spot of the last steps; far from it nothing is.
    let hot = usize::try_from(expected["hot"].as_u64().expect("an id")).expect("an id");
    let class = rows(&found)[hot]["class"].as_str().expect("a class");
    assert_eq!(class, "consecutive_hot_spot");
    let calm = rows(&found)
        .iter()
        .filter(|row| row["class"] == "no_pattern");
    assert!(calm.count() > 10);
}

#[test]
fn infant_deaths_of_north_carolina_have_the_published_rates() {
    let test = "infant_deaths_of_north_carolina_have_the_published_rates";
    let Some(values) = shared(test, "reference/sids2.csv") else {
        return;
    };
    // esda's documentation, in the order of its file; ids are the FIPS codes.
    let ids = ["37009", "37005", "37171", "37053", "37131"];
    let published = [
        (
            "eb",
            [
                0.001_697_3,
                0.001_705_4,
                0.001_773_1,
                0.002_012_9,
                0.003_534_9,
            ],
            5e-8,
        ),
        (
            "excess",
            [0.453_433, 0.0, 0.775_871, 0.973_810, 3.133_188_5],
            5e-7,
        ),
    ];
    for (method, expected, tolerance) in published {
        let base = ["rates", "--values", text(&values), "--events", "SID74"];
        let found = stats(&[&base[..], &["--population", "BIR74", "--method", method]].concat());
        for (id, value) in ids.iter().zip(expected) {
            let row = rows(&found)
                .iter()
                .find(|row| row["id"] == *id)
                .expect("the id");
            assert!(
                (number(row, "value") - value).abs() < tolerance,
                "{method} of {row}"
            );
        }
    }
}

#[test]
fn homicides_of_st_louis_have_the_published_local_rates() {
    let test = "homicides_of_st_louis_have_the_published_local_rates";
    let (Some(values), Some(links)) = (
        shared(test, "reference/stl.csv"),
        shared(test, "reference/stl-neighbours.csv"),
    ) else {
        return;
    };
    let found = stats(&[
        "rates",
        "--values",
        text(&values),
        "--events",
        "HC7984",
        "--population",
        "PO7984",
        "--method",
        "local-eb",
        "--neighbours",
        text(&links),
    ]);
    // esda's tests of Spatial_Empirical_Bayes.
    let published = [
        4.014_857_49e-5,
        3.624_375_13e-5,
        4.930_348_44e-5,
        5.093_873_29e-5,
    ];
    for (row, value) in rows(&found).iter().zip(published) {
        close(number(row, "value"), value, 1e-8);
    }
}

#[test]
fn a_place_without_people_has_no_rate() {
    let scratch = Scratch::new();
    let values = scratch.file("v.csv", "id,e,b\na,1,100\nb,3,0\nc,0,50\n");
    for method in ["raw", "eb", "excess"] {
        let base = [
            "rates",
            "--values",
            text(&values),
            "--events",
            "e",
            "--population",
            "b",
        ];
        let found = stats(&[&base[..], &["--method", method]].concat());
        assert!(rows(&found)[1]["value"].is_null());
        assert_eq!(rows(&found)[1]["reason"], "no_denominator");
        assert!(rows(&found)[0]["reason"].is_null());
    }
    let (code, message) = refusal(&[
        "rates",
        "--values",
        text(&values),
        "--events",
        "e",
        "--population",
        "b",
        "--method",
        "local-eb",
    ]);
    assert!(code == 2 && message.contains("--neighbours"), "{message}");
}

#[test]
fn series_with_holes_or_few_steps_are_refused() {
    let scratch = Scratch::new();
    let links = scratch.file("links.csv", "from,to,weight\na,b,1\nb,a,1\n");
    let refuse = |rows: &str, word: &str| {
        let series = scratch.file("s.csv", &format!("id,step,value\n{rows}"));
        let (code, message) = refusal(&[
            "emerging",
            "--series",
            text(&series),
            "--neighbours",
            text(&links),
        ]);
        assert!(code == 2 && message.contains(word), "{code}: {message}");
    };
    let series = |steps: &[u32], skip: Option<(&str, u32)>| -> String {
        let mut rows = String::new();
        for id in ["a", "b"] {
            for step in steps.iter().filter(|step| skip != Some((id, **step))) {
                writeln!(rows, "{id},{step},{}", step % 3).expect("a string");
            }
        }
        rows
    };
    let ten: Vec<u32> = (1..=10).collect();
    refuse(&series(&ten[1..], None), "9 steps");
    refuse(&series(&ten, Some(("b", 7))), "`b` has no step `7`");
    refuse(
        &series(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 11], None),
        "between 9 and 11",
    );
    refuse(&(series(&ten, None) + "a,3,1\n"), "twice");
}

#[test]
fn an_isolated_place_has_no_class_and_real_values_are_sampled() {
    let scratch = Scratch::new();
    let links = scratch.file("links.csv", "from,to,weight\na,b,1\nb,a,1\n");
    let mut text_of = String::from("id,step,value\n");
    for step in 1..=10 {
        for (id, value) in [("a", 0.5), ("b", 1.5), ("c", 4.0)] {
            writeln!(text_of, "{id},{step},{}", value * f64::from(step % 4)).expect("a string");
        }
    }
    let series = scratch.file("s.csv", &text_of);
    let run = |seed: &str| {
        stats(&[
            "emerging",
            "--series",
            text(&series),
            "--neighbours",
            text(&links),
            "--permutations",
            "99",
            "--seed",
            seed,
        ])
    };
    let found = run("1");
    assert_eq!((&found["null"], &found["seed"]), (&"mc".into(), &1.into()));
    assert_eq!(rows(&found)[2]["reason"], "isolated");
    assert!(rows(&found)[2]["class"].is_null() && rows(&found)[2]["z_series"].is_null());
    assert_eq!(found, run("1"));
}

#[test]
fn concentration_runs_from_apart_to_all_in_one_place() {
    let scratch = Scratch::new();
    let run = |values: &str| {
        let file = scratch.file("v.csv", &format!("id,n\n{values}"));
        stats(&["concentration", "--values", text(&file), "--column", "n"])
    };
    let apart = run("a,1\nb,0\nc,1\nd,0\n");
    close(number(&apart, "gini"), 0.5, 1e-12);
    assert!(number(&apart, "generalized_gini").abs() < 1e-12);
    let together = run("a,0\nb,0\nc,4\nd,0\n");
    close(number(&together, "generalized_gini"), 0.75, 1e-12);
    assert_eq!(
        together["lorenz"],
        serde_json::json!([[0.0, 0.0], [0.75, 0.0], [1.0, 1.0]])
    );
    let nothing = run("a,0\nb,0\n");
    assert!(nothing["gini"].is_null());
    assert_eq!(nothing["reason"], "insufficient_variation");
}

#[test]
fn pai_takes_ties_in_parts_and_compares_with_the_best_choice() {
    let scratch = Scratch::new();
    let forecast = scratch.file("f.csv", "id,score,area\nd,1,1\na,5,1\nb,1,1\nc,1,2\n");
    let outcome = scratch.file("o.csv", "id,n\na,2\nb,6\nd,2\n");
    let base = [
        "pai",
        "--forecast",
        text(&forecast),
        "--outcome",
        text(&outcome),
    ];
    let found = stats(&[&base[..], &["--share", "0.4"]].concat());
    close(number(&found, "hit_rate"), 0.4, 1e-12);
    close(number(&found, "pai"), 1.0, 1e-12);
    close(number(&found, "pei"), 0.5, 1e-12);
    assert_eq!(
        found["curve"],
        serde_json::json!([[0.0, 0.0], [0.2, 0.2], [1.0, 1.0]])
    );
    let (code, _) = refusal(&[&base[..], &["--share", "0"]].concat());
    assert_eq!(code, 2);
}
