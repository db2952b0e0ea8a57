//! A17: whatever stands where the service reads a language of its own or of a standard, the answer comes in time and is no
//! failure, and a refusal says what it refuses.
//!
//! These are properties and no targets of a fuzzer: with the sanitizer the fuzzer needs, all that the service is made of would
//! be compiled once more, Polars among it.

use axum::http::Method;
use proptest::prelude::Strategy;
use proptest::sample::select;
use proptest::{collection::vec, prop_oneof};

use crate::broken::{Language, Tried, as_value, in_address};
use crate::fixture::service;

const LAYERS: [&str; 4] = ["incidents", "hotspots", "counts", "change"];

fn cql2_text() -> Language {
    Language::read(include_str!("languages/cql2_text.txt"))
}

#[test]
fn filters_in_text() {
    let tried = Tried::new(service());
    let strategy = (select(&LAYERS[..]), cql2_text().broken());
    tried.holds(&strategy, |tried, (layer, filter)| {
        let filter = as_value(&filter);
        let address = format!("/collections/{layer}/items?limit=2&filter={filter}");
        tried.ask(&Method::GET, &address, &[], b"").map(drop)
    });
}

#[test]
fn filters_in_json() {
    let language = Language::read(include_str!("languages/cql2_json.txt"));
    let tried = Tried::new(service());
    let strategy = (select(&LAYERS[..]), language.broken(), proptest::bool::ANY);
    let json: (&str, &[u8]) = ("content-type", b"application/json");
    tried.holds(&strategy, |tried, (layer, filter, is_in_body)| {
        let collection = format!("/collections/{layer}");
        let answered = if is_in_body {
            tried.ask(
                &Method::POST,
                &format!("{collection}/search?limit=2"),
                &[json],
                &filter,
            )
        } else {
            let filter = as_value(&filter);
            let address =
                format!("{collection}/items?limit=2&filter-lang=cql2-json&filter={filter}");
            tried.ask(&Method::GET, &address, &[], b"")
        };
        answered.map(drop)
    });
}

/// Parameters of features, times and boxes among them.
const NAMES: [&str; 26] = [
    "bbox",
    "bbox",
    "bbox",
    "datetime",
    "datetime",
    "datetime",
    "bbox-crs",
    "crs",
    "limit",
    "offset",
    "cursor",
    "sortby",
    "properties",
    "skipGeometry",
    "filter-lang",
    "filter-crs",
    "resolution",
    "category",
    "subtype",
    "stage",
    "agency",
    "as_of",
    "study_area",
    "period",
    "f",
    "group_by",
];

fn values() -> Language {
    Language::read(include_str!("languages/parameters.txt"))
}

#[test]
fn boxes_times_and_other_parameters() {
    let tried = Tried::new(service());
    let pair = (
        select(&NAMES[..]),
        values().broken(),
        proptest::bool::weighted(0.8),
    );
    let resource = select(&["items", "aggregate", "changes", "dggs/H3/zones"][..]);
    let strategy = (select(&LAYERS[..]), resource, vec(pair, 1..4));
    tried.holds(&strategy, |tried, (layer, resource, pairs)| {
        let written = pairs.iter().map(|(name, value, is_value)| {
            let value = if *is_value {
                as_value(value)
            } else {
                in_address(value)
            };
            format!("{name}={value}")
        });
        let query = written.collect::<Vec<_>>().join("&");
        let address = format!("/collections/{layer}/{resource}?{query}");
        tried.ask(&Method::GET, &address, &[], b"").map(drop)
    });
}

/// Whatever comes is asked as an address.
fn hold_as_addresses(tried: &Tried, strategy: &impl Strategy<Value = Vec<u8>>) {
    tried.holds(strategy, |tried, address| {
        let address = in_address(&address);
        let address = format!("/{}", address.trim_start_matches('/'));
        tried.ask(&Method::GET, &address, &[], b"").map(drop)
    });
}

