//! `naqsha stats` knox against published tables.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use naqsha_tests::skip::{python, shared};
use naqsha_tests::statistics::{Scratch, close, number, oracle, refusal, stats, text};
use serde_json::{Value, json};

fn knox(events: &Path, space: &str, time: &str, more: &[&str]) -> Value {
    let base = [
        "knox",
        "--events",
        text(events),
        "--space-bands",
        space,
        "--time-bands",
        time,
        "--seed",
        "1",
    ];
    stats(&[&base, more].concat())
}

#[test]
fn lymphoma_in_uganda_has_the_published_knox_table() {
    let Some(events) = shared(
        "lymphoma_in_uganda_has_the_published_knox_table",
        "reference/burkitt.csv",
    ) else {
        return;
    };
    // libpysal's Burkitt data; table and expectation as pointpats prints them: 20 distance, 5 days, closed bounds.
    let found = knox(&events, "0,20,inf", "0,5,inf", &["--closed"]);
    assert_eq!(found["observed"], json!([[13, 3416], [39, 14110]]));
    let expected = [[10.143_816_1, 3_418.856_18], [41.856_183_9, 14_107.143_8]];
    for (row, expected) in expected.iter().enumerate() {
        for (column, expected) in expected.iter().enumerate() {
            let cell = found["expected"][row][column].as_f64().expect("a number");
            close(cell, *expected, 1e-6);
        }
    }
    // pointpats' p of 99 shuffles is 0.21; one of 999 lies within 4 standard errors of a share of 0.21.
    let p = found["p"][0][0].as_f64().expect("p");
    assert!(
        (p - 0.21).abs() < 0.06 + 4.0 * (0.21_f64 * 0.79 / 99.0).sqrt(),
        "{p}"
    );
    let one = knox(&events, "0,20", "0,5", &["--closed"]);
    assert_eq!(one["statistic"], 13);
    assert_eq!(one["p"][0][0], found["p"][0][0]);
    // Half-open bounds leave out pairs at exactly 20, or 5.
    let open = knox(&events, "0,20", "0,5", &[]);
    assert!(open["statistic"].as_u64().expect("a count") < 13);
}

#[test]
fn burglaries_of_chicago_have_the_published_near_repeat_table() {
    let Some(raw) = shared(
        "burglaries_of_chicago_have_the_published_near_repeat_table",
        "reference/near-repeat-chicago-burglary.csv",
    ) else {
        return;
    };
    let scratch = Scratch::new();
    let raw = std::fs::read_to_string(raw).expect("the file");
    let events = scratch.file("events.csv", &format!("x,y,t\n{raw}"));
    let found = knox(
        &events,
        "0,1,100,200,300,inf",
        "0,7,14,21,inf",
        &["--metric", "manhattan", "--permutations", "199"],
    );
    assert_eq!(found["n"], 970);
    // NearRepeat's example data with the output of the Near Repeat Calculator 1.3.
    assert_eq!(
        found["observed"],
        json!([
            [28, 5, 5, 2],
            [44, 13, 8, 4],
            [97, 56, 19, 16],
            [77, 67, 45, 20],
            [182_194, 146_149, 95_237, 45_879]
        ])
    );
    // It divides by the mean of 20 shuffles, we by the mean of all: 4 standard errors of 26 ± 5, over √20.
    let ratio = found["ratio"][1][0].as_f64().expect("a ratio");
    assert!((ratio - 1.685).abs() < 0.3, "{ratio}");
    assert!(found["p"][1][0].as_f64().expect("p") <= 0.05);
    assert!(found["p"][0][0].as_f64().expect("p") <= 0.05);
}

#[test]
fn event_order_changes_no_digit_of_knox_and_dates_are_days() {
    let scratch = Scratch::new();
    let rows = [
        (0, 0, 1),
        (1, 0, 2),
        (1, 0, 9),
        (5, 5, 3),
        (5, 6, 4),
        (9, 9, 20),
        (0, 1, 8),
        (5, 5, 12),
    ];
    let write = |name: &str, rows: &mut dyn Iterator<Item = &(i32, i32, i32)>, dates: bool| {
        let mut content = "x,y,t\n".to_owned();
        for (x, y, t) in rows {
            if dates {
                writeln!(content, "{x},{y},2024-02-{t:02}").expect("a string");
            } else {
                writeln!(content, "{x},{y},{t}").expect("a string");
            }
        }
        scratch.file(name, &content)
    };
    let run = |path: PathBuf| knox(&path, "0,2,inf", "0,3,inf", &[]);
    let plain = run(write("plain.csv", &mut rows.iter(), false));
    assert_eq!(
        plain,
        run(write("turned.csv", &mut rows.iter().rev(), false))
    );
    assert_eq!(plain, run(write("dates.csv", &mut rows.iter(), true)));
    assert!(plain["p"][0][0].as_f64().expect("p") < 1.0);
    let mixed = scratch.file("mixed.csv", "x,y,t\n0,0,1\n1,1,2024-01-01\n");
    let bands = ["--space-bands", "0,2", "--time-bands", "0,3"];
    let (code, message) = refusal(&[&["knox", "--events", text(&mixed)][..], &bands].concat());
    assert!(code == 2 && message.contains("dates"), "{message}");
    for bad in ["0", "2,1", "-1,2", "0,inf,inf", "0,nan"] {
        let space = format!("--space-bands={bad}");
        let run = [
            "knox",
            "--events",
            text(&mixed),
            &space,
            "--time-bands",
            "0,3",
        ];
        let (code, message) = refusal(&run);
        assert_eq!(code, 2, "{bad}: {message}");
    }
}

