//! `POST /collections/{c}/search`: items whose filter is the body, for filters that are too long for an address.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use naqsha_layers::ParameterError;

use crate::cql2::Language;
use crate::frame::Frame;
use crate::items::{Features, OFFERED};
use crate::problem::{Kind, Problem};
use crate::question::parse_with;
use crate::request::Asked;
use crate::service::Shared;

/// Longest body of a search: a filter of as many positions as one may have.
pub(crate) const LONGEST_BODY: usize = 8 << 20;
/// Media type of the body.
pub(crate) const MEDIA_TYPE: &str = "application/json";

/// `POST /collections/{c}/search`; the body is a filter in CQL2 JSON, everything else stands in the address as of items.
pub(crate) async fn search(
    State(service): State<Shared>,
    Path(collection): Path<String>,
    asked: Asked,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let layer = service.catalogue.describe(&collection)?;
    let format = asked.format(&OFFERED)?;
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = media_type
        .and_then(|text| text.split(';').next())
        .map(str::trim);
    if !essence.is_some_and(|essence| essence.eq_ignore_ascii_case(MEDIA_TYPE)) {
        return Err(Problem::new(
            Kind::UnsupportedMediaType,
            format!("The body of a search is a filter in CQL2 JSON, sent as {MEDIA_TYPE}."),
        ));
    }
    let wrong = |reason: String| Problem::parameters(vec![ParameterError::new("body", reason)]);
    let body = str::from_utf8(&body).map_err(|_utf8| wrong("is not UTF-8".to_owned()))?;
    let expression = Language::Json.read(body).map_err(wrong)?;
    let (page, query) = parse_with(layer, &asked, Some(expression))?;
    let asked = Asked {
        // A POST has no condition of its own.
        if_none_match: None,
        ..asked
    };
    let features = Features {
        layer,
        page,
        query,
        format,
        crs: Frame::of(&asked).0.crs,
        searched: Some(body.to_owned()),
    };
    features.reply(&service, &asked).await
}
