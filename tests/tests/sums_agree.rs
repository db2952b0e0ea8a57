//! One number in every form: features, tiles, aggregates, zones and ArcGIS's features of one question add up to the same, whatever is told
//! apart, and with what is left out to all the records that match.

use std::collections::{BTreeMap, BTreeSet};

use h3o::{CellIndex, Resolution};
use naqsha_tests::server::Server;
use serde_json::Value;

/// Questions of both samples: all, a category, a stretch of time, a register, both agencies' duplicates once, few cells.
const QUESTIONS: [&str; 7] = [
    "",
    "&category=DT,HT",
    "&datetime=2024-01-01/2024-06-30",
    "&stage=fir",
    "&deduplicated=true",
    "&study_area=west-yorkshire",
    "&study_area=west-yorkshire&subtype=OT&datetime=2018-07-01/2018-07-31",
];
/// What is told apart; each must come to the same sum.
const GROUPS: [&str; 9] = [
    "",
    "h3",
    "category",
    "subtype",
    "stage,agency",
    "basis",
    "period",
    "h3,category,period",
    "period,subtype,agency,stage,basis",
];

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a whole number")
}

/// Numbers of features by cell, all pages, and the member `naqsha`.
fn items(server: &Server, asked: &str) -> (BTreeMap<String, u64>, Value) {
    let mut cells = BTreeMap::new();
    let mut next = Some(format!("/collections/counts/items?limit=10000{asked}"));
    let mut told = Value::Null;
    while let Some(address) = next {
        let page = server.json(&address);
        for feature in page["features"].as_array().expect("features") {
            let id = feature["id"].as_str().expect("an id").to_owned();
            assert!(
                cells
                    .insert(id, number(&feature["properties"]["n"]))
                    .is_none()
            );
        }
        told = page["naqsha"].clone();
        let links = page["links"].as_array().expect("links");
        let link = links.iter().find(|link| link["rel"] == "next");
        next = link
            .and_then(|link| link["href"].as_str())
            .map(str::to_owned);
    }
    (cells, told)
}

/// Numbers of the features of all tiles of a zoom that hold a study area, each cell once.
fn tiles(server: &Server, asked: &str, area: &str) -> BTreeMap<String, u64> {
    // Columns and rows at zoom 5 that cover the area with some around it.
    let (columns, rows) = if area == "west-yorkshire" {
        (15..=16, 9..=10)
    } else {
        (20..=23, 11..=14)
    };
    let mut cells = BTreeMap::new();
    for (x, y) in columns.flat_map(|x| rows.clone().map(move |y| (x, y))) {
        let asked = asked.trim_start_matches('&');
        let reply = server.get(&format!("/xyz/counts/5/{x}/{y}.geojson?{asked}"));
        if reply.status == 204 {
            continue;
        }
        for feature in reply.json()["features"].as_array().expect("features") {
            let id = feature["id"].as_str().expect("an id").to_owned();
            cells.insert(id, number(&feature["properties"]["n"]));
        }
    }
    cells
}

/// Numbers of features of the ArcGIS facade by cell, all its pages.
fn features_of_arcgis(server: &Server, asked: &str) -> BTreeMap<String, u64> {
    let query = "/arcgis/rest/services/crime/FeatureServer/counts/query?where=1%3D1&outFields=h3,n&returnGeometry=false&f=json";
    let counted = server.json(&format!("{query}&returnCountOnly=true{asked}"));
    let counted = number(&counted["count"]);
    let mut cells = BTreeMap::new();
    loop {
        let page = server.json(&format!("{query}&resultOffset={}{asked}", cells.len()));
        for feature in page["features"].as_array().expect("features") {
            let of = &feature["attributes"];
            let cell = of["h3"].as_str().expect("a cell").to_owned();
            assert!(cells.insert(cell, number(&of["n"])).is_none());
        }
        if page["exceededTransferLimit"] != true {
            break;
        }
    }
    assert_eq!(counted, cells.len() as u64, "{asked}");
    cells
}

