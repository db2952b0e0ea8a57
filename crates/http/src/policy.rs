//! `/policy`: what the service shows to whom, so that a reader can judge what is missing.

use axum::extract::State;
use axum::response::Response;
use naqsha_layers::Scope;
use naqsha_model::Role;
use serde_json::{Value, json};

use crate::access::{Action, may};
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
    let yours = asked.scope().clone();
    document(
        &service,
        &asked,
        format,
        "What each role may see",
        move |_catalogue, asked| {
            Ok(json!({
                "links": link::to_json(&representations(asked, format, &OFFERED)),
                "your_role": yours.policy(),
                "your_agency": yours.only_agency(),
                "k": null,
                "k_meaning": "Least number of records behind a count that the public or a partner is shown. No layer is \
                              released to them yet, so that no threshold applies: they see metadata and no numbers.",
                "finest_resolution": u8::from(yours.finest_record_resolution()),
                "finest_resolution_meaning": "H3 resolution of the smallest cell in which the place of a single record \
                                              is shown, never finer than the record's own uncertainty supports.",
                "handling": "A record that may be shared (handling code P) is read by the coordinating agency's analysts, by its \
                             own agency, and by the agencies that its releasable_to names, who see it as analysts do. One \
                             under conditions (C) is read by the first two alone, whomever it names. An embargo says from \
                             when a record may be in a release, and there is none.",
                "personal_data": "None is stored: names, identity numbers, phones and addresses are dropped or redacted \
                                  before a record is accepted.",
                "roles": Role::ALL.iter().copied().map(describe).collect::<Value>(),
            }))
        },
    )
    .await
}

fn describe(role: Role) -> Value {
    let scope = Scope::of(role);
    let of_agency = role.is_of_an_agency();
    let reads = may(role).any(|action| action == Action::Read);
    json!({
        "role": role.code(),
        "who": match role {
            Role::Public => "anyone, without a key",
            Role::Partner => "partners outside the police",
            Role::Analyst => "the coordinating agency's analysts",
            Role::Uploader => "who sends an agency's records",
            Role::Approver => "the second of an agency's four eyes",
            Role::Custodian => "who keeps keys and releases",
            Role::Auditor => "who reads the audit log",
            Role::Operator => "whoever runs commands on the store's machine",
        },
        "may": may(role).map(Action::name).collect::<Value>(),
        "metadata": true,
        "layers": reads,
        "records": reads,
        "records_of": reads.then_some(if of_agency { "own agency, and what others release to it" } else { "all agencies" }),
        "finest_record_resolution": reads.then(|| u8::from(scope.finest_record_resolution())),
        "exact_points": scope.sees_points(),
        "exact_points_of": scope.sees_points().then_some(if of_agency { "own agency" } else { "all agencies" }),
    })
}