#[test]
fn addresses_of_tiles() {
    let language = Language::read(include_str!("languages/tiles.txt"));
    let tried = Tried::new(service());
    let tile = (
        0_u64..40,
        proptest::num::u64::ANY,
        proptest::num::u64::ANY,
        0_u32..64,
    );
    let numbers = tile.prop_map(|(z, x, y, shift)| {
        format!("/xyz/counts/{z}/{}/{}.mvt", x >> shift, y >> shift).into_bytes()
    });
    let strategy = prop_oneof![4 => language.broken(), 1 => numbers];
    hold_as_addresses(&tried, &strategy);
}

#[test]
fn names_and_parts_of_zones() {
    let language = Language::read(include_str!("languages/zones.txt"));
    let tried = Tried::new(service());
    let cell = proptest::num::u64::ANY.prop_map(|bits| {
        // The mode of a cell and a plausible resolution, anything else.
        let cell = (bits & 0x00ff_ffff_ffff_ffff) | 0x0800_0000_0000_0000;
        format!("/collections/counts/dggs/H3/zones/{cell:x}/data").into_bytes()
    });
    let strategy = prop_oneof![4 => language.broken(), 1 => cell];
    hold_as_addresses(&tried, &strategy);
}

#[test]
fn inputs_of_processes() {
    let language = Language::read(include_str!("languages/inputs.txt"));
    let tried = Tried::new(service());
    let json: (&str, &[u8]) = ("content-type", b"application/json");
    tried.holds(&language.broken(), |tried, body| {
        tried
            .ask(&Method::POST, "/processes/counts/execution", &[json], &body)
            .map(drop)
    });
}

const HEADERS: [&str; 8] = [
    "accept",
    "accept-encoding",
    "range",
    "if-range",
    "if-none-match",
    "prefer",
    "content-type",
    "accept-language",
];
const PATHS: [&str; 4] = [
    "/collections/counts/items?limit=2",
    "/downloads/incidents.csv.zst",
    "/downloads/counts.fgb",
    "/",
];

#[test]
fn headers_that_choose_a_format_or_a_part() {
    let language = Language::read(include_str!("languages/headers.txt"));
    let tried = Tried::new(service());
    let header = (select(&HEADERS[..]), language.broken());
    tried.holds(
        &(select(&PATHS[..]), vec(header, 1..4)),
        |tried, (path, headers)| {
            let headers: Vec<(&str, &[u8])> = headers
                .iter()
                .map(|(name, value)| (*name, value.as_slice()))
                .collect();
            tried.ask(&Method::GET, path, &headers, b"").map(drop)
        },
    );
}

const CLAUSES: [&str; 15] = [
    "where",
    "where",
    "geometry",
    "geometryType",
    "outStatistics",
    "time",
    "orderByFields",
    "objectIds",
    "outFields",
    "inSR",
    "outSR",
    "resultOffset",
    "quantizationParameters",
    "groupByFieldsForStatistics",
    "spatialRel",
];

/// The clauses of ArcGIS clients, whose mistakes are told within documents of status 200.
#[test]
fn clauses_and_shapes_of_the_feature_service() {
    let language = Language::read(include_str!("languages/clauses.txt"));
    let tried = Tried::new(service());
    let pair = (select(&CLAUSES[..]), language.broken());
    let strategy = (select(&LAYERS[..]), vec(pair, 1..4));
    tried.holds(&strategy, |tried, (layer, pairs)| {
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{name}={}", as_value(value)))
            .collect();
        let address = format!(
            "/arcgis/rest/services/crime/FeatureServer/{layer}/query?f=json&{}",
            pairs.join("&")
        );
        let Some(reply) = tried.ask(&Method::GET, &address, &[], b"")? else {
            return Ok(());
        };
        let told = reply.json();
        if told["error"].is_object() {
            proptest::prop_assert!(
                told["error"]["code"].is_u64() && told["error"]["message"].is_string(),
                "{}",
                told
            );
            tried.count_refusal();
        }
        Ok(())
    });
}
