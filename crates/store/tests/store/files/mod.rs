//! The contract of the batch files' place: one body for the folder and for S3, and what only a bucket can meet.

mod away;
mod conformance;
mod nodes;
mod place;
mod proxy;
#[path = "../../../../../tests/src/s3.rs"]
#[expect(
    unreachable_pub,
    dead_code,
    reason = "the tests of the whole program use it too, and use other parts of it"
)]
mod s3;
mod together;
