//! The service over HTTP: OGC API - Features, vector tiles, MapLibre styles, the embedded dashboard.
//!
//! It turns requests into questions for the layers and tables into bytes. Collections, parameters and properties come
//! from the layers' descriptions, so that a new layer needs no change here. This crate knows nothing of statistics, SQL
//! or Parquet; the clock and the environment belong to the program, which hands in settings and a listener.
//!
//! ```no_run
//! # async fn run(catalogue: std::sync::Arc<naqsha_layers::Catalogue>) -> std::io::Result<()> {
//! use naqsha_http::{ServerSettings, router, serve};
//!
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! serve(listener, router(catalogue, ServerSettings::default()), std::future::pending()).await
//! # }
//! ```

mod access;
mod aggregate;
mod assets;
mod at_hand;
mod audit;
mod changes;
mod compress;
mod compute;
mod connections;
mod cql2;
mod crowd;
mod csv;
mod dggs;
mod digits;
mod documents;
mod downloads;
mod events;
mod explain;
mod featureserver;
mod flight;
mod frame;
pub mod geojson;
mod health;
mod html;
mod items;
mod lines;
mod link;
mod metadata;
mod metrics;
mod middleware;
mod mvt;
mod negotiate;
mod pages;
mod policy;
mod problem;
mod processes;
mod protobuf;
mod question;
mod reply;
mod request;
mod router;
mod routes;
mod search;
mod seats;
mod service;
mod settings;
mod space;
mod stall;
mod steady;
mod stream;
mod table_writer;
mod tiles;
mod tls;
mod uploads;

pub use access::{AccessKey, Issuer, IssuerError, KeyRing};
pub use audit::{AuditRecord, AuditSink, Decision};
pub use connections::{serve, serve_within};
pub use ipnet::IpNet;
pub use link::Link;
pub use naqsha_formats::Crs;
pub use pages::Pages;
pub use router::{Application, application, router};
pub use routes::{Route, routes};
pub use settings::{ConnectionLimits, Limits, ServerSettings};
pub use table_writer::{FileFormat, TableWriter};
pub use tls::{ClientCertificates, Tls, TlsError};
pub use uploads::{Intake, UploadLimits, Uploads};
