//! TLS on the service's own listener, and the certificates that clients show it. Theirs were made by `tls/make.sh`.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use naqsha_http::{
    AuditSink, ClientCertificates, ConnectionLimits, Decision, ServerSettings, Tls, serve_within,
};
use ring::digest::{SHA256, digest};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use crate::access::{bearer, guarded, keys};
use crate::fixture::service;

const CERTIFICATE: &[u8] = include_bytes!("tls/certificate.pem");
/// Of that certificate, which nobody trusts but this test.
const KEY: &[u8] = include_bytes!("tls/key.pem");
/// Vouches for clients.
const AUTHORITY: &[u8] = include_bytes!("tls/authority.pem");

/// A certificate with its key.
type Own = (&'static [u8], &'static [u8]);

macro_rules! own {
    ($name:literal) => {
        (
            include_bytes!(concat!("tls/", $name, ".pem")),
            include_bytes!(concat!("tls/", $name, ".key.pem")),
        )
    };
}

const BUREAU: Own = own!("bureau");
const OTHER: Own = own!("other");
const EXPIRED: Own = own!("expired");
/// Vouched for by an authority that the service does not know.
const STRANGE: Own = own!("strange");
/// For services, not for their clients.
const SERVER: Own = own!("server");
/// Its authority has taken it back, by the list `ONE`.
const REVOKED: Own = own!("revoked");
/// A list that names nothing, one that names a certificate, and one of an authority that vouches for nobody here.
const NONE: &[u8] = include_bytes!("tls/none.crl.pem");
const ONE: &[u8] = include_bytes!("tls/one.crl.pem");
const OTHERS: &[u8] = include_bytes!("tls/others.crl.pem");

/// A service over TLS, and its port.
async fn listen(router: &Router, tls: Tls) -> (JoinHandle<std::io::Result<()>>, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let limits = ConnectionLimits {
        header_read: Duration::from_millis(500),
        ..ConnectionLimits::default()
    };
    let never = std::future::pending();
    let serving = serve_within(limits, Some(tls), listener, router.clone(), never);
    (tokio::spawn(serving), port)
}

fn connector(own: Option<Own>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(CERTIFICATE).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match own {
        None => config.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = vec![CertificateDer::from_pem_slice(certificate).unwrap()];
            let key = PrivateKeyDer::from_pem_slice(key).unwrap();
            config.with_client_auth_cert(chain, key).unwrap()
        }
    };
    TlsConnector::from(Arc::new(config))
}

