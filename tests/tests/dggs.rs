//! OGC API - DGGS of the real program: against a client in Python that knows H3 and planes by other people's packages, and
//! every layer at levels that its items do not have.

use naqsha_tests::collections::COLLECTIONS;
use naqsha_tests::server::Server;
use naqsha_tests::skip::python;
use naqsha_tests::statistics::{Scratch, oracle};

const AREA: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../data/study-areas/west-yorkshire.geojson"
);

#[test]
fn zones_and_their_values_are_what_the_standard_and_h3_say() {
    let test = "zones_and_their_values_are_what_the_standard_and_h3_say";
    let Some(python) = python(test, "h3, shapely, jsonschema") else {
        return;
    };
    let server = Server::shared();
    let scratch = Scratch::new();
    let compared = oracle(python, "dggs.py", &[server.base(), AREA], &scratch);
    let count = |name: &str| compared[name].as_u64().unwrap_or_default();
    assert!(count("zones of boxes") > 2_000, "{compared}");
    assert!(count("compacted") > 8, "{compared}");
    assert!(count("values") > 4_000, "{compared}");
    assert!(count("statistics") >= 8, "{compared}");
    assert!(count("refused") > 50, "{compared}");
}

#[test]
fn every_layer_over_cells_has_zones_at_every_level_or_says_why_not() {
    let server = Server::over_both_samples();
    let (mut answered, mut gridded) = (0, 0);
    for collection in COLLECTIONS {
        let dggrs = format!("/collections/{collection}/dggs/H3");
        if server.get(&dggrs).status == 404 {
            let without = ["incidents", "flows", "coverage"];
            assert!(without.contains(&collection), "{collection}");
            continue;
        }
        gridded += 1;
        for level in [0, 2, 4] {
            let zones = format!("{dggrs}/zones?zone-level={level}&compact-zones=false&limit=50");
            // Lahore and what is around it, at each level.
            let zone = ["8043fffffffffff", "82424ffffffffff"];
            let data = zone.map(|zone| format!("{dggrs}/zones/{zone}/data"));
            for address in std::iter::once(zones).chain(data) {
                let reply = server.get(&address);
                assert!(
                    [200, 400].contains(&reply.status),
                    "{address}: {} {}",
                    reply.status,
                    String::from_utf8_lossy(&reply.body)
                );
                answered += usize::from(reply.status == 200);
            }
        }
    }
    assert_eq!(gridded, COLLECTIONS.len() - 3);
    assert!(answered > 100, "{answered}");
}

#[test]
fn what_a_compacted_list_names_has_values() {
    let server = Server::over_both_samples();
    let list = server.json("/collections/counts/dggs/H3/zones?zone-level=5");
    let zones = list["zones"].as_array().expect("zones");
    let levels: Vec<u64> = zones
        .iter()
        .filter_map(|zone| u64::from_str_radix(zone.as_str()?.get(1..2)?, 16).ok())
        .collect();
    assert!(levels.contains(&2) && levels.contains(&5), "{levels:?}");
    for zone in zones.iter().take(5).filter_map(|zone| zone.as_str()) {
        let data = server.json(&format!("/collections/counts/dggs/H3/zones/{zone}/data"));
        assert!(data["values"]["n"][0]["data"][0].is_u64(), "{zone}: {data}");
    }
}
