//! A store that holds nothing, or nothing of what is asked, is answered as any other.

use naqsha_http::ServerSettings;
use naqsha_model::Role;

use crate::fixture::{COLLECTIONS, service, without_records};

const QUESTIONS: [&str; 4] = [
    "",
    "?limit=10",
    "?limit=10&bbox=74,31,75,32",
    "?limit=10&datetime=2019-01-01T00:00:00Z/2019-12-31T00:00:00Z",
];

#[tokio::test]
async fn every_collection_answers_plain_questions_whatever_the_store_holds() {
    let settings = ServerSettings {
        anonymous_role: Role::Analyst,
        ..ServerSettings::default()
    };
    for (fixture, is_empty) in [
        (without_records(settings).await, true),
        (service().await, false),
    ] {
        for collection in COLLECTIONS {
            for question in QUESTIONS {
                let items = format!("/collections/{collection}/items{question}");
                let answer = fixture.json(&items).await;
                let features = answer["features"].as_array().unwrap();
                assert_eq!(answer["numberReturned"], features.len(), "{items}");
                let facts = &answer["naqsha"];
                let matched = is_empty && facts["excluded"]["count"] != 0;
                assert!(!matched, "{items}: {facts}");
                // What follows time says why it tells nothing.
                let follows = ["emerging", "change", "scan"].contains(&collection);
                let is_said = facts.get("unanswered").is_some();
                let has_none = is_empty || question.contains("datetime");
                assert_eq!(is_said, follows && has_none, "{items}: {facts}");
            }
        }
    }
}
