//! `/healthz` and `/readyz`: whether the process runs, and whether new requests are welcome.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Extension;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use crate::problem::{Kind, Problem};

/// Whether the service is going away; the accept loop puts it into every request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draining(Arc<AtomicBool>);

impl Draining {
    pub(crate) fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// `/healthz`: answers while the process runs, also while it drains.
pub(crate) async fn healthz() -> Response {
    fine("ok")
}

/// `/readyz`: 503 from the moment shutdown was asked for.
pub(crate) async fn readyz(draining: Option<Extension<Draining>>) -> Result<Response, Problem> {
    match draining {
        Some(Extension(Draining(flag))) if flag.load(Ordering::Relaxed) => Err(Problem::new(
            Kind::Draining,
            "Requests under way are being finished.",
        )),
        _ => Ok(fine("ready")),
    }
}

fn fine(status: &str) -> Response {
    let body = format!("{{\"status\":\"{status}\"}}\n");
    (
        [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "no-store"),
        ],
        body,
    )
        .into_response()
}
