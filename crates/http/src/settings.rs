//! What the program decides for the service, and every limit of it in one place.

use std::path::PathBuf;
use std::time::Duration;

use naqsha_layers::Role;

use crate::uploads::Intake;

/// What the program decides for the service.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Role of a request without a key. [`Role::Public`] unless the deployment opens more.
    pub anonymous_role: Role,
    /// What links start with, such as `https://maps.example.org/naqsha`; `None` takes the request's Host.
    pub public_url: Option<String>,
    /// Origins whose pages may read answers; `None` lets every page (keys travel in headers, there are no cookies).
    pub cors_origins: Option<Vec<String>>,
    /// Any number that differs between starts: problem ids are made of it and a counter.
    pub start_nonce: u64,
    /// How many bytes of memory the process has, where that can be told.
    pub resident_bytes: fn() -> Option<u64>,
    /// Folder for what is too long for memory while it is written or served: files without a name. `None` is the system's.
    pub spool: Option<PathBuf>,
    /// What takes files; a service without it takes none.
    pub intake: Option<Intake>,
    /// Limits of computing and caching.
    pub limits: Limits,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            anonymous_role: Role::Public,
            public_url: None,
            cors_origins: None,
            start_nonce: 0,
            resident_bytes: || None,
            spool: None,
            intake: None,
            limits: Limits::default(),
        }
    }
}

/// Limits of computing and caching.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Answers computed at the same time.
    pub computing: usize,
    /// Answers that may wait for their turn; a further request gets 503.
    pub waiting: usize,
    /// Bytes of finished bodies kept.
    pub cache_bytes: u64,
    /// Answers of any length that are sent at the same time; a further one gets 503.
    pub streams: usize,
    /// Bytes of finished downloads kept on disk.
    pub download_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            computing: cores.max(2),
            waiting: 256,
            cache_bytes: 64 << 20,
            streams: 16,
            download_bytes: 4 << 30,
        }
    }
}

/// Limits of connections, and how they end.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// Longest time until the headers of a request are complete, from the opening of the connection or the end of
    /// the request before: silent, dripping and idle connections end by it.
    pub header_read: Duration,
    /// Longest time for which a client may take nothing of an answer that is ready.
    pub write_stall: Duration,
    /// Connections at the same time; further ones wait in the listener's backlog.
    pub connections: usize,
    /// How long new requests are still taken after shutdown was asked for, `/readyz` saying 503.
    pub drain_delay: Duration,
    /// How long requests under way may take from then on.
    pub drain_deadline: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            header_read: Duration::from_secs(10),
            write_stall: Duration::from_secs(30),
            connections: 1_024,
            drain_delay: Duration::ZERO,
            drain_deadline: Duration::from_secs(30),
        }
    }
}
