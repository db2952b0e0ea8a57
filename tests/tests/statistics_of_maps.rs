//! `naqsha stats` local-moran, losh, general-g, geary and join-count against `PySAL` and published values.

use std::path::Path;

use naqsha_tests::skip::{python, shared};
use naqsha_tests::statistics::{Scratch, close, number, oracle, refusal, stats, text};
use serde_json::Value;

/// The named fields of every row, or of the object, are those of the oracle.
fn same(found: &Value, expected: &Value, fields: &[&str], tolerance: f64) {
    for field in fields {
        let Some(list) = expected[*field].as_array() else {
            close(number(found, field), number(expected, field), tolerance);
            continue;
        };
        let rows = found["rows"].as_array().expect("rows");
        assert!(rows.len() == list.len() && rows.len() > 200);
        for (row, other) in rows.iter().zip(list) {
            let other = other.as_f64().expect("a number");
            assert!(
                (number(row, field) - other).abs() <= tolerance * other.abs().max(1.0),
                "{field} of {}: {} is not {other}",
                row["id"],
                row[*field]
            );
        }
    }
}

#[test]
fn statistics_of_random_maps_are_those_of_esda() {
    let test = "statistics_of_random_maps_are_those_of_esda";
    let scratch = Scratch::new();
    for seed in ["1", "2", "3"] {
        let Some(python) = python(test, "esda, libpysal, h3") else {
            return;
        };
        let values = scratch.path("values.csv");
        let expected = oracle(python, "esda_maps.py", &[seed, text(&values)], &scratch);
        let ring = expected["k"].to_string();
        let run = |name: &str, column: &str, more: &[&str]| {
            let base = [
                name,
                "--values",
                text(&values),
                "--column",
                column,
                "--h3-ring",
                &ring,
            ];
            stats(&[&base, more].concat())
        };
        for column in ["count", "real"] {
            let of = &expected[column];
            for (style, more) in [("given", &[][..]), ("row", &["--row-standardise"])] {
                let few = [more, &["--permutations", "99"]].concat();
                let found = run("local-moran", column, &few);
                let other = &of[format!("local {style}")];
                same(&found, other, &["i", "expected", "variance"], 1e-9);
                let quadrants = other["quadrant"].as_array().expect("quadrants");
                let rows = found["rows"].as_array().expect("rows");
                for (row, other) in rows.iter().zip(quadrants) {
                    // Exactly at the mean a sign is rounding; esda then names a quadrant all the same.
                    if number(row, "i").abs() > 1e-12 {
                        assert_eq!(row["quadrant"], *other, "{row}");
                    }
                }
                let fields = [
                    "statistic",
                    "variance_norm",
                    "variance_rand",
                    "z_norm",
                    "z_rand",
                ];
                let found = run("geary", column, more);
                same(&found, &of[format!("geary {style}")], &fields, 1e-9);
            }
            let fields = ["statistic", "expected", "variance", "z", "p"];
            let found = run("general-g", column, &[]);
            same(&found, &of["general-g"], &fields, 1e-8);
            let found = run("losh", column, &[]);
            same(&found, &of["losh"], &["h", "variance", "p"], 1e-9);
        }
        let fields = ["bb", "ww", "bw", "j", "chi2", "chi2_p"];
        let found = run("join-count", "kind", &[]);
        same(&found, &expected["join-count"], &fields, 1e-9);
    }
}

#[test]
fn uneven_homicides_of_st_louis_have_the_published_losh() {
    let test = "uneven_homicides_of_st_louis_have_the_published_losh";
    let (Some(values), Some(links)) = (
        shared(test, "reference/stl.csv"),
        shared(test, "reference/stl-neighbours.csv"),
    ) else {
        return;
    };
    let base = [
        "--values",
        text(&values),
        "--column",
        "HR8893",
        "--neighbours",
        text(&links),
    ];
    let found = stats(&[&["losh"][..], &base].concat());
    let first = &found["rows"][0];
    assert_eq!(first["id"], "1");
    close(number(first, "h"), 0.776_134_71, 1e-8);
    close(number(first, "p"), 0.228_022_01, 1e-7);
    // The mean of local Moran's I, row-standardised, is the global one.
    let found = stats(
        &[
            &["local-moran"][..],
            &base,
            &["--row-standardise", "--permutations", "99"],
        ]
        .concat(),
    );
    let rows = found["rows"].as_array().expect("rows");
    let sum: f64 = rows.iter().map(|row| number(row, "i")).sum();
    close(
        sum / f64::from(u32::try_from(rows.len()).expect("few rows")),
        0.243_655_826_217_716_6,
        1e-9,
    );
    assert_eq!(found["null"], "mc");
}

