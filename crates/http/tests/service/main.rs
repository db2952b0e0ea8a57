//! The service as a client sees it, over a real store and without sockets (but for the tests of connections).

mod caching;
mod connections;
mod documents;
mod features;
mod fixture;
mod methods;
mod tiles;
