//! `naqsha stats` knox and scan against published tables and `SaTScan`'s output.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use naqsha_tests::skip::shared;
use naqsha_tests::statistics::{Scratch, close, number, refusal, stats, text};
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
    let dates = scratch.file(
        "dates.csv",
        "id,cases,time\nc,1,2024-01-01\na,1,2024-01-09\nb,1,2024-01-10\n",
    );
    let dated = stats(&[
        "scan",
        "--model",
        "stp",
        "--cases",
        text(&dates),
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
