//! `naqsha stats` against numbers that others published or compute: `spData`, `GeoDa` and `PySAL` data sets, esda.

use std::path::{Path, PathBuf};

use naqsha_tests::skip::{python, shared};
use naqsha_tests::statistics::{Scratch, close, number, refusal, stats, text};
use serde_json::Value;

#[test]
fn element_120_of_getis_and_ord_has_the_published_z_at_every_distance() {
    let test = "element_120_of_getis_and_ord_has_the_published_z_at_every_distance";
    let Some(values) = shared(test, "reference/getisord.csv") else {
        return;
    };
    // spdep's documentation; element 120, counted from 1 in file order, which is id order.
    let published = [
        ("30", 1.221_979),
        ("60", 1.748_098),
        ("90", 1.986_135),
        ("120", 1.893_374),
        ("150", 1.237_454),
    ];
    for (distance, z) in published {
        let found = stats(&[
            "gi",
            "--values",
            text(&values),
            "--column",
            "val",
            "--distance-band",
            distance,
        ]);
        let row = &found["rows"][119];
        assert_eq!(row["id"], "120");
        assert!(
            (number(row, "z") - z).abs() < 1e-6,
            "{distance}: {}",
            row["z"]
        );
    }
    let star = stats(&[
        "gi",
        "--values",
        text(&values),
        "--column",
        "val",
        "--distance-band",
        "30",
        "--star",
    ]);
    assert!((number(&star["rows"][119], "z") - 1.450_78).abs() < 5e-6);
    assert_eq!(star["statistic"], "gi_star");
}

#[test]
fn moran_of_published_maps_has_the_published_values() {
    let test = "moran_of_published_maps_has_the_published_values";
    let paths: Option<Vec<PathBuf>> = [
        "stl.csv",
        "stl-neighbours.csv",
        "sids2.csv",
        "sids2-neighbours.csv",
    ]
    .iter()
    .map(|name| shared(test, &format!("reference/{name}")))
    .collect();
    let Some(paths) = paths else { return };
    let run = |values: usize, more: &[&str]| {
        let files = [
            "moran",
            "--values",
            text(&paths[values]),
            "--neighbours",
            text(&paths[values + 1]),
        ];
        stats(
            &[
                &files,
                more,
                &["--row-standardise", "--permutations", "999", "--seed", "1"],
            ]
            .concat(),
        )
    };
    // esda's tests print one-sided p.
    let homicides = run(0, &["--column", "HR8893"]);
    close(
        number(&homicides, "statistic"),
        0.243_655_826_217_716_6,
        1e-9,
    );
    close(
        number(&homicides, "p_norm"),
        2.0 * 1.357_393_138_546_807_9e-4,
        1e-6,
    );
    let deaths = run(2, &["--column", "SIDR74"]);
    close(number(&deaths, "statistic"), 0.247_725_193_204_801_35, 1e-6);
    close(number(&deaths, "p_norm"), 2.0 * 5.791_653_9e-5, 1e-4);
    assert!(number(&deaths, "p_perm") <= 0.02);
    let rates = run(2, &["--column", "SID79", "--rate-base", "BIR79"]);
    close(number(&rates, "statistic"), 0.166_223_435_525_653_95, 1e-9);
    close(number(&rates, "p_norm"), 2.0 * 0.004_191_499_5, 1e-6);
    let both = run(2, &["--column", "SIDR74", "--second", "SIDR79"]);
    close(number(&both, "statistic"), 0.193_626_106_528_746_72, 1e-5);
    let crossed = run(2, &["--column", "NWR79", "--second", "SIDR74"]);
    close(number(&crossed, "statistic"), 0.377_013_825_429_278_6, 1e-5);
    assert!(number(&crossed, "p_perm") <= 0.02 && number(&crossed, "p_rand") < 1e-4);
}

