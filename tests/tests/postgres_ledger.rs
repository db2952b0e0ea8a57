//! The program with its ledger on a PostgreSQL server: what it tells is what it tells with the ledger in the folder, and
//! several of it share one.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use naqsha_tests::postgres::{Cluster, PASSWORD};
use naqsha_tests::program::naqsha;
use naqsha_tests::server::Server;
use naqsha_tests::skip::skip;
use serde_json::Value;
use tempfile::TempDir;

fn sample(name: &str) -> String {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/sample/pakistan");
    samples.join(name).to_str().unwrap().to_owned()
}

/// The cluster, or `None` after saying that the test is skipped.
fn cluster(test: &str) -> Option<Arc<Cluster>> {
    Cluster::shared()
        .inspect_err(|reason| skip(test, reason))
        .ok()
}

/// A store with its configuration.
struct Deployment(TempDir);

impl Deployment {
    fn new(ledger: &str) -> Self {
        let deployment = Self(tempfile::tempdir().unwrap());
        let config = format!("[store]\nledger = \"{ledger}\"\n");
        std::fs::write(deployment.path("naqsha.toml"), config).unwrap();
        deployment.run(&["init"]);
        // Keyed hashes are the same where the secret is.
        let secret = "0f".repeat(32);
        std::fs::write(deployment.path("store/linkage.secret"), secret).unwrap();
        deployment
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = naqsha();
        command
            .arg("--config")
            .arg(self.path("naqsha.toml"))
            .arg("--data")
            .arg(self.path("store"))
            .arg("--json")
            .args(args);
        command
    }

    fn run(&self, args: &[&str]) -> Value {
        let output = self.command(args).output().unwrap();
        said(&output, args)
    }

    fn ingest(&self, profile: &str, file: &str, more: &[&str]) -> Value {
        let file = sample(file);
        self.run(&[&["ingest", "--profile", profile, &file], more].concat())
    }

    fn exported(&self, layer: &str, more: &[&str]) -> Vec<u8> {
        let out = self.path("out.geojson");
        let args = ["export", layer, "--out", out.to_str().unwrap()];
        self.run(&[&args, more].concat());
        std::fs::read(out).unwrap()
    }
}

/// What a command said that did not fail; the password is not in it.
fn said(output: &Output, what: &[&str]) -> Value {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{what:?}: {stdout}{stderr}");
    assert!(
        !stderr.contains(PASSWORD) && !stdout.contains(PASSWORD),
        "{what:?}"
    );
    serde_json::from_str(&stdout).unwrap_or(Value::Null)
}

/// Times of receipt are the clock's, and every incident's id has one in it: those of the store in the folder are given to
/// the other, as PostgreSQL's own client does it.
fn same_clock(cluster: &Cluster, database: &str, batches: &Value) {
    let batches = batches["batches"].as_array().unwrap();
    assert_eq!(batches.len(), 4);
    for batch in batches {
        let text = |key: &str| batch[key].as_str().unwrap();
        let (digest, at) = (text("batch"), text("received_at"));
        let sql = format!(
            "UPDATE batches SET received_at = '{at}' WHERE digest = '{digest}' RETURNING 1"
        );
        assert_eq!(cluster.execute(database, &sql), "1");
    }
}

