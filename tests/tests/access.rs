//! Keys against the real program: made beside a running service, used, revoked; and nothing of them in what it says.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use naqsha_tests::program::naqsha;
use naqsha_tests::server::Server;
use serde_json::Value;

const ITEMS: &str = "/collections/incidents/items?limit=1";

/// Asks until a status comes; how long that took.
fn until(server: &Server, key: &str, status: u16) -> Duration {
    let began = Instant::now();
    let bearer = format!("Bearer {key}");
    while server.get_with(ITEMS, &[("authorization", &bearer)]).status != status {
        assert!(began.elapsed() < Duration::from_secs(10), "no {status}");
        sleep(Duration::from_millis(20));
    }
    began.elapsed()
}

#[test]
fn a_key_counts_within_a_second_of_being_made_and_of_being_revoked() {
    let server = Server::with_config("[auth]\nanonymous_role = \"public\"\n");
    assert_eq!(server.get(ITEMS).status, 401);
    let made = server.beside(&["key", "create", "--role", "analyst"]);
    let key = made["secret"].as_str().unwrap().to_owned();
    assert!(until(&server, &key, 200) < Duration::from_secs(2));
    let basic = format!("user:{key}");
    let encoded = base64(basic.as_bytes());
    let headers = [("authorization", format!("Basic {encoded}"))];
    let headers = headers
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    assert_eq!(server.get_with(ITEMS, &headers).status, 200);
    let other = server.beside(&["key", "create", "--role", "uploader", "--agency", "ANF"]);
    let other = other["secret"].as_str().unwrap();
    until(&server, other, 200);
    let bearer = format!("Bearer {other}");
    let own = server.get_with(ITEMS, &[("authorization", &bearer)]);
    let own: Value = serde_json::from_slice(&own.body).unwrap();
    assert_eq!(own["numberMatched"], 0, "the records are of another agency");
    let id = made["id"].as_str().unwrap();
    server.beside(&["key", "revoke", id, "--reason", "test"]);
    assert!(until(&server, &key, 401) < Duration::from_secs(2));
}

/// RFC 4648 §4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let number = three
            .iter()
            .chain(&[0, 0])
            .take(3)
            .fold(0_u32, |all, &byte| all << 8 | u32::from(byte));
        for at in 0..4 {
            let letter = LETTERS[(number >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= three.len() {
                char::from(letter)
            } else {
                '='
            });
        }
    }
    text
}

/// What nobody may find in log, metrics, or the headers of an answer.
const CANARY: &str = "c4nary5ecret";

/// Requests with the canary wherever one can hold it: head and body.
fn planted() -> Vec<(String, String)> {
    vec![
        (
            format!("GET /collections HTTP/1.1\r\nAuthorization: Bearer nq_{CANARY}_{CANARY}"),
            String::new(),
        ),
        (
            format!("GET /collections HTTP/1.1\r\nAuthorization: Bearer {CANARY}"),
            String::new(),
        ),
        (
            format!("GET /collections?token={CANARY} HTTP/1.1"),
            String::new(),
        ),
        (
            format!("GET /collections?{CANARY}=1 HTTP/1.1"),
            String::new(),
        ),
        (
            format!("GET /collections/{CANARY}/items HTTP/1.1"),
            String::new(),
        ),
        (format!("GET /{CANARY} HTTP/1.1"), String::new()),
        (format!("{CANARY} /collections HTTP/1.1"), String::new()),
        (
            format!("GET /collections HTTP/1.1\r\nX-Canary: {CANARY}\r\nCookie: a={CANARY}"),
            String::new(),
        ),
        (
            "POST /collections/counts/search HTTP/1.1\r\nContent-Type: application/json".to_owned(),
            CANARY.to_owned(),
        ),
    ]
}

#[test]
fn what_a_request_holds_is_in_no_log_no_metric_and_no_header() {
    let dir = tempfile::tempdir().unwrap();
    let (config, data) = (dir.path().join("naqsha.toml"), dir.path().join("store"));
    std::fs::write(&config, "[server]\nadmin_listen = \"127.0.0.1:0\"\n").unwrap();
    let command = || {
        let mut command = naqsha();
        command
            .arg("--config")
            .arg(&config)
            .arg("--data")
            .arg(&data)
            .args(["--json", "-vv"]);
        command
    };
    assert!(command().arg("init").output().unwrap().status.success());
    let mut child = command()
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let said: Value = serde_json::from_str(&line).unwrap();
    let address = |name: &str| {
        let url = said[name].as_str().unwrap();
        url.trim_start_matches("http://")
            .trim_end_matches('/')
            .to_owned()
    };
    let ask = |address: &str, head: &str, body: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        write!(
            stream,
            "{head}\r\nHost: a\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let service = address("listening");
    for (head, body) in planted() {
        let answer = ask(&service, &head, &body);
        let (headers, problem) = answer.split_once("\r\n\r\n").unwrap();
        assert!(!headers.contains(CANARY), "{headers}");
        // A name that is unknown is told to who has sent it, as are wrong values; a key, a path or a header is not.
        let told = head.contains(&format!("?{CANARY}"));
        assert!(told || !problem.contains(CANARY), "{head}: {problem}");
    }
    let metrics = ask(&address("admin"), "GET /metrics HTTP/1.1", "");
    assert!(
        metrics.contains("naqsha_http_unknown_keys_total 3"),
        "{metrics}"
    );
    assert!(!metrics.contains(CANARY));
    child.kill().unwrap();
    let log = child.wait_with_output().unwrap().stderr;
    let log = String::from_utf8_lossy(&log);
    assert!(log.contains("answered"), "{log}");
    assert!(!log.contains(CANARY), "{log}");
}
