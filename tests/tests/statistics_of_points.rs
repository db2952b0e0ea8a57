//! `naqsha stats` colocation and kde against `PySAL`, scikit-learn, pyproj and the C H3 library.

use std::fmt::Write as _;

use naqsha_tests::program::naqsha;
use naqsha_tests::skip::python;
use naqsha_tests::statistics::{Scratch, close, number, oracle, refusal, stats, text};
use serde_json::Value;

#[test]
fn quotients_and_densities_of_random_events_are_those_of_others() {
    let test = "quotients_and_densities_of_random_events_are_those_of_others";
    let scratch = Scratch::new();
    for seed in ["1", "2", "3"] {
        let Some(python) = python(test, "h3, libpysal, pandas, pyproj, sklearn") else {
            return;
        };
        let folder = scratch.path("");
        let expected = oracle(
            python,
            "colocation_kde.py",
            &[seed, text(&folder)],
            &scratch,
        );
        let typed = scratch.path("typed.csv");
        let (k, d) = (expected["k"].to_string(), expected["d"].to_string());
        for (name, option, size) in [("knn", "--knn", &k), ("band", "--distance-band", &d)] {
            let found = stats(&["colocation", "--events", text(&typed), option, size]);
            let pairs = found["pairs"].as_array().expect("pairs");
            let others = expected[name].as_array().expect("pairs");
            assert!(pairs.len() == 9 && others.len() == 9);
            for (pair, other) in pairs.iter().zip(others) {
                assert_eq!((&pair["a"], &pair["b"]), (&other["a"], &other["b"]));
                close(number(pair, "clq"), number(other, "clq"), 1e-9);
            }
            // Like lies beside like: that is how the events were made.
            assert!(number(&pairs[0], "p") <= 0.05 && number(&pairs[1], "p") > 0.5);
            assert!(number(&pairs[0], "q") >= number(&pairs[0], "p"));
        }
        density_as(&scratch, &expected);
    }
}

fn density_as(scratch: &Scratch, expected: &Value) {
    let (events, density) = (scratch.path("events.csv"), &expected["density"]);
    let found = stats(&[
        "kde",
        "--events",
        text(&events),
        "--bandwidth",
        &expected["bandwidth"].to_string(),
        "--resolution",
        &expected["resolution"].to_string(),
    ]);
    let rows = found["rows"].as_array().expect("rows");
    let others = density.as_object().expect("cells");
    assert!(rows.len() == others.len() && rows.len() > 50);
    for row in rows {
        let other = number(density, row["cell"].as_str().expect("a cell"));
        // Distances are right to a millionth.
        assert!(
            (number(row, "density_per_km2") - other).abs() <= 1e-6 * (1.0 + other),
            "{row}"
        );
    }
    close(number(&found, "integral"), 60.0, 0.01);
}

#[test]
fn event_order_and_doubled_places_change_nothing() {
    let scratch = Scratch::new();
    let lines = [
        "0,0,b", "0,0,a", "1,0,a", "1,0,b", "5,1,c", "5,2,a", "6,1,c", "0,1,b",
    ];
    let run = |name: &str, lines: &mut dyn Iterator<Item = &&str>, option: [&str; 2]| {
        let rows: Vec<&str> = lines.copied().collect();
        let file = scratch.file(name, &format!("x,y,type\n{}\n", rows.join("\n")));
        stats(&[
            "colocation",
            "--events",
            text(&file),
            option[0],
            option[1],
            "--seed",
            "3",
        ])
    };
    for option in [["--knn", "2"], ["--distance-band", "1.5"]] {
        let plain = run("a.csv", &mut lines.iter(), option);
        assert_eq!(plain, run("b.csv", &mut lines.iter().rev(), option));
        assert_eq!(plain["tested"], 9);
    }
    let (one, two) = (
        scratch.file("one.csv", "lon,lat\n74.3,31.5\n74.31,31.52\n74.3,31.5\n"),
        scratch.file("two.csv", "lat,lon\n31.52,74.31\n31.5,74.3\n31.5,74.3\n"),
    );
    let kde = |file| {
        stats(&[
            "kde",
            "--events",
            text(file),
            "--bandwidth",
            "2000",
            "--resolution",
            "8",
        ])
    };
    assert_eq!(kde(&one), kde(&two));
}

