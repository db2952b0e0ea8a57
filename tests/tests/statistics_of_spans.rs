//! `naqsha stats aoristic` against fractions.

use naqsha_tests::skip::python;
use naqsha_tests::statistics::{Scratch, number, oracle, refusal, stats, text};
use serde_json::{Value, json};

fn same(found: &Value, expected: &Value) {
    let rows = found["rows"].as_array().expect("rows");
    let others = expected["rows"].as_array().expect("rows");
    assert!(
        rows.len() == others.len() && rows.len() > 1,
        "{} and {}",
        rows.len(),
        others.len()
    );
    for (row, other) in rows.iter().zip(others) {
        assert_eq!(row["start"], other[0]);
        let weight = other[1].as_f64().expect("a number");
        assert!(
            (number(row, "weight") - weight).abs() < 1e-9,
            "{row} is not {other}"
        );
    }
    assert_eq!(found["unspread_ids"], expected["unspread"]);
    let total: f64 = rows.iter().map(|row| number(row, "weight")).sum();
    assert!((total - number(found, "events")).abs() < 1e-9);
}

#[test]
fn weights_of_random_spans_are_those_of_fractions() {
    let test = "weights_of_random_spans_are_those_of_fractions";
    let scratch = Scratch::new();
    for seed in ["1", "2"] {
        let Some(python) = python(test, "csv, json") else {
            return;
        };
        let events = scratch.path("events.csv");
        let expected = oracle(
            python,
            "aoristic_weights.py",
            &[seed, text(&events)],
            &scratch,
        );
        for step in ["hour", "day", "week", "month"] {
            let found = stats(&["aoristic", "--events", text(&events), "--step", step]);
            same(&found, &expected[step]);
            assert_eq!(
                (&found["events"], &found["unspread"]),
                (&json!(400), &json!(100))
            );
            assert_eq!(found["hour_of_week"].is_array(), step == "hour");
        }
        let found = stats(&["aoristic", "--events", text(&events), "--step", "hour"]);
        for day in 0..7 {
            for hour in 0..24 {
                let weight = found["hour_of_week"][day][hour].as_f64().expect("a number");
                let other = expected["hour"]["week"][day][hour]
                    .as_f64()
                    .expect("a number");
                assert!((weight - other).abs() < 1e-9, "day {day}, hour {hour}");
            }
        }
        let base = ["aoristic", "--events", text(&events), "--step", "day"];
        let capped = stats(&[&base[..], &["--cap", "6"]].concat());
        same(&capped, &expected["capped"]);
        assert_eq!(capped["too_long"], expected["capped"]["too_long"]);
        assert!(number(&capped, "too_long") > 20.0);
    }
}

#[test]
fn a_table_of_spans_that_is_wrong_is_refused() {
    let scratch = Scratch::new();
    for (rows, code, said) in [
        (
            "id,start,end\na,2024-03-12T22:00Z,\n",
            1,
            "line 2: `2024-03-12T22:00Z` is neither",
        ),
        ("id,start,end\na,12-03-2024,\n", 1, "line 2"),
        ("id,start\na,2024-03-12\n", 2, "no column `end`"),
        ("id,start,end\n", 1, "no rows"),
        (
            "id,start,end\na,1700-01-01,1900-01-01\n",
            2,
            "more than 1000000 steps",
        ),
    ] {
        let events = scratch.file("events.csv", rows);
        let (exit, message) = refusal(&["aoristic", "--events", text(&events), "--step", "hour"]);
        assert!(
            exit == code && message.contains(said),
            "{rows:?}: {exit} {message}"
        );
    }
}
