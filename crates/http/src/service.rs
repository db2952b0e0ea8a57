//! What every handler shares.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use moka::sync::Cache;
use naqsha_layers::{Catalogue, Scope};
use tokio::sync::Semaphore;

use crate::access::Pace;
use crate::at_hand::AtHand;
use crate::compute::Compute;
use crate::downloads::Download;
use crate::flight::Flights;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::processes::Jobs;
use crate::reply::Stored;
use crate::routes::Routes;
use crate::settings::ServerSettings;
use crate::uploads::Desk;

pub(crate) type Shared = Arc<Service>;

/// What every handler shares.
pub(crate) struct Service {
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) settings: ServerSettings,
    /// What each route is for.
    pub(crate) routes: Routes,
    /// How often each asker may ask.
    pub(crate) pace: Pace,
    pub(crate) compute: Compute,
    /// Finished bodies by request, version, scope and coding.
    pub(crate) bodies: Cache<String, Arc<Stored>>,
    /// Heads of answers by the words of requests.
    pub(crate) at_hand: AtHand,
    /// Bodies being computed.
    pub(crate) flights: Flights<Arc<Stored>>,
    pub(crate) metrics: Metrics,
    /// Executions of processes that go on after they were asked for.
    pub(crate) jobs: Jobs,
    /// Places for answers of any length.
    pub(crate) streams: Arc<Semaphore>,
    /// Finished downloads by request, version and scope.
    pub(crate) downloads: Cache<String, Arc<Download>>,
    /// Where files are taken, if they are.
    pub(crate) desk: Option<Arc<Desk>>,
    requests: AtomicU64,
}

impl Service {
    pub(crate) fn new(catalogue: Arc<Catalogue>, settings: ServerSettings, routes: Routes) -> Self {
        let weight = |key: &String, stored: &Arc<Stored>| {
            u32::try_from(key.len() + stored.body.len()).unwrap_or(u32::MAX)
        };
        Self {
            catalogue,
            routes,
            pace: Pace::new(settings.limits.requests_per_minute),
            compute: Compute::new(&settings.limits),
            bodies: Cache::builder()
                .max_capacity(settings.limits.cache_bytes)
                .weigher(weight)
                .build(),
            at_hand: AtHand::new(settings.limits.at_hand_bytes),
            flights: Flights::default(),
            metrics: Metrics::default(),
            streams: Arc::new(Semaphore::new(settings.limits.streams)),
            downloads: Cache::builder()
                .max_capacity(settings.limits.download_bytes)
                .weigher(|_key, file: &Arc<Download>| file.weight())
                .build(),
            desk: settings.intake.clone().map(Desk::new).map(Arc::new),
            settings,
            jobs: Jobs::default(),
            requests: AtomicU64::new(0),
        }
    }

    /// Whether requests without a key read records.
    pub(crate) fn is_open(&self) -> bool {
        Scope::of(self.settings.anonymous_role).reads_unreleased()
    }

    /// Whether files are taken from whoever reaches the service, without a key.
    pub(crate) fn takes_files_without_key(&self) -> bool {
        let intake = self.settings.intake.as_ref();
        self.is_open() && intake.is_some_and(|intake| intake.without_key)
    }

    /// Where a collection's files are taken: records are, and nothing else.
    ///
    /// # Errors
    /// 404.
    pub(crate) fn desk(&self, collection: &str) -> Result<Arc<Desk>, Problem> {
        let desk = self.desk.as_ref().filter(|_desk| collection == "incidents");
        desk.cloned()
            .ok_or_else(|| Problem::not_found("No files are taken here."))
    }

    /// A request id that no other request gets: a UUID of version 8 (RFC 9562) from the start's nonce and a counter.
    pub(crate) fn next_request_id(&self) -> String {
        let count = self.requests.fetch_add(1, Ordering::Relaxed);
        let nonce = self.settings.start_nonce;
        format!(
            "urn:uuid:{:08x}-{:04x}-8{:03x}-{:04x}-{:012x}",
            nonce >> 32,
            nonce >> 16 & 0xffff,
            nonce >> 4 & 0xfff,
            0x8000 | (nonce & 0xf) << 8 | count >> 48 & 0xff,
            count & 0xffff_ffff_ffff,
        )
    }
}
