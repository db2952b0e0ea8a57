//! What the OpenAPI document says of files that come in parts: tus 1.0.0, with its headers instead of documents.

use serde_json::{Map, Value, json};

use super::of_uploads::{TAG, of_a_file, problem};
use super::operations::in_path;

/// The paths with their operations.
pub(super) fn paths() -> [(&'static str, Value); 2] {
    let of_upload = || {
        let id = json!({ "type": "string", "pattern": "^[0-9a-f]{32}$" });
        in_path("uploadId", "Id of the upload, as Location has it.", &id)
    };
    let summary = "What of tus is spoken here";
    let options = |id: &str, takes: &[Value]| operation(id, summary, takes, &[(204, described())]);
    [
        (
            "/uploads",
            json!({ "post": create(), "options": options("describeUploads", &[]) }),
        ),
        (
            "/uploads/{uploadId}",
            json!({
                "head": offset(of_upload()),
                "patch": patch(of_upload()),
                "delete": terminate(of_upload()),
                "options": options("describeUpload", &[of_upload()]),
            }),
        ),
    ]
}

/// A request or response header of the protocol.
fn header(name: &str) -> Value {
    let number = || json!({ "type": "integer", "minimum": 0 });
    let text = || json!({ "type": "string" });
    let (description, schema) = match name {
        "Upload-Length" => ("Bytes of the whole file.", number()),
        "Upload-Offset" => ("Bytes that are there, durably.", number()),
        "Upload-Expires" => ("Until when parts are taken (RFC 9110 §5.6.7).", text()),
        "Upload-Metadata" => (
            "Names, each with its value in base64; filename is the file's.",
            text(),
        ),
        "Upload-Checksum" => (
            "sha1 or sha256 and the digest of the part in base64; another part is refused.",
            text(),
        ),
        "Location" => ("Address of the upload.", text()),
        "Link" => (
            "The job of the file, once it is whole (rel=monitor).",
            text(),
        ),
        "Tus-Version" => ("Versions that are spoken.", text()),
        "Tus-Extension" => ("Extensions that are spoken.", text()),
        "Tus-Checksum-Algorithm" => ("What parts may be digested by.", text()),
        "Tus-Max-Size" => ("Bytes of the longest file.", number()),
        _ => (
            "Version of the protocol.",
            json!({ "type": "string", "enum": ["1.0.0"] }),
        ),
    };
    json!({ "description": description, "schema": schema })
}

fn sends(name: &str, required: bool) -> Value {
    let mut sent = json!({ "name": name, "in": "header", "required": required });
    let told = header(name);
    sent["description"] = told["description"].clone();
    sent["schema"] = told["schema"].clone();
    sent
}

/// An answer without a body, and its headers.
fn answers(description: &str, names: &[&str]) -> Value {
    let own = names.iter().map(|name| ((*name).to_owned(), header(name)));
    let always = std::iter::once(("Tus-Resumable".to_owned(), header("Tus-Resumable")));
    let headers: Map<String, Value> = always.chain(own).collect();
    json!({ "description": description, "headers": headers })
}

fn described() -> Value {
    let names = [
        "Tus-Version",
        "Tus-Extension",
        "Tus-Checksum-Algorithm",
        "Tus-Max-Size",
    ];
    answers("What is offered.", &names)
}

fn operation(id: &str, summary: &str, takes: &[Value], responses: &[(u16, Value)]) -> Value {
    let responses: Map<String, Value> = responses
        .iter()
        .map(|(status, response)| (status.to_string(), response.clone()))
        .collect();
    json!({
        "operationId": id,
        "summary": summary,
        "tags": [TAG],
        "parameters": takes,
        "responses": responses,
    })
}

/// The refusals that each request of the protocol may get, with those of its own.
fn refusals(own: &[(u16, &str)]) -> Vec<(u16, Value)> {
    let shared = |name: &str| json!({ "$ref": format!("#/components/responses/{name}") });
    let mut all = vec![
        (400, shared("BadRequest")),
        (404, shared("NotFound")),
        (412, problem("Another version of tus is asked for.")),
        (500, shared("ServerFault")),
        (503, shared("Busy")),
        (507, problem("The disk is full, or nearly.")),
    ];
    all.extend(own.iter().map(|(status, why)| (*status, problem(why))));
    all
}

fn with(done: (u16, Value), refusals: Vec<(u16, Value)>) -> Vec<(u16, Value)> {
    std::iter::once(done).chain(refusals).collect()
}

fn create() -> Value {
    let mut takes = vec![
        sends("Tus-Resumable", true),
        sends("Upload-Length", true),
        sends("Upload-Metadata", false),
    ];
    takes.extend(of_a_file());
    let done = answers(
        "The address that parts go to.",
        &["Location", "Upload-Expires", "Link"],
    );
    let own = [
        (409, "These bytes were received before (B902)."),
        (413, "The file is longer than Tus-Max-Size."),
    ];
    let summary = "Begins a file that comes in parts";
    operation(
        "createUpload",
        summary,
        &takes,
        &with((201, done), refusals(&own)),
    )
}

fn offset(upload: Value) -> Value {
    let done = answers(
        "How much is there.",
        &["Upload-Offset", "Upload-Length", "Upload-Expires", "Link"],
    );
    let own = [(409, "These bytes were received before (B902).")];
    let takes = [upload, sends("Tus-Resumable", true)];
    operation(
        "getUploadOffset",
        "How much of a file is there",
        &takes,
        &with((200, done), refusals(&own)),
    )
}

fn patch(upload: Value) -> Value {
    let takes = [
        upload,
        sends("Tus-Resumable", true),
        sends("Upload-Offset", true),
        sends("Upload-Checksum", false),
    ];
    let done = answers(
        "The part is there, durably; with the last one the file becomes a job.",
        &["Upload-Offset", "Upload-Expires", "Link"],
    );
    let own = [
        (408, "The part broke off; what came of it stays."),
        (
            409,
            "The part does not begin where the file ends, another is under way, or the bytes were received before (B902).",
        ),
        (413, "The part goes beyond Upload-Length."),
        (415, "The part is not application/offset+octet-stream."),
        (460, "The part is not the one that Upload-Checksum is of."),
    ];
    let mut patch = operation(
        "appendToUpload",
        "Adds a part where the file ends",
        &takes,
        &with((204, done), refusals(&own)),
    );
    let binary = json!({ "schema": { "type": "string", "format": "binary" } });
    patch["requestBody"] = json!({
        "description": "The next bytes of the file.",
        "required": true,
        "content": { "application/offset+octet-stream": binary },
    });
    patch
}

fn terminate(upload: Value) -> Value {
    let own = [(
        409,
        "The file is whole: its job is given up, or its batch withdrawn.",
    )];
    let takes = [upload, sends("Tus-Resumable", true)];
    operation(
        "terminateUpload",
        "Gives a file up that is not whole",
        &takes,
        &with((204, answers("It is gone.", &[])), refusals(&own)),
    )
}
