//! The rare parts of an incident as the store keeps them, in one column of JSON: what is read is written as it was read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use naqsha_model::Details;
use naqsha_record::DetailsRecord;

fuzz_target!(|bytes: &[u8]| {
    let Ok(record) = serde_json::from_slice::<DetailsRecord>(bytes) else {
        return;
    };
    let Ok(details) = Details::try_from(record) else {
        return;
    };
    let written = serde_json::to_vec(&DetailsRecord::from(&details)).expect("texts and numbers");
    let record: DetailsRecord = serde_json::from_slice(&written).expect("what was written");
    assert_eq!(Details::try_from(record).expect("what was read before"), details);
});
