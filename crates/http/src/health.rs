//! `/healthz` and `/readyz`: whether the process runs, and whether new requests are welcome.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Extension;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use crate::problem::{Kind, Problem};
use crate::service::Shared;

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

/// `/readyz`: 503 from the moment shutdown was asked for, after a write that could not be made durable, and while the disk of a
/// service that takes files is nearly full.
pub(crate) async fn readyz(
    State(service): State<Shared>,
    draining: Option<Extension<Draining>>,
) -> Result<Response, Problem> {
    if draining.is_some_and(|Extension(Draining(flag))| flag.load(Ordering::Relaxed)) {
        let detail = "Requests under way are being finished.";
        return Err(Problem::new(Kind::Draining, detail));
    }
    if let Some(desk) = &service.desk {
        desk.goes_on()?;
        if !desk.has_space_for(0) {
            let detail = "The disk of the service is nearly full: what is read is answered, files are not taken.";
            return Err(Problem::new(Kind::NearlyFull, detail));
        }
    }
    Ok(fine("ready"))
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
