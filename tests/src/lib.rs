//! Support for the outside tests.