/// What is answered; nothing where no hands are shaken.
async fn ask(port: u16, connector: &TlsConnector, path: &str, headers: &str) -> String {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let Ok(mut stream) = connector.connect(name, stream).await else {
        return String::new();
    };
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n");
    // A service that refuses the certificate may be gone by now.
    let _written = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    // The other end may close without a farewell.
    let _read = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_links_and_headers_say_so_and_who_speaks_none_is_cut_off() {
    let fixture = service().await;
    let tls = Tls::new(CERTIFICATE, KEY, None).unwrap();
    let (task, port) = listen(&fixture.router, tls).await;
    let answer = ask(port, &connector(None), "/conformance", "").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        answer.contains("strict-transport-security: max-age=31536000"),
        "{answer}"
    );
    assert!(answer.contains("https://localhost/conformance"), "{answer}");
    for words in [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".as_slice(), b""] {
        let mut plain = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        plain.write_all(words).await.unwrap();
        let mut told = Vec::new();
        let read = plain.read_to_end(&mut told);
        let _ended = tokio::time::timeout(Duration::from_secs(5), read)
            .await
            .unwrap();
        assert!(!told.starts_with(b"HTTP"), "{told:?}");
    }
    task.abort();
    assert_eq!(
        fixture
            .get("/conformance")
            .await
            .header("strict-transport-security"),
        ""
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_spoken_with_whose_certificate_no_authority_vouches_for() {
    let fixture = service().await;
    for required in [true, false] {
        let clients = ClientCertificates {
            authorities: AUTHORITY,
            revoked: None,
            required,
        };
        let tls = Tls::new(CERTIFICATE, KEY, Some(clients)).unwrap();
        let (task, port) = listen(&fixture.router, tls).await;
        for (name, own, spoken_with) in [
            ("a client's", Some(BUREAU), true),
            ("none", None, !required),
            ("expired", Some(EXPIRED), false),
            ("another authority's", Some(STRANGE), false),
            ("a service's", Some(SERVER), false),
        ] {
            let answer = ask(port, &connector(own), "/conformance", "").await;
            let told = format!("{name}, required {required}: {answer}");
            assert_eq!(answer.starts_with("HTTP/1.1 200"), spoken_with, "{told}");
            assert!(spoken_with || answer.is_empty(), "{told}");
        }
        task.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_a_certificate_is_refused_in_other_hands_and_that_is_recorded() {
    let (sink, mut records) = AuditSink::new(64);
    let (fixture, ring) = guarded(ServerSettings {
        audit: Some(sink),
        ..ServerSettings::default()
    })
    .await;
    let der = CertificateDer::from_pem_slice(BUREAU.0).unwrap();
    let sha256 = digest(&SHA256, &der).as_ref().try_into().unwrap();
    let mut bound = keys();
    bound
        .iter_mut()
        .filter(|key| key.agency.as_ref().is_some_and(|of| of.as_str() == "FIA"))
        .for_each(|key| key.certificate = Some(sha256));
    ring.replace(bound);
    let clients = ClientCertificates {
        authorities: AUTHORITY,
        revoked: None,
        required: false,
    };
    let tls = Tls::new(CERTIFICATE, KEY, Some(clients)).unwrap();
    let (task, port) = listen(&fixture.router, tls).await;
    let path = "/collections/incidents/items?limit=1";
    for (key, own, status) in [
        ("fia", Some(BUREAU), 200),
        ("fia", Some(OTHER), 401),
        ("fia", None, 401),
        // A certificate takes no key's place, and says nothing of a key that is bound to none.
        ("nobody", Some(BUREAU), 401),
        ("anf", Some(OTHER), 200),
        ("anf", None, 200),
    ] {
        let headers = format!("Authorization: {}\r\n", bearer(key));
        let connector = connector(own);
        // The second time, hands are shaken anew and not as before.
        for _ in 0..2 {
            let answer = ask(port, &connector, path, &headers).await;
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status}")),
                "{key}: {answer}"
            );
        }
        for _ in 0..2 {
            let record = records.recv().await.unwrap();
            let decision = match status {
                200 => Decision::Allowed,
                _ => Decision::Unknown,
            };
            assert_eq!((record.decision, record.status), (decision, status));
            assert_eq!(record.subject.is_some(), status == 200, "{record:?}");
        }
    }
    task.abort();
    // Whoever asks for no certificates sees none.
    let tls = Tls::new(CERTIFICATE, KEY, None).unwrap();
    let (task, port) = listen(&fixture.router, tls).await;
    let headers = format!("Authorization: {}\r\n", bearer("fia"));
    let answer = ask(port, &connector(Some(BUREAU)), path, &headers).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    task.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_was_revoked_is_refused_from_the_next_handshake_on() {
    let fixture = service().await;
    let speaks = |revoked| {
        let clients = ClientCertificates {
            authorities: AUTHORITY,
            revoked,
            required: true,
        };
        Tls::new(CERTIFICATE, KEY, Some(clients)).unwrap()
    };
    let tls = speaks(Some(NONE));
    let (task, port) = listen(&fixture.router, tls.clone()).await;
    let is_heard = async |own| {
        let answer = ask(port, &connector(Some(own)), "/conformance", "").await;
        answer.starts_with("HTTP/1.1 200")
    };
    assert!(is_heard(REVOKED).await && is_heard(BUREAU).await);
    // The list is renewed while the service runs.
    tls.renew(&speaks(Some(ONE)));
    assert!(!is_heard(REVOKED).await && is_heard(BUREAU).await);
    // Without a list of its authority nobody knows what it has revoked.
    tls.renew(&speaks(Some(OTHERS)));
    assert!(!is_heard(REVOKED).await && !is_heard(BUREAU).await);
    let both = [ONE, OTHERS].concat();
    tls.renew(&speaks(Some(&both)));
    assert!(!is_heard(REVOKED).await && is_heard(BUREAU).await);
    tls.renew(&speaks(None));
    assert!(is_heard(REVOKED).await, "no list was named");
    task.abort();
}

#[test]
fn files_that_are_no_certificate_or_key_are_refused_without_being_repeated() {
    const DAMAGED: &[u8] = b"-----BEGIN CERTIFICATE-----\nCANARY\n-----END CERTIFICATE-----\n";
    const DAMAGED_LIST: &[u8] = b"-----BEGIN X509 CRL-----\nCANARY\n-----END X509 CRL-----\n";
    let canary = b"CANARY".as_slice();
    for (certificate, key, authorities, revoked) in [
        (b"".as_slice(), KEY, None, None),
        (KEY, KEY, None, None),
        (CERTIFICATE, canary, None, None),
        (CERTIFICATE, CERTIFICATE, None, None),
        (DAMAGED, KEY, None, None),
        (CERTIFICATE, KEY, Some(canary), None),
        (CERTIFICATE, KEY, Some(KEY), None),
        (CERTIFICATE, KEY, Some(DAMAGED), None),
        (CERTIFICATE, KEY, Some(AUTHORITY), Some(canary)),
        (CERTIFICATE, KEY, Some(AUTHORITY), Some(AUTHORITY)),
        (CERTIFICATE, KEY, Some(AUTHORITY), Some(DAMAGED_LIST)),
    ] {
        let clients = authorities.map(|authorities| ClientCertificates {
            authorities,
            revoked,
            required: true,
        });
        let error = Tls::new(certificate, key, clients).unwrap_err();
        assert!(
            !format!("{error:?} {error}").contains("CANARY"),
            "{error:?}"
        );
    }
}
