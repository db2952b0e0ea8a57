//! Certificates and lists of revoked ones that are renewed while the program serves. It is asked by curl, where that is.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use naqsha_tests::program::run;
use naqsha_tests::server::Server;
use naqsha_tests::skip::program;

const FILES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../crates/http/tests/service/tls"
);

fn file(name: &str) -> PathBuf {
    Path::new(FILES).join(name)
}

/// Whether the service speaks with the holder of a certificate.
fn is_heard(base: &str, own: &str) -> bool {
    let mut curl = std::process::Command::new("curl");
    curl.args(["-s", "-o", "/dev/null", "--max-time", "10", "--resolve"]);
    let port = base.rsplit(':').next().unwrap();
    curl.arg(format!("localhost:{port}:127.0.0.1"));
    curl.arg("--cacert").arg(file("certificate.pem"));
    curl.arg("--cert").arg(file(&format!("{own}.pem")));
    curl.arg("--key").arg(file(&format!("{own}.key.pem")));
    curl.arg(format!("https://localhost:{port}/healthz"));
    curl.status().unwrap().success()
}

fn within(time: Duration, what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < time, "not within {time:?}: {what}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_list_that_is_renewed_counts_and_one_that_cannot_be_read_changes_nothing() {
    let name = "a_list_that_is_renewed_counts_and_one_that_cannot_be_read_changes_nothing";
    if program(name, "curl").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (data, list) = (
        folder.path().join("store"),
        folder.path().join("revoked.pem"),
    );
    run(&data, &["init"]);
    fs::copy(file("none.crl.pem"), &list).unwrap();
    let config = folder.path().join("naqsha.toml");
    let [cert, key, ca] = ["certificate.pem", "key.pem", "authority.pem"].map(file);
    let tls = format!(
        "[server.tls]\ncert = {cert:?}\nkey = {key:?}\nclient_ca = {ca:?}\nclient_crl = {list:?}\nclient_required = true\n"
    );
    fs::write(&config, tls).unwrap();
    let server = Server::over(&config, &data);
    assert!(is_heard(server.base(), "revoked") && is_heard(server.base(), "bureau"));
    fs::copy(file("one.crl.pem"), &list).unwrap();
    within(
        Duration::from_secs(15),
        "the certificate is refused",
        || !is_heard(server.base(), "revoked"),
    );
    assert!(is_heard(server.base(), "bureau"));
    fs::write(&list, "half a list").unwrap();
    std::thread::sleep(Duration::from_secs(7));
    assert!(is_heard(server.base(), "bureau") && !is_heard(server.base(), "revoked"));
    fs::copy(file("none.crl.pem"), &list).unwrap();
    within(
        Duration::from_secs(15),
        "the certificate is taken again",
        || is_heard(server.base(), "revoked"),
    );
}