/// A row of six places; the island is the seventh.
fn row_of_six(scratch: &Scratch) -> (std::path::PathBuf, std::path::PathBuf) {
    let values = "id,n,k,m\n1,0,1,1\n2,0,1,2\n3,1,0,2\n4,2,0,2\n5,3,0,3\n6,6,1,2\n7,2,1,2\n";
    let links =
        "from,to,weight\n1,2,1\n2,1,1\n2,3,1\n3,2,1\n3,4,1\n4,3,1\n4,5,1\n5,4,1\n5,6,1\n6,5,1\n";
    (
        scratch.file("values.csv", values),
        scratch.file("links.csv", links),
    )
}

fn on(scratch: &Scratch, name: &str, column: &str, more: &[&str]) -> Value {
    let (values, links) = row_of_six(scratch);
    let base = [
        name,
        "--values",
        text(&values),
        "--column",
        column,
        "--neighbours",
        text(&links),
    ];
    stats(&[&base, more].concat())
}

#[test]
fn exact_p_of_local_moran_is_the_law_of_the_neighbours() {
    let scratch = Scratch::new();
    let found = on(&scratch, "local-moran", "n", &[]);
    assert_eq!(
        (&found["null"], &found["tested"]),
        (&"exact".into(), &5.into())
    );
    let rows = found["rows"].as_array().expect("rows");
    // Beside 6 lies 3: of the six other values 0 0 1 2 3 2 one is at least 3.
    close(number(&rows[5], "p_two_sided"), 2.0 / 6.0, 1e-12);
    assert_eq!(rows[5]["quadrant"], "HH");
    // The mean is 2, so the fourth place has I = 0 and neither p nor quadrant; the island has nothing.
    assert_eq!(number(&rows[3], "i").to_bits() << 1, 0);
    assert_eq!(rows[3]["reason"], "insufficient_variation");
    assert!(rows[3]["p_two_sided"].is_null() && rows[3]["quadrant"].is_null());
    assert_eq!(rows[6]["reason"], "isolated");
    assert!(rows[6]["i"].is_null() && rows[6]["q"].is_null());
    // A sample of the same law is near it: 4 standard errors of 9,999 draws, doubled.
    let sampled = on(&scratch, "local-moran", "n", &["--null", "mc"]);
    for (row, other) in rows.iter().zip(sampled["rows"].as_array().expect("rows")) {
        if let Some(p) = row["p_two_sided"].as_f64() {
            assert!((p - number(other, "p_two_sided")).abs() < 0.04);
        }
    }
}

#[test]
fn whole_map_statistics_say_why_they_are_null() {
    let scratch = Scratch::new();
    let (_, links) = row_of_six(&scratch);
    let flat = scratch.file("flat.csv", "id,n\n1,1\n2,1\n3,1\n4,1\n5,1\n6,1\n7,1\n");
    let run = |name: &str| {
        let neighbours = ["--column", "n", "--neighbours", text(&links)];
        stats(&[&[name, "--values", text(&flat)][..], &neighbours].concat())
    };
    for name in ["general-g", "geary"] {
        let found = run(name);
        assert!(found["statistic"].is_null(), "{found}");
        assert_eq!(found["reason"], "insufficient_variation");
    }
    let found = run("join-count");
    close(number(&found, "bb"), 5.0, 1e-12);
    assert!(found["chi2"].is_null() && found["chi2_p"].is_null());
    assert_eq!(found["reason"], "insufficient_variation");
    let found = run("losh");
    assert_eq!(found["rows"][0]["reason"], "insufficient_variation");
    assert_eq!(found["rows"][6]["reason"], "isolated");
}

