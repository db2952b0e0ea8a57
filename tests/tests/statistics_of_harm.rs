//! `naqsha stats harm` against fractions of the published table.

use std::path::Path;

use naqsha_tests::skip::python;
use naqsha_tests::statistics::{Scratch, close, number, oracle, refusal, stats, text};

#[test]
fn harm_of_random_events_is_that_of_fractions() {
    let test = "harm_of_random_events_is_that_of_fractions";
    let scratch = Scratch::new();
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/statutes/harm-1.csv");
    for seed in ["1", "2", "3"] {
        let Some(python) = python(test, "csv, json") else {
            return;
        };
        let events = scratch.path("events.csv");
        let files = [seed, text(&table), text(&events)];
        let expected = oracle(python, "harm_days.py", &files, &scratch);
        let found = stats(&["harm", "--events", text(&events)]);
        assert_eq!(found["edition"], 1);
        for group in ["reported", "proactive"] {
            let (found, expected) = (&found[group], &expected[group]);
            assert_eq!(
                (&found["count"], &found["unweighted"]),
                (&expected["count"], &expected["unweighted"])
            );
            assert!(number(found, "unweighted") > 0.0);
            close(number(found, "days"), number(expected, "days"), 1e-12);
            for rule in ["least", "quarter", "half"] {
                close(
                    number(&found["sensitivity"], rule),
                    number(expected, rule),
                    1e-12,
                );
            }
        }
        let rows = found["rows"].as_array().expect("rows");
        let others = expected["rows"].as_array().expect("rows");
        assert!(
            rows.len() == others.len() && rows.len() > 40,
            "{}",
            rows.len()
        );
        for (row, other) in rows.iter().zip(others) {
            assert_eq!(
                (&row["section"], &row["reported"], &row["proactive"]),
                (&other[0], &other[1], &other[2])
            );
            assert_eq!(
                (&row["days_each"], &row["citation"]),
                (&other[3], &other[4])
            );
            assert_eq!(row["reason"].is_null(), !other[3].is_null());
        }
    }
}

#[test]
fn a_table_of_offences_that_is_wrong_is_refused() {
    let scratch = Scratch::new();
    for (rows, code, said) in [
        (
            "id,section\na,PPC-1860 365-A\na,PPC-1860 365-A\n",
            1,
            "line 3: the id `a` occurs twice",
        ),
        ("id,section,stage\na,PPC-1860 365-A,arrest\n", 1, "line 2"),
        ("id,offence\na,PPC-1860 365-A\n", 2, "no column `section`"),
        ("id,section\n", 1, "no rows"),
    ] {
        let events = scratch.file("events.csv", rows);
        let (exit, message) = refusal(&["harm", "--events", text(&events)]);
        assert!(
            exit == code && message.contains(said),
            "{rows:?}: {exit} {message}"
        );
    }
}
