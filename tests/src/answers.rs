//! Answers of a service as the tests of uploads look at them.

use serde_json::Value;

use crate::server::{Reply, Server};

/// The document of an answer of that status, a problem where it refuses; null where it has none.
///
/// # Panics
/// Where it is another, or is not what its status says.
pub fn status(reply: &Reply, expected: u16) -> Value {
    let text = String::from_utf8_lossy(&reply.body);
    assert_eq!(reply.status, expected, "{text}");
    if expected >= 400 {
        assert_eq!(reply.header("content-type"), "application/problem+json");
        assert_eq!(reply.json()["status"], expected);
    }
    if reply.body.is_empty() {
        Value::Null
    } else {
        reply.json()
    }
}

/// How many incidents are served.
///
/// # Panics
/// Where the service does not say.
pub fn matched(server: &Server) -> u64 {
    let page = server.json("/collections/incidents/items?limit=1");
    page["numberMatched"].as_u64().expect("a number")
}
