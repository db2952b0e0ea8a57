//! Commands beside a running service: what one commits, the other serves.

use std::time::{Duration, Instant};

use naqsha_tests::server::Server;

/// The service looks every second; a busy machine gets more.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn what_is_done_beside_a_service_becomes_visible_whole() {
    becomes_visible_whole(&Server::over_nothing());
}

#[cfg(unix)]
#[test]
fn what_is_done_beside_a_service_becomes_visible_whole_on_postgres() {
    match naqsha_tests::postgres::Cluster::shared() {
        Ok(cluster) => {
            let ledger = cluster.url(&cluster.database());
            becomes_visible_whole(&Server::over_nothing_on(&ledger));
        }
        Err(reason) => naqsha_tests::skip::skip(
            "what_is_done_beside_a_service_becomes_visible_whole_on_postgres",
            &reason,
        ),
    }
}

fn becomes_visible_whole(server: &Server) {
    let matched = || {
        let page = server.json("/collections/incidents/items?limit=1");
        page["numberMatched"].as_u64().expect("a count")
    };
    assert_eq!(matched(), 0);
    let next = |before: u64| {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = matched();
        while seen == before && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(50));
            seen = matched();
        }
        seen
    };
    server.ingest_west_yorkshire();
    assert_eq!(next(0), 31_635, "all of the month or nothing");

    let list = server.beside(&["batch", "list"]);
    let batch = list["batches"][0]["batch"].as_str().expect("a digest");
    let tile = "/xyz/counts/8/126/82.mvt";
    let tile_bytes = || server.get(tile).body.len();
    let whole = tile_bytes();
    server.beside(&["batch", "withdraw", batch, "--reason", "not ours"]);
    assert_eq!(next(31_635), 0, "a withdrawn batch is gone");
    let empty = tile_bytes();
    assert!(
        empty * 10 < whole,
        "from the tiles too: {empty} of {whole} bytes"
    );
    server.beside(&["batch", "restore", batch]);
    assert_eq!(next(0), 31_635);
}
