//! What a record's digest is of.

use naqsha_model::BatchDigest;
use ring::digest::{Context, SHA256};

use crate::files::to_bytes;

/// What the first record rests on.
pub(crate) const FIRST: [u8; 32] = [0; 32];

/// Says that what follows is a leaf (RFC 6962, 2.1), so that a digest of one is none of anything else.
const LEAF: u8 = 0x00;

/// A record as the ledger keeps it: texts and numbers, also where they are none that a program of ours writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub record: i64,
    pub at: String,
    pub subject: String,
    pub agency: Option<String>,
    pub role: String,
    pub action: String,
    pub resource: String,
    pub rows: Option<i64>,
    pub decision: String,
    pub purpose: Option<String>,
    pub request: Option<String>,
    pub version: i64,
    pub times: i64,
}

impl Content {
    /// SHA-256 of a zero byte, the digest before, and the content: in the order of the table each number as eight bytes, each
    /// text as its length in eight bytes and itself, the lowest byte first; before what may be absent a byte that says whether
    /// it is there.
    pub(crate) fn digest(&self, before: &[u8; 32]) -> [u8; 32] {
        let mut digest = Context::new(&SHA256);
        digest.update(&[LEAF]);
        digest.update(before);
        let mut written = Written(&mut digest);
        written.number(self.record);
        written.text(&self.at);
        written.text(&self.subject);
        written.maybe_text(self.agency.as_deref());
        written.text(&self.role);
        written.text(&self.action);
        written.text(&self.resource);
        written.is_there(self.rows.is_some());
        self.rows.into_iter().for_each(|rows| written.number(rows));
        written.text(&self.decision);
        written.maybe_text(self.purpose.as_deref());
        written.maybe_text(self.request.as_deref());
        written.number(self.version);
        written.number(self.times);
        to_bytes(digest.finish())
    }
}

struct Written<'a>(&'a mut Context);

impl Written<'_> {
    fn number(&mut self, number: i64) {
        self.0.update(&number.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.0.update(&(text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
    }

    fn is_there(&mut self, is_there: bool) {
        self.0.update(&[u8::from(is_there)]);
    }

    fn maybe_text(&mut self, text: Option<&str>) {
        self.is_there(text.is_some());
        if let Some(text) = text {
            self.text(text);
        }
    }
}

/// A digest as 64 hexadecimal digits.
pub(crate) fn hex(sha256: [u8; 32]) -> String {
    BatchDigest::new(sha256).to_string()
}

/// 64 hexadecimal digits as a digest.
pub(crate) fn from_hex(hex: &str) -> Option<[u8; 32]> {
    Some(*BatchDigest::parse(hex).ok()?.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> Content {
        Content {
            record: 1,
            at: "2026-01-05T06:07:08Z".to_owned(),
            subject: "ab".to_owned(),
            agency: Some("ANF".to_owned()),
            role: "analyst".to_owned(),
            action: "read".to_owned(),
            resource: "c".to_owned(),
            rows: Some(3),
            decision: "allowed".to_owned(),
            purpose: None,
            request: Some("r".to_owned()),
            version: 7,
            times: 1,
        }
    }

    /// Made with Python: `hashlib.sha256(b"\0" + bytes(32) + …)`, the fields packed with `struct`.
    #[test]
    fn a_digest_is_the_one_that_another_program_makes() {
        let expected = "de12f8a739332ebe9efa8a2978c184af5feccf3fb32d52abd83b3fe202301088";
        assert_eq!(hex(content().digest(&FIRST)), expected);
    }

    #[test]
    fn every_part_of_a_record_and_the_one_before_it_change_its_digest() {
        let mut seen = vec![content().digest(&FIRST), content().digest(&[1; 32])];
        let text = |text: &str| text.to_owned();
        let changes: [&dyn Fn(&mut Content); 15] = [
            &|c| c.record = 2,
            &|c| c.at = text("2026-01-05T06:07:09Z"),
            &|c| c.subject = text("abc"),
            &|c| c.agency = None,
            &|c| c.role = text("auditor"),
            &|c| c.action = text("download"),
            &|c| c.resource = text("d"),
            &|c| c.rows = None,
            &|c| c.rows = Some(4),
            &|c| c.decision = text("denied"),
            &|c| c.purpose = Some(text("r")),
            &|c| c.request = None,
            &|c| (c.purpose, c.request) = (c.request.clone(), None),
            &|c| c.version = 8,
            &|c| c.times = 2,
        ];
        for change in changes {
            let mut another = content();
            change(&mut another);
            seen.push(another.digest(&FIRST));
        }
        let all = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), all);
    }
}