#[test]
fn q_values_of_the_command_are_those_of_scipy_in_input_order() {
    let scratch = Scratch::new();
    let p = scratch.file("p.csv", "p\n0.0459\n0.0001\n\n1\n0.3240\n0.0004\n0.0019\n0.0095\n0.0201\n0.0278\n0.0298\n0.0344\n0.4262\n0.5719\n0.6528\n0.7590\n");
    let found = stats(&["fdr", "--p", text(&p)]);
    close(found["q"][0].as_f64().expect("a q"), 0.0765, 1e-9);
    close(found["q"][1].as_f64().expect("a q"), 0.0015, 1e-9);
    assert_eq!(found["tested"], 15);
    let found = stats(&["fdr", "--p", text(&p), "--method", "by"]);
    close(found["q"][1].as_f64().expect("a q"), 0.004_977_343_4, 1e-7);
}

#[test]
fn statistics_on_a_random_grid_are_those_of_esda() {
    let test = "statistics_on_a_random_grid_are_those_of_esda";
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("oracles/esda_gi.py");
    let scratch = Scratch::new();
    for seed in ["1", "2"] {
        let Some(mut python) = python(test, "esda, libpysal, h3") else {
            return;
        };
        let (values, expected) = (scratch.path("values.csv"), scratch.path("expected.json"));
        let run = python
            .arg(&script)
            .arg(seed)
            .arg(&values)
            .arg(&expected)
            .output()
            .expect("Python runs");
        assert!(
            run.status.success(),
            "{}",
            String::from_utf8_lossy(&run.stderr)
        );
        let expected: Value =
            serde_json::from_slice(&std::fs::read(&expected).expect("the oracle writes"))
                .expect("JSON");
        let ring = expected["k"].to_string();
        for (name, more) in [("gi", vec![]), ("gi_star", vec!["--star"])] {
            let base = [
                "gi",
                "--values",
                text(&values),
                "--column",
                "n",
                "--h3-ring",
                &ring,
            ];
            let found = stats(&[&base[..], &more].concat());
            assert_eq!(found["null"], "exact");
            let (rows, ids) = (
                found["rows"].as_array().expect("rows"),
                expected["ids"].as_array().expect("ids"),
            );
            assert!(rows.len() == ids.len() && rows.len() > 300);
            for (at, row) in rows.iter().enumerate() {
                assert_eq!(row["id"], ids[at]);
                for field in ["statistic", "expected", "z"] {
                    let other = expected[name][field][at].as_f64().expect("a number");
                    assert!(
                        (number(row, field) - other).abs() <= 1e-9,
                        "{name} {field} of {}",
                        ids[at]
                    );
                }
            }
        }
    }
}

/// Values and links as CSV: a chain a-b-c-d and the island e.
fn chain(scratch: &Scratch) -> (PathBuf, PathBuf) {
    let values = scratch.file(
        "values.csv",
        "id,n,r\nd,9,1.5\na,0,0.5\ne,4,2.5\nb,0,0.25\nc,9,4\n",
    );
    let links = "from,to,weight\na,b,1\nb,a,1\nb,c,1\nc,b,1\nc,d,1\nd,c,1\n";
    (values, scratch.file("links.csv", links))
}

#[test]
fn an_island_is_null_with_a_reason_and_stays_among_the_others() {
    let scratch = Scratch::new();
    let (values, links) = chain(&scratch);
    let found = stats(&[
        "gi",
        "--values",
        text(&values),
        "--column",
        "n",
        "--neighbours",
        text(&links),
        "--star",
    ]);
    let rows = found["rows"].as_array().expect("rows");
    let ids: Vec<_> = rows
        .iter()
        .map(|row| row["id"].as_str().expect("an id"))
        .collect();
    assert_eq!(ids, ["a", "b", "c", "d", "e"]);
    let island = &rows[4];
    assert!(
        island["z"].is_null()
            && island["p_upper"].is_null()
            && island["q"].is_null()
            && island["bin"].is_null()
    );
    assert_eq!(
        (&island["reason"], &found["tested"]),
        (&Value::from("isolated"), &Value::from(4))
    );
    // Beside d lies c with 9; of the other four values 0, 0, 9, 4 one is at least 9.
    close(number(&rows[3], "p_upper"), 0.25, 1e-12);
}

