//! Keys of a service: one contract for every ledger.

use std::sync::Arc;

use jiff::SignedDuration;
use naqsha_model::{Agency, Credential, Role};
use naqsha_store::{AccessKey, KeyState, KnownKey, StoreError};

use super::conformance::on_both;
use super::place::Place;
use crate::support::{act, header, incident, received_at, wait};

on_both!(
    keys_are_kept_with_all_that_they_grant_and_seen_by_others,
    a_key_is_revoked_once_and_for_good,
    keys_do_not_wait_for_a_batch_that_is_being_written,
    keys_and_revocations_are_only_added_to,
);

pub(super) fn credential(number: u8) -> Credential {
    Credential::new([number; 6], [number; 32])
}

pub(super) fn key(number: u8, role: Role, agency: Option<&str>) -> AccessKey {
    let credential = credential(number);
    AccessKey {
        id: credential.id().to_owned(),
        sha256: credential.sha256(),
        role,
        agency: agency.map(|agency| Agency::new(agency).unwrap()),
        networks: vec![
            "10.0.0.0/8".parse().unwrap(),
            "2001:db8::/32".parse().unwrap(),
        ],
        certificate: Some([number; 32]),
        note: Some("دفتر".to_owned()),
        created_by: "officer".to_owned(),
        created_at: received_at(),
        expires_at: received_at() + SignedDuration::from_hours(24),
    }
}

fn keys_are_kept_with_all_that_they_grant_and_seen_by_others(place: &Place) {
    let (store, beside) = (place.create(), place.open());
    let bare = AccessKey {
        networks: Vec::new(),
        certificate: None,
        note: None,
        ..key(2, Role::Custodian, None)
    };
    let keys = [key(1, Role::Uploader, Some("ANF")), bare];
    for key in &keys {
        wait(store.add_key(key.clone())).unwrap();
    }
    let before = beside.access_keys();
    assert_eq!(before.iter().count(), 0);
    wait(beside.refresh()).unwrap();
    for store in [&store, &beside, &place.open()] {
        let known: Vec<KnownKey> = store.access_keys().iter().cloned().collect();
        let expected = keys.clone().map(|key| KnownKey { key, revoked: None });
        assert_eq!(known, expected);
        let found = store.access_keys();
        let found = found.get(credential(2).id()).unwrap();
        assert!(found.key.is(&credential(2)) && !found.key.is(&credential(1)));
    }
    let seen = beside.access_keys();
    wait(beside.refresh()).unwrap();
    assert!(Arc::ptr_eq(&seen, &beside.access_keys()), "nothing changed");

    let refused = |key| {
        let refused = wait(store.add_key(key)).unwrap_err();
        assert!(matches!(refused, StoreError::NoKey { .. }), "{refused}");
    };
    refused(key(1, Role::Analyst, None));
    refused(key(3, Role::Approver, None));
    refused(key(3, Role::Operator, None));
    assert_eq!(place.open().access_keys().iter().count(), 2);
}

fn a_key_is_revoked_once_and_for_good(place: &Place) {
    let (store, beside) = (place.create(), place.open());
    wait(store.add_key(key(1, Role::Analyst, None))).unwrap();
    wait(beside.refresh()).unwrap();
    let id = credential(1).id().to_owned();
    let end = key(1, Role::Analyst, None).expires_at;
    let second = SignedDuration::from_secs(1);
    let state = |at| beside.access_keys().get(&id).unwrap().state(at);
    assert_eq!(state(end - second), KeyState::Active);
    assert_eq!(state(end), KeyState::Expired);
    wait(store.revoke_key(&id, act("leaked"))).unwrap();
    wait(beside.refresh()).unwrap();
    for at in [end - second, end] {
        assert_eq!(state(at), KeyState::Revoked);
    }
    for store in [&store, &place.open()] {
        let keys = store.access_keys();
        assert_eq!(keys.get(&id).unwrap().revoked, Some(act("leaked")));
    }
    for id in [id.as_str(), "ffffffffffff"] {
        let refused = wait(store.revoke_key(id, act("again"))).unwrap_err();
        assert!(matches!(refused, StoreError::NoKey { .. }), "{refused}");
    }
}

fn keys_do_not_wait_for_a_batch_that_is_being_written(place: &Place) {
    let (store, beside) = (place.create(), place.open());
    let mut writer = wait(store.begin(header(1))).unwrap();
    writer.push(vec![incident(1)]).unwrap();
    wait(beside.add_key(key(1, Role::Analyst, None))).unwrap();
    wait(beside.revoke_key(credential(1).id(), act("leaked"))).unwrap();
    wait(store.refresh()).unwrap();
    let keys = store.access_keys();
    assert!(keys.get(credential(1).id()).unwrap().revoked.is_some());
}

fn keys_and_revocations_are_only_added_to(place: &Place) {
    let store = place.create();
    wait(store.add_key(key(1, Role::Analyst, None))).unwrap();
    wait(store.revoke_key(credential(1).id(), act("leaked"))).unwrap();
    for sql in [
        "UPDATE access_keys SET role = 'custodian'",
        "DELETE FROM access_keys",
        "UPDATE key_certificates SET certificate = certificate",
        "DELETE FROM key_certificates",
        "UPDATE key_revocations SET reason = ''",
        "DELETE FROM key_revocations",
    ] {
        let refused = place.execute(sql).unwrap_err();
        assert!(refused.contains("only added"), "{sql}: {refused}");
    }
    let keys = place.open().access_keys();
    assert!(keys.get(credential(1).id()).unwrap().revoked.is_some());
}
