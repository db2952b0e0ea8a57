//! What the service counts of itself, and how it says so: `OpenMetrics` 1.0 text for the operator's listener.
//!
//! Labels are bounded: the template of a route, a method, the class of a status. Nothing of a request's own words is one.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use crate::service::{Service, Shared};

/// Content-Type of the answer.
pub(crate) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Upper bounds of the histogram of durations, in seconds.
const BOUNDS_SECONDS: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Where a request was counted: method, template of the route, first digit of the status.
type Place = (&'static str, String, u16);

/// Durations of requests.
#[derive(Debug, Default, Clone)]
struct Histogram {
    /// Requests at most as long as each bound, and longer than the one before.
    buckets: [u64; BOUNDS_SECONDS.len()],
    count: u64,
    seconds: f64,
}

/// What the service counts of itself.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    durations: Mutex<BTreeMap<Place, Histogram>>,
    in_flight: AtomicI64,
    pub(crate) computed: AtomicU64,
    pub(crate) hits: AtomicU64,
    pub(crate) at_hand: AtomicU64,
    pub(crate) joined: AtomicU64,
    pub(crate) not_modified: AtomicU64,
    pub(crate) shed: AtomicU64,
    pub(crate) unknown_keys: AtomicU64,
    pub(crate) denied: AtomicU64,
    pub(crate) too_many: AtomicU64,
}

/// A request that is being answered; it is counted when it is dropped, answered or not.
pub(crate) struct Timed<'m> {
    metrics: &'m Metrics,
    began: Instant,
}

/// A method by a name that no asker has made up: of others there is no end.
pub(crate) fn method_name(method: &axum::http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        "POST" => "POST",
        "DELETE" => "DELETE",
        _ => "other",
    }
}

/// Adds one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Metrics {
    /// A request begins.
    pub(crate) fn begin(&self) -> Timed<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        Timed {
            metrics: self,
            began: Instant::now(),
        }
    }

    fn observe(&self, place: Place, duration: Duration) {
        let seconds = duration.as_secs_f64();
        let mut durations = self
            .durations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let histogram = durations.entry(place).or_default();
        if let Some(bucket) = BOUNDS_SECONDS.iter().position(|&bound| seconds <= bound) {
            histogram.buckets[bucket] += 1;
        }
        histogram.count += 1;
        histogram.seconds += seconds;
    }
}

impl Timed<'_> {
    /// The request was answered.
    pub(crate) fn answered(&self, method: &axum::http::Method, route: &str, status: u16) {
        let place = (method_name(method), route.to_owned(), status / 100);
        self.metrics.observe(place, self.began.elapsed());
    }
}

impl Drop for Timed<'_> {
    fn drop(&mut self) {
        self.metrics.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// `/metrics`.
pub(crate) async fn metrics(State(service): State<Shared>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, MEDIA_TYPE),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, text(&service)).into_response()
}

/// Everything as `OpenMetrics` text.
fn text(service: &Service) -> String {
    let metrics = &service.metrics;
    let mut out = String::with_capacity(16 << 10);
    durations(&mut out, metrics);
    let counters = [
        ("computed", "Answers computed.", &metrics.computed),
        (
            "cache_hits",
            "Answers taken from those kept.",
            &metrics.hits,
        ),
        (
            "at_hand",
            "Answers at hand to requests that were answered before in the same words.",
            &metrics.at_hand,
        ),
        (
            "joined",
            "Answers taken from a computation that another request had begun.",
            &metrics.joined,
        ),
        (
            "not_modified",
            "Requests whose sender had the answer already.",
            &metrics.not_modified,
        ),
        (
            "shed",
            "Requests refused because the queue was full.",
            &metrics.shed,
        ),
        (
            "unknown_keys",
            "Requests with a key that is no good.",
            &metrics.unknown_keys,
        ),
        (
            "denied",
            "Requests for what their sender may not do.",
            &metrics.denied,
        ),
        (
            "too_many",
            "Requests of those who asked too often.",
            &metrics.too_many,
        ),
    ];
    for (name, help, counter) in counters {
        let value = counter.load(Ordering::Relaxed);
        family(&mut out, &format!("naqsha_http_{name}"), "counter", help);
        // Writing to a String cannot fail.
        let _infallible = writeln!(out, "naqsha_http_{name}_total {value}");
    }
    gauges(&mut out, service);
    out.push_str("# EOF\n");
    out
}