#[test]
fn a_store_on_postgres_tells_what_the_same_store_in_a_folder_tells() {
    let Some(cluster) = cluster("a_store_on_postgres_tells_what_the_same_store_in_a_folder_tells")
    else {
        return;
    };
    let database = cluster.database();
    let (in_folder, on_server) = (
        Deployment::new("sqlite"),
        Deployment::new(&cluster.url(&database)),
    );
    assert!(in_folder.path("store/ledger.sqlite").exists());
    assert!(!on_server.path("store/ledger.sqlite").exists());
    for deployment in [&in_folder, &on_server] {
        deployment.ingest("anf.seizure", "anf.seizure-001.csv", &[]);
        deployment.ingest("punjab.fir", "punjab.fir-001.csv", &[]);
        let cards = deployment.ingest("ctd.tf", "ctd.tf-001.csv", &[]);
        let batch = cards["batch"].as_str().unwrap();
        deployment.run(&["batch", "withdraw", batch, "--reason", "wrong month"]);
        deployment.ingest("ngo.victim_support", "ngo.victim_support-001.xlsx", &[]);
        let again = deployment.ingest("anf.seizure", "anf.seizure-001.csv", &["--revise"]);
        assert_eq!(again["codes"]["B902"], 1, "{again}");
    }
    let list = in_folder.run(&["batch", "list"]);
    same_clock(&cluster, &database, &list);

    let without_times = |mut list: Value| {
        for batch in list["batches"].as_array_mut().unwrap() {
            for event in batch["events"].as_array_mut().unwrap() {
                event["at"] = Value::Null;
            }
        }
        list
    };
    let theirs = on_server.run(&["batch", "list"]);
    assert_eq!(without_times(list.clone()), without_times(theirs));
    assert_eq!(list["batches"][2]["state"], "withdrawn", "{list}");
    let pakistan = ["--param", "study_area=pakistan"];
    for (layer, more) in [
        ("incidents", &[][..]),
        ("counts", &pakistan),
        ("hotspots", &pakistan),
    ] {
        let ours = in_folder.exported(layer, more);
        assert!(ours.len() > 100_000, "{layer}");
        assert!(ours == on_server.exported(layer, more), "{layer}");
    }
    let served = |deployment: &Deployment| {
        let server = Server::over(&deployment.path("naqsha.toml"), &deployment.path("store"));
        let page = server.get("/collections/incidents/items?limit=1000").body;
        let page = String::from_utf8(page).unwrap().replace(server.base(), "");
        (page, server.get("/xyz/counts/5/22/13.mvt").body)
    };
    let (page, tile) = served(&in_folder);
    assert!(
        page.len() > 100_000 && tile.len() > 100,
        "{} {}",
        page.len(),
        tile.len()
    );
    assert!(served(&on_server) == (page, tile));
}

/// Two nodes are sent the same bytes at once, and two more others.
#[test]
fn files_that_come_at_once_wait_for_each_other_and_the_same_bytes_are_taken_once() {
    let Some(cluster) = cluster("files_that_come_at_once_wait_for_each_other") else {
        return;
    };
    let deployment = Deployment::new(&cluster.url(&cluster.database()));
    let files = [
        ("anf.seizure", "anf.seizure-001.csv"),
        ("anf.seizure", "anf.seizure-001.csv"),
        ("punjab.fir", "punjab.fir-001.csv"),
        ("ctd.tf", "ctd.tf-001.csv"),
    ];
    let running = files.map(|(profile, file)| {
        let args = ["ingest", "--profile", profile, &sample(file)];
        let mut command = deployment.command(&args);
        command.stdout(std::process::Stdio::piped());
        command.stderr(std::process::Stdio::piped());
        command.spawn().unwrap()
    });
    let told = running.map(|child| said(&child.wait_with_output().unwrap(), &["ingest"]));
    let known: Vec<bool> = told.iter().map(|told| told["codes"]["B902"] == 1).collect();
    assert_eq!(
        known[0..2].iter().filter(|&&known| known).count(),
        1,
        "{told:?}"
    );
    assert_eq!(known[2..], [false, false], "{told:?}");
    let list = deployment.run(&["batch", "list"]);
    assert_eq!(list["batches"].as_array().unwrap().len(), 3);
}

#[test]
fn the_most_talkative_log_and_every_failure_are_without_the_password() {
    let Some(cluster) =
        cluster("the_most_talkative_log_and_every_failure_are_without_the_password")
    else {
        return;
    };
    let url = cluster.url(&cluster.database());
    let deployment = Deployment::new(&url);
    let config = deployment.path("naqsha.toml");
    let talk = |ledger: &str| {
        std::fs::write(&config, format!("[store]\nledger = {ledger}\n")).unwrap();
        let output = deployment
            .command(&["-vv", "batch", "list"])
            .output()
            .unwrap();
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8_lossy(&told).into_owned();
        assert!(!told.contains(PASSWORD), "{told}");
        (output.status.code(), told)
    };
    let (code, told) = talk(&format!("\"{url}\""));
    assert_eq!(code, Some(0), "{told}");
    let absent = cluster.url("absent");
    for (ledger, code, says) in [
        (format!("\"{url}"), 2, "line 2"),
        (
            format!("\"{url}?passwd={PASSWORD}\""),
            2,
            "unknown parameter",
        ),
        (
            format!("\"{absent}\""),
            1,
            "cannot connect to postgres://naqsha@127.0.0.1",
        ),
        (
            format!("\"{}\"", absent.replace("naqsha:", "nobody:")),
            1,
            "cannot connect",
        ),
    ] {
        let (ended, told) = talk(&ledger);
        assert_eq!(ended, Some(code), "{told}");
        assert!(told.contains(says), "{told}");
    }
}
