//! Keyed hashes: what links two records about one person without saying who it is.

use std::fmt;

use naqsha_model::LinkageKey;
use ring::hmac::{Context, HMAC_SHA256, Key};

use crate::text::fold;

/// The deployment's secret. There are about 8 × 10¹² identity numbers: a plain hash of one is reversed in well under an
/// hour, a keyed one not without this.
#[derive(Clone)]
pub struct LinkageSecret([u8; 32]);

impl LinkageSecret {
    /// Takes 32 random bytes, made once per deployment: another secret gives other keys.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// HMAC-SHA-256 of a kind and a value, truncated to 128 bits.
    ///
    /// The value is folded and its spaces and dashes are left out, so that one identity number has one key in any script
    /// of digits; the kind keeps a plate from meeting a bank account.
    pub(crate) fn key(&self, kind: &str, value: &str) -> LinkageKey {
        let mut mac = Context::with_key(&Key::new(HMAC_SHA256, &self.0));
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        let mut letter = [0; 4];
        for c in fold(value).chars().filter(|c| c.is_alphanumeric()) {
            mac.update(c.encode_utf8(&mut letter).as_bytes());
        }
        let tag = mac.sign();
        let half = tag.as_ref().first_chunk().expect("SHA-256 has 32 bytes");
        LinkageKey(u128::from_be_bytes(*half))
    }
}

// The secret belongs in no log.
impl fmt::Debug for LinkageSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkageSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_hmac_that_python_computes() {
        // python3 -c "import hmac; print(hmac.new(bytes(range(32)), b'person\0' b'3520212345671', 'sha256').hexdigest()[:32])"
        let secret = LinkageSecret::new(std::array::from_fn(|i| u8::try_from(i).unwrap()));
        let key = secret.key("person", "35202-1234567-1");
        assert_eq!(key.to_string(), "dc48d2bbea2bc7f0f6a452489e3df07a");
        assert_eq!(
            secret.key("person", "۳۵۲۰۲ ۱۲۳۴۵۶۷ ۱"),
            key,
            "in any script of digits"
        );
        assert_ne!(secret.key("account", "35202-1234567-1"), key);
        assert_ne!(
            LinkageSecret::new([0; 32]).key("person", "3520212345671"),
            key
        );
        assert_eq!(format!("{secret:?}"), "LinkageSecret(…)");
    }
}
