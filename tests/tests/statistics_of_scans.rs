//! `naqsha stats` scan against `SaTScan`'s output.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use naqsha_tests::skip::shared;
use naqsha_tests::statistics::{Scratch, close, number, refusal, stats, text};
use serde_json::{Value, json};

/// A file of columns without a header, as CSV with one.
fn with_header(
    scratch: &Scratch,
    path: &Path,
    name: &str,
    header: &str,
    order: &[usize],
) -> PathBuf {
    let mut content = format!("{header}\n");
    for line in std::fs::read_to_string(path).expect("the file").lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let row: Vec<&str> = order.iter().map(|at| fields[*at]).collect();
        writeln!(content, "{}", row.join(",")).expect("a string");
    }
    scratch.file(name, &content)
}

fn ids(cluster: &Value) -> Vec<u32> {
    let list = cluster["ids"].as_array().expect("ids");
    let id = |id: &Value| id.as_str().expect("an id").parse().expect("a number");
    list.iter().map(id).collect()
}

#[test]
fn leukaemia_of_upstate_new_york_has_the_clusters_of_satscan() {
    let test = "leukaemia_of_upstate_new_york_has_the_clusters_of_satscan";
    let read = |name: &str| shared(test, &format!("reference/satscan-ny-leukaemia/{name}.txt"));
    let (Some(cases), Some(coords), Some(population)) =
        (read("cases"), read("coords"), read("population"))
    else {
        return;
    };
    let scratch = Scratch::new();
    let cases = with_header(&scratch, &cases, "cases.csv", "id,cases", &[0, 1]);
    let coords = with_header(&scratch, &coords, "coords.csv", "id,x,y", &[0, 1, 2]);
    let population = with_header(&scratch, &population, "pop.csv", "id,population", &[0, 2]);
    let run = |seed: &str| {
        stats(&[
            "scan",
            "--model",
            "poisson",
            "--cases",
            text(&cases),
            "--coords",
            text(&coords),
            "--population",
            text(&population),
            "--max-share",
            "0.5",
            "--seed",
            seed,
        ])
    };
    let found = run("1");
    assert_eq!(
        (&found["cases"], &found["places"]),
        (&552.into(), &281.into())
    );
    // SaTScan 9.6, degrees taken for a plane.
    let first = &found["clusters"][0];
    close(number(first, "llr"), 14.083_511, 1e-7);
    assert_eq!((ids(first).len(), ids(first)[0]), (28, 52));
    assert_eq!(first["observed"], 100);
    assert!((number(first, "expected") - 58.28).abs() < 0.005);
    assert!((number(first, "relative_risk") - 1.87).abs() < 0.005);
    // The least p of 999 maps; SaTScan's of 99,999 maps or Gumbel's law is 0.00015.
    assert!(number(first, "p") <= 0.002, "{first}");
    let gumbel = number(first, "p_gumbel");
    assert!((0.000_05..0.000_45).contains(&gumbel), "{gumbel}");
    let second = &found["clusters"][1];
    close(number(second, "llr"), 9.019_716, 1e-7);
    let mut places = ids(second);
    places.sort_unstable();
    assert_eq!(places, [84, 85, 86, 87, 88, 89, 90, 92]);
    assert_eq!(second["observed"], 38);
    assert!((number(second, "expected") - 17.79).abs() < 0.005);
    // 4 standard errors of 999 maps around SaTScan's .016.
    assert!((number(second, "p") - 0.016).abs() < 0.016, "{second}");
    assert!(first["start"].is_null() && first["recurrence_interval"].is_null());
    let clusters = found["clusters"].as_array().expect("clusters");
    let mut all: Vec<u32> = clusters.iter().flat_map(ids).collect();
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count);
    let other = run("2");
    assert_eq!(other["clusters"][0]["llr"], first["llr"]);
}

#[test]
fn a_prospective_permutation_scan_has_the_ratios_of_satscan() {
    let test = "a_prospective_permutation_scan_has_the_ratios_of_satscan";
    let read = |name: &str| shared(test, &format!("reference/satscan-stp/{name}"));
    let (Some(cases), Some(coords)) = (read("test1.cas"), read("test1.geo")) else {
        return;
    };
    let scratch = Scratch::new();
    let cases = with_header(&scratch, &cases, "cases.csv", "id,cases,time", &[0, 1, 2]);
    let coords = with_header(&scratch, &coords, "coords.csv", "id,x,y", &[0, 1, 2]);
    let found = stats(&[
        "scan",
        "--model",
        "stp",
        "--cases",
        text(&cases),
        "--coords",
        text(&coords),
        "--prospective",
        "--period",
        "0,1000",
        "--seed",
        "1",
    ]);
    assert_eq!(found["cases"], 100);
    let clusters = found["clusters"].as_array().expect("clusters");
    assert!(!clusters.is_empty());
    for cluster in clusters {
        let (c, e) = (number(cluster, "observed"), number(cluster, "expected"));
        let llr = c * (c / e).ln() + (100.0 - c) * ((100.0 - c) / (100.0 - e)).ln();
        close(number(cluster, "llr"), llr, 1e-9);
        assert!(c >= 2.0 && c > e);
        assert_eq!(cluster["end"], 1000);
        let start = cluster["start"].as_i64().expect("a time");
        assert!((501..=1000).contains(&start));
        close(
            number(cluster, "recurrence_interval"),
            1.0 / number(cluster, "p"),
            1e-12,
        );
    }
    // SaTScan 9.4.4's second cluster is one place alone, so that no ties of distance matter.
    let alone = clusters
        .iter()
        .find(|cluster| ids(cluster) == [10])
        .expect("place 10");
    assert_eq!(
        (&alone["observed"], &alone["start"]),
        (&4.into(), &962.into())
    );
    assert!((number(alone, "expected") - 0.96).abs() < 1e-9);
    assert!((number(alone, "llr") - 2.715_606).abs() < 1e-6);
    assert!((number(alone, "p") - 0.581).abs() < 0.13, "{alone}");
}

