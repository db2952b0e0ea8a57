//! TLS on the service's own listener (RFC 8446, and 1.2 of it for older clients).

use std::fmt;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Marks a request that came over TLS.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Secured;

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
}

/// A certificate with its key, ready to speak TLS.
#[derive(Clone)]
pub struct Tls(TlsAcceptor);

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

impl Tls {
    /// A chain of certificates, the service's own first, and its key, both in PEM.
    ///
    /// # Errors
    /// Where they are not, or do not belong together.
    pub fn new(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain = CertificateDer::pem_slice_iter(certificates).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(TlsError::Certificates)?;
        if chain.is_empty() {
            return Err(TlsError::None);
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(TlsError::Key)?;
        let provider = Arc::new(ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Unusable)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(TlsError::Unusable)?;
        // All that is spoken here.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    /// Shakes hands.
    pub(crate) async fn accept<S>(&self, stream: S) -> std::io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        self.0.accept(stream).await
    }
}
