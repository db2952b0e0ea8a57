//! The keys that are good now. They are kept by the store; the service holds a copy that is replaced whenever they change.
//!
//! A key's text is `nq_ID_SECRET`, both parts of letters and digits. The secret is random and long, so that a plain SHA-256
//! of it is enough to keep: there is nothing to guess (OWASP ASVS 5.0, 11.4.2 speaks of passwords).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use ipnet::IpNet;
use jiff::Timestamp;
use naqsha_model::{Agency, Role};
use ring::digest::{SHA256, digest};
use subtle::ConstantTimeEq as _;

use super::subject::{Subject, Who};

/// What every key begins with.
const PREFIX: &str = "nq_";
/// Longest text that is taken for a key.
const LONGEST: usize = 256;

/// A key as the service knows it. Its secret is not among what is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// Its name, which is no secret.
    pub id: String,
    /// SHA-256 of the secret part of its text.
    pub secret_sha256: [u8; 32],
    /// What its bearer acts as.
    pub role: Role,
    /// Whose key it is; a role that is held for an agency reads nothing without.
    pub agency: Option<Agency>,
    /// Networks that it may come from; any where there are none.
    pub networks: Vec<IpNet>,
    /// From when on it is no good.
    pub expires_at: Timestamp,
    /// Whether it was taken back.
    pub revoked: bool,
}

/// The keys that are good now.
#[derive(Debug, Default)]
pub struct KeyRing {
    keys: RwLock<HashMap<String, Arc<AccessKey>>>,
}

impl KeyRing {
    /// Takes these keys for those that were before: the next request is judged by them.
    pub fn replace(&self, keys: Vec<AccessKey>) {
        let keys = keys.into_iter().map(|key| (key.id.clone(), Arc::new(key)));
        let keys = keys.collect();
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
    }

    /// The bearer of a key; nothing tells apart why there is none.
    pub(super) fn bearer(
        &self,
        text: &str,
        from: Option<IpAddr>,
        now: Timestamp,
    ) -> Option<Subject> {
        let (id, secret) = parts(text)?;
        let found = {
            let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
            keys.get(id).cloned()
        };
        // An unknown id costs what a known one does.
        let expected = found.as_ref().map_or([0; 32], |key| key.secret_sha256);
        let is_same = digest(&SHA256, secret.as_bytes()).as_ref().ct_eq(&expected);
        let key = found.filter(|_| bool::from(is_same))?;
        let near = |from: IpAddr| key.networks.iter().any(|network| network.contains(&from));
        let from_there = key.networks.is_empty() || from.is_some_and(near);
        let is_good = !key.revoked && now < key.expires_at && from_there;
        let granted = is_good && key.role.is_granted_by_key();
        let who = Who::Key(key.id.as_str().into());
        granted.then(|| Subject::new(who, key.role, key.agency.clone()))
    }
}

/// Id and secret of a key's text.
fn parts(text: &str) -> Option<(&str, &str)> {
    let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    let is_plain =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (text.len() <= LONGEST && is_plain(id) && is_plain(secret)).then_some((id, secret))
}

/// Whether a text has the form of a key.
pub(super) fn is_key(text: &str) -> bool {
    text.starts_with(PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn key(role: Role) -> AccessKey {
        let mut secret_sha256 = [0; 32];
        secret_sha256.copy_from_slice(digest(&SHA256, b"s3cret").as_ref());
        AccessKey {
            id: "k1".to_owned(),
            secret_sha256,
            role,
            agency: None,
            networks: Vec::new(),
            expires_at: Timestamp::from_second(60).unwrap(),
            revoked: false,
        }
    }

    fn opens(key: AccessKey, text: &str, from: Option<&str>, now: Timestamp) -> bool {
        let ring = KeyRing::default();
        ring.replace(vec![key]);
        let from = from.map(|address| address.parse().unwrap());
        ring.bearer(text, from, now).is_some()
    }

    #[test]
    fn a_key_is_good_until_it_expires_is_revoked_or_is_not_that_key() {
        let analyst = || key(Role::Analyst);
        assert!(opens(analyst(), "nq_k1_s3cret", None, NOW));
        for wrong in [
            "nq_k1_s3creT",
            "nq_k1_s3cre",
            "nq_k1_",
            "nq_k1",
            "nq_k2_s3cret",
            "k1_s3cret",
            "",
            "nq__s3cret",
            "nq_k1_s3cret ",
            "NQ_k1_s3cret",
        ] {
            assert!(!opens(analyst(), wrong, None, NOW), "{wrong:?}");
        }
        let at = |second| Timestamp::from_second(second).unwrap();
        assert!(opens(analyst(), "nq_k1_s3cret", None, at(59)));
        assert!(!opens(analyst(), "nq_k1_s3cret", None, at(60)));
        let revoked = AccessKey {
            revoked: true,
            ..analyst()
        };
        assert!(!opens(revoked, "nq_k1_s3cret", None, NOW));
        for role in [Role::Public, Role::Operator] {
            assert!(!opens(key(role), "nq_k1_s3cret", None, NOW), "{role:?}");
        }
        assert!(
            KeyRing::default()
                .bearer("nq_k1_s3cret", None, NOW)
                .is_none()
        );
    }

    #[test]
    fn a_key_of_a_network_is_good_there_alone() {
        let bound = || AccessKey {
            networks: vec![
                "10.1.0.0/16".parse().unwrap(),
                "2001:db8::/32".parse().unwrap(),
            ],
            ..key(Role::Analyst)
        };
        for (from, good) in [
            (Some("10.1.2.3"), true),
            (Some("2001:db8::1"), true),
            (Some("10.2.0.1"), false),
            (Some("2001:db9::1"), false),
            (None, false),
        ] {
            assert_eq!(opens(bound(), "nq_k1_s3cret", from, NOW), good, "{from:?}");
        }
    }
}