#[test]
fn the_scan_of_open_cp_has_its_ratio() {
    // open-cp (Artistic-2.0), stscan2_test: three cases, the last two together.
    let scratch = Scratch::new();
    let coords = scratch.file("coords.csv", "id,x,y\na,0,0\nb,10,0\nc,100,0\n");
    let cases = scratch.file("cases.csv", "id,cases,time\nc,1,1\na,1,9\nb,1,10\n");
    let run = |more: &[&str]| {
        let base = [
            "scan",
            "--model",
            "stp",
            "--cases",
            text(&cases),
            "--coords",
            text(&coords),
            "--max-share",
            "0.7",
        ];
        stats(&[&base, more].concat())
    };
    let found = run(&["--prospective"]);
    let first = &found["clusters"][0];
    assert_eq!(first["ids"].as_array().map(Vec::len), Some(2));
    // 2 ln(2/(4/3)) + 1 ln(1/(5/3)) = 0.3001045924, as open-cp has it.
    close(number(first, "llr"), 0.300_104_592_4, 1e-9);
    assert_eq!((&first["start"], &first["end"]), (&9.into(), &10.into()));
    let calendar = scratch.file(
        "dates.csv",
        "id,cases,time\nc,1,2024-01-01\na,1,2024-01-09\nb,1,2024-01-10\n",
    );
    let dated = stats(&[
        "scan",
        "--model",
        "stp",
        "--cases",
        text(&calendar),
        "--coords",
        text(&coords),
        "--max-share",
        "0.7",
        "--prospective",
        "--period",
        "2024-01-01,2024-01-10",
    ]);
    assert_eq!(dated["clusters"][0]["start"], "2024-01-09");
    assert_eq!(dated["clusters"][0]["llr"], first["llr"]);
}

#[test]
fn bernoulli_compares_with_controls() {
    let scratch = Scratch::new();
    let coords = scratch.file(
        "coords.csv",
        "id,lon,lat\na,74.3,31.5\nb,74.31,31.5\nc,74.6,31.5\nd,74.7,31.5\n",
    );
    let cases = scratch.file(
        "cases.csv",
        "id,cases,controls\na,9,1\nb,8,2\nc,2,8\nd,1,9\n",
    );
    let found = stats(&[
        "scan",
        "--model",
        "bernoulli",
        "--cases",
        text(&cases),
        "--coords",
        text(&coords),
    ]);
    let first = &found["clusters"][0];
    assert_eq!(first["ids"], json!(["a", "b"]));
    let log = |c: f64, n: f64| c * (c / n).ln() + (n - c) * ((n - c) / n).ln();
    close(
        number(first, "llr"),
        log(17.0, 20.0) + log(3.0, 20.0) - log(20.0, 40.0),
        1e-9,
    );
    close(number(first, "expected"), 10.0, 1e-12);
    // Along the ellipsoid, in metres: a hundredth of a degree of longitude at 31.5° north.
    assert!((number(first, "radius") - 949.9).abs() < 1.0, "{first}");
}

#[test]
fn scans_that_cannot_be_made_are_refused() {
    let scratch = Scratch::new();
    let coords = scratch.file("coords.csv", "id,x,y\na,0,0\nb,1,0\n");
    let cases = scratch.file("cases.csv", "id,cases,time\na,3,5\nb,1,50\n");
    let nobody = scratch.file("pop.csv", "id,population\na,0\nb,10\n");
    let one = scratch.file("one.csv", "id,population\nb,10\n");
    let refuse = |model: &str, more: &[&str], code: i32, word: &str| {
        let base = [
            "scan",
            "--model",
            model,
            "--cases",
            text(&cases),
            "--coords",
            text(&coords),
        ];
        let (found, message) = refusal(&[&base, more].concat());
        assert!(
            found == code && message.contains(word),
            "{found}: {message}"
        );
    };
    refuse("poisson", &[], 2, "--population");
    refuse("stp", &["--population", text(&nobody)], 2, "--population");
    refuse("poisson", &["--population", text(&nobody)], 1, "id `a`");
    refuse("poisson", &["--population", text(&one)], 1, "id `a`");
    refuse(
        "poisson",
        &["--population", text(&nobody), "--prospective"],
        2,
        "--prospective",
    );
    refuse("stp", &["--period", "0,20"], 2, "--period");
    refuse("stp", &["--period", "60,0"], 2, "--period");
    refuse("stp", &["--max-share", "0"], 2, "--max-share");
    refuse("bernoulli", &[], 2, "controls");
}
