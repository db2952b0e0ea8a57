//! What the OpenAPI document says of processes and jobs.

use serde_json::{Value, json};

use super::operations::{Operation, in_path};
use crate::negotiate::{EVENTS, GEOJSON, HTML, JSON, NDJSON};

/// The paths with their operations.
pub(super) fn paths() -> [(&'static str, Value); 8] {
    let tag = "Processes";
    let process = || {
        in_path(
            "processId",
            "Name of the layer.",
            &json!({ "type": "string" }),
        )
    };
    let job = || in_path("jobId", "Id of the job.", &json!({ "type": "string" }));
    let list = Operation::new("getProcesses", "Every process", tag).answers(&[&JSON, &HTML]);
    let description = Operation::new("getProcess", "A process with its inputs", tag)
        .answers(&[&JSON, &HTML])
        .takes([process()])
        .may_be_absent();
    let meaning = "Inputs by name; Prefer: respond-async makes a job of it.";
    let execute = Operation::new("execute", "The features of a layer for some inputs", tag)
        .answers(&[&GEOJSON])
        .takes([process()])
        .takes_body("application/json", meaning)
        .may_become_a_job()
        .may_be_absent();
    let jobs = Operation::new("getJobs", "Jobs that are remembered", tag).answers(&[&JSON]);
    let status = Operation::new("getStatus", "How a job stands", tag)
        .answers(&[&JSON])
        .takes([job()])
        .may_be_absent();
    let results = Operation::new("getResults", "What a job gave", tag)
        .answers(&[&GEOJSON])
        .takes([job()])
        .may_be_absent();
    let errors = Operation::new(
        "getErrors",
        "What was wrong with a job, an object a line",
        tag,
    )
    .answers(&[&NDJSON])
    .takes([job()])
    .may_be_absent();
    let events = Operation::new("getEvents", "How a job stands and how it ended", tag)
        .answers(&[&EVENTS])
        .takes([job()])
        .may_be_absent();
    let dismiss = Operation::new("dismiss", "Gives a job up", tag)
        .answers(&[&JSON])
        .takes([job()])
        .may_be_absent();
    let mut of_job = status.build();
    of_job["delete"] = dismiss.build()["get"].take();
    [
        ("/processes", list.build()),
        ("/processes/{processId}", description.build()),
        ("/processes/{processId}/execution", execute.build()),
        ("/jobs", jobs.build()),
        ("/jobs/{jobId}", of_job),
        ("/jobs/{jobId}/results", results.build()),
        ("/jobs/{jobId}/errors", errors.build()),
        ("/jobs/{jobId}/events", events.build()),
    ]
}
