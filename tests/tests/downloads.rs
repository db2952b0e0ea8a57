//! Whole layers as files: names, ranges, validators, and GDAL reading a region of one over HTTP.

use std::fmt::Write as _;
use std::io::Read as _;

use naqsha_tests::server::{Reply, Server};
use naqsha_tests::skip::python;
use serde_json::Value;

/// The links of a collection to its files.
fn enclosures(server: &Server, collection: &str) -> Vec<(String, String)> {
    let document = server.json(&format!("/collections/{collection}"));
    let links = document["links"].as_array().expect("links");
    let text = |link: &Value, name: &str| link[name].as_str().expect("text").to_owned();
    links
        .iter()
        .filter(|link| link["rel"] == "enclosure")
        .map(|link| (text(link, "href"), text(link, "type")))
        .collect()
}

fn part(server: &Server, address: &str, headers: &[(&str, &str)]) -> Reply {
    server.get_with(address, headers)
}

#[test]
fn every_collection_links_to_its_files_and_they_are_there() {
    let server = Server::over_both_samples();
    let version = server
        .get("/collections")
        .header("x-data-version")
        .to_owned();
    for collection in ["counts", "incidents", "flows"] {
        let files = enclosures(&server, collection);
        let endings: Vec<&str> = files
            .iter()
            .filter_map(|(href, _)| href.rsplit('/').next()?.split('?').next()?.split_once('.'))
            .map(|(_, ending)| ending)
            .collect();
        assert_eq!(
            endings,
            [
                "fgb",
                "parquet",
                "arrow",
                "csv.zst",
                "ndjson.zst",
                "pmtiles"
            ]
        );
        for ((href, media), ending) in files.iter().zip(&endings) {
            let reply = server.get(href);
            assert_eq!(reply.status, 200, "{href}");
            assert_eq!(reply.header("content-type"), media, "{href}");
            assert_eq!(
                reply.header("content-disposition"),
                format!("attachment; filename=\"{collection}-v{version}.{ending}\"")
            );
            assert_eq!(reply.header("accept-ranges"), "bytes");
            assert_eq!(reply.header("content-length"), reply.body.len().to_string());
            let head = server.head(href);
            assert_eq!((head.status, head.body.len()), (200, 0));
            for name in ["content-length", "etag", "content-type", "accept-ranges"] {
                assert_eq!(head.header(name), reply.header(name), "{name} of {href}");
            }
            let again = server.get_with(href, &[("if-none-match", reply.header("etag"))]);
            assert_eq!((again.status, again.body.len()), (304, 0));
        }
    }
    assert_eq!(server.get("/downloads/counts.exe").status, 404);
    assert_eq!(server.get("/downloads/counts").status, 404);
    assert_eq!(server.get("/downloads/nothing.fgb").status, 404);
    assert_eq!(
        server.get("/downloads/counts.fgb?colour=red&crs=x").status,
        400
    );
}

#[test]
fn parts_of_a_file_are_its_bytes() {
    let server = Server::over_both_samples();
    let address = "/downloads/counts.fgb";
    let whole = server.get(address);
    let length = whole.body.len();
    let tag = whole.header("etag").to_owned();
    assert!(length > 4_000, "{length} bytes");
    for (range, from, to) in [
        ("bytes=0-99", 0, 100),
        ("bytes=1000-1999", 1_000, 2_000),
        ("bytes=4000-", 4_000, length),
        ("bytes=-123", length - 123, length),
        ("bytes=4000-999999999", 4_000, length),
    ] {
        for headers in [
            vec![("range", range)],
            vec![("range", range), ("if-range", &tag)],
        ] {
            let reply = part(&server, address, &headers);
            assert_eq!(reply.status, 206, "{range}");
            assert_eq!(
                reply.header("content-range"),
                format!("bytes {from}-{}/{length}", to - 1)
            );
            assert_eq!(reply.header("content-length"), (to - from).to_string());
            assert_eq!(reply.header("etag"), tag);
            assert!(reply.body == whole.body[from..to], "{range}");
        }
    }
    let beyond = format!("bytes={length}-");
    let reply = part(&server, address, &[("range", &beyond)]);
    assert_eq!(reply.status, 416);
    assert_eq!(reply.header("content-range"), format!("bytes */{length}"));
    assert_eq!(reply.header("content-type"), "application/problem+json");
    for headers in [
        vec![("range", "bytes=0-9"), ("if-range", "\"another\"")],
        vec![
            ("range", "bytes=0-9"),
            ("if-range", "Sat, 28 Nov 2026 00:00:00 GMT"),
        ],
        vec![("range", "bytes=0-9,20-29")],
        vec![("range", "lines=0-9")],
    ] {
        let reply = part(&server, address, &headers);
        assert_eq!(
            (reply.status, reply.body.len()),
            (200, length),
            "{headers:?}"
        );
    }
    // Never coded: a part of a coded file would be a part of something else.
    let reply = part(
        &server,
        address,
        &[
            ("accept-encoding", "gzip, br, zstd"),
            ("range", "bytes=0-7"),
        ],
    );
    assert_eq!(reply.header("content-encoding"), "");
    assert_eq!(reply.body, b"fgb\x03fgb\x00");
}

