//! The layer `flows` of the real program against the C H3 library and pyproj, in GeoJSON and in a vector tile.

use std::path::Path;

use naqsha_tests::program::run;
use naqsha_tests::skip::python;
use naqsha_tests::statistics::{Scratch, close, number, oracle, text};
use serde_json::Value;

const PROFILE: &str = r#"
profile = "test.routes"
version = "1.0.0"
agency = "ANF"
record_stage = "seizure"
default_category = "DT"
timezone = "Asia/Karachi"
study_area = "pakistan"
[input]
format = "csv"
null_tokens = [""]
[dates]
order = "dmy"
[[field]]
from = ["No"]
to = "source_id"
required = true
[[field]]
from = ["Date"]
to = "reported_at"
transform = "date"
required = true
[[field]]
from = ["Category"]
to = "category"
map = { "DT" = "DT", "HT" = "HT", "ADJ/SM" = "ADJ/SM" }
[[field]]
from = ["From"]
to = "route.origin.district"
transform = "district"
[[field]]
from = ["Border"]
to = "route.origin.border_point"
[[field]]
from = ["To"]
to = "route.destination.district"
transform = "district"
[[field]]
from = ["Country"]
to = "route.destination.country"
[[field]]
from = ["Lon"]
to = "location.lon"
set = { "location.basis" = "seizure" }
[[field]]
from = ["Lat"]
to = "location.lat"
"#;

/// The middle of a line as its own vertices have it: halfway along, for lines that bend little.
fn middle(line: &[Value]) -> [f64; 2] {
    let at = |vertex: &Value| [0, 1].map(|axis| vertex[axis].as_f64().expect("degrees"));
    let points: Vec<[f64; 2]> = line.iter().map(at).collect();
    let half = points.len() / 2;
    if points.len() % 2 == 1 {
        return points[half];
    }
    [0, 1].map(|axis| f64::midpoint(points[half - 1][axis], points[half][axis]))
}

#[test]
fn routes_of_records_make_the_flows_and_lines_of_others() {
    let test = "routes_of_records_make_the_flows_and_lines_of_others";
    let Some(python) = python(test, "h3, pyproj") else {
        return;
    };
    let scratch = Scratch::new();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data");
    let folder = scratch.path("");
    let arguments = [text(&data), text(&folder)];
    let expected = oracle(python, "flows_layer.py", &arguments, &scratch);
    let store = scratch.path("store");
    run(&store, &["init"]);
    std::fs::create_dir_all(store.join("profiles")).expect("a folder");
    std::fs::write(store.join("profiles/test.routes.toml"), PROFILE).expect("a profile");
    let routes = scratch.path("routes.csv");
    let done = run(
        &store,
        &["ingest", "--profile", "test.routes", text(&routes)],
    );
    assert_eq!(done["rejected"], 0, "{done}");
    let out = scratch.path("flows.geojson");
    run(
        &store,
        &[
            "export",
            "flows",
            "--format",
            "geojson",
            "--out",
            text(&out),
        ],
    );
    let written = std::fs::read(&out).expect("an export");
    let written: Value = serde_json::from_slice(&written).expect("GeoJSON");

    let facts = &written["naqsha"];
    assert_eq!(facts["excluded"]["reasons"], expected["reasons"]);
    let features = written["features"].as_array().expect("features");
    let others = expected["features"].as_object().expect("features");
    assert!(features.len() == others.len() && features.len() > 40);
    let mut sum = facts["excluded"]["count"].as_u64().expect("a count");
    for feature in features {
        let (id, of) = (
            feature["id"].as_str().expect("an id"),
            &feature["properties"],
        );
        let other = &others[id];
        for name in ["n", "net", "n_dt", "n_ht", "n_adj"] {
            assert_eq!(of[name], other[name], "{name} of {id}");
        }
        assert_eq!((&of["n_tf"], &of["n_cy"]), (&0.into(), &0.into()));
        let ends =
            [&of["origin_h3"], &of["destination_h3"]].map(|end| end.as_str().expect("a cell"));
        assert_eq!(ends.join("-"), id);
        close(
            number(of, "distance_km"),
            number(other, "distance_km"),
            1e-9,
        );
        line_as(&feature["geometry"], other);
        sum += of["n"].as_u64().expect("a count");
    }
    // Every record with a route is in a flow, or is counted with its reason.
    assert_eq!(sum, expected["matched"].as_u64().expect("a count"));
}

fn line_as(geometry: &Value, other: &Value) {
    assert_eq!(geometry["type"], "LineString");
    let line = geometry["coordinates"].as_array().expect("positions");
    let (first, last) = (&line[0], &line[line.len() - 1]);
    let near = |found: f64, expected: &Value, tolerance: f64| {
        let gap = found - expected.as_f64().expect("degrees");
        assert!(gap.abs() < tolerance, "{geometry} {other}");
    };
    for axis in [0, 1] {
        near(
            first[axis].as_f64().expect("degrees"),
            &other["ends"][0][axis],
            1e-6,
        );
        near(
            last[axis].as_f64().expect("degrees"),
            &other["ends"][1][axis],
            1e-6,
        );
        // Between two vertices 50 km apart a line lies within 100 m of the true one.
        near(middle(line)[axis], &other["middle"][axis], 1e-3);
    }
}
