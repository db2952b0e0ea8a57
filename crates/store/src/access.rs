//! Keys by which a service knows who asks: added, revoked, never changed. Of a secret only its digest is known here.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError};

use ipnet::IpNet;
use jiff::Timestamp;
use naqsha_model::{Agency, AuditAction, Credential, Role};

use crate::{Act, Store, StoreError};

/// What a key grants, to whom, from where and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// Its public part, by which it is named.
    pub id: String,
    /// [`Credential::sha256`] of the whole key.
    pub sha256: [u8; 32],
    /// What its holder may do.
    pub role: Role,
    /// The agency it is for; always there where the role is held for one.
    pub agency: Option<Agency>,
    /// Networks it may be used from; none for any.
    pub networks: Vec<IpNet>,
    /// SHA-256 of the certificate that has to be shown beside it, where it is bound to one.
    pub certificate: Option<[u8; 32]>,
    /// Whose it is or what for, in the maker's words.
    pub note: Option<String>,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// The first moment at which it opens nothing any more.
    pub expires_at: Timestamp,
}

/// A key with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownKey {
    /// The key.
    pub key: AccessKey,
    /// By whom, why and when it was revoked, where it was.
    pub revoked: Option<Act>,
}

/// Whether a key opens anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// It does.
    Active,
    /// Its time is over.
    Expired,
    /// It was revoked, before its time was over or after.
    Revoked,
}

impl KeyState {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl AccessKey {
    /// Whether this is the key that somebody sent. Takes the same time whichever bytes differ.
    pub fn is(&self, sent: &Credential) -> bool {
        let bytes = self.sha256.iter().zip(sent.sha256());
        bytes.fold(0, |differing, (own, sent)| differing | (own ^ sent)) == 0
    }

    /// Whether it may be used from an address. An IPv4 address is one in whichever form it comes.
    pub fn admits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.is_empty() || self.networks.iter().any(|net| net.contains(&address))
    }

    /// What no key may be.
    fn fault(&self) -> Option<&'static str> {
        if !self.role.is_granted_by_key() {
            Some("no key carries that role")
        } else if self.role.is_of_an_agency() && self.agency.is_none() {
            Some("a key of that role is for one agency")
        } else if self.expires_at <= self.created_at {
            Some("it expires before it is made")
        } else if self.id.is_empty() || self.created_by.is_empty() {
            Some("it has no name or nobody made it")
        } else {
            None
        }
    }
}

impl KnownKey {
    /// How it is at a moment.
    pub fn state(&self, now: Timestamp) -> KeyState {
        if self.revoked.is_some() {
            KeyState::Revoked
        } else if now >= self.key.expires_at {
            KeyState::Expired
        } else {
            KeyState::Active
        }
    }
}

/// All keys of a store as of one moment, in memory.
#[derive(Debug, Default)]
pub struct AccessKeys {
    keys: Vec<KnownKey>,
    by_id: HashMap<String, usize>,
    pub(crate) heads: AccessHeads,
}

/// How far the keys of a ledger have got.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct AccessHeads {
    pub key: u64,
    pub revocation: u64,
}

impl AccessKeys {
    pub(crate) fn new(keys: Vec<KnownKey>, heads: AccessHeads) -> Self {
        let ids = keys.iter().map(|known| known.key.id.clone());
        let by_id = ids.zip(0..).collect();
        Self { keys, by_id, heads }
    }

    /// The key with a public part, whatever became of it.
    pub fn get(&self, id: &str) -> Option<&KnownKey> {
        self.keys.get(*self.by_id.get(id)?)
    }

    /// All of them, in the order they were made.
    pub fn iter(&self) -> impl Iterator<Item = &KnownKey> {
        self.keys.iter()
    }
}

impl Store {
    /// The keys as they were when this was last refreshed: a service that does so four times a second sees a new or revoked
    /// one within that time. Cheap: the same list is given until something about it changes.
    pub fn access_keys(&self) -> Arc<AccessKeys> {
        self.shared().access_keys()
    }

