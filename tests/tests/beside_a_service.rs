//! Commands beside a running service: what one commits, the other serves.

use std::time::{Duration, Instant};

use naqsha_tests::server::Server;

/// The service looks every second; a busy machine gets more.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn a_batch_ingested_beside_a_service_becomes_visible_whole() {
    let server = Server::over_nothing();
    let matched = || {
        let page = server.json("/collections/incidents/items?limit=1");
        page["numberMatched"].as_u64().expect("a count")
    };
    assert_eq!(matched(), 0);
    server.ingest_west_yorkshire();
    let deadline = Instant::now() + PATIENCE;
    let mut seen = matched();
    while seen == 0 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(50));
        seen = matched();
    }
    assert_eq!(seen, 31_635, "all of the month or nothing");
}