#[test]
fn packed_text_is_the_text_of_the_service() {
    let server = Server::over_both_samples();
    for (ending, format) in [("csv.zst", "csv"), ("ndjson.zst", "ndjson")] {
        let packed = server.get(&format!("/downloads/incidents.{ending}")).body;
        let mut text = Vec::new();
        zstd::Decoder::new(&*packed)
            .and_then(|mut decoder| decoder.read_to_end(&mut text))
            .expect("zstd");
        let plain = server
            .get(&format!("/collections/incidents/items?f={format}"))
            .body;
        assert!(
            text == plain,
            "{ending}: {} and {} bytes",
            text.len(),
            plain.len()
        );
    }
}

#[test]
fn gdal_reads_a_region_of_a_file_over_http() {
    let test = "gdal_reads_a_region_of_a_file_over_http";
    let Some(mut python) = python(test, "pyogrio") else {
        return;
    };
    let server = Server::over_both_samples();
    let files = enclosures(&server, "hotspots");
    let (href, _) = files.first().expect("a file");
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("hotspots.fgb");
    std::fs::write(&copy, server.get(href).body).expect("a copy");
    let address = format!("{}/downloads/hotspots.fgb", server.base());
    let output = python
        .args(["oracles/ranges.py", &address, "73.5,31,75,32"])
        .arg(&copy)
        .output()
        .expect("Python starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let told: Value = serde_json::from_slice(&output.stdout).expect("the oracle prints JSON");
    let found = told["ids"].as_array().expect("ids");
    let page = server.json("/collections/hotspots/items?limit=10000&bbox=73.5,31,75,32");
    let features = page["features"].as_array().expect("features");
    let mut expected: Vec<&Value> = features.iter().map(|feature| &feature["id"]).collect();
    expected.sort_by_key(|id| id.as_str());
    assert!(expected.len() > 20);
    assert_eq!(found.iter().collect::<Vec<_>>(), expected);
    let all = server.json("/collections/hotspots/items?limit=1");
    assert_eq!(told["features"], all["numberMatched"]);
}

/// Each tile of an archive is the service's, and what is not in it is empty.
fn same_tiles(server: &Server, question: &str, told: &Value) {
    let tiles = told["tiles"].as_object().expect("tiles");
    assert!(tiles.len() > 30, "{} tiles", tiles.len());
    for (at, digest) in tiles {
        let tile = server.get(&format!("/xyz/counts/{at}.mvt?{question}"));
        let found = ring::digest::digest(&ring::digest::SHA256, &tile.body);
        let mut hex = String::new();
        for byte in found.as_ref() {
            write!(hex, "{byte:02x}").expect("a text takes all");
        }
        assert_eq!(digest.as_str(), Some(hex.as_str()), "{at}");
    }
    // What is not in it is empty: around the area at a zoom whose tiles are few.
    for (x, y) in (13..=18).flat_map(|x| (7..=13).map(move |y| (x, y))) {
        let status = server
            .get(&format!("/xyz/counts/5/{x}/{y}.mvt?{question}"))
            .status;
        let expected = if tiles.contains_key(&format!("5/{x}/{y}")) {
            200
        } else {
            204
        };
        assert_eq!(status, expected, "5/{x}/{y}");
    }
}

/// The archive's tiles are the service's tiles, all of them, as the format's own reader and GDAL see them.
#[test]
fn an_archive_of_tiles_holds_the_tiles_of_the_service() {
    let test = "an_archive_of_tiles_holds_the_tiles_of_the_service";
    let Some(mut python) = python(test, "pmtiles, pyogrio") else {
        return;
    };
    let server = Server::over_both_samples();
    let question = "study_area=west-yorkshire&resolution=7";
    let archive = server.get(&format!("/downloads/counts.pmtiles?{question}"));
    assert_eq!(archive.header("content-crs"), "");
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("counts.pmtiles");
    std::fs::write(&copy, &archive.body).expect("a copy");
    let output = python
        .arg("oracles/pmtiles_of.py")
        .arg(&copy)
        .arg("h3")
        .output()
        .expect("Python starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let told: Value = serde_json::from_slice(&output.stdout).expect("the oracle prints JSON");

    same_tiles(&server, question, &told);
    let document = server.json(&format!("/xyz/counts.json?{question}"));
    assert_eq!(told["zooms"], serde_json::json!([0, document["maxzoom"]]));
    let bounds = told["bounds"].as_array().expect("bounds").iter();
    for (found, expected) in bounds.zip(document["bounds"].as_array().expect("bounds")) {
        let apart = found.as_f64().unwrap_or(f64::NAN) - expected.as_f64().unwrap_or(f64::NAN);
        assert!(apart.abs() < 1e-6, "{found} {expected}");
    }
    assert_eq!(told["metadata"]["vector_layers"], document["vector_layers"]);
    assert_eq!(
        (&told["clustered"], &told["layers"][0]),
        (&true.into(), &"counts".into())
    );
    let all = server.json(&format!("/collections/counts/items?limit=10000&{question}"));
    let cells = all["features"].as_array().expect("features").iter();
    let mut cells: Vec<&Value> = cells.map(|feature| &feature["id"]).collect();
    cells.sort_by_key(|cell| cell.as_str());
    assert_eq!(
        told["values"]
            .as_array()
            .expect("values")
            .iter()
            .collect::<Vec<_>>(),
        cells
    );

    // The country's tiles stop where a zoom has more than a thousand of them.
    let country = server.get("/downloads/counts.pmtiles?category=TF");
    assert_eq!(country.status, 200);
    assert_eq!(country.body.get(..8), Some(b"PMTiles\x03".as_slice()));
    assert_eq!(country.body.get(101), Some(&9), "the last zoom");
    assert_eq!(server.get("/downloads/counts.pmtiles?crs=x").status, 400);
}