#[test]
fn row_order_and_unused_seeds_change_no_digit() {
    let scratch = Scratch::new();
    let (values, links) = chain(&scratch);
    let turned = scratch.file(
        "turned.csv",
        "id,n,r\ne,4,2.5\nc,9,4\nb,0,0.25\na,0,0.5\nd,9,1.5\n",
    );
    for column in ["n", "r"] {
        let run = |values: &Path, more: &[&str]| {
            let base = [
                "gi",
                "--values",
                text(values),
                "--column",
                column,
                "--neighbours",
                text(&links),
            ];
            stats(&[&base, more].concat())
        };
        assert_eq!(run(&values, &[]), run(&turned, &[]));
        if column == "n" {
            assert_eq!(run(&values, &[]), run(&values, &["--seed", "7"]));
        } else {
            assert_ne!(
                run(&values, &["--permutations", "99"]),
                run(&values, &["--permutations", "99", "--seed", "7"])
            );
        }
    }
}

#[test]
fn wrong_arguments_exit_2_and_wrong_files_exit_1() {
    let scratch = Scratch::new();
    let (values, links) = chain(&scratch);
    let (values, links) = (text(&values), text(&links));
    let gi = |more: &[&str]| refusal(&[&["gi", "--values", values], more].concat());
    let usage = [
        gi(&["--column", "n"]),
        gi(&["--column", "n", "--neighbours", links, "--knn", "2"]),
        gi(&["--column", "absent", "--neighbours", links]),
        gi(&["--column", "r", "--neighbours", links, "--null", "exact"]),
        gi(&["--column", "n", "--distance-band", "10"]),
        refusal(&["fdr", "--p", values]),
    ];
    for (code, message) in usage {
        assert_eq!(code, 2, "{message}");
        assert!(!message.is_empty());
    }
    let damaged = |name: &str, content: &str, word: &str| {
        let file = scratch.file(name, content);
        let (code, message) = gi(&["--column", "n", "--neighbours", text(&file)]);
        assert!(code == 1 && message.contains(word), "{code}: {message}");
    };
    damaged("twice.csv", "from,to,weight\na,b,1\na,b,1\n", "twice");
    damaged("negative.csv", "from,to,weight\na,b,-1\n", "negative");
    damaged("unknown.csv", "from,to,weight\na,z,1\n", "`z`");
    damaged("self.csv", "from,to,weight\na,a,1\n", "itself");
    damaged("words.csv", "from,to,weight\na,b,heavy\n", "heavy");
    let (code, message) = gi(&["--column", "n", "--h3-ring", "1"]);
    assert!(code == 1 && message.contains("H3"), "{message}");
    let empty = scratch.file("empty.csv", "id,n\n");
    let (code, _) = refusal(&[
        "gi",
        "--values",
        text(&empty),
        "--column",
        "n",
        "--neighbours",
        links,
    ]);
    assert_eq!(code, 1);
}

#[test]
fn a_constant_column_is_null_with_a_reason() {
    let scratch = Scratch::new();
    let values = scratch.file("flat.csv", "id,n\na,1\nb,1\nc,1\nd,1\ne,1\n");
    let (_, links) = chain(&scratch);
    let base = [
        "--values",
        text(&values),
        "--column",
        "n",
        "--neighbours",
        text(&links),
    ];
    let found = stats(&[&["moran"][..], &base].concat());
    assert!(found["statistic"].is_null() && found["p_perm"].is_null());
    assert_eq!(found["reason"], "insufficient_variation");
    let found = stats(&[&["gi"][..], &base].concat());
    assert_eq!(
        (&found["rows"][0]["reason"], &found["tested"]),
        (&"insufficient_variation".into(), &0.into())
    );
}
