//! One access token: a signed statement of who its bearer is (RFC 7515, RFC 7519, RFC 9068).
//!
//! It is read by what this service asks of it and by nothing that it asks itself: keys, certificates and addresses in its
//! header are not looked at.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use naqsha_model::{Agency, Role};
use serde_json::{Map, Value};

use super::key_set::{Algorithm, KeySet};
use crate::access::subject::{Subject, Who};

/// Longest token that is read.
const LONGEST: usize = 8 << 10;
/// How far the issuer's clock may be from this one, in seconds.
const SKEW: f64 = 60.0;
/// How long a token may be good, in seconds: as long as a right that was taken back may still be used.
const LONGEST_LIFE: f64 = 900.0;
/// Longest name of a subject.
const LONGEST_SUBJECT: usize = 128;

/// What a token must say.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) issuer: String,
    pub(super) audience: String,
}

/// A token taken apart; nothing of it is believed yet.
#[derive(Debug)]
pub(super) struct Token<'t> {
    pub(super) key_id: String,
    algorithm: Algorithm,
    message: &'t str,
    signature: Vec<u8>,
    claims: &'t str,
}

impl<'t> Token<'t> {
    /// Takes a text apart, if it is an access token signed by an algorithm that is taken.
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let (message, signature) = text.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let header = object(header)?;
        let said = |name: &str| header.get(name)?.as_str();
        let typ = said("typ")?.to_ascii_lowercase();
        // What is critical and not understood makes a token invalid (RFC 7515 §4.1.11); none of it is understood.
        if !["at+jwt", "application/at+jwt"].contains(&typ.as_str()) || header.contains_key("crit")
        {
            return None;
        }
        Some(Self {
            key_id: said("kid")?.to_owned(),
            algorithm: Algorithm::parse(said("alg")?)?,
            message,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
            claims,
        })
    }

    /// The bearer, where the signature is that of one of the keys and every claim is as it must be.
    pub(super) fn bearer(&self, keys: &KeySet, rules: &Rules, now: Timestamp) -> Option<Subject> {
        let message = self.message.as_bytes();
        if !keys.verifies(&self.key_id, self.algorithm, message, &self.signature) {
            return None;
        }
        let claims = object(self.claims)?;
        is_good(&claims, rules, now).then(|| subject(&claims))?
    }
}

