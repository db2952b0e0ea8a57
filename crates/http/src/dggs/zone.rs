//! `…/zones/{zone}`: where a zone is, how large, and which are around, above and below it. Nothing here is of records.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use h3o::{CellIndex, LatLng, Resolution};
use naqsha_layers::{CellBoundaries, FINEST_LEVEL};
use serde_json::{Value, json};

use super::{
    DGGRS, Named, Origin, ZONE_CHILD, ZONE_DATA, ZONE_NEIGHBOR, ZONE_PARENT, definition_link,
    zone_of,
};
use crate::geojson::push_polygon;
use crate::html;
use crate::items::representations;
use crate::link::{self, Link};
use crate::negotiate::{Format, HTML, JSON, ZONES_GEOJSON};
use crate::problem::Problem;
use crate::reply::{Freshness, Produced, Representation, reply};
use crate::request::Asked;
use crate::service::Shared;

pub(crate) static FORMATS: [&Format; 3] = [&JSON, &ZONES_GEOJSON, &HTML];

/// `…/zones/{zone}`.
pub(crate) async fn zone(
    State(service): State<Shared>,
    Path(named): Path<Named>,
    asked: Asked,
) -> Result<Response, Problem> {
    let origin = Origin::of(&service.catalogue, &asked, &named)?;
    let zone = zone_of(&named)?;
    asked.only(&[])?;
    let format = asked.format(&FORMATS)?;
    let representation = Representation::new(&asked, format, Freshness::Metadata);
    let request = asked.clone();
    reply(
        &service,
        &asked,
        representation,
        move |_catalogue, version| {
            let links = link::to_json(&links(&request, &origin, format, zone));
            let geometry = geometry(zone)?;
            let (body, headers) = if *format == ZONES_GEOJSON {
                let mut properties = facts(zone);
                properties["zoneID"] = zone.to_string().into();
                let feature = json!({
                    "type": "Feature",
                    "id": zone.to_string(),
                    "geometry": geometry,
                    "properties": properties,
                    "links": links,
                });
                (format!("{feature}\n"), Vec::new())
            } else {
                let mut document = facts(zone);
                document["id"] = zone.to_string().into();
                document["geometry"] = geometry;
                document["links"] = links;
                if *format == HTML {
                    let policy = HeaderValue::from_static(html::POLICY);
                    let title = format!("Zone {zone}");
                    (
                        html::page(&title, &document),
                        vec![(header::CONTENT_SECURITY_POLICY, policy)],
                    )
                } else {
                    (format!("{document}\n"), Vec::new())
                }
            };
            Ok(Produced {
                body: Some(body.into_bytes()),
                version,
                headers,
            })
        },
    )
    .await
}

/// What is known of a zone besides its shape.
fn facts(zone: CellIndex) -> Value {
    let centre = LatLng::from(zone);
    json!({
        "level": u8::from(zone.resolution()),
        "shapeType": if zone.is_pentagon() { "pentagon" } else { "hexagon" },
        "areaMetersSquare": zone.area_m2(),
        "centroid": [centre.lng(), centre.lat()],
        "uint64": u64::from(zone).to_string(),
    })
}

fn geometry(zone: CellIndex) -> Result<Value, Problem> {
    let mut bytes = Vec::new();
    push_polygon(&mut bytes, CellBoundaries::of(&[zone]).ring(0));
    serde_json::from_slice(&bytes)
        .map_err(|error| Problem::internal(format!("drawing a zone: {error}")))
}

fn links(asked: &Asked, origin: &Origin, format: &Format, zone: CellIndex) -> Vec<Link> {
    let mut links = representations(asked, format, &FORMATS);
    links.push(origin.dggrs_link(DGGRS));
    links.push(definition_link(asked));
    links.push(origin.link());
    let to = |other: CellIndex, rel| {
        Link::new(origin.zone(other), rel, JSON.media_type, other.to_string())
    };
    if zone.resolution() <= FINEST_LEVEL {
        let address = format!("{}/data", origin.zone(zone));
        links.push(Link::new(
            address,
            ZONE_DATA,
            JSON.media_type,
            "values of this zone",
        ));
    }
    let level = u8::from(zone.resolution());
    let at = |level: u8| Resolution::try_from(level).ok();
    let parent = level
        .checked_sub(1)
        .and_then(at)
        .and_then(|level| zone.parent(level));
    links.extend(parent.map(|parent| to(parent, ZONE_PARENT)));
    if let Some(finer) = at(level + 1) {
        links.extend(zone.children(finer).map(|child| to(child, ZONE_CHILD)));
    }
    let around = zone.grid_disk::<Vec<_>>(1).into_iter();
    let around = around.filter(|&other| other != zone);
    links.extend(around.map(|other| to(other, ZONE_NEIGHBOR)));
    links
}