#[test]
fn lymphoma_in_uganda_has_the_published_local_counts_and_p() {
    let Some(events) = shared(
        "lymphoma_in_uganda_has_the_published_local_counts_and_p",
        "reference/burkitt.csv",
    ) else {
        return;
    };
    let found = knox(&events, "0,20", "0,5", &["--closed", "--local"]);
    assert_eq!((&found["n"], &found["fdr"]), (&188.into(), &"bh".into()));
    let rows = found["rows"].as_array().expect("rows");
    let near: Vec<&Value> = rows.iter().filter(|row| row["nst"] != 0).collect();
    // pointpats' test_spacetime.py: 26 events have another near in both; the first of them and their p.
    assert_eq!(near.len(), 26);
    let ids: Vec<&Value> = near[..4].iter().map(|row| &row["event"]).collect();
    assert_eq!(ids, [25, 26, 30, 31]);
    for (row, p) in near.iter().zip([0.134_899_3, 0.142_206_63, 0.073_350_85]) {
        close(number(row, "p"), p, 1e-6);
    }
    // Each of the 13 pairs counts at both its ends.
    let pairs: u64 = rows.iter().filter_map(|row| row["nst"].as_u64()).sum();
    assert_eq!(pairs, 26);
}

#[test]
fn local_counts_and_p_are_those_of_scipy() {
    let test = "local_counts_and_p_are_those_of_scipy";
    let scratch = Scratch::new();
    for seed in ["1", "2", "3"] {
        let Some(python) = python(test, "scipy, numpy") else {
            return;
        };
        let folder = scratch.path("");
        let expected = oracle(python, "local_knox.py", &[seed, text(&folder)], &scratch);
        let events = scratch.path("events.csv");
        let edges = ["delta", "tau"].map(|name| format!("0,{}", expected[name]));
        let found = knox(&events, &edges[0], &edges[1], &["--closed", "--local"]);
        let rows = found["rows"].as_array().expect("rows");
        let others = expected["rows"].as_array().expect("rows");
        assert_eq!(
            (rows.len(), found["tested"].as_u64()),
            (others.len(), expected["tested"].as_u64())
        );
        let mut significant = 0;
        for (row, other) in rows.iter().zip(others) {
            assert_eq!(row["id"], other["id"]);
            for name in ["nst", "ns", "nt", "reason"] {
                assert_eq!(row[name], other[name], "{name} of {row}");
            }
            for name in ["p", "q"] {
                match (row[name].as_f64(), other[name].as_f64()) {
                    (Some(found), Some(other)) => close(found, other, 1e-9),
                    (found, other) => assert_eq!(found, other, "{name} of {row}"),
                }
            }
            significant += u32::from(row["q"].as_f64().is_some_and(|q| q <= 0.05));
        }
        assert!(significant >= 5, "a burst was planted: {significant}");
        // Rows of the file in another order: the same answer, byte for byte.
        let lines = std::fs::read_to_string(&events).expect("the file");
        let mut lines: Vec<&str> = lines.lines().collect();
        lines[1..].reverse();
        let turned = scratch.file("turned.csv", &(lines.join("\n") + "\n"));
        let again = knox(&turned, &edges[0], &edges[1], &["--closed", "--local"]);
        assert_eq!(found, again);
    }
    let events = scratch.path("events.csv");
    for bands in [
        ["--space-bands=0,1,2", "--time-bands=0,3"],
        ["--space-bands=0,1", "--time-bands=0,inf"],
    ] {
        let run = [&["knox", "--events", text(&events), "--local"][..], &bands].concat();
        let (code, message) = refusal(&run);
        assert!(code == 2 && message.contains("one band"), "{message}");
    }
}