    /// Adds a key. It does not wait for a batch that is being written.
    ///
    /// # Errors
    /// [`StoreError::NoKey`] where role, agency or time do not fit, or the id is taken; [`StoreError::Stopped`]; where it
    /// cannot be made durable.
    pub async fn add_key(&self, key: AccessKey) -> Result<(), StoreError> {
        if let Some(why) = key.fault() {
            return Err(StoreError::NoKey { id: key.id, why });
        }
        let (mut transaction, unsealed) = self.adding().await?;
        transaction.insert_key(&key).await?;
        let resource = format!("key:{}", key.id);
        let told = self.did(AuditAction::KeyCreate, resource, key.created_at);
        transaction.append_audit(&[told]).await?;
        self.finish(transaction, unsealed).await?;
        self.reread_keys().await
    }

    /// Revokes a key for good.
    ///
    /// # Errors
    /// [`StoreError::NoKey`] where there is none of that id, or it is revoked already; [`StoreError::Stopped`]; where it
    /// cannot be made durable.
    pub async fn revoke_key(&self, id: &str, act: Act) -> Result<(), StoreError> {
        let (mut transaction, unsealed) = self.adding().await?;
        transaction.insert_revocation(id, &act).await?;
        let told = self.did(AuditAction::KeyRevoke, format!("key:{id}"), act.at);
        transaction.append_audit(&[told]).await?;
        self.finish(transaction, unsealed).await?;
        self.reread_keys().await
    }

    /// Reads the keys again.
    pub(crate) async fn reread_keys(&self) -> Result<(), StoreError> {
        let read = self.shared().ledger.access_keys().await?;
        let current = &self.shared().access;
        let mut current = current.write().unwrap_or_else(PoisonError::into_inner);
        let (known, heads) = (current.heads, read.heads);
        // Another may have read later ones in between.
        if heads.key >= known.key && heads.revocation >= known.revocation {
            *current = Arc::new(read);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(role: Role) -> AccessKey {
        AccessKey {
            id: "0123456789ab".to_owned(),
            sha256: Credential::new([1; 6], [2; 32]).sha256(),
            role,
            agency: None,
            networks: Vec::new(),
            certificate: None,
            note: None,
            created_by: "operator".to_owned(),
            created_at: Timestamp::UNIX_EPOCH,
            expires_at: Timestamp::MAX,
        }
    }

    #[test]
    fn a_key_is_known_by_every_byte_of_its_secret() {
        let key = key(Role::Analyst);
        assert!(key.is(&Credential::new([1; 6], [2; 32])));
        for at in [0, 15, 31] {
            let mut secret = [2; 32];
            *secret.get_mut(at).expect("32 bytes") ^= 1;
            assert!(!key.is(&Credential::new([1; 6], secret)));
        }
        assert!(!key.is(&Credential::new([3; 6], [2; 32])));
    }

    #[test]
    fn networks_admit_their_addresses_in_either_form() {
        let mut key = key(Role::Analyst);
        let admits = |key: &AccessKey, text: &str| key.admits(text.parse().unwrap());
        assert!(admits(&key, "203.0.113.9") && admits(&key, "2001:db8::1"));
        key.networks = vec![
            "10.1.0.0/16".parse().unwrap(),
            "2001:db8::/32".parse().unwrap(),
        ];
        for (address, admitted) in [
            ("10.1.255.255", true),
            ("::ffff:10.1.2.3", true),
            ("10.2.0.0", false),
            ("2001:db8:1::", true),
            ("2001:db9::", false),
        ] {
            assert_eq!(admits(&key, address), admitted, "{address}");
        }
    }

    #[test]
    fn roles_ask_for_what_they_need() {
        assert!(key(Role::Public).fault().is_some());
        assert!(key(Role::Operator).fault().is_some());
        assert!(key(Role::Custodian).fault().is_none());
        assert!(key(Role::Uploader).fault().is_some());
        let agency = Some(Agency::new("ANF").unwrap());
        let uploader = AccessKey {
            agency,
            ..key(Role::Uploader)
        };
        assert!(uploader.fault().is_none());
        let over = AccessKey {
            expires_at: Timestamp::UNIX_EPOCH,
            ..key(Role::Analyst)
        };
        assert!(over.fault().is_some());
    }
}
