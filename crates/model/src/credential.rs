//! A key as its holder sends it.

use std::fmt;

use ring::digest::{SHA256, digest};

/// What every key starts with: a leaked one can be searched for.
const PREFIX: &str = "nq_";
/// Hexadecimal digits of the public part.
const ID_DIGITS: usize = 12;
/// Hexadecimal digits of the secret part: 256 bits.
const SECRET_DIGITS: usize = 64;

/// A key with its secret, `nq_<id>_<secret>`: 12 and 64 hexadecimal digits. Printed without the secret.
///
/// The secret is random, so its SHA-256 is all that has to be kept to know it again.
///
/// ```
/// use naqsha_model::Credential;
///
/// let made = Credential::new([0xAB; 6], [7; 32]);
/// let sent = Credential::parse(made.reveal())?;
/// assert_eq!((sent.id(), sent.sha256()), ("abababababab", made.sha256()));
/// assert_eq!(format!("{sent:?}"), "nq_abababababab_…");
/// assert!(Credential::parse("nq_abababababab_secret").is_err());
/// # Ok::<(), naqsha_model::InvalidCredential>(())
/// ```
#[derive(Clone)]
pub struct Credential {
    text: String,
    id: String,
}

/// A text that is no key. It does not repeat the text, which may be one with a slip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key is nq_, 12 hexadecimal digits, _ and 64 hexadecimal digits, in lower case")]
pub struct InvalidCredential;

impl Credential {
    /// Makes a key of random bytes, which the caller has from the system.
    pub fn new(id: [u8; ID_DIGITS / 2], secret: [u8; SECRET_DIGITS / 2]) -> Self {
        let hex = |bytes: &[u8]| -> String {
            let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xF]);
            digits
                .filter_map(|digit| char::from_digit(digit.into(), 16))
                .collect()
        };
        let id = hex(&id);
        Self {
            text: format!("{PREFIX}{id}_{}", hex(&secret)),
            id,
        }
    }

    /// Reads a key exactly as it was shown.
    ///
    /// # Errors
    /// [`InvalidCredential`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidCredential> {
        let is_hex = |part: &str, digits: usize| {
            part.len() == digits && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        let parts = text
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split_once('_'));
        match parts {
            Some((id, secret)) if is_hex(id, ID_DIGITS) && is_hex(secret, SECRET_DIGITS) => {
                Ok(Self {
                    text: text.to_owned(),
                    id: id.to_owned(),
                })
            }
            _ => Err(InvalidCredential),
        }
    }

    /// The public part, by which the key is named.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// SHA-256 of the whole key as it is sent: what is kept of the secret.
    pub fn sha256(&self) -> [u8; 32] {
        let sha256 = digest(&SHA256, self.text.as_bytes());
        let bytes = sha256.as_ref().first_chunk().copied();
        bytes.expect("SHA-256 has 32 bytes")
    }

    /// The whole key with its secret: shown once, to whom it is for.
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}_…", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_in_a_letter_is_no_key_or_another_one() {
        let made = Credential::new([1, 2, 3, 4, 5, 0xF0], [0xAB; 32]);
        let text = made.reveal();
        assert_eq!(made.id(), "0102030405f0");
        assert_eq!(text.len(), 3 + 12 + 1 + 64);
        let other = format!("{}c", text.strip_suffix('b').unwrap());
        assert_ne!(Credential::parse(&other).unwrap().sha256(), made.sha256());
        for wrong in [
            "",
            "nq_",
            text.trim_end_matches('b'),
            text.strip_prefix("nq_").unwrap(),
            &text.to_uppercase(),
            &format!("{text}0"),
            &format!(" {text}"),
            &text.replace("ab", "é"),
        ] {
            assert_eq!(Credential::parse(wrong).unwrap_err(), InvalidCredential);
        }
    }
}
