//! Files of agencies with keys: who sends, who withdraws, who is a second pair of eyes, and that all of it is in the audit log.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use naqsha_tests::program::naqsha;
use naqsha_tests::server::{Reply, Server};
use naqsha_tests::street::file as street;
use serde_json::Value;

const BATCHES: &str = "/collections/incidents/batches";

/// A service that nobody reads without a key, and where two have to agree.
struct Guarded(Server);

impl Guarded {
    fn new() -> Self {
        let config = "[auth]\nanonymous_role = \"public\"\n[policy]\nfour_eyes = true\n";
        Self(Server::over_nothing_with(config))
    }

    fn key(&self, role: &str, agency: &str) -> String {
        let made = ["key", "create", "--role", role, "--agency", agency];
        let made = self.0.beside(&made);
        format!("Bearer {}", made["secret"].as_str().unwrap())
    }

    fn ask(&self, key: &str, method: &str, path: &str) -> Reply {
        let headers = [("authorization", key)];
        self.0.send(method, path, &headers, b"")
    }

    fn upload(&self, key: &str, idempotency: &str, file: &[u8]) -> Reply {
        let path = format!("{BATCHES}?profile=open.police-uk&agency=WYP");
        let headers = [("authorization", key), ("idempotency-key", idempotency)];
        self.0.send("POST", &path, &headers, file)
    }

    /// Until a new key is known, which takes less than a second.
    fn until_known(&self, key: &str) {
        let is_known = || self.ask(key, "GET", BATCHES).status == 200;
        let known = (0..200).any(|_try| {
            std::thread::sleep(std::time::Duration::from_millis(20));
            is_known()
        });
        assert!(known, "a key that was made is not known");
    }
}

#[test]
fn agencies_send_two_agree_and_the_log_tells_who_did_what() {
    let service = Guarded::new();
    let sender = service.key("uploader", "WYP");
    let other = service.key("uploader", "FIA");
    let approver = service.key("approver", "WYP");
    let strange = service.key("approver", "FIA");
    service.until_known(&strange);
    let file = street("keys", 5);

    assert_eq!(
        service.upload(&other, "a", &file).status,
        403,
        "another agency's"
    );
    assert_eq!(
        service.upload(&approver, "a", &file).status,
        403,
        "no sender"
    );
    let taken = service.upload(&sender, "a", &file);
    assert_eq!(
        taken.status,
        201,
        "{}",
        String::from_utf8_lossy(&taken.body)
    );
    let again = service.upload(&sender, "a", &file);
    assert_eq!((again.status, again.body), (201, taken.body.clone()));
    let batch = taken.json()["batch"].as_str().unwrap().to_owned();
    let at = format!("{BATCHES}/{batch}");

    // Of another agency there is nothing: not in the list, not by name, not to be changed.
    for key in [&other, &strange] {
        let list = service.ask(key, "GET", BATCHES).json();
        assert_eq!(list["batches"], Value::Array(Vec::new()));
        assert_eq!(service.ask(key, "GET", &at).status, 404);
        let withdrawn = service.ask(key, "DELETE", &format!("{at}?reason=R1"));
        assert_eq!(withdrawn.status, 404);
    }

    // One asks, the same cannot agree, another of the agency can.
    let withdraw = format!("{at}?reason=R1");
    assert_eq!(service.ask(&sender, "DELETE", &withdraw).status, 202);
    assert_eq!(service.ask(&sender, "DELETE", &withdraw).status, 409);
    let matched = || {
        let items = service.ask(&sender, "GET", "/collections/incidents/items?limit=1");
        items.json()["numberMatched"].as_u64().unwrap()
    };
    assert_eq!(matched(), 5);
    assert_eq!(service.ask(&approver, "DELETE", &withdraw).status, 204);
    assert_eq!(matched(), 0);

    let log = logged(&service, &batch);
    let of = |action: &str, decision: &str| {
        let wanted = |told: &&Value| told["action"] == action && told["decision"] == decision;
        log.iter().filter(wanted).count()
    };
    assert_eq!((of("ingest", "allowed"), of("withdraw", "allowed")), (1, 1));
    // Another agency's sender and an approver were refused; a file that was sent twice is two requests.
    assert_eq!((of("upload", "denied"), of("upload", "allowed")), (2, 2));
    let check = service.0.beside(&["audit", "verify"]);
    assert_eq!(check["whole"], true, "{check}");
}

