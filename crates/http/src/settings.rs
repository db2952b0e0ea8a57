//! What the program decides for the service, and every limit of it in one place.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use jiff::Timestamp;
use naqsha_model::Role;

use crate::access::{Issuer, KeyRing};
use crate::audit::AuditSink;

use crate::uploads::Intake;

/// What the program decides for the service.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Role of a request without a key. [`Role::Public`] unless the deployment opens more.
    pub anonymous_role: Role,
    /// The keys that are good; whoever keeps them replaces them here.
    pub keys: Arc<KeyRing>,
    /// Whose access tokens are taken beside keys.
    pub issuer: Option<Arc<Issuer>>,
    /// Whether a key may come as the parameter `token` of an address, where logs and histories keep it.
    pub query_token: bool,
    /// Proxies that are believed about where a request comes from.
    pub trusted_proxies: Vec<IpNet>,
    /// The time, by which keys expire.
    pub now: fn() -> Timestamp,
    /// Where requests about data are recorded; nowhere without it.
    pub audit: Option<AuditSink>,
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
            keys: Arc::default(),
            issuer: None,
            query_token: false,
            trusted_proxies: Vec::new(),
            audit: None,
            // Without a clock no key is good.
            now: || Timestamp::MAX,
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
#[derive(Debug, Clone)]
pub struct Limits {
    /// Answers computed at the same time.
    pub computing: usize,
    /// Answers that may wait for their turn; a further request gets 503.
    pub waiting: usize,
    /// Bytes of finished bodies kept.
    pub cache_bytes: u64,
    /// Bytes of heads of answers kept by the words of requests.
    pub at_hand_bytes: u64,
    /// Answers of any length that are sent at the same time; a further one gets 503.
    pub streams: usize,
    /// Bytes of finished downloads kept on disk.
    pub download_bytes: u64,
    /// Requests a minute of one key, or of one address without a key; some seconds' worth may come at once. 0 is no limit.
    pub requests_per_minute: u32,
    /// Addresses whose requests without a key are not counted: the machine's own.
    pub uncounted: Vec<IpNet>,
}

impl Default for Limits {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            computing: cores.max(2),
            waiting: 256,
            cache_bytes: 64 << 20,
            at_hand_bytes: 16 << 20,
            streams: 16,
            download_bytes: 4 << 30,
            requests_per_minute: 6_000,
            uncounted: loopback(),
        }
    }
}

/// The machine's own addresses.
fn loopback() -> Vec<IpNet> {
    let v4 = IpNet::new_assert([127, 0, 0, 0].into(), 8);
    let v6 = IpNet::new_assert(std::net::Ipv6Addr::LOCALHOST.into(), 128);
    vec![v4, v6]
}

/// Limits of connections, and how they end.
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    /// Longest time until the headers of a request are complete, from the opening of the connection or the end of
    /// the request before: silent, dripping and idle connections end by it.
    pub header_read: Duration,
    /// Longest time for which a client may take nothing of an answer that is ready.
    pub write_stall: Duration,
    /// Connections at the same time; a further one waits for a place.
    pub connections: usize,
    /// How long a client may keep the service waiting, for a request, for a body or by taking nothing of its answer, before it
    /// gives its place up to one that waits for a place.
    pub patience: Duration,
    /// Connections at the same time from one address; further ones are closed.
    pub connections_per_address: usize,
    /// Addresses whose connections are not counted: the machine's own, and those of proxies.
    pub uncounted: Vec<IpNet>,
    /// Waiting for a request's body, in which at least `body_bytes` of it must come.
    pub body_within: Duration,
    /// Bytes of a body that must come while `body_within` is waited for it.
    pub body_bytes: u64,
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
            patience: Duration::from_secs(1),
            connections_per_address: 64,
            uncounted: loopback(),
            body_within: Duration::from_secs(30),
            body_bytes: 30 << 10,
            drain_delay: Duration::ZERO,
            drain_deadline: Duration::from_secs(30),
        }
    }
}
