//! The store at its boundary: a folder on disk, opened again, against naive oracles and broken files.

mod cube;
mod damage;
mod durability;
mod repeats;
mod round_trip;
mod rows;
mod support;
mod visibility;