/// Of an upload of another agency there is nothing at any address, and nobody else gives it up.
/// A client reads no answer before it has sent its file: were the connection closed under it, it would see a reset and no reason.
#[test]
fn a_file_that_nobody_may_send_is_read_and_its_refusal_heard() {
    let service = Guarded::new();
    let reader = service.key("approver", "WYP");
    service.until_known(&reader);
    let file = vec![b'x'; 24 << 20];
    let strange = format!("Bearer {}", "nobody".repeat(8));
    for (key, status) in [(&strange, 401), (&reader, 403)] {
        for idempotency in ["a", "b", "c"] {
            let reply = service.upload(key, idempotency, &file);
            assert_eq!(
                reply.status,
                status,
                "{}",
                String::from_utf8_lossy(&reply.body)
            );
        }
    }
}

#[test]
fn an_upload_of_another_agency_is_not_there() {
    let service = Guarded::new();
    let sender = service.key("uploader", "WYP");
    let colleague = service.key("approver", "WYP");
    let other = service.key("uploader", "FIA");
    service.until_known(&other);
    let taken = service.upload(&sender, "a", &street("jobs", 3));
    assert_eq!(taken.status, 201);
    let job = format!("/jobs/{}", taken.json()["job"].as_str().unwrap());
    let below = ["", "/results", "/errors", "/events", "/report.csv"];
    for at in below.map(|end| format!("{job}{end}")) {
        assert_eq!(service.ask(&colleague, "GET", &at).status, 200, "{at}");
        assert_eq!(service.ask(&other, "GET", &at).status, 404, "{at}");
    }
    assert_eq!(
        service.ask(&sender, "DELETE", &job).status,
        409,
        "it has ended"
    );
    assert_eq!(service.ask(&other, "DELETE", &job).status, 404);
    let jobs = |key: &str| {
        service.ask(key, "GET", "/jobs").json()["jobs"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!((jobs(&sender), jobs(&other)), (1, 0));
}

/// A key sends for its own agency: not through another's profile as that one's, not in the name of another, not in parts.
#[test]
fn an_agency_sends_its_own_records_alone() {
    let service = Guarded::new();
    let sender = service.key("uploader", "WYP");
    service.until_known(&sender);
    let file = street("own", 3);
    for query in [
        "profile=anf.seizure",
        "profile=open.police-uk&agency=FIA",
        "profile=anf.seizure&dry-run=true",
    ] {
        let key = [("authorization", sender.as_str()), ("idempotency-key", "a")];
        let refused = service
            .0
            .send("POST", &format!("{BATCHES}?{query}"), &key, &file);
        assert_eq!(refused.status, 403, "{query}");
        let parts = [
            ("authorization", sender.as_str()),
            ("tus-resumable", "1.0.0"),
            ("upload-length", "10"),
        ];
        let at = format!("/uploads?{}", query.trim_end_matches("&dry-run=true"));
        assert_eq!(service.0.send("POST", &at, &parts, b"").status, 403, "{at}");
    }
    assert_eq!(service.upload(&sender, "a", &file).status, 201);
}

/// Whoever asks for a withdrawal does not agree to it, and of the others of the agency an approver alone does.
#[test]
fn nobody_agrees_with_himself_and_uploaders_with_nobody() {
    let service = Guarded::new();
    let sender = service.key("uploader", "WYP");
    let second = service.key("uploader", "WYP");
    let approver = service.key("approver", "WYP");
    let another = service.key("approver", "WYP");
    let strange = service.key("approver", "FIA");
    service.until_known(&strange);
    for (key, begins) in [("a", &sender), ("b", &approver)] {
        let taken = service.upload(&sender, key, &street(key, 3)).json();
        let at = format!("{BATCHES}/{}?reason=R1", taken["batch"].as_str().unwrap());
        assert_eq!(service.ask(begins, "DELETE", &at).status, 202, "{key}");
        assert_eq!(service.ask(begins, "DELETE", &at).status, 409, "{key}");
        assert_eq!(service.ask(&second, "DELETE", &at).status, 403, "{key}");
        assert_eq!(service.ask(&strange, "DELETE", &at).status, 404, "{key}");
        assert_eq!(service.ask(&another, "DELETE", &at).status, 204, "{key}");
    }
}

/// A file that is refused as a whole, held, or known already leaves a record of its own beside that of its request.
#[test]
fn files_that_become_no_batch_are_told_with_their_reason() {
    let service = Guarded::new();
    let sender = service.key("uploader", "WYP");
    service.until_known(&sender);
    let file = street("refusals", 3);
    let mut bad = street("held", 3);
    for _ in 0..3 {
        bad.extend(b"bad,2018-17,WYP,WYP,-1.55,53.80,On or near X,E01,Leeds,Drugs,,\n");
    }
    let sent = [
        ("a", file.as_slice(), 201),
        ("b", file.as_slice(), 409),
        ("c", b"PK\x03\x04 and nothing of a workbook".as_slice(), 422),
        ("d", bad.as_slice(), 201),
    ];
    let mut answers = Vec::new();
    for (key, file, status) in sent {
        let reply = service.upload(&sender, key, file);
        assert_eq!(reply.status, status, "{key}");
        answers.push(reply.json());
    }
    let (batch, held) = (
        answers[0]["batch"].as_str().unwrap(),
        answers[3]["batch"].as_str().unwrap(),
    );
    let refused = answers[2]["code"].as_str().unwrap();
    let withdraw = format!("{BATCHES}/{batch}?reason=R1");
    let approver = service.key("approver", "WYP");
    service.until_known(&approver);
    assert_eq!(service.ask(&sender, "DELETE", &withdraw).status, 202);
    assert_eq!(service.ask(&approver, "DELETE", &withdraw).status, 204);
    let log = logged(&service, batch);
    let of_files: Vec<(&str, &str)> = log
        .iter()
        .filter(|told| told["action"] == "ingest")
        .map(|told| {
            (
                told["decision"].as_str().unwrap(),
                told["resource"].as_str().unwrap(),
            )
        })
        .collect();
    let [taken, again, unreadable, waits] = of_files.try_into().unwrap();
    assert_eq!(taken, ("allowed", format!("batch:{batch}").as_str()));
    assert_eq!(again, ("denied", format!("file:{batch} B902").as_str()));
    assert_eq!(unreadable.0, "denied");
    assert!(
        unreadable.1.ends_with(&format!(" {refused}")),
        "{unreadable:?}"
    );
    assert_eq!(
        waits,
        ("allowed", format!("batch:{held} held B904").as_str())
    );
    // Each request still has one record: of those of files the id is that of the job.
    let mut requests: Vec<&str> = log
        .iter()
        .filter_map(|told| told["request"].as_str())
        .collect();
    let all = requests.len();
    requests.sort_unstable();
    requests.dedup();
    assert_eq!(requests.len(), all, "{log:?}");
    let uploads = log.iter().filter(|told| told["action"] == "upload");
    assert_eq!(uploads.count(), sent.len());
}

/// The log once the last withdrawal of a batch is told of, and the request for it.
fn logged(service: &Guarded, batch: &str) -> Vec<Value> {
    let data = service.0.data().to_str().unwrap().to_owned();
    for _ in 0..50 {
        let told = naqsha()
            .args(["--json", "--data", &data, "audit", "list"])
            .output()
            .unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        let record = |line: &str| serde_json::from_str(line).unwrap();
        let records: Vec<Value> = told.lines().map(record).collect();
        let request = format!("DELETE {BATCHES}/{batch} 204");
        if records
            .iter()
            .any(|told| told["resource"] == request.as_str())
        {
            return records;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    Vec::new()
}
