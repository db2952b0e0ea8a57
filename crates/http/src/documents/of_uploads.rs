//! What the OpenAPI document says of files that are sent, and of their batches.

use serde_json::{Value, json};

use super::operations::{Operation, in_path, query};
use crate::negotiate::{CSV, JSON};

pub(super) const TAG: &str = "Uploads";

/// The paths with their operations.
pub(super) fn paths() -> [(&'static str, Value); 5] {
    let batch = || {
        in_path(
            "batchId",
            "SHA-256 of the file.",
            &json!({ "type": "string" }),
        )
    };
    let profiles =
        Operation::new("getProfiles", "What files can be read through", TAG).answers(&[&JSON]);
    let list = Operation::new(
        "getBatches",
        "The asker's batches with what was done to them",
        TAG,
    )
    .answers(&[&JSON]);
    let one = Operation::new("getBatch", "A batch with what was done to it", TAG)
        .answers(&[&JSON])
        .takes([batch()])
        .may_be_absent();
    let job = in_path("jobId", "Id of the job.", &json!({ "type": "string" }));
    let report = Operation::new(
        "getReport",
        "The sender's own rows with what became of each",
        TAG,
    )
    .answers(&[&CSV])
    .takes([job])
    .may_be_gone()
    .may_be_absent();
    let mut batches = list.build();
    batches["post"] = receive();
    let mut of_batch = one.build();
    of_batch["delete"] = change(
        "withdrawBatch",
        "Takes a batch out of every current answer",
        &batch(),
    );
    [
        ("/profiles", profiles.build()),
        ("/collections/incidents/batches", batches),
        ("/collections/incidents/batches/{batchId}", of_batch),
        (
            "/collections/incidents/batches/{batchId}/restore",
            json!({ "post": change("restoreBatch", "Undoes a withdrawal", &batch()) }),
        ),
        ("/jobs/{jobId}/report.csv", report.build()),
    ]
}

pub(super) fn problem(description: &str) -> Value {
    let schema = json!({ "schema": { "$ref": "#/components/schemas/Problem" } });
    json!({ "description": description, "content": { crate::problem::MEDIA_TYPE: schema } })
}

fn object(description: &str) -> Value {
    json!({ "description": description, "content": { JSON.media_type: { "schema": { "type": "object" } } } })
}

fn change(id: &str, summary: &str, batch: &Value) -> Value {
    let text = json!({ "type": "string", "minLength": 1, "maxLength": 500 });
    let mut reason = query("reason", "Why: a reason code or a few words.", &text);
    reason["required"] = true.into();
    json!({
        "operationId": id,
        "summary": summary,
        "tags": [TAG],
        "parameters": [batch, reason],
        "responses": {
            "202": object("A second person has to confirm it by the same request."),
            "204": { "description": "It is done." },
            "400": { "$ref": "#/components/responses/BadRequest" },
            "403": problem("Who asks may not."),
            "404": { "$ref": "#/components/responses/NotFound" },
            "409": problem("It does not go with the state of the batch."),
            "500": { "$ref": "#/components/responses/ServerFault" },
            "503": { "$ref": "#/components/responses/Busy" },
        },
    })
}

fn in_header(name: &str, required: bool, description: &str) -> Value {
    json!({ "name": name, "in": "header", "required": required, "description": description,
        "schema": { "type": "string" } })
}

/// What changes what becomes of a file, however it comes.
pub(super) fn of_a_file() -> Vec<Value> {
    let text = || json!({ "type": "string" });
    let truth = || json!({ "type": "boolean", "default": false });
    let mut profile = query("profile", "Mapping profile: /profiles lists them.", &text());
    profile["required"] = true.into();
    let mut totals = query(
        "control-total",
        "Incidents of a category as the sender states them, such as DT=12; a difference holds the batch (B903).",
        &json!({ "type": "array", "items": text() }),
    );
    totals["explode"] = true.into();
    let set = json!({
        "name": "set", "in": "query", "required": false, "style": "form", "explode": true,
        "description": "Parameters of the profile, each as set.NAME=VALUE.",
        "schema": { "type": "object", "additionalProperties": text() },
    });
    vec![
        profile,
        query(
            "revise",
            "Let changed records take the place of those held.",
            &truth(),
        ),
        query(
            "replace",
            "Take the place of all records of these months or days, as 2024-01/2024-03.",
            &text(),
        ),
        query(
            "agency",
            "Who sends the file, where that is not the profile's agency.",
            &text(),
        ),
        query("study_area", "Study area of the records.", &text()),
        query("synthetic", "The records are invented.", &truth()),
        query(
            "rows",
            "Data rows as the sender states them.",
            &json!({ "type": "integer", "minimum": 0 }),
        ),
        totals,
        set,
    ]
}

/// What changes what becomes of a file that comes in one part.
fn parameters() -> Vec<Value> {
    let mut parameters = of_a_file();
    parameters.extend([
        query(
            "dry-run",
            "Say what would happen, and store nothing.",
            &json!({ "type": "boolean", "default": false }),
        ),
        in_header(
            "Idempotency-Key",
            false,
            "A text that is new for each file, at most 255 characters; required unless it is a dry run. The same request \
             again gets the same answer.",
        ),
        in_header(
            "Content-Digest",
            false,
            "sha-256 of the body (RFC 9530); another body is refused.",
        ),
        in_header("Content-Encoding", false, "gzip or zstd."),
        in_header("Prefer", false, "respond-async makes a job of it."),
    ]);
    parameters
}

fn receive() -> Value {
    let file = json!({ "schema": { "type": "string", "format": "binary" } });
    let form = json!({ "schema": { "type": "object", "properties": { "file": { "type": "string", "format": "binary" } } } });
    let location = json!({ "Location": { "schema": { "type": "string", "format": "uri" } } });
    let mut created = object("The batch, live or held, is durable.");
    created["headers"] = location.clone();
    let mut accepted = object("A job, which survives a crash.");
    accepted["headers"] = location;
    json!({
        "operationId": "sendFile",
        "summary": "Sends a file of records",
        "tags": [TAG],
        "parameters": parameters(),
        "requestBody": {
            "description": "The file in any format that the profile reads; the media type is not looked at.",
            "required": true,
            "content": { "application/octet-stream": file, "text/csv": file, "multipart/form-data": form },
        },
        "responses": {
            "200": object("What a dry run found."),
            "201": created,
            "202": accepted,
            "400": { "$ref": "#/components/responses/BadRequest" },
            "403": problem("Who asks may not."),
            "404": { "$ref": "#/components/responses/NotFound" },
            "408": problem("Nothing of the body came for a while."),
            "409": problem("The request is under way, or the bytes were received before (B902)."),
            "410": problem("The upload was given up."),
            "413": { "$ref": "#/components/responses/TooLarge" },
            "415": { "$ref": "#/components/responses/UnsupportedMediaType" },
            "422": problem("The file was refused, with its code; or the key was used for another one."),
            "500": { "$ref": "#/components/responses/ServerFault" },
            "503": { "$ref": "#/components/responses/Busy" },
            "507": problem("The disk is full, or nearly."),
        },
    })
}
