//! Who may ask what, in the words of the OpenAPI document: made of the table of routes.

use axum::http::Method;
use serde_json::{Map, Value, json};

use crate::access::Action;
use crate::router::table;
use crate::routes::Routes;

/// How a key may be sent.
pub(super) fn schemes() -> Value {
    json!({
        "key": {
            "type": "http",
            "scheme": "bearer",
            "description": "A key of this service, or an access token of the issuer that the deployment trusts.",
        },
        "password": {
            "type": "http",
            "scheme": "basic",
            "description": "The same as the password, for programs that send nothing else; any name will do.",
        },
    })
}

/// Adds to each operation who may ask it, and how it refuses others. `open` is whether requests without a key read records.
pub(super) fn apply(paths: &mut Map<String, Value>, open: bool) {
    let routes = Routes::of(&table());
    for (path, item) in paths {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else {
                continue;
            };
            if let Some(action) = routes.action_at(path, &method) {
                describe(operation, action, open);
            }
        }
    }
}

fn describe(operation: &mut Value, action: Action, open: bool) {
    let keys = [json!({ "key": [] }), json!({ "password": [] })];
    let nobody = json!({});
    let (security, refusals): (Vec<Value>, &[(&str, &str)]) = match action {
        Action::Probe => (Vec::new(), &[]),
        // A key that is no good is refused even where none is needed.
        Action::Describe => (
            std::iter::once(nobody).chain(keys).collect(),
            &[
                ("401", "Unauthenticated"),
                ("403", "Forbidden"),
                ("429", "TooMany"),
            ],
        ),
        Action::Read | Action::Compute | Action::Upload | Action::Keep => (
            open.then_some(nobody).into_iter().chain(keys).collect(),
            &[
                ("401", "Unauthenticated"),
                ("403", "Forbidden"),
                ("429", "TooMany"),
            ],
        ),
    };
    operation["security"] = security.into();
    for (status, name) in refusals {
        let response = json!({ "$ref": format!("#/components/responses/{name}") });
        operation["responses"][*status] = response;
    }
}
