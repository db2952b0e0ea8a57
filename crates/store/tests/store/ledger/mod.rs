//! The ledger's contract: one body for both databases, and what only nodes that share a server can meet.

mod access;
mod conformance;
mod nodes;
mod place;
#[path = "../../../../../tests/src/postgres.rs"]
#[expect(
    unreachable_pub,
    reason = "the tests of the whole program use it too, and use other parts of it"
)]
pub(crate) mod postgres;
mod proxy;
mod receipts;
mod together;
