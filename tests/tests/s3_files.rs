//! The program with its batch files on S3: what it tells is what it tells with them in the folder; what is damaged there is
//! named; a server that is away loses nothing; and no secret is in anything that it says.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use naqsha_tests::program::naqsha;
use naqsha_tests::s3::{S3, SECRET, TOKEN};
use naqsha_tests::server::Server;
use naqsha_tests::skip::skip;
use serde_json::Value;
use tempfile::TempDir;

fn sample(name: &str) -> String {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/sample/pakistan");
    samples.join(name).to_str().unwrap().to_owned()
}

/// The server, or `None` after saying that the test is skipped.
fn server(test: &str) -> Option<Arc<S3>> {
    S3::shared().inspect_err(|reason| skip(test, reason)).ok()
}

/// A folder for a store with its configuration, and the environment of its programs.
struct Deployment {
    folder: TempDir,
    environment: Vec<(&'static str, String)>,
}

impl Deployment {
    fn new(files: &str, server: &S3) -> Self {
        let deployment = Self {
            folder: tempfile::tempdir().unwrap(),
            environment: server.environment().to_vec(),
        };
        deployment.configure(&format!("files = \"{files}\""));
        deployment
    }

    fn configure(&self, store: &str) {
        let config = format!("[store]\n{store}\n");
        std::fs::write(self.path("naqsha.toml"), config).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn tried(&self, args: &[&str]) -> Output {
        let mut command: Command = naqsha();
        command
            .envs(self.environment.iter().cloned())
            .arg("--config")
            .arg(self.path("naqsha.toml"))
            .arg("--data")
            .arg(self.path("store"))
            .arg("--json")
            .args(args);
        command.output().unwrap()
    }

    /// What a command says that does not fail.
    fn run(&self, args: &[&str]) -> Value {
        let output = self.tried(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", said(&output));
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    fn ingest(&self, profile: &str, file: &str) -> Value {
        self.run(&["ingest", "--profile", profile, &sample(file)])
    }

    fn exported(&self, layer: &str) -> Vec<u8> {
        let out = self.path("out.geojson");
        let export = ["export", layer, "--out", out.to_str().unwrap()];
        let area = ["--param", "study_area=pakistan"];
        let area = if layer == "incidents" { &[][..] } else { &area };
        self.run(&[&export, area].concat());
        std::fs::read(out).unwrap()
    }
}

/// All that a command said; no secret is in it.
fn said(output: &Output) -> String {
    let all = [&output.stdout[..], &output.stderr[..]].concat();
    let all = String::from_utf8_lossy(&all).into_owned();
    assert!(!all.contains(SECRET) && !all.contains(TOKEN), "{all}");
    all
}

#[test]
fn a_store_on_s3_tells_what_it_tells_in_a_folder_and_names_what_is_damaged_there() {
    let test = "a_store_on_s3_tells_what_it_tells_in_a_folder";
    let Some(s3) = server(test) else { return };
    let bucket = s3.bucket();
    let on_s3 = Deployment::new(&format!("s3://{bucket}/north"), &s3);
    on_s3.run(&["init"]);
    on_s3.ingest("anf.seizure", "anf.seizure-001.csv");
    on_s3.ingest("punjab.fir", "punjab.fir-001.csv");
    let cards = on_s3.ingest("ctd.tf", "ctd.tf-001.csv");
    let batch = cards["batch"].as_str().unwrap();
    on_s3.run(&["batch", "withdraw", batch, "--reason", "wrong month"]);
    assert_eq!(s3.names(&bucket, "north/incidents/").len(), 3);
    assert!(!on_s3.path("store/incidents").exists());
    assert_eq!(on_s3.run(&["verify"])["whole"], true);

    // A backup is a store in a folder; with a bucket named, it comes back there.
    let copy = on_s3.path("copy");
    let copy = copy.to_str().unwrap();
    on_s3.run(&["backup", "--out", copy]);
    let in_folder = Deployment::new("folder", &s3);
    let elsewhere = Deployment::new(&format!("s3://{bucket}/south"), &s3);
    for back in [&in_folder, &elsewhere] {
        back.run(&["restore", "--from", copy]);
        for layer in ["incidents", "counts", "hotspots"] {
            let ours = on_s3.exported(layer);
            assert!(ours.len() > 50_000, "{layer}: {}", ours.len());
            assert!(ours == back.exported(layer), "{layer}");
        }
        assert_eq!(back.run(&["batch", "list"]), on_s3.run(&["batch", "list"]));
    }
    damaged(&s3, &bucket, &on_s3);
}

/// One object damaged, and removed: the commands say which and end with 4, and all is well once it is back.
fn damaged(s3: &S3, bucket: &str, deployment: &Deployment) {
    let name = s3.names(bucket, "north/incidents/").remove(0);
    let whole = s3.object(bucket, &name).unwrap();
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    s3.put(bucket, &name, &changed);
    let object = format!("s3://{bucket}/{name}");
    let output = deployment.tried(&["verify"]);
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        found["damaged"].as_array().map(Vec::len),
        Some(1),
        "{found}"
    );
    assert_eq!(found["damaged"][0]["path"], *object);

    s3.remove(bucket, &name);
    for command in ["verify", "doctor"] {
        let output = deployment.tried(&[command]);
        assert_eq!(output.status.code(), Some(4), "{command}");
        assert!(said(&output).contains(&object), "{}", said(&output));
    }
    s3.put(bucket, &name, &whole);
    assert_eq!(deployment.run(&["verify"])["whole"], true);
    deployment.run(&["doctor"]);

    s3.put(bucket, "north/incidents/left.parquet", b"half");
    let compacted = deployment.run(&["compact"]);
    let left = serde_json::json!({ "files": 1, "bytes": 4 });
    assert_eq!(compacted["unnamed"], left, "{compacted}");
    assert_eq!(s3.names(bucket, "north/incidents/").len(), 3);
    assert_eq!(deployment.run(&["verify"])["whole"], true);
}

#[test]
fn a_service_goes_on_counting_while_the_server_is_away_and_takes_nothing() {
    let test = "a_service_goes_on_counting_while_the_server_is_away";
    let own = match S3::start() {
        Ok(own) => own,
        Err(reason) => return skip(test, &reason),
    };
    let deployment = Deployment::new(&format!("s3://{}/north", own.bucket()), &own);
    deployment.run(&["init"]);
    deployment.ingest("anf.seizure", "anf.seizure-001.csv");
    let config = deployment.path("naqsha.toml");
    let service = Server::over_with(&config, &deployment.path("store"), &deployment.environment);
    let counts = "/collections/counts/items?study_area=pakistan&limit=5";
    let items = "/collections/incidents/items?limit=5";
    let before = service.json(counts);
    assert!(before["numberMatched"].as_u64() > Some(100), "{before}");
    assert_eq!(service.json(items)["numberReturned"], 5);

    drop(own);
    let counted =
        service.json("/collections/counts/items?study_area=pakistan&resolution=6&limit=5");
    assert!(counted["numberMatched"].as_u64() > Some(100), "{counted}");
    let reply = service.get("/collections/incidents/items?limit=6");
    assert_eq!(reply.status, 503);
    assert!(!reply.header("retry-after").is_empty());
    assert_eq!(reply.json()["type"], "/problems/out-of-reach");

    let file = sample("punjab.fir-001.csv");
    for args in [
        &["ingest", "--profile", "punjab.fir", &file][..],
        &["verify"],
        &["batch", "list"],
        &["backup", "--out", "copy"],
    ] {
        let output = deployment.tried(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {}", said(&output));
        assert!(
            said(&output).contains("cannot read s3://"),
            "{}",
            said(&output)
        );
    }
    assert_eq!(service.get(counts).status, 200);
}

#[test]
fn the_most_talkative_log_and_every_failure_are_without_a_secret() {
    let test = "the_most_talkative_log_and_every_failure_are_without_a_secret";
    let Some(s3) = server(test) else { return };
    let bucket = s3.bucket();
    let mut deployment = Deployment::new(&format!("s3://{bucket}/north"), &s3);
    let file = sample("anf.seizure-001.csv");
    for args in [
        &["-vv", "init"][..],
        &["-vv", "ingest", "--profile", "anf.seizure", &file],
        &["-vv", "verify"],
    ] {
        let output = deployment.tried(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", said(&output));
    }
    for (store, code, says) in [
        (
            "files = \"s3://absent/north\"".to_owned(),
            1,
            "NoSuchBucket",
        ),
        (
            format!("files = \"s3://{bucket}/south\""),
            1,
            "there is no s3://",
        ),
        (format!("files = \"s3://k:{SECRET}@{bucket}\""), 2, "line 2"),
        (format!("files = \"s3://{bucket}?k={SECRET}\""), 2, "line 2"),
        ("files = \"folder\"".to_owned(), 1, "no bucket is named"),
    ] {
        deployment.configure(&store);
        let output = deployment.tried(&["-vv", "batch", "list"]);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{store}: {}",
            said(&output)
        );
        assert!(said(&output).contains(says), "{store}: {}", said(&output));
    }
    deployment.configure(&format!("files = \"s3://{bucket}/north\""));
    deployment
        .environment
        .retain(|(name, _)| *name != "AWS_SECRET_ACCESS_KEY");
    let output = deployment.tried(&["-vv", "batch", "list"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).to_lowercase().contains("secret"),
        "{}",
        said(&output)
    );
}
