//! TLS on the service's own listener.

use std::sync::Arc;
use std::time::Duration;

use naqsha_http::{ConnectionLimits, Tls, serve_within};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;

use crate::fixture::service;

const CERTIFICATE: &[u8] = include_bytes!("tls/certificate.pem");
/// Of that certificate, which nobody trusts but this test.
const KEY: &[u8] = include_bytes!("tls/key.pem");

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_links_and_headers_say_so_and_who_speaks_none_is_cut_off() {
    let fixture = service().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let limits = ConnectionLimits {
        header_read: Duration::from_millis(500),
        ..ConnectionLimits::default()
    };
    let tls = Tls::new(CERTIFICATE, KEY).unwrap();
    let router = fixture.router.clone();
    let task = tokio::spawn(serve_within(
        limits,
        Some(tls),
        listener,
        router,
        std::future::pending(),
    ));
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(CERTIFICATE).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = connector.connect(name, stream).await.unwrap();
    let request = b"GET /conformance HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    // The other end may close without a farewell.
    let _read = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        answer.contains("strict-transport-security: max-age=31536000"),
        "{answer}"
    );
    assert!(answer.contains("https://localhost/conformance"), "{answer}");
    for words in [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".as_slice(), b""] {
        let mut plain = TcpStream::connect(address).await.unwrap();
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

#[test]
fn files_that_are_no_certificate_or_key_are_refused_without_being_repeated() {
    for (certificate, key) in [
        (b"".as_slice(), KEY),
        (KEY, KEY),
        (CERTIFICATE, b"CANARY".as_slice()),
        (CERTIFICATE, CERTIFICATE),
        (
            b"-----BEGIN CERTIFICATE-----\nCANARY\n-----END CERTIFICATE-----\n",
            KEY,
        ),
    ] {
        let error = Tls::new(certificate, key).unwrap_err();
        assert!(
            !format!("{error:?} {error}").contains("CANARY"),
            "{error:?}"
        );
    }
}
