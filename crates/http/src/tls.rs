//! TLS on the service's own listener (RFC 8446, and 1.2 of it for older clients).

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use ring::digest::{SHA256, digest};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, VerifierBuilderError, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Marks a request that came over TLS.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Secured {
    /// SHA-256 of the certificate that its sender showed, and one of our authorities vouches for.
    pub(crate) certificate: Option<[u8; 32]>,
}

/// What is wrong with a certificate or its key. What stands in the files is in no message.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificates.
    #[error("the certificates are no PEM file of them")]
    Certificates(#[source] pem::Error),
    /// There is none.
    #[error("there is no certificate in the file")]
    None,
    /// The key.
    #[error("the key is no PEM file of one")]
    Key(#[source] pem::Error),
    /// The two together.
    #[error("certificate and key cannot be used")]
    Unusable(#[source] rustls::Error),
    /// The authorities of clients' certificates, or their lists of what they revoked.
    #[error("nobody can vouch for clients by these authorities and lists of revoked certificates")]
    Authorities(#[source] VerifierBuilderError),
    /// The lists of revoked certificates.
    #[error("the lists of revoked certificates are no PEM file of them")]
    Revoked(#[source] pem::Error),
    /// There is no list.
    #[error("there is no list of revoked certificates in the file")]
    NoList,
}

/// Whose certificates clients show.
#[derive(Debug, Clone, Copy)]
pub struct ClientCertificates<'a> {
    /// Certificates of the authorities that vouch for them, in PEM.
    pub authorities: &'a [u8],
    /// Lists of the certificates that they have revoked (RFC 5280 §5), in PEM. With one, there has to be one of every authority:
    /// a client of one without a list is refused, for nobody knows what was revoked.
    pub revoked: Option<&'a [u8]>,
    /// Whether a client without one is not spoken with at all.
    pub required: bool,
}

/// A certificate with its key, ready to speak TLS. Clones are the same.
#[derive(Clone)]
pub struct Tls(Arc<RwLock<TlsAcceptor>>);

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

impl Tls {
    /// A chain of certificates, the service's own first, and its key, both in PEM; and whose certificates clients show,
    /// where they are asked for any.
    ///
    /// # Errors
    /// Where they are not, or do not belong together.
    pub fn new(
        certificates: &[u8],
        key: &[u8],
        clients: Option<ClientCertificates<'_>>,
    ) -> Result<Self, TlsError> {
        let chain = read(certificates)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(TlsError::Key)?;
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Unusable)?;
        let config = match clients {
            Some(clients) => config.with_client_cert_verifier(verifier(clients)?),
            None => config.with_no_client_auth(),
        };
        let mut config = config
            .with_single_cert(chain, key)
            .map_err(TlsError::Unusable)?;
        if clients.is_some() {
            // A session that is taken up again would be believed after its certificate has expired.
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        }
        // All that is spoken here.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Self(Arc::new(RwLock::new(acceptor))))
    }

    /// Takes over what another has, for handshakes from now on: its files were renewed.
    pub fn renew(&self, by: &Self) {
        let acceptor = by.acceptor();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = acceptor;
    }

    fn acceptor(&self) -> TlsAcceptor {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Shakes hands.
    pub(crate) async fn accept<S>(&self, stream: S) -> std::io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let acceptor = self.acceptor();
        acceptor.accept(stream).await
    }
}

impl Secured {
    /// What a connection's handshake has shown.
    pub(crate) fn of<S>(stream: &TlsStream<S>) -> Self {
        let (_, connection) = stream.get_ref();
        let shown = connection.peer_certificates().and_then(<[_]>::first);
        let certificate = shown.and_then(|own| digest(&SHA256, own).as_ref().try_into().ok());
        Self { certificate }
    }
}

/// Whether a handshake ended because of the client's certificate, or because there was none.
pub(crate) fn is_of_certificate(error: &std::io::Error) -> bool {
    let of_tls = error.get_ref().and_then(|error| error.downcast_ref());
    matches!(
        of_tls,
        Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented)
    )
}

fn read(certificates: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_slice_iter(certificates).collect::<Result<Vec<_>, _>>();
    let read = read.map_err(TlsError::Certificates)?;
    if read.is_empty() {
        return Err(TlsError::None);
    }
    Ok(read)
}

/// What judges clients' certificates: signatures, times and purpose, up to one of the authorities, and whether they were revoked.
fn verifier(clients: ClientCertificates<'_>) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    for authority in read(clients.authorities)? {
        roots.add(authority).map_err(TlsError::Unusable)?;
    }
    let provider = Arc::new(default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let verifier = match clients.revoked {
        Some(lists) => verifier.with_crls(revoked(lists)?),
        None => verifier,
    };
    let verifier = if clients.required {
        verifier
    } else {
        verifier.allow_unauthenticated()
    };
    verifier.build().map_err(TlsError::Authorities)
}

fn revoked(lists: &[u8]) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsError> {
    let read = CertificateRevocationListDer::pem_slice_iter(lists).collect::<Result<Vec<_>, _>>();
    let read = read.map_err(TlsError::Revoked)?;
    if read.is_empty() {
        return Err(TlsError::NoList);
    }
    Ok(read)
}