/// What is so at the moment.
fn gauges(out: &mut String, service: &Service) {
    let metrics = &service.metrics;
    let (running, waiting) = service.compute.load();
    let store = service.catalogue.totals();
    let gauges = [
        (
            "http_in_flight",
            "Requests being answered.",
            u64::try_from(metrics.in_flight.load(Ordering::Relaxed)).unwrap_or(0),
        ),
        ("http_computing", "Answers being computed.", running as u64),
        (
            "http_queued",
            "Computations that wait for their turn.",
            waiting as u64,
        ),
        (
            "http_flights",
            "Different answers that are computed or waited for.",
            service.flights.len() as u64,
        ),
        (
            "http_cache_bytes",
            "Finished answers kept.",
            service.bodies.weighted_size(),
        ),
        ("data_version", "Version of the data.", store.version),
        ("live_batches", "Batches that are served.", store.batches),
        ("live_records", "Records that are served.", store.records),
        (
            "damaged_files",
            "Files of live batches that are not served.",
            store.damaged,
        ),
        ("index_bytes", "Memory of the index.", store.index_bytes),
    ];
    let memory = (service.settings.resident_bytes)()
        .map(|bytes| ("resident_memory_bytes", "Memory of the process.", bytes));
    for (name, help, value) in gauges.into_iter().chain(memory) {
        family(out, &format!("naqsha_{name}"), "gauge", help);
        let _infallible = writeln!(out, "naqsha_{name} {value}");
    }
}

fn family(out: &mut String, name: &str, kind: &str, help: &str) {
    let _infallible = write!(out, "# TYPE {name} {kind}\n# HELP {name} {help}\n");
}

fn durations(out: &mut String, metrics: &Metrics) {
    const NAME: &str = "naqsha_http_request_duration_seconds";
    let durations = metrics
        .durations
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let _infallible = write!(
        out,
        "# TYPE {NAME} histogram\n# UNIT {NAME} seconds\n# HELP {NAME} From a request's headers to its answer's.\n"
    );
    for ((method, route, class), histogram) in durations {
        let labels = format!("method=\"{method}\",route=\"{route}\",status=\"{class}xx\"");
        let mut sum = 0;
        for (bound, count) in BOUNDS_SECONDS.iter().zip(histogram.buckets) {
            sum += count;
            let _infallible = writeln!(out, "{NAME}_bucket{{{labels},le=\"{bound:?}\"}} {sum}");
        }
        let (count, seconds) = (histogram.count, histogram.seconds);
        let _infallible = write!(
            out,
            "{NAME}_bucket{{{labels},le=\"+Inf\"}} {count}\n{NAME}_sum{{{labels}}} {seconds}\n{NAME}_count{{{labels}}} {count}\n"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Method;

    #[test]
    fn a_duration_is_in_its_bucket_and_all_above() {
        let metrics = Metrics::default();
        for milliseconds in [4, 30, 20_000] {
            let place = ("GET", "/xyz/{layer}".to_owned(), 2);
            metrics.observe(place, Duration::from_millis(milliseconds));
        }
        let mut out = String::new();
        durations(&mut out, &metrics);
        let counts: Vec<&str> = out
            .lines()
            .filter(|line| line.contains("_bucket"))
            .filter_map(|line| line.rsplit(' ').next())
            .collect();
        assert_eq!(
            counts,
            ["1", "1", "1", "2", "2", "2", "2", "2", "2", "2", "2", "3"],
            "{out}"
        );
        assert!(
            out.contains("_sum{method=\"GET\",route=\"/xyz/{layer}\",status=\"2xx\"} 20.034\n")
        );
    }

    #[test]
    fn methods_that_anyone_may_invent_are_one() {
        let metrics = Metrics::default();
        for name in ["BREW", "PROPFIND"] {
            let method = Method::from_bytes(name.as_bytes()).unwrap();
            metrics.begin().answered(&method, "other", 405);
        }
        assert_eq!(metrics.durations.lock().unwrap().len(), 1);
        assert_eq!(metrics.in_flight.load(Ordering::Relaxed), 0);
    }
}
