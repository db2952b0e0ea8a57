//! Every format of an answer says the same: the same rows, the same numbers, the same shapes, by the readers of others
//! (GDAL, pyarrow, geopandas, Python's own).

use std::path::Path;
use std::process::Command;

use naqsha_tests::server::Server;
use naqsha_tests::skip::python;
use serde_json::Value;

const MODULES: &str = "geopandas, pyarrow, pyogrio, pyproj, shapely";
const ENDINGS: [&str; 7] = [
    "geojson",
    "geojsonseq",
    "ndjson",
    "csv",
    "fgb",
    "arrow",
    "parquet",
];

/// What the readers say of the files of a name in a folder.
fn read(mut python: Command, folder: &Path, name: &str, crs: &str) -> Value {
    let output = python
        .arg("oracles/formats.py")
        .arg(folder)
        .args([name, crs])
        .output()
        .expect("Python starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {told}");
    serde_json::from_slice(&output.stdout).expect("the oracle prints JSON")
}

/// Writes a question's answer in every format as the service gives it; all of it must be on one page of GeoJSON.
fn fetch(server: &Server, folder: &Path, collection: &str, question: &str) {
    for ending in ENDINGS {
        let address = format!("/collections/{collection}/items?limit=10000&f={ending}{question}");
        let reply = server.get(&address);
        assert_eq!(reply.status, 200, "{address}");
        std::fs::write(folder.join(format!("{collection}.{ending}")), reply.body).expect("a file");
    }
}

/// Writes it as `export` does.
fn export(server: &Server, folder: &Path, layer: &str, params: &[&str]) {
    for ending in ENDINGS {
        let out = folder.join(format!("{layer}.{ending}"));
        let out = out.to_str().expect("a UTF-8 path");
        let mut args = vec!["export", layer, "--format", ending, "--out", out];
        args.extend(params.iter().flat_map(|param| ["--param", param]));
        let said = server.beside(&args);
        assert!(said["features"].as_u64() > Some(1), "{said}");
    }
}

#[test]
fn every_format_over_http_says_the_same() {
    let test = "every_format_over_http_says_the_same";
    let server = Server::over_both_samples();
    let asked = [
        ("hotspots", "&resolution=5&category=DT", "OGC:CRS84", 1_000),
        ("counts", "&category=CY", "OGC:CRS84", 20),
        ("incidents", "&category=DT", "OGC:CRS84", 300),
        ("flows", "", "OGC:CRS84", 100),
        // Nothing: of an answer without rows every format is whole all the same.
        ("flows", "&resolution=4", "OGC:CRS84", 0),
        ("emerging", "&resolution=4&period=month", "OGC:CRS84", 200),
        (
            "hotspots",
            "&resolution=4&crs=http://www.opengis.net/def/crs/EPSG/0/32642",
            "EPSG:32642",
            200,
        ),
        (
            "incidents",
            "&category=CY&crs=http://www.opengis.net/def/crs/EPSG/0/4326",
            "EPSG:4326",
            100,
        ),
        (
            "flows",
            "&crs=http://www.opengis.net/def/crs/EPSG/0/3857",
            "EPSG:3857",
            100,
        ),
    ];
    for (collection, question, crs, least) in asked {
        let Some(python) = python(test, MODULES) else {
            return;
        };
        let folder = tempfile::tempdir().expect("a folder");
        fetch(&server, folder.path(), collection, question);
        let told = read(python, folder.path(), collection, crs);
        assert!(told["rows"].as_u64() >= Some(least), "{collection}: {told}");
        if collection == "incidents" {
            assert!(
                told["nulls"].as_u64() > Some(0),
                "records without a place: {told}"
            );
            assert_eq!(told["types"]["first_day"], "date32[day]");
            assert_eq!(told["types"]["uncertainty_m"], "double");
        }
        if collection == "hotspots" {
            assert_eq!(told["types"]["n"], "int64");
            assert_eq!(told["types"]["edge"], "bool");
            assert_eq!(told["types"]["h3"], "string");
        }
    }
}

