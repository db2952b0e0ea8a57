//! The commands whose every operation is made to fail: a store is made, takes batches, one of them twice, gives one up and
//! takes it back, and has one replaced and one corrected.

use std::ffi::OsString;
use std::path::Path;

use anyhow::Result;

use super::batches::Place;
use super::client::{Client, Operation};
use super::program::Answer;
use super::random::Random;

/// A command of the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Init,
    Change(Operation),
}

/// All of them, in order.
pub(crate) const STEPS: [Step; 8] = [
    Step::Init,
    Step::Change(Operation::Ingest(0)),
    Step::Change(Operation::Ingest(1)),
    Step::Change(Operation::Repeat(0)),
    Step::Change(Operation::Withdraw(0)),
    Step::Change(Operation::Restore(0)),
    Step::Change(Operation::Ingest(2)),
    Step::Change(Operation::Ingest(3)),
];

/// A client with the batches of the script, none of them sent.
pub(crate) fn client(files: &Path, random: &mut Random) -> Result<Client> {
    let mut client = Client::new(files);
    for place in [
        Place::New,
        Place::New,
        Place::Replaces(1),
        Place::Revises(0),
    ] {
        client.make(place, 40, random)?;
    }
    Ok(client)
}

impl Step {
    /// Its words.
    pub(crate) fn words(self, client: &Client) -> Vec<OsString> {
        match self {
            Self::Init => vec!["init".into()],
            Self::Change(operation) => client.words(operation),
        }
    }

    /// Takes its answer down; gives what is wrong with it.
    pub(crate) fn take(self, client: &mut Client, answer: &Answer) -> Option<String> {
        match self {
            Self::Init => None,
            Self::Change(operation) => client.take(operation, answer),
        }
    }
}
