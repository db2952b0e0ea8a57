//! Who sent a record and how it is told from every other.

use std::fmt;
use std::sync::Arc;

use ring::digest::{Context, SHA256};

/// A malformed identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not {expected}")]
pub struct InvalidIdentity {
    /// The text as given.
    pub value: String,
    /// What was expected.
    pub expected: &'static str,
}

/// An agency's code: 2 to 32 of `A-Z`, `0-9` and `-`. Cloning is cheap: every incident has one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Agency(Arc<str>);

impl Agency {
    /// Checks an agency code.
    ///
    /// # Errors
    /// [`InvalidIdentity`] where length or letters do not fit.
    pub fn new(code: &str) -> Result<Self, InvalidIdentity> {
        let letters = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-';
        if (2..=32).contains(&code.len()) && code.bytes().all(letters) {
            Ok(Self(code.into()))
        } else {
            Err(InvalidIdentity {
                value: code.to_owned(),
                expected: "an agency code (2 to 32 of A-Z, 0-9, -)",
            })
        }
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Agency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// SHA-256 of the bytes of a batch as received: the batch's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchDigest([u8; 32]);

impl BatchDigest {
    /// Wraps a finished SHA-256.
    pub const fn new(sha256: [u8; 32]) -> Self {
        Self(sha256)
    }

    /// The 32 bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads 64 lower-case hex digits.
    ///
    /// # Errors
    /// [`InvalidIdentity`] for anything else.
    pub fn parse(hex: &str) -> Result<Self, InvalidIdentity> {
        let invalid = || InvalidIdentity {
            value: hex.to_owned(),
            expected: "64 lower-case hex digits",
        };
        if hex.len() != 64 || !hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(invalid());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_utf8| invalid())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_digits| invalid())?;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for BatchDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// 128 bits of SHA-256 over a record's natural key (agency + station + year + number, or the source's own id).
///
/// 10 million keys collide with a probability below 2⁻⁸¹.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NaturalKey(pub u128);

impl NaturalKey {
    /// Digests the parts of a key; parts are length-prefixed, so `["ab","c"]` and `["a","bc"]` differ.
    pub fn of(parts: &[&str]) -> Self {
        Self(truncated(parts))
    }
}

/// 128 bits of SHA-256 over a record's normalised content, by which an equal record is told from a changed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentDigest(pub u128);

impl ContentDigest {
    /// Digests the normalised fields in their fixed order.
    pub fn of(parts: &[&str]) -> Self {
        Self(truncated(parts))
    }
}

fn truncated(parts: &[&str]) -> u128 {
    let mut hasher = Context::new(&SHA256);
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    u128::from_be_bytes(
        hasher
            .finish()
            .as_ref()
            .first_chunk::<16>()
            .copied()
            .expect("SHA-256 has 32 bytes"),
    )
}

/// A ULID: 48 bits of receipt time, 40 bits of the batch digest, 40 bits of the row.
///
/// It needs no generator and no column: the batch and the row give it, and it leads back to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IncidentId(u128);

/// Crockford's base 32, without I, L, O and U.
const BASE32: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const FORTY_BITS: u128 = (1 << 40) - 1;

impl IncidentId {
    /// The id of row `row` (1-based) of the batch received at `received_ms` (milliseconds since 1970, UTC).
    pub fn new(received_ms: u64, batch: &BatchDigest, row: u64) -> Self {
        let prefix = batch.0[..5]
            .iter()
            .fold(0_u128, |bits, &byte| bits << 8 | u128::from(byte));
        let time = u128::from(received_ms) & ((1 << 48) - 1);
        Self(time << 80 | prefix << 40 | (u128::from(row) & FORTY_BITS))
    }

    /// Receipt time in milliseconds since 1970, UTC.
    pub fn received_ms(self) -> u64 {
        u64::try_from(self.0 >> 80).expect("48 bits")
    }

    /// The row within its batch, 1-based.
    pub fn row(self) -> u64 {
        u64::try_from(self.0 & FORTY_BITS).expect("40 bits")
    }

    /// Whether the id's batch part is that of `batch`.
    pub fn is_of(self, batch: &BatchDigest) -> bool {
        Self::new(0, batch, 0).0 == self.0 & (FORTY_BITS << 40)
    }

    /// Reads the 26 characters of a ULID.
    ///
    /// # Errors
    /// [`InvalidIdentity`] for another length, another alphabet or more than 128 bits.
    pub fn parse(text: &str) -> Result<Self, InvalidIdentity> {
        let invalid = || InvalidIdentity {
            value: text.to_owned(),
            expected: "a ULID",
        };
        if text.len() != 26 || text.as_bytes()[0] > b'7' {
            return Err(invalid());
        }
        text.bytes()
            .try_fold(0_u128, |bits, letter| {
                let digit = BASE32
                    .iter()
                    .position(|&b| b == letter)
                    .ok_or_else(invalid)?;
                Ok(bits << 5 | digit as u128)
            })
            .map(Self)
    }
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (0..26).rev().try_for_each(|i| {
            let digit = usize::try_from(self.0 >> (5 * i) & 31).expect("five bits");
            write!(f, "{}", char::from(BASE32[digit]))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incident_id_leads_back_to_its_batch_and_row() {
        let batch = BatchDigest::new([0xab; 32]);
        let id = IncidentId::new(1_717_236_000_123, &batch, 27_176);
        assert_eq!(IncidentId::parse(&id.to_string()), Ok(id));
        assert_eq!((id.received_ms(), id.row()), (1_717_236_000_123, 27_176));
        assert!(id.is_of(&batch));
        assert!(!id.is_of(&BatchDigest::new([0xac; 32])));
        assert!(
            IncidentId::parse("8ZZZZZZZZZZZZZZZZZZZZZZZZZ").is_err(),
            "more than 128 bits"
        );
    }

    #[test]
    fn key_parts_do_not_run_together() {
        assert_ne!(NaturalKey::of(&["ab", "c"]), NaturalKey::of(&["a", "bc"]));
    }

    #[test]
    fn a_batch_digest_reads_back() {
        let digest = BatchDigest::new([0x0f; 32]);
        assert_eq!(BatchDigest::parse(&digest.to_string()), Ok(digest));
        assert!(BatchDigest::parse("0F").is_err());
    }

    #[test]
    fn agency_codes_are_upper_case() {
        assert!(Agency::new("ANF").is_ok());
        assert!(Agency::new("anf").is_err());
        assert!(Agency::new("A").is_err());
    }
}
