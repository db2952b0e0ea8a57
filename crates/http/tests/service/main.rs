//! The service as a client sees it, over a real store and without sockets (but for the tests of connections).

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on should stop"
)]

mod access;
mod arbitrary;
mod at_hand;
mod broken;
mod caching;
mod connections;
mod documents;
mod empty;
mod explain;
mod features;
mod filters;
mod fixture;
mod issuer;
mod kept_apart;
mod manners;
mod matrix;
mod methods;
mod paging;
mod processes;
mod released;
mod secure;
mod tiles;
mod tokens;
