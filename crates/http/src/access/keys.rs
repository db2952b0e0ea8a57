//! The keys that are good now. They are kept by the store; the service holds a copy that is replaced whenever they change.
//!
//! Of a key ([`Credential`]) its id and a digest are known. The secret is random and long, so that a plain SHA-256 is enough to
//! keep: there is nothing to guess.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use ipnet::IpNet;
use jiff::Timestamp;
use naqsha_model::{Agency, Credential, Role};
use subtle::ConstantTimeEq as _;

use super::subject::{Subject, Who};

/// What every key begins with, and no access token.
const PREFIX: &str = "nq_";

/// A key as the service knows it. Its secret is not among what is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// Its name, which is no secret.
    pub id: String,
    /// [`Credential::sha256`] of the whole key.
    pub sha256: [u8; 32],
    /// What its bearer acts as.
    pub role: Role,
    /// Whose key it is; a role that is held for an agency reads nothing without.
    pub agency: Option<Agency>,
    /// Networks that it may come from; any where there are none.
    pub networks: Vec<IpNet>,
    /// SHA-256 of the certificate that its bearer has to show, where it is bound to one.
    pub certificate: Option<[u8; 32]>,
    /// From when on it is no good.
    pub expires_at: Timestamp,
    /// Whether it was taken back.
    pub revoked: bool,
}

/// Where a request comes from, as far as its connection tells.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Origin {
    /// Its address.
    pub(super) address: Option<IpAddr>,
    /// SHA-256 of the certificate that its sender showed.
    pub(super) certificate: Option<[u8; 32]>,
}

impl AccessKey {
    /// Whether it may come from there.
    fn is_good_from(&self, origin: Origin) -> bool {
        let near = |from: IpAddr| self.networks.iter().any(|network| network.contains(&from));
        let from_there = self.networks.is_empty() || origin.address.is_some_and(near);
        from_there && (self.certificate.is_none() || self.certificate == origin.certificate)
    }
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
    pub(super) fn bearer(&self, text: &str, origin: Origin, now: Timestamp) -> Option<Subject> {
        let sent = Credential::parse(text).ok()?;
        let found = {
            let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
            keys.get(sent.id()).cloned()
        };
        // An unknown id costs what a known one does.
        let expected = found.as_ref().map_or([0; 32], |key| key.sha256);
        let is_same = sent.sha256().ct_eq(&expected);
        let key = found.filter(|_| bool::from(is_same))?;
        let is_good = !key.revoked && now < key.expires_at && key.is_good_from(origin);
        let granted = is_good && key.role.is_granted_by_key();
        let who = Who::Key(key.id.as_str().into());
        granted.then(|| Subject::new(who, key.role, key.agency.clone()))
    }
}

/// Whether a text has the form of a key.
pub(super) fn is_key(text: &str) -> bool {
    text.starts_with(PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn credential() -> Credential {
        Credential::new([1; 6], [2; 32])
    }

    fn key(role: Role) -> AccessKey {
        AccessKey {
            id: credential().id().to_owned(),
            sha256: credential().sha256(),
            role,
            agency: None,
            networks: Vec::new(),
            certificate: None,
            expires_at: Timestamp::from_second(60).unwrap(),
            revoked: false,
        }
    }

    fn opens(key: AccessKey, text: &str, from: Option<&str>, now: Timestamp) -> bool {
        let ring = KeyRing::default();
        ring.replace(vec![key]);
        let origin = Origin {
            address: from.map(|address| address.parse().unwrap()),
            ..Origin::default()
        };
        ring.bearer(text, origin, now).is_some()
    }

    #[test]
    fn a_key_is_good_until_it_expires_is_revoked_or_is_not_that_key() {
        let analyst = || key(Role::Analyst);
        let good = credential();
        let good = good.reveal();
        assert!(opens(analyst(), good, None, NOW));
        let others = [
            Credential::new([1; 6], [3; 32]),
            Credential::new([3; 6], [2; 32]),
        ];
        for wrong in others {
            assert!(!opens(analyst(), wrong.reveal(), None, NOW), "{wrong:?}");
        }
        for wrong in [
            good.trim_end_matches('2'),
            &good.to_uppercase(),
            &format!("{good} "),
            "",
            "nq_",
            "nq__",
        ] {
            assert!(!opens(analyst(), wrong, None, NOW), "{wrong:?}");
        }
        let at = |second| Timestamp::from_second(second).unwrap();
        assert!(opens(analyst(), good, None, at(59)));
        assert!(!opens(analyst(), good, None, at(60)));
        let revoked = AccessKey {
            revoked: true,
            ..analyst()
        };
        assert!(!opens(revoked, good, None, NOW));
        for role in [Role::Public, Role::Operator] {
            assert!(!opens(key(role), good, None, NOW), "{role:?}");
        }
        assert!(
            KeyRing::default()
                .bearer(good, Origin::default(), NOW)
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
            assert_eq!(
                opens(bound(), credential().reveal(), from, NOW),
                good,
                "{from:?}"
            );
        }
    }

    #[test]
    fn a_key_of_a_certificate_is_good_beside_that_one_alone() {
        let ring = KeyRing::default();
        ring.replace(vec![AccessKey {
            certificate: Some([7; 32]),
            ..key(Role::Uploader)
        }]);
        let opens = |certificate| {
            let origin = Origin {
                certificate,
                ..Origin::default()
            };
            ring.bearer(credential().reveal(), origin, NOW).is_some()
        };
        assert!(opens(Some([7; 32])));
        assert!(!opens(Some([8; 32])) && !opens(None));
    }
}
