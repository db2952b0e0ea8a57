//! `naqsha stats forecast` against brute force in Python: `SciPy`'s likelihoods and scores, pyproj's distances, the C H3 library.

use naqsha_tests::program::naqsha;
use naqsha_tests::skip::python;
use naqsha_tests::statistics::{Scratch, close, number, oracle, refusal, stats, text};
use serde_json::Value;

const TEST: &str = "simulated_events_are_expected_and_judged_as_by_others";

fn run(scratch: &Scratch, model: &str, more: &[&str]) -> Value {
    let (events, cells) = (scratch.path("events.csv"), scratch.path("cells.csv"));
    let base = [
        "forecast",
        "--events",
        text(&events),
        "--cells",
        text(&cells),
    ];
    let model = ["--model", model, "--resolution", "8"];
    stats(&[&base[..], &model, more].concat())
}

#[test]
fn simulated_events_are_expected_and_judged_as_by_others() {
    let scratch = Scratch::new();
    for seed in ["1", "2"] {
        let Some(python) = python(TEST, "h3, pyproj, scipy") else {
            return;
        };
        let folder = scratch.path("");
        let expected = oracle(
            python,
            "forecast_scipy.py",
            &[seed, text(&folder)],
            &scratch,
        );
        for model in ["naive", "prospective", "kde"] {
            let judge = ["--evaluate", "--folds", "6", "--share", "0.1"];
            let more = [&judge[..], &["--bandwidth", "2500"]].concat();
            let found = run(&scratch, model, &more);
            // Densities rest on distances that are right to a millionth.
            let tolerance = if model == "kde" { 2e-5 } else { 1e-9 };
            rows_as(&found, &expected[model]["rows"], tolerance);
            let scores = &found["evaluation"]["model"];
            for name in [
                "hit_rate",
                "pai",
                "pei",
                "rri",
                "crps",
                "log_score",
                "brier",
            ] {
                close(
                    number(scores, name),
                    number(&expected[model]["scores"], name),
                    tolerance,
                );
            }
            let naive = &found["evaluation"]["naive"];
            close(
                number(naive, "crps"),
                number(&expected["naive"]["scores"], "crps"),
                1e-9,
            );
            let better = number(scores, "log_score") < number(naive, "log_score");
            assert_eq!(found["evaluation"]["beats_naive"], better);
        }
        self_exciting_as(&scratch, &expected);
    }
}

fn rows_as(found: &Value, others: &Value, tolerance: f64) {
    let rows = found["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), others.as_object().expect("cells").len());
    let mut sum = 0.0;
    for row in rows {
        let other = number(others, row["cell"].as_str().expect("a cell"));
        close(number(row, "expected"), other, tolerance);
        sum += other;
    }
    close(number(found, "expected"), sum, tolerance);
}

/// The likelihood's maximum is where `SciPy` finds it: the height to 1e-6, its place as flat as a maximum is.
fn self_exciting_as(scratch: &Scratch, expected: &Value) {
    let found = run(scratch, "self-exciting", &[]);
    let (fit, other) = (&found["fit"], &expected["fit"]);
    assert_eq!(fit["pairs"], other["pairs"]);
    let gap = number(fit, "log_likelihood") - number(other, "log_likelihood");
    assert!(gap.abs() < 1e-4, "{fit} {other}");
    for name in [
        "background_per_day",
        "offspring",
        "decay_per_day",
        "sigma_m",
    ] {
        close(number(fit, name), number(other, name), 2e-3);
    }
    // Masses of cells are sums over finer ones, here over others than there: a hundredth of the largest.
    let cells = expected["self-exciting"].as_object().expect("cells");
    let largest = cells.values().filter_map(Value::as_f64).fold(0.0, f64::max);
    for row in found["rows"].as_array().expect("rows") {
        let other = number(
            &expected["self-exciting"],
            row["cell"].as_str().expect("a cell"),
        );
        let gap = number(row, "expected") - other;
        assert!(gap.abs() < 0.02 * largest, "{row} {other}");
    }
    let sum: f64 = cells.values().filter_map(Value::as_f64).sum();
    close(number(&found, "expected"), sum, 2e-3);
}

#[test]
fn dates_count_as_days_and_the_order_of_the_file_changes_nothing() {
    let scratch = Scratch::new();
    let lines = [
        "74.35,31.55,2024-03-01",
        "74.35,31.55,2024-03-08",
        "74.38,31.52,2024-03-03",
        "74.36,31.55,2024-03-14",
    ];
    let file = |name: &str, lines: &[&str]| {
        scratch.file(name, &format!("lon,lat,t\n{}\n", lines.join("\n")))
    };
    let one = file("one.csv", &lines);
    let two = file("two.csv", &[lines[2], lines[3], lines[1], lines[0]]);
    let run = |file, threads: &str, model: &str| {
        let mut command = naqsha();
        command.env("RAYON_NUM_THREADS", threads);
        let base = [
            "stats",
            "forecast",
            "--events",
            text(file),
            "--resolution",
            "8",
        ];
        let output = command.args(base).args(["--model", model]).output();
        let output = output.expect("it runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        output.stdout
    };
    for model in ["naive", "prospective", "kde", "self-exciting"] {
        let first = run(&one, "1", model);
        assert_eq!(first, run(&two, "4", model), "{model}");
        let found: Value = serde_json::from_slice(&first).expect("JSON");
        assert_eq!(
            (&found["from"], &found["to"]),
            (&"2024-03-01".into(), &"2024-03-15".into())
        );
        assert_eq!(found["learned_from"], 4);
    }
}

#[test]
fn forecasts_that_cannot_be_made_are_refused() {
    let scratch = Scratch::new();
    let events = scratch.file("e.csv", "lon,lat,t\n74.3,31.5,1\n74.3,31.5,9\n");
    let refuse = |more: &[&str], code: i32, word: &str| {
        let base = [
            "forecast",
            "--events",
            text(&events),
            "--model",
            "self-exciting",
        ];
        let (found, message) = refusal(&[&base[..], more].concat());
        assert!(
            found == code && message.contains(word),
            "{found}: {message}"
        );
    };
    refuse(&["--resolution", "16"], 2, "--resolution");
    refuse(&["--resolution", "8", "--bandwidth", "20000"], 2, "20000");
    refuse(
        &["--resolution", "8", "--evaluate", "--folds", "2"],
        2,
        "folds",
    );
    refuse(
        &["--resolution", "8", "--evaluate", "--share", "0"],
        2,
        "share",
    );
    let cells = scratch.file("c.csv", "id\n8742d0000ffffff\n");
    refuse(&["--resolution", "8", "--cells", text(&cells)], 1, "c.csv");
    let elsewhere = scratch.file("o.csv", "id\n883d8d7a2bfffff\n");
    refuse(
        &["--resolution", "8", "--cells", text(&elsewhere)],
        1,
        "to learn from",
    );
}
