//! A layer's answer for other programs: geometry in a coordinate reference system, Arrow, `GeoParquet` and `FlatGeobuf`.
//!
//! Every format says the same: the same rows, the same numbers, the same coordinates ([`shape`] and [`Crs::forward`]
//! are the one place they come from). GeoJSON and CSV are written where the service is, since they carry its links and
//! its words; they take their coordinates from here where they are not the plain degrees.
//!
//! This crate knows nothing of HTTP, the store's files or statistics.

mod antimeridian;
mod columns;
mod crs;
mod error;
mod flatgeobuf;
mod geoparquet;
mod key;
mod shape;
mod stream;

pub use antimeridian::{cut, cut_line};
pub use crs::{Crs, InvalidBox};
pub use error::FormatError;
pub use flatgeobuf::{FlatGeobufWriter, write_flatgeobuf};
pub use geoparquet::ParquetWriter;
pub use key::key;
pub use shape::{Shape, position, shape};
pub use stream::ArrowWriter;
