//! `…/dggs` and `…/dggs/H3`: that H3 is offered, and how far its zones reach here.

use axum::extract::{Path, State};
use axum::response::Response;
use naqsha_layers::{DEEPEST, FINEST_LEVEL};
use serde_json::json;

use super::{
    DATA_SET, DOCUMENTS, ID, Named, Origin, ZONE_INFO, ZONE_QUERY, ZONE_QUERY_URI, definition_link,
    template,
};
use crate::documents::document;
use crate::items::representations;
use crate::link::{self, Link};
use crate::negotiate::JSON;
use crate::problem::Problem;
use crate::question::CRS84;
use crate::request::Asked;
use crate::service::Shared;

/// Depth of values where none is asked: that of the zone itself is there at every level.
pub(crate) const DEFAULT_DEPTH: u8 = 0;

/// `…/dggs`.
pub(crate) async fn list(
    State(service): State<Shared>,
    Path(named): Path<Named>,
    asked: Asked,
) -> Result<Response, Problem> {
    let origin = Origin::of(&service.catalogue, &asked, &named)?;
    asked.only(&[])?;
    let format = asked.format(&DOCUMENTS)?;
    let title = "Discrete global grid reference systems";
    document(&service, &asked, format, title, move |_catalogue, asked| {
        let mut links = representations(asked, format, &DOCUMENTS);
        links.push(origin.link());
        let of_dggrs = [origin.dggrs_link("self"), definition_link(asked)];
        Ok(json!({
            "links": link::to_json(&links),
            "dggrs": [{
                "id": ID,
                "title": title_of(&origin),
                "links": link::to_json(&of_dggrs),
            }],
        }))
    })
    .await
}

/// `…/dggs/H3`.
pub(crate) async fn dggrs(
    State(service): State<Shared>,
    Path(named): Path<Named>,
    asked: Asked,
) -> Result<Response, Problem> {
    let origin = Origin::of(&service.catalogue, &asked, &named)?;
    asked.only(&[])?;
    let format = asked.format(&DOCUMENTS)?;
    let title = title_of(&origin);
    document(
        &service,
        &asked,
        format,
        &title,
        move |_catalogue, asked| {
            let mut links = representations(asked, format, &DOCUMENTS);
            let zones = format!("{}/zones", origin.dggrs());
            let query = |rel| Link::new(&zones, rel, JSON.media_type, "zones that have a value");
            links.extend([
                definition_link(asked),
                query(ZONE_QUERY),
                query(ZONE_QUERY_URI),
                origin.link(),
            ]);
            if origin.is_collection {
                let landing = format!("{}/", asked.base);
                links.push(Link::new(
                    landing,
                    DATA_SET,
                    JSON.media_type,
                    "the data set",
                ));
            }
            let info = origin.zone("{zoneId}");
            Ok(json!({
                "id": ID,
                "title": title_of(&origin),
                "description": description_of(&origin),
                "crs": CRS84,
                "defaultDepth": DEFAULT_DEPTH,
                "maxRefinementLevel": u8::from(FINEST_LEVEL),
                "maxRelativeDepth": DEEPEST,
                "links": link::to_json(&links),
                "linkTemplates": [template(&info, ZONE_INFO, "a zone"), origin.data_template()],
            }))
        },
    )
    .await
}

fn title_of(origin: &Origin) -> String {
    if origin.is_collection {
        format!("H3: {}", origin.layer.title)
    } else {
        "H3: all records".to_owned()
    }
}

fn description_of(origin: &Origin) -> String {
    let values = if naqsha_layers::counts_every_cell(origin.layer) {
        "Every cell of the study area has a value, zeros included. The values at a depth, and the records that are known too \
         coarsely for it or lie outside the study area (told beside them), are together those at depth 0."
    } else {
        "Each depth is an answer of the layer at that resolution, with its own statistic: values of a zone are not sums over \
         those below it."
    };
    format!(
        "{} Zones are H3 cells, and those below a zone are meant by index. {values}",
        origin.layer.description
    )
}
