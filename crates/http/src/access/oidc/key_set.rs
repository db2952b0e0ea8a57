//! The keys of an issuer (RFC 7517), as far as they check signatures of the three algorithms that are taken.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde_json::Value;

/// Most keys of a set that are looked at.
const MOST_KEYS: usize = 64;

/// An algorithm that is taken (RFC 7518 §3.1, RFC 8037 §3.1). Others are not, `none` and those with shared secrets above all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Es256,
    EdDsa,
    Rs256,
}

impl Algorithm {
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "ES256" => Some(Self::Es256),
            "EdDSA" => Some(Self::EdDsa),
            "RS256" => Some(Self::Rs256),
            _ => None,
        }
    }
}

/// A public key; it is of one algorithm, whatever a token says.
#[derive(Debug)]
enum PublicKey {
    Es256(Vec<u8>),
    EdDsa(Vec<u8>),
    Rs256 { n: Vec<u8>, e: Vec<u8> },
}

/// The keys of an issuer by their ids.
#[derive(Debug, Default)]
pub(super) struct KeySet(Vec<(String, PublicKey)>);

impl KeySet {
    /// Reads a set; keys of other kinds, for other uses or without an id are passed over.
    pub(super) fn parse(document: &[u8]) -> Option<Self> {
        let document: Value = serde_json::from_slice(document).ok()?;
        let keys = document.get("keys")?.as_array()?.iter().take(MOST_KEYS);
        Some(Self(keys.filter_map(read).collect()))
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.0.iter().any(|(of, _)| of == id)
    }

    /// Whether the key of this id, which is of this algorithm, signed a message.
    pub(super) fn verifies(
        &self,
        id: &str,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let keys = self.0.iter().filter(|(of, _)| of == id);
        keys.into_iter().any(|(_, key)| {
            let checked = match (key, algorithm) {
                (PublicKey::Es256(point), Algorithm::Es256) => {
                    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                        .verify(message, signature)
                }
                (PublicKey::EdDsa(point), Algorithm::EdDsa) => {
                    UnparsedPublicKey::new(&ED25519, point).verify(message, signature)
                }
                (PublicKey::Rs256 { n, e }, Algorithm::Rs256) => RsaPublicKeyComponents { n, e }
                    .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature),
                _ => return false,
            };
            checked.is_ok()
        })
    }
}

fn read(key: &Value) -> Option<(String, PublicKey)> {
    let text = |name: &str| key.get(name)?.as_str();
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
    let id = text("kid")?.to_owned();
    let is_for_signatures = text("use").is_none_or(|of| of == "sig");
    let (algorithm, found) = match (text("kty")?, text("crv")) {
        ("EC", Some("P-256")) => {
            // An uncompressed point (SEC 1 §2.3.3).
            let point = [vec![4], bytes("x")?, bytes("y")?].concat();
            ("ES256", PublicKey::Es256(point))
        }
        ("OKP", Some("Ed25519")) => ("EdDSA", PublicKey::EdDsa(bytes("x")?)),
        ("RSA", _) => {
            let (n, e) = (bytes("n")?, bytes("e")?);
            ("RS256", PublicKey::Rs256 { n, e })
        }
        _ => return None,
    };
    let is_of_it = text("alg").is_none_or(|of| of == algorithm);
    (is_for_signatures && is_of_it).then_some((id, found))
}
