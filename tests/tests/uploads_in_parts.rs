//! tus 1.0.0: a file in parts over a line that breaks, by the requests that a client of the protocol sends.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Write as _;
use std::time::{Duration, Instant};

use naqsha_tests::server::{Reply, Server};
use naqsha_tests::street::file as street;

const VERSION: (&str, &str) = ("tus-resumable", "1.0.0");
const PART: (&str, &str) = ("content-type", "application/offset+octet-stream");

fn create(server: &Server, length: usize) -> String {
    let length = length.to_string();
    // "march.csv"
    let headers = [
        VERSION,
        ("upload-length", &length),
        ("upload-metadata", "filename bWFyY2guY3N2,is_final"),
    ];
    let reply = server.send("POST", "/uploads?profile=open.police-uk", &headers, b"");
    assert_eq!(
        reply.status,
        201,
        "{}",
        String::from_utf8_lossy(&reply.body)
    );
    assert_eq!(reply.header("tus-resumable"), "1.0.0");
    assert!(reply.header("upload-expires").ends_with(" GMT"));
    reply.header("location").to_owned()
}

fn offset(server: &Server, at: &str) -> u64 {
    let reply = server.send("HEAD", at, &[VERSION], b"");
    assert_eq!(
        (reply.status, reply.header("cache-control")),
        (200, "no-store")
    );
    reply.header("upload-offset").parse().unwrap()
}

fn patch(server: &Server, at: &str, from: usize, more: &[(&str, &str)], part: &[u8]) -> Reply {
    let from = from.to_string();
    let mut headers = vec![VERSION, PART, ("upload-offset", from.as_str())];
    headers.extend(more);
    server.send("PATCH", at, &headers, part)
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
fn a_file_in_parts_survives_a_broken_line_and_a_kill() {
    let mut server = Server::over_nothing();
    let file = street("t", 3_000);
    let at = create(&server, file.len());
    let path = at.strip_prefix(server.base()).unwrap().to_owned();
    assert_eq!(offset(&server, &path), 0);
    assert_eq!(patch(&server, &path, 0, &[], &file[..50_000]).status, 204);

    // A part that says it is longer than what comes before the line breaks.
    let address = server.base().trim_start_matches("http://").to_owned();
    let mut socket = std::net::TcpStream::connect(&address).unwrap();
    write!(
        socket,
        "PATCH {path} HTTP/1.1\r\nHost: {address}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 50000\r\nContent-Type: {}\r\nContent-Length: 40000\r\n\r\n",
        PART.1
    )
    .unwrap();
    socket.write_all(&file[50_000..60_000]).unwrap();
    socket.flush().unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while offset(&server, &path) < 60_000 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
    drop(socket);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(offset(&server, &path), 60_000, "what came is kept");

    server.restart();
    assert_eq!(offset(&server, &path), 60_000);
    assert_eq!(
        patch(&server, &path, 50_000, &[], &file[50_000..]).status,
        409
    );
    assert_eq!(
        patch(
            &server,
            &path,
            60_000,
            &[("upload-checksum", "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=")],
            &file[60_000..]
        )
        .status,
        460
    );
    assert_eq!(
        offset(&server, &path),
        60_000,
        "a part with another checksum is not kept"
    );
    assert_eq!(
        patch(
            &server,
            &path,
            60_000,
            &[],
            &[&file[60_000..], b"x"].concat()
        )
        .status,
        413
    );
    let rest = usize::try_from(offset(&server, &path)).unwrap();
    let last = patch(&server, &path, rest, &[], &file[rest..]);
    assert_eq!(
        (last.status, last.header("upload-offset")),
        (204, file.len().to_string().as_str())
    );
    assert_eq!(offset(&server, &path), file.len() as u64);
    let job = path.replace("/uploads/", "/jobs/");
    assert!(
        last.header("link").contains(&job),
        "{}",
        last.header("link")
    );
    let deadline = Instant::now() + Duration::from_mins(1);
    let document = loop {
        let document = server.json(&job);
        if document["status"] != "running" && document["status"] != "accepted" {
            break document;
        }
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(
        (&document["status"], &document["accepted"]),
        (&"successful".into(), &3_000.into()),
        "{document}"
    );
    let batch = server.json(&format!(
        "/collections/incidents/batches/{}",
        document["batch"].as_str().unwrap()
    ));
    assert_eq!(batch["file"], "march.csv");
    assert_eq!(
        offset(&server, &path),
        file.len() as u64,
        "also once its bytes are gone"
    );
    let again = create(&server, file.len());
    assert_eq!(
        patch(&server, &again, 0, &[], &file).status,
        409,
        "the same bytes are one batch"
    );
}

#[test]
fn what_does_not_speak_the_protocol_is_told_so() {
    let server = Server::over_nothing();
    let offered = server.send("OPTIONS", "/uploads", &[], b"");
    assert_eq!(
        (offered.status, offered.header("tus-version")),
        (204, "1.0.0")
    );
    assert!(offered.header("tus-extension").contains("checksum"));
    assert!(offered.header("tus-checksum-algorithm").contains("sha1"));
    let create_with = |headers: &[(&str, &str)], query: &str| {
        server.send("POST", &format!("/uploads{query}"), headers, b"")
    };
    let other = create_with(&[("upload-length", "5")], "?profile=open.police-uk");
    assert_eq!((other.status, other.header("tus-version")), (412, "1.0.0"));
    assert_eq!(
        create_with(&[VERSION], "?profile=open.police-uk").status,
        400
    );
    assert_eq!(
        create_with(&[VERSION, ("upload-length", "5")], "?profile=none").status,
        400
    );
    assert_eq!(
        create_with(
            &[VERSION, ("upload-length", "99999999999999")],
            "?profile=open.police-uk"
        )
        .status,
        413
    );
    let at = create(&server, 10);
    let plain = server.send(
        "PATCH",
        &at,
        &[
            VERSION,
            ("upload-offset", "0"),
            ("content-type", "text/csv"),
        ],
        b"x",
    );
    assert_eq!(plain.status, 415);
    let good = "sha256 LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=";
    assert_eq!(
        patch(&server, &at, 0, &[("upload-checksum", "md5 AA==")], b"x").status,
        400
    );
    assert_eq!(
        patch(&server, &at, 0, &[("upload-checksum", good)], b"x").status,
        204,
        "SHA-256 of x"
    );
    assert_eq!(server.send("DELETE", &at, &[VERSION], b"").status, 204);
    for path in [
        at.as_str(),
        "/uploads/00000000000000000000000000000000",
        "/uploads/..",
        "/uploads/x",
    ] {
        assert_eq!(
            server.send("HEAD", path, &[VERSION], b"").status,
            404,
            "{path}"
        );
    }
    assert_eq!(server.get("/uploads").status, 405);
}
