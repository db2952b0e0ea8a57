//! OGC API - Processes: descriptions, executions at once and as jobs.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use crate::fixture::{Fixture, Reply, link, service};

const JSON: (&str, &str) = ("content-type", "application/json");

async fn execute(service: &Fixture, layer: &str, body: &Value, headers: &[(&str, &str)]) -> Reply {
    let uri = format!("/processes/{layer}/execution");
    let headers: Vec<_> = [JSON].into_iter().chain(headers.iter().copied()).collect();
    service
        .send_body(Method::POST, &uri, &headers, body.to_string())
        .await
}

#[tokio::test]
async fn each_layer_over_cells_is_a_process_with_its_parameters_as_inputs() {
    let service = service().await;
    let landing = service.json("/").await;
    let rel = "http://www.opengis.net/def/rel/ogc/1.0/processes";
    let list = service
        .follow(link(&landing, rel, "application/json").unwrap())
        .await
        .json();
    let processes = list["processes"].as_array().unwrap();
    assert!(processes.len() > 10 && processes.iter().all(|process| process["id"] != "incidents"));
    for process in processes {
        let own = link(process, "self", "application/json").unwrap();
        let described = service.follow(own).await.json();
        for member in [
            "id",
            "title",
            "version",
            "jobControlOptions",
            "outputTransmission",
        ] {
            assert_eq!(described[member], process[member]);
        }
        let inputs = described["inputs"].as_object().unwrap();
        for name in ["as_of", "bbox", "filter"] {
            assert!(
                inputs[name]["schema"].is_object(),
                "{} {name}",
                process["id"]
            );
        }
        assert!(described["outputs"]["features"]["schema"].is_object());
    }
    let unknown = service.get("/processes/weather").await.problem(404);
    let wanted = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/no-such-process";
    assert_eq!(unknown["type"], wanted);
}

#[tokio::test]
async fn an_execution_gives_the_features_that_items_give() {
    let service = service().await;
    let items = "/collections/hotspots/items?limit=10000&category=DT&k=2&bbox=74,31,75,32&filter=n%3E0&sortby=-n&properties=n,q";
    let wanted = service.json(items).await;
    let inputs = json!({
        "category": ["DT"], "k": 2, "bbox": [74, 31, 75, 32], "sortby": "-n", "properties": "n,q",
        "filter": { "op": ">", "args": [{ "property": "n" }, 0] },
    });
    let raw = execute(&service, "hotspots", &json!({ "inputs": inputs }), &[]).await;
    assert_eq!(
        (raw.status.as_u16(), raw.header("content-type")),
        (200, "application/geo+json")
    );
    assert_eq!(raw.json()["features"], wanted["features"]);
    assert!(!wanted["features"].as_array().unwrap().is_empty());
    let within = json!({ "inputs": inputs, "response": "document", "outputs": { "features": {} } });
    let document = execute(&service, "hotspots", &within, &[]).await;
    assert_eq!(document.header("content-type"), "application/json");
    assert_eq!(document.json()["features"]["features"], wanted["features"]);

    for (wrong, mut expected) in [
        (
            json!({ "inputs": { "k": 99, "colour": "red", "class": [{}] } }),
            vec!["class", "k", "colour"],
        ),
        (
            json!({ "inputs": [], "callback": "http://example.org", "response": "zip" }),
            vec!["callback", "response", "inputs"],
        ),
        (json!({ "outputs": { "map": {} } }), vec!["map"]),
        (json!([]), vec!["body"]),
    ] {
        let problem = execute(&service, "hotspots", &wrong, &[])
            .await
            .problem(400);
        let errors = problem["errors"].as_array().unwrap();
        let mut names: Vec<&str> = errors
            .iter()
            .map(|e| e["parameter"].as_str().unwrap())
            .collect();
        names.sort_unstable();
        expected.sort_unstable();
        assert_eq!(names, expected, "{wrong}");
    }
}

#[tokio::test]
async fn a_job_ends_with_its_results_and_can_be_given_up() {
    let service = service().await;
    let request = json!({ "inputs": { "category": "CY" } });
    let begun = execute(
        &service,
        "counts",
        &request,
        &[("prefer", "respond-async, wait=5")],
    )
    .await;
    assert_eq!(begun.status, 201);
    assert_eq!(begun.header("preference-applied"), "respond-async");
    let job = begun.header("location").to_owned();
    let id = begun.json()["jobID"].as_str().unwrap().to_owned();
    assert!(job.ends_with(&format!("/jobs/{id}")) && id.len() == 32);
    let status = loop {
        let status = service.follow(&job).await.json();
        if status["status"] != "running" {
            break status;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert_eq!(
        (&status["status"], &status["processID"]),
        (&json!("successful"), &json!("counts"))
    );
    let rel = "http://www.opengis.net/def/rel/ogc/1.0/results";
    let results = service
        .follow(link(&status, rel, "application/geo+json").unwrap())
        .await;
    let items = service
        .json("/collections/counts/items?limit=10000&category=CY")
        .await;
    assert_eq!(results.json()["features"], items["features"]);
    let listed = service.json("/jobs").await;
    assert_eq!(listed["jobs"][0]["jobID"], id.as_str());

    let path = format!("/jobs/{id}");
    let events = service.get(&format!("{path}/events")).await;
    assert_eq!(events.header("content-type"), "text/event-stream");
    let told = String::from_utf8(events.body).unwrap();
    let data = told
        .strip_prefix("event: status\ndata: ")
        .unwrap()
        .trim_end();
    assert_eq!(serde_json::from_str::<Value>(data).unwrap(), status);
    let errors = service.get(&format!("{path}/errors")).await;
    assert_eq!((errors.status.as_u16(), errors.body.len()), (200, 0));
    let dismissed = service.send(Method::DELETE, &path, &[]).await;
    assert_eq!(dismissed.json()["status"], "dismissed");
    let gone = service.get(&format!("{path}/results")).await.problem(404);
    assert!(gone["type"].as_str().unwrap().ends_with("no-such-job"));

    let failing = json!({ "inputs": { "study_area": "nowhere" } });
    let begun = execute(&service, "counts", &failing, &[("prefer", "respond-async")]).await;
    let job = begun.header("location").to_owned();
    while service.follow(&job).await.json()["status"] == "running" {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(service.follow(&job).await.json()["status"], "failed");
    service.follow(&format!("{job}/results")).await.problem(400);
    let errors = service.follow(&format!("{job}/errors")).await;
    let line: Value = serde_json::from_slice(&errors.body).unwrap();
    assert_eq!(line["parameter"], "study_area");
    let events = service.follow(&format!("{job}/events")).await;
    assert!(
        String::from_utf8(events.body)
            .unwrap()
            .contains("\"failed\"")
    );
    service.get("/jobs/0123456789abcdef").await.problem(404);
}
