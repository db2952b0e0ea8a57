//! The store at its boundary: a folder on disk, opened again, against naive oracles and broken files.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, which the lints do not know as tests"
)]

mod care;
mod changes;
mod clusters;
mod cube;
mod damage;
mod durability;
#[cfg(unix)]
mod files;
mod formats;
mod groups;
#[cfg(unix)]
mod keys;
mod ledger;
mod model;
mod naive;
mod named;
mod readers;
mod repeats;
mod reported;
mod revisions;
mod round_trip;
mod rows;
mod seized;
mod support;
mod visibility;
mod withdrawals;