/// The sum of values at a depth below every zone of a level that has one of the study area below it; of each zone, what is
/// counted and what is not are all its records.
fn zones(server: &Server, asked: &str, (level, depth): (Resolution, u8)) -> u64 {
    let dggrs = "/collections/counts/dggs/H3";
    let below = u8::from(level) + depth;
    let list = format!("{dggrs}/zones?zone-level={below}&compact-zones=false{asked}");
    let list = server.json(&list);
    let ids = list["zones"].as_array().expect("zones").iter();
    let cells = ids.map(|id| id.as_str().expect("an id").parse().expect("a cell"));
    let above: BTreeSet<CellIndex> = cells
        .filter_map(|cell: CellIndex| cell.parent(level))
        .collect();
    let mut sum = 0;
    for zone in above {
        let data = server.json(&format!(
            "{dggrs}/zones/{zone}/data?zone-depth={depth}{asked}"
        ));
        let values = data["values"]["n"][0]["data"].as_array().expect("values");
        let counted = values.iter().filter_map(Value::as_u64).sum::<u64>();
        let told = &data["naqsha"]["depths"][0];
        assert_eq!(
            counted + number(&told["excluded"]["count"]),
            number(&told["records"])
        );
        sum += counted;
    }
    sum
}

#[test]
fn features_tiles_aggregates_zones_and_the_facade_add_up_to_the_same() {
    let server = Server::over_both_samples();
    let mut compared = 0;
    for question in QUESTIONS {
        let area = if question.contains("west-yorkshire") {
            "west-yorkshire"
        } else {
            "pakistan"
        };
        let asked = format!("{question}&resolution=5");
        let (cells, told) = items(&server, &asked);
        let sum: u64 = cells.values().sum();
        let excluded = number(&told["excluded"]["count"]);
        assert!(sum > 0, "{question}");
        for group_by in GROUPS {
            let address = format!("/collections/counts/aggregate?group_by={group_by}{asked}");
            let address = if group_by.is_empty() {
                address.replace("group_by=&", "")
            } else {
                address
            };
            let found = server.json(&address);
            let rows = found["rows"].as_array().expect("rows");
            let of_rows: u64 = rows.iter().map(|row| number(&row["n"])).sum();
            assert_eq!((of_rows, number(&found["n"])), (sum, sum), "{address}");
            assert_eq!(found["naqsha"]["excluded"], told["excluded"], "{address}");
            assert_eq!(
                found["naqsha"]["study_area"], told["study_area"],
                "{address}"
            );
            if group_by == "h3" {
                let row = |row: &Value| {
                    (
                        row["h3"].as_str().expect("a cell").to_owned(),
                        number(&row["n"]),
                    )
                };
                assert_eq!(rows.iter().map(row).collect::<BTreeMap<_, _>>(), cells);
            }
            compared += 1;
        }
        assert_eq!(tiles(&server, &asked, area), cells, "tiles of {question}");
        assert_eq!(
            features_of_arcgis(&server, &asked),
            cells,
            "features for ArcGIS of {question}"
        );
        of_zones(&server, question, (&cells, sum), area);
        // Everything that matches is on the map or is said not to be.
        let records = question.replace("&study_area=west-yorkshire", "");
        let all = server.json(&format!("/collections/incidents/items?limit=1{records}"));
        assert_eq!(sum + excluded, number(&all["numberMatched"]), "{question}");
        of_records(&server, &records, number(&all["numberMatched"]));
    }
    assert_eq!(compared, QUESTIONS.len() * GROUPS.len());
}

/// The list of zones that hold records, and the values below coarser ones.
fn of_zones(server: &Server, asked: &str, of: (&BTreeMap<String, u64>, u64), area: &str) {
    let (cells, sum) = of;
    let list = "/collections/counts/dggs/H3/zones?zone-level=5&n_min=1&compact-zones=false";
    let listed = server.json(&format!("{list}{asked}"));
    let listed = listed["zones"].as_array().expect("zones").iter();
    let listed: Vec<&str> = listed.filter_map(Value::as_str).collect();
    let expected: Vec<&str> = cells.keys().map(String::as_str).collect();
    assert_eq!(listed, expected, "{asked}");
    assert_eq!(zones(server, asked, (Resolution::Three, 2)), sum, "{asked}");
    if area == "west-yorkshire" {
        assert_eq!(zones(server, asked, (Resolution::Five, 0)), sum, "{asked}");
    }
}