#[test]
fn pairs_without_neighbours_or_events_say_why() {
    let scratch = Scratch::new();
    let file = scratch.file("e.csv", "x,y,type\n0,0,a\n1,0,b\n100,0,c\n");
    let found = stats(&[
        "colocation",
        "--events",
        text(&file),
        "--distance-band",
        "2",
    ]);
    let reason = |a: &str, b: &str| {
        let pairs = found["pairs"].as_array().expect("pairs");
        let pair = pairs.iter().find(|pair| pair["a"] == a && pair["b"] == b);
        pair.expect("the pair")["reason"].clone()
    };
    assert_eq!(reason("a", "a"), "no_denominator");
    assert_eq!(reason("c", "a"), "isolated");
    assert_eq!(reason("a", "b"), Value::Null);
}

#[test]
fn densities_that_cannot_be_computed_are_refused() {
    let scratch = Scratch::new();
    let events = scratch.file("e.csv", "lon,lat\n74.3,31.5\n");
    let refuse = |bandwidth: &str, resolution: &str, word: &str| {
        let (code, message) = refusal(&[
            "kde",
            "--events",
            text(&events),
            "--bandwidth",
            bandwidth,
            "--resolution",
            resolution,
        ]);
        assert!(code == 2 && message.contains(word), "{code}: {message}");
    };
    refuse("90000", "12", "limit");
    refuse("0", "8", "bandwidth");
    refuse("2000", "16", "resolution");
    let swapped = scratch.file("s.csv", "lon,lat\n31.5,174.3\n");
    let (code, message) = refusal(&[
        "kde",
        "--events",
        text(&swapped),
        "--bandwidth",
        "2000",
        "--resolution",
        "8",
    ]);
    assert!(code == 1 && message.contains("out of range"), "{message}");
    let typed = scratch.file("t.csv", "x,y,type\n0,0,a\n");
    let (code, _) = refusal(&["colocation", "--events", text(&typed)]);
    assert_eq!(code, 2);
}

#[test]
fn thread_count_changes_no_digit() {
    let scratch = Scratch::new();
    let (mut events, mut values) = ("lon,lat,t,type\n".to_owned(), "id,x,y,n\n".to_owned());
    let (mut coords, mut cases) = ("id,x,y\n".to_owned(), "id,cases,controls,time\n".to_owned());
    for at in 0_u32..90 {
        let (a, b) = (at * 37 % 90, at * 53 % 90);
        let (x, y) = (f64::from(a) / 10.0, f64::from(b) / 10.0);
        let kind = ["DT", "HT", "TF"][(at * at % 3) as usize];
        writeln!(
            events,
            "{},{},{},{kind}",
            74.0 + x / 50.0,
            31.0 + y / 50.0,
            at * 7 % 40
        )
        .expect("a string");
        writeln!(values, "{at},{x},{y},{}", f64::from(at * 11 % 17) / 3.0).expect("a string");
        writeln!(coords, "{at},{x},{y}").expect("a string");
        writeln!(cases, "{at},{},{},{}", at % 4, 5 + at % 3, at % 30).expect("a string");
    }
    let events = scratch.file("events.csv", &events);
    let values = scratch.file("values.csv", &values);
    let coords = scratch.file("coords.csv", &coords);
    let cases = scratch.file("cases.csv", &cases);
    let (e, v, p, c) = (text(&events), text(&values), text(&coords), text(&cases));
    let band = [
        "--space-bands",
        "0,5000,20000,inf",
        "--time-bands",
        "0,7,inf",
    ];
    let runs: [&[&str]; 6] = [
        &["local-moran", "--values", v, "--column", "n", "--knn", "4"],
        &["knox", "--events", e, band[0], band[1], band[2], band[3]],
        &["scan", "--model", "bernoulli", "--cases", c, "--coords", p],
        &["scan", "--model", "stp", "--cases", c, "--coords", p],
        &["colocation", "--events", e, "--knn", "3"],
        &[
            "kde",
            "--events",
            e,
            "--bandwidth",
            "3000",
            "--resolution",
            "8",
        ],
    ];
    for arguments in runs {
        // Few are enough to divide among threads; a density takes none.
        let few = ["--permutations", "99"];
        let more = if arguments[0] == "kde" {
            &few[..0]
        } else {
            &few
        };
        let run = |threads: &str| {
            let mut command = naqsha();
            command.env("RAYON_NUM_THREADS", threads);
            let output = command
                .arg("stats")
                .args(arguments)
                .args(more)
                .output()
                .expect("it runs");
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{arguments:?}: {errors}");
            output.stdout
        };
        assert_eq!(run("1"), run("4"), "{arguments:?}");
    }
}
