//! Files sent over HTTP: what each rule of the service says, by requests to the real program.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use naqsha_tests::answers::{matched, status};
use naqsha_tests::program::run;
use naqsha_tests::server::Server;
use naqsha_tests::street::{HEADER, file as street};
use serde_json::Value;

const POLICE: &str = "profile=open.police-uk";

/// The job's document once it has ended.
fn ended(server: &Server, job: &str) -> Value {
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let document = server.json(&format!("/jobs/{job}"));
        let over = !["accepted", "running"].contains(&document["status"].as_str().unwrap());
        if over {
            return document;
        }
        assert!(Instant::now() < deadline, "{document}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn records(server: &Server) -> Vec<Value> {
    let lines = server.get("/collections/incidents/items?f=ndjson");
    assert_eq!(lines.status, 200);
    let text = String::from_utf8(lines.body).unwrap();
    let mut records: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for record in &mut records {
        let record = record.as_object_mut().unwrap();
        // Ids begin with the time of receipt.
        record.remove("id");
        record.remove("links");
        if let Some(properties) = record.get_mut("properties").and_then(Value::as_object_mut) {
            for own in ["id", "received_at", "cluster"] {
                properties.remove(own);
            }
        }
    }
    records.sort_by_key(Value::to_string);
    records
}

#[test]
fn a_file_is_the_same_batch_by_command_and_over_http() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let secret = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
    run(&store, &["init"]);
    std::fs::write(store.join("linkage.secret"), secret).unwrap();
    let service = Server::over_nothing();
    std::fs::write(service.data().join("linkage.secret"), secret).unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/sample");
    for file in [
        "pakistan/anf.seizure-001.csv",
        "pakistan/ctd.tf-001.csv",
        "pakistan/punjab.fir-001.csv",
        "pakistan/fia.cyber.complaint-001.xlsx",
        "pakistan/ngo.victim_support-001.xlsx",
    ] {
        let path = sample.join(file);
        let (_, name) = file.rsplit_once('/').unwrap();
        let (profile, _) = name.rsplit_once('-').unwrap();
        let report = folder.path().join("report.csv");
        let told = run(
            &store,
            &[
                "ingest",
                "--profile",
                profile,
                path.to_str().unwrap(),
                "--report",
                report.to_str().unwrap(),
            ],
        );
        let bytes = std::fs::read(&path).unwrap();
        let query = format!("profile={profile}&synthetic=true");
        let answer = status(&service.upload(&query, file, &bytes), 201);
        for (member, value) in told.as_object().unwrap() {
            assert_eq!(answer[member], *value, "{file}: {member}");
        }
        assert!(answer["accepted"].as_u64().unwrap() > 0, "{answer}");
        let job = answer["job"].as_str().unwrap();
        let by_http = service.get(&format!("/jobs/{job}/report.csv"));
        assert_eq!(by_http.status, 200);
        assert!(
            by_http.body == std::fs::read(&report).unwrap(),
            "{file}: another report"
        );
    }
    let config = folder.path().join("naqsha.toml");
    std::fs::write(&config, "").unwrap();
    let beside = Server::over(&config, &store);
    assert!(records(&beside) == records(&service), "other records");
    let staged: Vec<_> = walk(&service.data().join("staged"));
    assert!(
        !staged.iter().any(|path| path.ends_with("file")),
        "what was sent is not kept: {staged:?}"
    );
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn the_same_request_again_gets_the_same_answer_and_does_nothing() {
    let mut server = Server::over_nothing();
    let file = street("a", 30);
    let path = format!("/collections/incidents/batches?{POLICE}");
    status(&server.send("POST", &path, &[], &file), 400);
    let (long, key) = ("k".repeat(256), "k".repeat(255));
    status(&server.upload(POLICE, &long, &file), 400);
    status(&server.upload(POLICE, "", &file), 400);

    let first = server.upload(POLICE, &key, &file);
    let answer = status(&first, 201);
    let batch = answer["batch"].as_str().unwrap().to_owned();
    assert_eq!(
        (&answer["rows"], &answer["accepted"], &answer["state"]),
        (&30.into(), &30.into(), &"live".into())
    );
    let location = first.header("location");
    assert_eq!(
        location,
        format!("{}/collections/incidents/batches/{batch}", server.base())
    );
    assert_eq!(server.json(location)["state"], "live");
    assert_eq!(matched(&server), 30);

    let again = |server: &Server| {
        let again = server.upload(POLICE, &key, &file);
        assert_eq!((again.status, &again.body), (201, &first.body));
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(
            server.json("/collections/incidents/batches")["batches"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
    };
    again(&server);
    // A9: the key with another body, or for something else.
    status(&server.upload(POLICE, &key, &street("b", 30)), 422);
    status(
        &server.upload(&format!("{POLICE}&revise=true"), &key, &file),
        422,
    );
    // The bytes under another key.
    let other = status(&server.upload(POLICE, "other", &file), 409);
    assert_eq!(
        (&other["batch"], &other["code"]),
        (&batch.clone().into(), &"B902".into())
    );
    assert_eq!(matched(&server), 30);

    let gone = server.send("DELETE", &format!("{location}?reason=not%20ours"), &[], b"");
    assert_eq!(gone.status, 204);
    assert_eq!(matched(&server), 0);
    again(&server);
    assert_eq!(matched(&server), 0, "a repetition revives nothing");
    server.restart();
    again(&server);
    assert_eq!(matched(&server), 0);
    assert_eq!(
        status(&server.upload(POLICE, "other", &file), 409)["state"],
        "withdrawn"
    );
}

#[test]
fn a_refused_file_says_its_code_in_both_languages_and_what_to_do() {
    let server = Server::over_nothing();
    let unmapped = [HEADER.trim_end(), ",Colour\n"].concat();
    for (file, code) in [
        (Vec::new(), "B906"),
        (HEADER.as_bytes().to_vec(), "B906"),
        (b"PK\x03\x04nothing".to_vec(), "B907"),
        (
            format!("{unmapped}x,2018-07,WYP,WYP,-1.5,53.8,X,E01,Leeds,Drugs,,,red\n").into_bytes(),
            "E103",
        ),
    ] {
        let first = server.upload(POLICE, code_key(code, &file).as_str(), &file);
        let problem = status(&first, 422);
        assert_eq!(problem["code"], code, "{problem}");
        for words in ["explanation", "what_to_do"] {
            let [en, ur] = ["en", "ur"].map(|l| problem[words][l].as_str().unwrap().to_owned());
            assert!(
                en.is_ascii() && !en.is_empty() && !ur.is_ascii(),
                "{en} {ur}"
            );
        }
        let again = server.upload(POLICE, code_key(code, &file).as_str(), &file);
        assert_eq!((again.status, &again.body), (422, &first.body));
        let job = problem["instance"].as_str().unwrap();
        let document = server.json(job);
        assert_eq!(
            (&document["status"], &document["code"]),
            (&"failed".into(), &code.into())
        );
        let errors = server.get(&format!("{job}/errors"));
        assert!(String::from_utf8(errors.body).unwrap().contains(code));
    }
    assert_eq!(
        server.json("/collections/incidents/batches")["batches"],
        Value::Array(Vec::new())
    );
}

fn code_key(code: &str, file: &[u8]) -> String {
    format!("{code}-{}", file.len())
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
fn a_body_is_checked_and_its_coding_undone() {
    let server = Server::over_nothing();
    let file = street("c", 2_000);
    let send = |key: &str, headers: &[(&str, &str)], body: &[u8]| {
        let path = format!("/collections/incidents/batches?{POLICE}");
        let mut all = vec![("idempotency-key", key)];
        all.extend(headers);
        server.send("POST", &path, &all, body)
    };
    let wrong = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
    status(&send("d1", &[("content-digest", wrong)], &file), 400);
    status(&send("d1", &[("content-digest", "sha-256=x")], &file), 400);
    status(
        &send("d1", &[("content-encoding", "gzip, zstd")], &file),
        415,
    );
    status(&send("d1", &[("content-encoding", "br")], &file), 415);
    status(&send("d1", &[("content-encoding", "gzip")], &file), 400);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&file).unwrap();
    let gzip = gzip.finish().unwrap();
    status(
        &send(
            "d1",
            &[("content-encoding", "gzip")],
            &gzip[..gzip.len() - 9],
        ),
        400,
    );
    let zstd = zstd::encode_all(&file[..], 3).unwrap();
    status(
        &send(
            "d1",
            &[("content-encoding", "zstd")],
            &zstd[..zstd.len() - 9],
        ),
        400,
    );
    assert_eq!(
        matched(&server),
        0,
        "nothing of these was stored, and their key is free"
    );

    let taken = status(&send("d1", &[("content-encoding", "gzip")], &gzip), 201);
    assert_eq!(taken["accepted"], 2_000);
    let again = send("d1", &[("content-encoding", "zstd")], &zstd);
    assert_eq!(
        again.status, 201,
        "the file is the same, however it is coded"
    );
    assert_eq!(
        status(&send("d2", &[], &file), 409)["batch"],
        taken["batch"]
    );

    // What a browser's form or `curl -F` sends.
    let other = street("form", 10);
    let mut form = b"--XX\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"street.csv\"\r\nContent-Type: text/csv\r\n\r\n".to_vec();
    form.extend(&other);
    form.extend(b"\r\n--XX--\r\n");
    let multipart = ("content-type", "multipart/form-data; boundary=XX");
    let taken = status(&send("f1", &[multipart], &form), 201);
    assert_eq!(taken["accepted"], 10);
    let batch = server.json(&format!(
        "/collections/incidents/batches/{}",
        taken["batch"].as_str().unwrap()
    ));
    assert_eq!(batch["file"], "street.csv");
    status(
        &send(
            "f2",
            &[multipart],
            b"--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--XX--\r\n",
        ),
        400,
    );
    status(
        &send("f2", &[("content-type", "multipart/form-data")], &form),
        400,
    );
    status(
        &send("f2", &[multipart, ("content-encoding", "gzip")], &form),
        400,
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
fn a_job_tells_how_far_it_is_and_what_became_of_each_row() {
    let server = Server::over_nothing();
    let path = format!("/collections/incidents/batches?{POLICE}");
    let mut file = street("j", 40);
    file.extend(b"bad,2018-17,WYP,WYP,-1.55,53.80,On or near X,E01,Leeds,Drugs,,\n");
    let headers = [("idempotency-key", "job"), ("prefer", "respond-async")];
    let first = server.send("POST", &path, &headers, &file);
    let accepted = status(&first, 202);
    let job = accepted["id"].as_str().unwrap();
    assert_eq!(
        first.header("location"),
        format!("{}/jobs/{job}", server.base())
    );
    let document = ended(&server, job);
    assert_eq!(document["status"], "successful", "{document}");
    assert_eq!(
        (&document["accepted"], &document["rejected"]),
        (&40.into(), &1.into())
    );
    assert_eq!(document["processID"], "upload");
    let again = server.send("POST", &path, &headers[..1], &file);
    assert_eq!(
        (again.status, &again.body),
        (202, &first.body),
        "the answer was 202 and stays it"
    );
    let lines = String::from_utf8(server.get(&format!("/jobs/{job}/errors")).body).unwrap();
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let line = lines
        .iter()
        .find(|line| line["outcome"] == "rejected")
        .unwrap();
    assert_eq!(
        (&line["row"], &line["column"], &line["code"]),
        (&41.into(), &"Month".into(), &"E301".into())
    );
    assert!(line["message"]["ur"].is_string() && line["what_to_do"]["en"].is_string());
    assert!(!line.to_string().contains("2018-17"), "no value of the row");
    let report = String::from_utf8(server.get(&format!("/jobs/{job}/report.csv")).body).unwrap();
    assert_eq!(report.lines().count(), 42);
    assert!(
        report
            .lines()
            .last()
            .unwrap()
            .contains(",41,rejected,E301,"),
        "{report}"
    );
    let events = String::from_utf8(
        server
            .get_accepting(&format!("/jobs/{job}/events"), "text/event-stream")
            .body,
    )
    .unwrap();
    assert!(
        events.ends_with("\n\n") && events.contains("event: status\n"),
        "{events}"
    );
    let results = server.json(&format!("/jobs/{job}/results"));
    assert_eq!(
        (&results["batch"], &results["job"]),
        (&document["batch"], &job.into())
    );
    let jobs = server.json("/jobs");
    assert!(
        jobs["jobs"]
            .as_array()
            .unwrap()
            .iter()
            .any(|of| of["id"] == job)
    );
    status(
        &server.send("DELETE", &format!("/jobs/{job}"), &[], b""),
        409,
    );
    for below in ["", "/errors", "/report.csv", "/events", "/results"] {
        assert_eq!(
            server.get(&format!("/jobs/0000{below}")).status,
            404,
            "{below}"
        );
    }
}

#[test]
fn a_dry_run_says_everything_and_stores_nothing() {
    let server = Server::over_nothing();
    let mut file = street("dry", 9);
    file.extend(b"bad,2018-17,WYP,WYP,-1.55,53.80,On or near X,E01,Leeds,Drugs,,\n");
    let path = format!("/collections/incidents/batches?{POLICE}&dry-run=true");
    let told = status(&server.send("POST", &path, &[], &file), 200);
    assert_eq!(
        (&told["accepted"], &told["rejected"], &told["dry_run"]),
        (&9.into(), &1.into(), &true.into())
    );
    assert_eq!((&told["data_version"], matched(&server)), (&Value::Null, 0));
    assert_eq!(told["columns"]["E301"]["Month"], 1);
    let job = told["job"].as_str().unwrap();
    let report = server.get(&format!("/jobs/{job}/report.csv"));
    assert_eq!(String::from_utf8(report.body).unwrap().lines().count(), 11);
    let taken = status(&server.upload(POLICE, "real", &file), 201);
    for member in ["rows", "accepted", "rejected", "codes", "columns", "batch"] {
        assert_eq!(taken[member], told[member], "{member}");
    }
    assert_eq!(
        status(&server.send("POST", &path, &[], b""), 422)["code"],
        "B906"
    );
}