#[test]
fn every_format_of_an_export_says_the_same() {
    let test = "every_format_of_an_export_says_the_same";
    let server = Server::over_both_samples();
    let utm = "crs=EPSG:32643";
    let asked: [(&str, &[&str], &str); 3] = [
        // The operator's own: exact points, and records without a place.
        ("incidents", &["category=DT,TF,HT"], "OGC:CRS84"),
        ("incidents", &["category=CY", utm], "EPSG:32643"),
        ("clusters", &["resolution=4"], "OGC:CRS84"),
    ];
    for (layer, params, crs) in asked {
        let Some(python) = python(test, MODULES) else {
            return;
        };
        let folder = tempfile::tempdir().expect("a folder");
        export(&server, folder.path(), layer, params);
        let told = read(python, folder.path(), layer, crs);
        assert!(told["rows"].as_u64() > Some(100), "{layer}: {told}");
    }
}

#[test]
fn a_file_from_the_command_and_one_from_the_service_are_the_same_bytes() {
    let server = Server::over_both_samples();
    let folder = tempfile::tempdir().expect("a folder");
    for ending in ENDINGS {
        let out = folder.path().join(ending);
        let out_text = out.to_str().expect("a UTF-8 path");
        server.beside(&[
            "export",
            "clusters",
            "--as",
            "analyst",
            "--param",
            "resolution=4",
            "--format",
            ending,
            "--out",
            out_text,
        ]);
        let exported = std::fs::read(&out).expect("the export");
        let address = format!("/collections/clusters/items?resolution=4&limit=10000&f={ending}");
        let mut answered = server.get(&address).body;
        if ending == "geojson" {
            // A collection of the service has its links.
            let mut page: Value = serde_json::from_slice(&answered).expect("JSON");
            page["links"] = Value::Array(Vec::new());
            let exported: Value = serde_json::from_slice(&exported).expect("JSON");
            assert_eq!(page, exported);
            answered.clone_from(&std::fs::read(&out).expect("the export"));
        }
        assert!(
            answered == exported,
            "{ending}: {} and {} bytes",
            answered.len(),
            exported.len()
        );
    }
}

#[test]
fn rows_of_any_number_come_in_one_answer_where_the_format_has_rows_one_after_another() {
    let server = Server::over_both_samples();
    let matched = server.json("/collections/incidents/items?limit=1")["numberMatched"]
        .as_u64()
        .expect("a number");
    assert!(matched > 10_000, "{matched} are more than a page");
    for (question, rows) in [
        ("", matched),
        ("&limit=99999999", matched),
        ("&limit=12345", 12_345),
        ("&limit=7", 7),
    ] {
        let reply = server.get(&format!("/collections/incidents/items?f=ndjson{question}"));
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("ogc-numbermatched"), matched.to_string());
        let lines: Vec<&[u8]> = reply.body.split(|byte| *byte == b'\n').collect();
        assert_eq!(lines.len() as u64, rows + 1, "{question}");
        let next = reply.header("link");
        assert_eq!(
            next.contains("rel=\"next\""),
            rows < matched,
            "{question}: {next}"
        );
        let mut ids: Vec<&[u8]> = lines.iter().filter_map(|line| line.get(..55)).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len() as u64, rows, "each once");
    }
    // The rest of a cut answer is where its link leads.
    let first = server.get("/collections/incidents/items?f=ndjson&limit=12345");
    let next = first
        .header("link")
        .split(['<', '>'])
        .nth(1)
        .expect("an address")
        .to_owned();
    let second = server.get(&next);
    let whole = server.get("/collections/incidents/items?f=ndjson");
    let joined = [first.body, second.body].concat();
    assert!(whole.body.starts_with(&joined) && joined.len() > first_line(&whole.body));
    // A page of GeoJSON has its maximum.
    let page = server.json("/collections/incidents/items?limit=99999999");
    assert_eq!(page["numberReturned"], 10_000);
}

fn first_line(body: &[u8]) -> usize {
    body.iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or_default()
}
