//! Support for the tests that look at the whole program from outside. It knows the command line and HTTP, nothing inside.

pub mod answers;
pub mod collections;
#[cfg(unix)]
pub mod disk;
pub mod manifest;
#[cfg(unix)]
pub mod postgres;
pub mod program;
#[cfg(unix)]
pub mod s3;
pub mod server;
pub mod skip;
pub mod statistics;
pub mod street;
pub mod workbook;
