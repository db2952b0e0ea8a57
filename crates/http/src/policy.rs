//! `/policy`: what the service shows to whom, so that a reader can judge what is missing.

use axum::extract::State;
use axum::response::Response;
use naqsha_layers::{Role, Scope};
use serde_json::{Value, json};

use crate::documents::document;
use crate::items::representations;
use crate::link;
use crate::negotiate::{Format, HTML, JSON};
use crate::problem::Problem;
use crate::request::Asked;
use crate::service::Shared;

static OFFERED: [&Format; 2] = [&JSON, &HTML];

/// `/policy`.
pub(crate) async fn policy(
    State(service): State<Shared>,
    asked: Asked,
) -> Result<Response, Problem> {
    asked.only(&[])?;
    let format = asked.format(&OFFERED)?;
    let yours = service.scope();
    document(
        &service,
        &asked,
        format,
        "What each role may see",
        move |_catalogue, asked| {
            let roles = [Role::Public, Role::Analyst, Role::Operator];
            Ok(json!({
                "links": link::to_json(&representations(asked, format, &OFFERED)),
                "your_role": yours.policy(),
                "k": null,
                "k_meaning": "Least number of records behind a count that the public is shown. No layer is released to \
                              the public yet, so that no threshold applies: it sees metadata and no numbers.",
                "finest_resolution": u8::from(yours.finest_record_resolution()),
                "finest_resolution_meaning": "H3 resolution of the smallest cell in which the place of a single record \
                                              is shown, never finer than the record's own uncertainty supports.",
                "personal_data": "None is stored: names, identity numbers, phones and addresses are dropped or redacted \
                                  before a record is accepted.",
                "roles": roles.map(describe).into_iter().collect::<Value>(),
            }))
        },
    )
    .await
}

fn describe(role: Role) -> Value {
    let scope = Scope::of(role);
    let reads = scope.reads_unreleased();
    json!({
        "role": scope.policy(),
        "who": match role {
            Role::Public => "anyone",
            Role::Analyst => "the coordinating agency's analysts",
            Role::Operator => "whoever runs commands on the store's machine",
        },
        "metadata": true,
        "layers": reads,
        "records": reads,
        "finest_record_resolution": reads.then(|| u8::from(scope.finest_record_resolution())),
        "exact_points": scope.sees_points(),
    })
}
