//! Keys, digests, ids, agencies and categories: what is read is written as it was read, and a key never in a message.

#![no_main]

use libfuzzer_sys::fuzz_target;
use naqsha_model::{Agency, BatchDigest, Category, CategorySet, Credential, IncidentId, LinkageKey, Role};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match Credential::parse(text) {
        Ok(key) => {
            assert_eq!(key.reveal(), text);
            assert!(!format!("{key:?}").contains(text));
        }
        Err(error) => assert!(text.len() < 8 || !error.to_string().contains(text)),
    }
    if let Ok(digest) = BatchDigest::parse(text) {
        assert_eq!(digest.to_string(), text);
    }
    if let Ok(id) = IncidentId::parse(text) {
        assert_eq!(IncidentId::parse(&id.to_string()), Ok(id));
    }
    if let Ok(agency) = Agency::new(text) {
        assert_eq!(Agency::new(agency.as_str()), Ok(agency));
    }
    if let Some(key) = LinkageKey::parse(text) {
        assert_eq!(LinkageKey::parse(&key.to_string()), Some(key));
    }
    if let Ok(category) = Category::parse(text) {
        assert!(CategorySet::parse(text).is_ok_and(|set| set.iter().eq([category])));
    }
    drop((CategorySet::parse(text), Role::parse(text)));
});
