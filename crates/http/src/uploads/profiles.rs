//! `/profiles`: what a file can be read through, so that a page can offer it.

use axum::extract::State;
use axum::response::Response;
use naqsha_ingest::Profile;
use serde_json::{Value, json};

use super::work::off_the_runtime;
use crate::link::{self, Link};
use crate::negotiate::JSON;
use crate::problem::Problem;
use crate::processes::passing;
use crate::request::Asked;
use crate::service::Shared;

/// `/profiles`.
pub(crate) async fn profiles(
    State(service): State<Shared>,
    asked: Asked,
) -> Result<Response, Problem> {
    asked.only(&[])?;
    asked.format(&[&JSON])?;
    let desk = service.desk("incidents")?;
    let read = off_the_runtime(move || (desk.intake.deployment.profiles)()).await?;
    let profiles = read.map_err(|error| Problem::internal(error.to_string()))?;
    let profiles: Vec<Value> = profiles.iter().map(describe).collect();
    let at = format!("{}/profiles", asked.base);
    let links = [Link::new(at, "self", JSON.media_type, "profiles")];
    let body = json!({ "profiles": profiles, "links": link::to_json(&links) });
    Ok(passing(&JSON, format!("{body}\n")))
}

fn describe(profile: &Profile) -> Value {
    let wants = profile.wants();
    let columns: Vec<Value> = wants
        .columns
        .iter()
        .map(|column| json!({ "headers": column.headers, "required": column.required }))
        .collect();
    json!({
        "profile": profile.id(),
        "version": profile.version(),
        "agency": profile.agency().as_str(),
        "record_stage": profile.stage().code(),
        "study_area": profile.study_area(),
        "format": wants.format,
        "parameters": wants.parameters,
        "columns": columns,
    })
}
