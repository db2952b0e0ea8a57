//! The dashboard's files, embedded in the program (read from their folder in a debug build).

use axum::http::{HeaderValue, header};
use axum::response::Response;
use rust_embed::RustEmbed;

use crate::problem::Problem;
use crate::reply::{Freshness, Produced, Representation, reply};
use crate::request::Asked;
use crate::service::Shared;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../dashboard/dist"]
struct Dashboard;

/// What the page may load: its own files and answers, and pictures made in place. `dashboard/README.md` says why it needs no
/// more, and the page's mock server runs it under the same policy.
const POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src 'self'; \
    img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Serves one file.
pub(crate) async fn serve(
    service: &Shared,
    asked: &Asked,
    path: &str,
) -> Result<Response, Problem> {
    let embedded =
        Dashboard::get(path).ok_or_else(|| Problem::not_found("There is no such resource."))?;
    let media_type = media_type(path);
    // The build names what it puts in this folder after its content.
    let freshness = if path.starts_with("assets/") {
        Freshness::Immutable
    } else {
        Freshness::Revalidated
    };
    let digest = embedded
        .metadata
        .sha256_hash()
        .iter()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let representation = Representation {
        media_type,
        freshness,
        key: format!("file {path} {digest}"),
    };
    let mut response = reply(
        service,
        asked,
        representation,
        move |_catalogue, version| {
            Ok(Produced {
                body: Some(embedded.data.into_owned()),
                version,
                headers: Vec::new(),
            })
        },
    )
    .await?;
    // Of scripts too: a worker may load what the policy of its own script lets it.
    let policy = HeaderValue::from_static(POLICY);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "json" | "map" => "application/json",
        "woff2" => "font/woff2",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}