#[test]
fn values_that_a_statistic_cannot_take_are_refused_by_id() {
    let scratch = Scratch::new();
    let (values, links) = row_of_six(&scratch);
    let refuse = |values: &Path, name: &str, column: &str, more: &[&str]| {
        let base = [
            name,
            "--values",
            text(values),
            "--column",
            column,
            "--neighbours",
            text(&links),
        ];
        refusal(&[&base, more].concat())
    };
    let (code, message) = refuse(&values, "join-count", "n", &[]);
    assert!(code == 1 && message.contains("id `4`"), "{code} {message}");
    let (code, message) = refuse(&values, "local-moran", "absent", &[]);
    assert!(code == 2 && message.contains("absent"), "{code} {message}");
    let (code, _) = refuse(&values, "local-moran", "n", &["--null", "normal"]);
    assert_eq!(code, 2);
    let real = scratch.file("real.csv", "id,n\n1,.5\n2,1\n3,1\n4,1\n5,1\n6,1\n7,-1\n");
    let (code, _) = refuse(&real, "local-moran", "n", &["--null", "exact"]);
    assert_eq!(code, 2);
    let (code, message) = refuse(&real, "general-g", "n", &[]);
    assert!(code == 1 && message.contains("id `7`"), "{code} {message}");
}

#[test]
fn bivariate_joins_are_those_of_esda() {
    use std::fmt::Write as _;
    let scratch = Scratch::new();
    // The lattice of esda's documentation; counts of Join_Counts_Local_BV, tails of `hypergeom` over the other 15 places.
    let z = [0, 1, 0, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1];
    let mut values = "id,x,z\n".to_owned();
    let mut links = "from,to,weight\n".to_owned();
    for (unit, z) in z.iter().enumerate() {
        writeln!(values, "{unit},{},{z}", u8::from(unit >= 8)).expect("a string");
        let (row, column) = (unit / 4, unit % 4);
        for other in 0..16 {
            let (down, across) = (row.abs_diff(other / 4), column.abs_diff(other % 4));
            if down + across == 1 {
                writeln!(links, "{unit},{other},1").expect("a string");
            }
        }
    }
    let values = scratch.file("values.csv", &values);
    let links = scratch.file("links.csv", &links);
    let run = |case: &str| {
        let base = [
            "join-count",
            "--values",
            text(&values),
            "--neighbours",
            text(&links),
        ];
        let columns = ["--column", "x", "--second", "z", "--case", case];
        stats(&[&base[..], &columns].concat())
    };
    let told = |found: &Value, name: &str| -> Vec<Option<f64>> {
        let rows = found["rows"].as_array().expect("rows").iter();
        rows.map(|row| row[name].as_f64()).collect()
    };
    let same = |found: Vec<Option<f64>>, expected: &[(usize, f64)]| {
        for (unit, found) in found.into_iter().enumerate() {
            match (found, expected.iter().find(|(at, _)| *at == unit)) {
                (Some(found), Some((_, other))) => close(found, *other, 1e-12),
                (found, other) => assert!(found.is_none() && other.is_none(), "{unit}"),
            }
        }
    };
    let apart = run("apart");
    assert_eq!((&apart["joins"], &apart["tested"]), (&2.into(), &4.into()));
    same(
        told(&apart, "joins"),
        &[(8, 1.0), (9, 1.0), (12, 0.0), (13, 0.0)],
    );
    let p = [
        (8, 0.815_384_615_384_615_4),
        (9, 0.907_692_307_692_307_7),
        (12, 1.0),
        (13, 1.0),
    ];
    same(told(&apart, "p"), &p);
    let together = run("together");
    same(
        told(&together, "joins"),
        &[(10, 2.0), (11, 2.0), (14, 2.0), (15, 2.0)],
    );
    let p = [
        (10, 0.153_846_153_846_153_83),
        (11, 0.081_318_681_318_681_31),
        (14, 0.081_318_681_318_681_31),
        (15, 0.028_571_428_571_428_57),
    ];
    same(told(&together, "p"), &p);
    let q = 0.108_424_908_424_908_4;
    same(
        told(&together, "q"),
        &[(10, p[0].1), (11, q), (14, q), (15, q)],
    );
}
