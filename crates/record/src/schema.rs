//! The JSON Schema of the canonical incident, made from the types.

use serde_json::{Value, json};

use crate::IncidentRecord;

/// The schema (Draft 2020-12), with what the types alone cannot say: an adjacent crime names itself, a seizure has
/// goods, and a report of a civil-society organisation has no place finer than a district.
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(IncidentRecord).to_value();
    let coarse = ["district", "province", "country", "none"];
    schema["$id"] = json!("urn:naqsha:incident:1");
    schema["allOf"] = json!([
        { "if": { "properties": { "category": { "const": "ADJ" } } }, "then": { "required": ["adjacent"] } },
        { "if": { "properties": { "record_stage": { "const": "seizure" } } }, "then": { "required": ["seizures"] } },
        { "if": { "properties": { "record_stage": { "const": "ngo_report" } } },
          "then": { "properties": { "location": { "properties": { "point": false, "precision": { "enum": coarse } } } } } }
    ]);
    schema
}