/// Aggregates of the records themselves are all of them, or those in cells and those that are in none.
fn of_records(server: &Server, asked: &str, matched: u64) {
    for group_by in GROUPS.into_iter().filter(|group_by| !group_by.is_empty()) {
        let address = format!("/collections/incidents/aggregate?group_by={group_by}{asked}");
        let found = server.json(&address);
        let in_cells = group_by.contains("h3");
        let excluded = number(&found["naqsha"]["excluded"]["count"]);
        assert_eq!(number(&found["n"]) + excluded, matched, "{address}");
        assert_eq!(excluded > 0, in_cells, "{address}");
    }
}

#[test]
fn a_box_and_a_least_count_cut_aggregates_as_they_cut_features() {
    let server = Server::over_both_samples();
    for cut in [
        "&bbox=74,31,75,32",
        "&n_min=3",
        "&bbox=60,20,80,40&n_min=2",
        "&bbox=-1.6,53.7,-1.4,53.9&study_area=west-yorkshire",
    ] {
        let asked = format!("{cut}&resolution=6");
        let (cells, _) = items(&server, &asked);
        let sum: u64 = cells.values().sum();
        assert!(sum > 0, "{cut}");
        for group_by in ["h3", "category", "period,agency"] {
            let found = server.json(&format!(
                "/collections/counts/aggregate?group_by={group_by}{asked}"
            ));
            assert_eq!(number(&found["n"]), sum, "{cut} by {group_by}");
        }
        if !cut.contains("n_min") && !cut.contains("study_area") {
            let all = server.json(&format!("/collections/incidents/items?limit=1{cut}"));
            let found = server.json(&format!(
                "/collections/incidents/aggregate?group_by=category{cut}"
            ));
            assert_eq!(found["n"], all["numberMatched"], "{cut}");
        }
    }
}

#[test]
fn rows_say_what_was_told_apart_in_json_and_in_csv() {
    let server = Server::over_both_samples();
    let asked = "/collections/counts/aggregate?group_by=period,category,subtype&period=quarter&resolution=5";
    let found = server.json(asked);
    let rows = found["rows"].as_array().expect("rows");
    let names: Vec<&str> = rows[0]
        .as_object()
        .expect("a row")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        names,
        ["period", "category", "category_name", "subtype", "n"]
    );
    let text = String::from_utf8(server.get(&format!("{asked}&f=csv")).body).expect("UTF-8");
    let mut lines = text.split("\r\n");
    assert_eq!(
        lines.next(),
        Some("period,category,category_name,subtype,n")
    );
    let cell = |value: &Value| value.as_str().map_or_else(String::new, str::to_owned);
    for row in rows {
        let values = names[..4].iter().map(|name| cell(&row[*name]));
        let line = values
            .chain([row["n"].to_string()])
            .collect::<Vec<_>>()
            .join(",");
        assert_eq!(lines.next(), Some(line.as_str()));
        let period = cell(&row["period"]);
        assert!(period.is_empty() || period.contains("-Q"), "{period}");
    }
    let refused = server.get(
        "/collections/counts/aggregate?group_by=h3,colour&period=decade&apportion=maybe&bbox=1",
    );
    assert_eq!(refused.status, 400);
    let refused = refused.json();
    let errors = refused["errors"].as_array().expect("errors");
    assert_eq!(errors.len(), 4, "{errors:?}");
    assert_eq!(
        server
            .get("/collections/counts/aggregate?apportion=area")
            .status,
        400
    );
    assert_eq!(
        server
            .get("/collections/incidents/aggregate?group_by=h3&resolution=9")
            .status,
        400
    );
    assert_eq!(
        server
            .get("/collections/hotspots/aggregate?group_by=h3")
            .status,
        404
    );
}
