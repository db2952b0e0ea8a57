//! `naqsha stats` flows and corridors against pandas, esda, networkx and the C H3 library.

use naqsha_tests::skip::python;
use naqsha_tests::statistics::{Scratch, close, number, oracle, refusal, stats, text};
use serde_json::Value;

const MODULES: &str = "esda, h3, libpysal, networkx, pandas, scipy";

fn rows(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

/// The rows as text, in one order.
fn sorted(value: &Value, names: &[&str]) -> Vec<String> {
    let row = |row: &Value| {
        let fields = names.iter().map(|name| match row[name].as_f64() {
            Some(number) => number.to_string(),
            None => row[name].to_string(),
        });
        fields.collect::<Vec<_>>().join(" ")
    };
    let mut lines: Vec<String> = rows(value).iter().map(row).collect();
    lines.sort();
    lines
}

#[test]
fn random_flows_and_ways_are_those_of_others() {
    let test = "random_flows_and_ways_are_those_of_others";
    let scratch = Scratch::new();
    for seed in ["1", "2", "3"] {
        let Some(python) = python(test, MODULES) else {
            return;
        };
        let folder = scratch.path("");
        let expected = oracle(
            python,
            "flows_networkx.py",
            &[seed, text(&folder)],
            &scratch,
        );
        sums_as(&scratch, &expected["plain"], &[]);
        sums_as(&scratch, &expected["parents"], &["--parent", "7"]);
        moran_as(&scratch, &expected);
        ways_as(&scratch, &expected["corridors"]);
    }
}

fn sums_as(scratch: &Scratch, expected: &Value, more: &[&str]) {
    let flows = scratch.path("flows.csv");
    let run =
        |options: &[&str]| stats(&[&["flows", "--flows", text(&flows)], more, options].concat());
    let gross = run(&[]);
    let names = ["from", "to", "n"];
    assert!(rows(&gross["rows"]).len() > 10);
    assert_eq!(
        sorted(&gross["rows"], &names),
        sorted(&expected["rows"], &names)
    );
    for place in rows(&gross["places"]) {
        let id = place["id"].as_str().expect("an id");
        for name in ["sent", "received", "within"] {
            let other = expected[name][id].as_f64().unwrap_or(0.0);
            assert_eq!(place[name], other, "{name} {id}");
        }
    }
    let mut net = run(&["--net"]);
    let all = rows(&net["rows"]).len();
    let list = net["rows"].as_array_mut().expect("rows");
    list.retain(|row| row["n"] != 0.0);
    let names = ["from", "to", "n", "gross"];
    assert_eq!(
        sorted(&net["rows"], &names),
        sorted(&expected["net"], &names)
    );
    let top = run(&["--net", "--top", "5"]);
    let largest: Vec<f64> = rows(&top["rows"])
        .iter()
        .map(|row| number(row, "n"))
        .collect();
    let mut others: Vec<f64> = rows(&expected["net"])
        .iter()
        .map(|row| number(row, "n"))
        .collect();
    others.sort_by(|a, b| b.total_cmp(a));
    assert_eq!(largest, others[..5]);
    assert_eq!(top["left_out"]["rows"], all - 5);
    let rest: f64 = others[5..].iter().sum();
    assert_eq!(top["left_out"]["n"], rest);
}

fn moran_as(scratch: &Scratch, expected: &Value) {
    let (flows, places) = (scratch.path("flows.csv"), scratch.path("places.csv"));
    for (ends, style, more) in [
        ("both", "b", &[][..]),
        ("both", "r", &["--row-standardise"]),
        ("one", "b", &[]),
        ("one", "r", &["--row-standardise"]),
    ] {
        let base = ["flows", "--flows", text(&flows), "--places", text(&places)];
        let found = stats(&[&base[..], &["--h3-ring", "1", "--ends", ends], more].concat());
        let found = &found["moran"];
        assert_eq!(found["pairs"], 19 * 18);
        let other = &expected[format!("moran_{ends}_{style}")];
        for name in ["statistic", "expected", "variance_rand", "z_rand"] {
            close(number(found, name), number(other, name), 1e-9);
        }
        close(number(found, "p_rand"), number(other, "p_rand"), 1e-7);
        // Two estimates of one p: 4 standard errors of 999 shuffles, and the normal law's own error.
        let p = number(other, "p_rand");
        assert!((number(found, "p_perm") - p).abs() < 0.04 + 4.0 * (p / 999.0).sqrt());
    }
}

fn ways_as(scratch: &Scratch, expected: &Value) {
    let costs = scratch.path("costs.csv");
    let end = |name: &str| expected[name].as_str().expect("a cell").to_owned();
    let (from, to) = (end("from"), end("to"));
    let base = ["corridors", "--values", text(&costs), "--column", "cost"];
    let more = [
        "--h3-ring",
        "1",
        "--from",
        &from,
        "--to",
        &to,
        "--paths",
        "40",
    ];
    let found = stats(&[&base[..], &more].concat());
    let (paths, others) = (rows(&found["rows"]), rows(&expected["paths"]));
    assert!(paths.len() == others.len() && !paths.is_empty());
    for (path, other) in paths.iter().zip(others) {
        close(number(path, "cost"), number(other, "cost"), 1e-12);
    }
    // The same cells in another order cost the same: such paths are compared as sets, the dearest ones not, of which there may be more.
    let last = number(&others[others.len() - 1], "cost");
    let cheaper = |list: &[Value]| {
        let kept = list
            .iter()
            .filter(|path| number(path, "cost") < last * (1.0 - 1e-9));
        let mut kept: Vec<String> = kept.map(|path| path["path"].to_string()).collect();
        kept.sort();
        kept
    };
    assert_eq!(cheaper(paths), cheaper(others));
    assert!(cheaper(paths).len() > 20);
}

#[test]
fn the_order_of_the_file_and_repeated_pairs_change_nothing() {
    let scratch = Scratch::new();
    let one = scratch.file(
        "one.csv",
        "from,to,n\na,b,0.1\nb,a,2\na,b,0.7\nc,c,1\na,b,0.2\n",
    );
    let two = scratch.file(
        "two.csv",
        "n,to,from\n1,c,c\n0.2,b,a\n0.7,b,a\n2,a,b\n0.1,b,a\n",
    );
    let run = |file, more: &[&str]| stats(&[&["flows", "--flows", text(file)], more].concat());
    for more in [&[][..], &["--net"], &["--top", "1"]] {
        assert_eq!(run(&one, more), run(&two, more));
    }
    let net = run(&one, &["--net"]);
    assert_eq!(net["rows"][0]["from"], "b");
    close(number(&net["rows"][0], "n"), 1.0, 1e-12);
    assert_eq!(net["within"], 1.0);
}

#[test]
fn what_cannot_be_answered_is_refused_by_name() {
    let scratch = Scratch::new();
    let flows = scratch.file("f.csv", "from,to,n\na,b,1\n");
    let refuse = |arguments: &[&str], code: i32, word: &str| {
        let (found, message) = refusal(arguments);
        assert!(
            found == code && message.contains(word),
            "{found}: {message}"
        );
    };
    let plain = ["flows", "--flows", text(&flows)];
    refuse(
        &[&plain[..], &["--parent", "7"]].concat(),
        1,
        "not an H3 cell",
    );
    refuse(&[&plain[..], &["--parent", "16"]].concat(), 2, "--parent");
    refuse(&[&plain[..], &["--knn", "2"]].concat(), 2, "--places");
    let places = scratch.file("p.csv", "id,x,y\na,0,0\nc,1,1\n");
    let more = ["--places", text(&places), "--knn", "1"];
    refuse(&[&plain[..], &more].concat(), 1, "not an id of the places");
    let negative = scratch.file("n.csv", "from,to,n\na,b,-1\n");
    refuse(&["flows", "--flows", text(&negative)], 1, "negative");
    let costs = scratch.file("v.csv", "id,x,y,c\na,0,0,1\nb,1,0,-2\n");
    let base = [
        "corridors",
        "--values",
        text(&costs),
        "--column",
        "c",
        "--knn",
        "1",
    ];
    let way = |to| [&base[..], &["--from", "a", "--to", to]].concat();
    refuse(&way("z"), 2, "not an id");
    refuse(&way("b"), 1, "`b`");
    refuse(&[&way("b")[..], &["--paths", "101"]].concat(), 2, "limit");
}