fn object(part: &str) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
    match serde_json::from_slice(&bytes).ok()? {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

fn is_good(claims: &Map<String, Value>, rules: &Rules, now: Timestamp) -> bool {
    let is_for_us = match claims.get("aud") {
        Some(Value::String(of)) => *of == rules.audience,
        Some(Value::Array(all)) => all.iter().any(|of| *of == *rules.audience),
        _ => false,
    };
    let of_issuer = claims.get("iss").is_some_and(|of| *of == *rules.issuer);
    // A time that is a text is none.
    let time = |name: &str| claims.get(name).and_then(Value::as_f64);
    let (Some(expires), Some(from), Some(issued)) = (time("exp"), time("nbf"), time("iat")) else {
        return false;
    };
    let now = now.duration_since(Timestamp::UNIX_EPOCH).as_secs_f64();
    let began = issued.min(from);
    let in_time = now < expires + SKEW && from <= now + SKEW && issued <= now + SKEW;
    is_for_us && of_issuer && in_time && expires - began <= LONGEST_LIFE && expires > began
}

fn subject(claims: &Map<String, Value>) -> Option<Subject> {
    let text = |name: &str| claims.get(name).map(Value::as_str);
    let name = text("sub")??;
    let is_plain = |name: &str| !name.is_empty() && name.chars().all(|letter| !letter.is_control());
    if name.len() > LONGEST_SUBJECT || !is_plain(name) {
        return None;
    }
    let role = Role::parse(text("role")??).ok()?;
    let agency = match text("agency") {
        None => None,
        Some(code) => Some(Agency::new(code?).ok()?),
    };
    role.is_granted_by_key()
        .then(|| Subject::new(Who::Person(name.into()), role, agency))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;
    use ring::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    };
    use serde_json::json;

    const NOW: i64 = 1_800_000_000;

    fn encoded(value: &Value) -> String {
        URL_SAFE_NO_PAD.encode(value.to_string())
    }

    struct Signer {
        es256: EcdsaKeyPair,
        ed25519: Ed25519KeyPair,
    }

    impl Signer {
        fn new() -> Self {
            let random = SystemRandom::new();
            let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
            let elliptic = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
            let edwards = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
            Self {
                es256: EcdsaKeyPair::from_pkcs8(algorithm, elliptic.as_ref(), &random).unwrap(),
                ed25519: Ed25519KeyPair::from_pkcs8(edwards.as_ref()).unwrap(),
            }
        }

        fn keys(&self) -> KeySet {
            let point = self.es256.public_key().as_ref();
            let (x, y) = point[1..].split_at(32);
            let [x, y] = [x, y].map(|half| URL_SAFE_NO_PAD.encode(half));
            let ed = URL_SAFE_NO_PAD.encode(self.ed25519.public_key().as_ref());
            let set = json!({ "keys": [
                { "kid": "ec", "kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "sig" },
                { "kid": "ed", "kty": "OKP", "crv": "Ed25519", "x": ed, "alg": "EdDSA" },
                { "kid": "enc", "kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "enc" },
                { "kid": "es", "kty": "OKP", "crv": "Ed25519", "x": ed, "alg": "ES256" },
            ] });
            KeySet::parse(set.to_string().as_bytes()).unwrap()
        }

        fn sign(&self, header: &Value, claims: &Value) -> String {
            let message = format!("{}.{}", encoded(header), encoded(claims));
            let signature = if header["alg"] == "EdDSA" {
                self.ed25519.sign(message.as_bytes()).as_ref().to_vec()
            } else {
                let random = SystemRandom::new();
                let signed = self.es256.sign(&random, message.as_bytes());
                signed.unwrap().as_ref().to_vec()
            };
            format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
        }
    }

    fn header() -> Value {
        json!({ "alg": "ES256", "typ": "at+jwt", "kid": "ec" })
    }

    fn claims() -> Value {
        json!({
            "iss": "https://id.example", "aud": "naqsha", "sub": "amina", "role": "uploader", "agency": "ANF",
            "exp": NOW + 600, "nbf": NOW, "iat": NOW,
        })
    }

    fn with(mut value: Value, changes: &Value) -> Value {
        for (name, change) in changes.as_object().unwrap() {
            value[name] = change.clone();
        }
        value
    }

    fn opens_at(now: i64, text: &str, keys: &KeySet) -> Option<Subject> {
        let rules = Rules {
            issuer: "https://id.example".to_owned(),
            audience: "naqsha".to_owned(),
        };
        let now = Timestamp::from_second(now).unwrap();
        Token::parse(text)?.bearer(keys, &rules, now)
    }

    #[test]
    fn a_good_token_names_its_bearer() {
        let signer = Signer::new();
        let keys = signer.keys();
        let ed = json!({ "alg": "EdDSA", "typ": "application/AT+JWT", "kid": "ed" });
        for header in [header(), ed] {
            let subject = opens_at(NOW, &signer.sign(&header, &claims()), &keys).unwrap();
            assert_eq!(subject.who().to_string(), "oidc:amina");
            assert_eq!(
                (subject.role(), subject.scope().only_agency()),
                (Role::Uploader, Some("ANF"))
            );
        }
        let many = with(claims(), &json!({ "aud": ["other", "naqsha"] }));
        assert!(opens_at(NOW, &signer.sign(&header(), &many), &keys).is_some());
        let early = signer.sign(&header(), &claims());
        assert!(opens_at(NOW - 60, &early, &keys).is_some(), "clocks differ");
        assert!(opens_at(NOW + 659, &early, &keys).is_some());
        assert!(opens_at(NOW - 61, &early, &keys).is_none());
        assert!(opens_at(NOW + 660, &early, &keys).is_none());
    }

    #[test]
    fn a_token_that_is_not_all_it_must_be_is_none() {
        let signer = Signer::new();
        let keys = signer.keys();
        let headers = [
            json!({ "alg": "none" }),
            json!({ "alg": "HS256" }),
            json!({ "alg": "ES384" }),
            json!({ "alg": "es256" }),
            json!({ "alg": "EdDSA" }),
            json!({ "alg": null }),
            json!({ "typ": "JWT" }),
            json!({ "typ": null }),
            json!({ "kid": "other" }),
            json!({ "kid": null }),
            json!({ "kid": "enc" }),
            json!({ "kid": "ed" }),
            json!({ "kid": "es" }),
            json!({ "crit": ["b64"], "b64": false }),
        ];
        for change in headers {
            let text = signer.sign(&with(header(), &change), &claims());
            assert!(opens_at(NOW, &text, &keys).is_none(), "{change}");
        }
        let wrong = [
            json!({ "iss": "https://evil.example" }),
            json!({ "iss": ["https://id.example"] }),
            json!({ "iss": null }),
            json!({ "aud": "other" }),
            json!({ "aud": [] }),
            json!({ "aud": null }),
            json!({ "aud": "naqsha2" }),
            json!({ "exp": NOW - 61, "iat": NOW - 600, "nbf": NOW - 600 }),
            json!({ "exp": (NOW + 600).to_string() }),
            json!({ "exp": null }),
            json!({ "nbf": NOW + 61 }),
            json!({ "nbf": NOW.to_string() }),
            json!({ "nbf": null }),
            json!({ "iat": NOW + 61 }),
            json!({ "iat": NOW.to_string() }),
            json!({ "iat": null }),
            json!({ "exp": NOW + 901 }),
            json!({ "iat": NOW - 400 }),
            json!({ "exp": 1e300 }),
            json!({ "role": "operator" }),
            json!({ "role": "public" }),
            json!({ "role": "Analyst" }),
            json!({ "role": null }),
            json!({ "role": ["analyst"] }),
            json!({ "agency": "anf" }),
            json!({ "agency": null }),
            json!({ "agency": 7 }),
            json!({ "sub": "" }),
            json!({ "sub": null }),
            json!({ "sub": "a\nb" }),
            json!({ "sub": "x".repeat(129) }),
        ];
        for change in wrong {
            let text = signer.sign(&header(), &with(claims(), &change));
            assert!(opens_at(NOW, &text, &keys).is_none(), "{change}");
        }
    }

    #[test]
    fn keys_that_a_token_brings_itself_count_for_nothing() {
        let (signer, attacker) = (Signer::new(), Signer::new());
        let keys = signer.keys();
        let point = attacker.es256.public_key().as_ref();
        let own = json!({ "kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(&point[1..33]), "y": URL_SAFE_NO_PAD.encode(&point[33..]) });
        let brings = json!({ "jwk": own, "jku": "https://evil.example/keys", "x5u": "https://evil.example/cert", "x5c": ["MII"] });
        let text = attacker.sign(&with(header(), &brings), &claims());
        assert!(opens_at(NOW, &text, &keys).is_none());
        // The same members in a token of the issuer do no harm.
        let text = signer.sign(&with(header(), &brings), &claims());
        assert!(opens_at(NOW, &text, &keys).is_some());
    }

    #[test]
    fn a_token_that_was_changed_or_cut_is_none() {
        let signer = Signer::new();
        let keys = signer.keys();
        let good = signer.sign(&header(), &claims());
        let parts: Vec<&str> = good.split('.').collect();
        let [head, body, signature] = parts[..] else {
            panic!("{good}")
        };
        let raised = encoded(&with(claims(), &json!({ "role": "analyst" })));
        for text in [
            format!("{head}.{raised}.{signature}"),
            format!("{head}.{body}."),
            format!("{head}.{body}"),
            format!("{head}.{body}.{signature}.{signature}"),
            format!("{head}.{body}.{signature}="),
            format!("{head}..{signature}"),
            format!(" {good}"),
            String::new(),
            "..".to_owned(),
            "a".repeat(LONGEST + 1),
        ] {
            assert!(opens_at(NOW, &text, &keys).is_none(), "{text}");
        }
        // A public key taken for a shared secret.
        let message = format!(
            "{}.{body}",
            encoded(&json!({ "alg": "HS256", "typ": "at+jwt", "kid": "ec" }))
        );
        let secret =
            ring::hmac::Key::new(ring::hmac::HMAC_SHA256, signer.es256.public_key().as_ref());
        let tag = URL_SAFE_NO_PAD.encode(ring::hmac::sign(&secret, message.as_bytes()));
        assert!(opens_at(NOW, &format!("{message}.{tag}"), &keys).is_none());
    }

    /// Signed by Python's `cryptography` with a key of 2,048 bits; the key was thrown away.
    #[test]
    fn a_signature_by_rsa_of_another_program_is_checked() {
        let set = include_bytes!("rs256.jwks.json");
        let text = include_str!("rs256.jwt").trim();
        let keys = KeySet::parse(set).unwrap();
        assert!(opens_at(NOW, text, &keys).is_some());
        let (message, _) = text.rsplit_once('.').unwrap();
        let token = Token::parse(text).unwrap();
        assert!(!keys.verifies(
            "rsa",
            Algorithm::Es256,
            message.as_bytes(),
            &token.signature
        ));
        let mut other = token.signature.clone();
        other[7] ^= 1;
        assert!(!keys.verifies("rsa", Algorithm::Rs256, message.as_bytes(), &other));
    }
}
