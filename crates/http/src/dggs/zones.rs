//! `…/zones`: the zones of a level that have a value, as a list, as numbers, as features or as a page.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use h3o::{CellIndex, LatLng};
use naqsha_layers::{CellBoundaries, LayerQuery, Parameter, Zones, area_m2, compact};
use serde_json::{Value, json};

use super::question::{Drawn, List, Reading};
use super::{DATA_SET, DGGRS, Named, Origin, definition_link};
use crate::digits::push_cell;
use crate::geojson::{push_lon_lat, push_polygon};
use crate::html;
use crate::items::{OGC_NUMBER_MATCHED, representations};
use crate::link::{self, Link, query_string};
use crate::negotiate::{Format, HTML, JSON, ZONES_BINARY, ZONES_GEOJSON};
use crate::problem::Problem;
use crate::reply::{Freshness, Produced, Representation, reply};
use crate::request::Asked;
use crate::service::Shared;

pub(crate) static FORMATS: [&Format; 4] = [&JSON, &ZONES_BINARY, &ZONES_GEOJSON, &HTML];

/// Most zones of an answer, where each is its id: as many as a study area may have.
pub(crate) const MAXIMUM_LIMIT: usize = 2_000_000;
/// Most zones of an answer, where each is drawn or has links.
pub(crate) const MAXIMUM_DRAWN: usize = 10_000;

/// `…/zones`.
pub(crate) async fn zones(
    State(service): State<Shared>,
    Path(named): Path<Named>,
    asked: Asked,
) -> Result<Response, Problem> {
    let origin = Origin::of(&service.catalogue, &asked, &named)?;
    let format = asked.format(&FORMATS)?;
    let (list, query) = Reading::default().read(&origin, &asked)?;
    let representation = Representation::new(&asked, format, Freshness::Authorised);
    let (scope, request) = (asked.scope().clone(), asked.clone());
    reply(
        &service,
        &asked,
        representation,
        move |catalogue, _version| {
            let found = catalogue.zones(origin.layer.id, &query, &scope, &list.zones)?;
            let page = Page::of(&found, &list, format);
            let links = page.links(&request, &origin, format, (&found, &query));
            let body = if *format == ZONES_BINARY {
                binary(&page.zones)
            } else if *format == ZONES_GEOJSON {
                geojson(&page, &list, &links)
            } else {
                let document = page.document(&found, &list, &origin, (format, &links));
                if *format == HTML {
                    html::page(&format!("Zones of {}", origin.layer.title), &document).into_bytes()
                } else {
                    format!("{document}\n").into_bytes()
                }
            };
            let mut headers = vec![(OGC_NUMBER_MATCHED, HeaderValue::from(page.matched))];
            if *format == HTML {
                let policy = HeaderValue::from_static(html::POLICY);
                headers.push((header::CONTENT_SECURITY_POLICY, policy));
            }
            let next = links.iter().find(|link| link.rel == "next");
            let next = next.and_then(|link| HeaderValue::from_str(&link.to_header()).ok());
            headers.extend(next.map(|value| (header::LINK, value)));
            Ok(Produced {
                body: Some(body),
                version: found.facts.version,
                headers,
            })
        },
    )
    .await
}

/// The zones of an answer.
struct Page {
    zones: Vec<CellIndex>,
    matched: usize,
    limit: usize,
    /// What they cover, where all are here.
    area_m2: Option<f64>,
}

impl Page {
    fn of(found: &Zones, list: &List, format: &Format) -> Self {
        let zones = if list.compact {
            compact(found.cells.clone())
        } else {
            found.cells.clone()
        };
        let is_drawn = *format == ZONES_GEOJSON || *format == HTML;
        let most = if is_drawn {
            MAXIMUM_DRAWN
        } else {
            MAXIMUM_LIMIT
        };
        let limit = list.limit.unwrap_or(most).min(most);
        let matched = zones.len();
        let zones: Vec<CellIndex> = zones.into_iter().skip(list.offset).take(limit).collect();
        Self {
            // Those of the level itself: larger ones that stand for them are not exactly of their area.
            area_m2: (zones.len() == matched).then(|| area_m2(&found.cells)),
            zones,
            matched,
            limit,
        }
    }

    fn links(
        &self,
        asked: &Asked,
        origin: &Origin,
        format: &Format,
        (found, query): (&Zones, &LayerQuery),
    ) -> Vec<Link> {
        let mut links = representations(asked, format, &FORMATS);
        links.extend([
            origin.dggrs_link(DGGRS),
            definition_link(asked),
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
        let offset = asked.question().find(|(name, _)| *name == "offset");
        let offset = offset
            .and_then(|(_, value)| value.parse().ok())
            .unwrap_or(0_usize);
        let shown = offset.saturating_add(self.zones.len());
        if shown < self.matched && !self.zones.is_empty() {
            let token = format.tokens.first().copied().unwrap_or_default();
            let texts = [shown, self.limit].map(|number| number.to_string());
            let [offset, limit] = texts.each_ref().map(String::as_str);
            // So that what follows is what it was while batches come.
            let version = found.facts.version.to_string();
            let pins = query.as_of.is_none() && origin.layer.parameters.contains(&Parameter::AsOf);
            let pin = pins.then_some(("as_of", version.as_str()));
            let next = [("limit", limit), ("offset", offset), ("f", token)];
            let kept = asked
                .question()
                .filter(|(name, _)| !matches!(*name, "offset" | "limit"));
            let pairs = kept.chain(pin).chain(next);
            let href = format!("{}{}{}", asked.base, asked.path, query_string(pairs));
            links.push(Link::new(href, "next", format.link_type(), "next page"));
        }
        links
    }

    fn document(
        &self,
        found: &Zones,
        list: &List,
        origin: &Origin,
        (format, links): (&Format, &[Link]),
    ) -> Value {
        let zones: Value = if *format == HTML {
            let linked = |zone: &CellIndex| {
                let address = origin.zone(zone);
                json!({
                    "id": zone.to_string(),
                    "level": u8::from(zone.resolution()),
                    "zone": address,
                    "values": format!("{address}/data"),
                })
            };
            self.zones.iter().map(linked).collect()
        } else {
            self.zones
                .iter()
                .map(|zone| Value::String(zone.to_string()))
                .collect()
        };
        let mut document = json!({
            "zones": zones,
            "numberMatched": self.matched,
            "numberReturned": self.zones.len(),
            "links": link::to_json(links),
            "linkTemplates": [origin.data_template()],
            "naqsha": {
                "layer": found.facts.layer.id,
                "data_version": found.facts.version,
                "study_area": found.facts.study_area,
                "zone_level": u8::from(found.level),
                "compact": list.compact,
                "zones": found.cells.len(),
                "policy": found.facts.policy,
            },
        });
        if let Some(area) = self.area_m2 {
            document["returnedAreaMetersSquare"] = area.into();
        }
        document
    }
}

/// A 64-bit count and as many 64-bit indexes, all little endian.
fn binary(zones: &[CellIndex]) -> Vec<u8> {
    let count = zones.len() as u64;
    let numbers = std::iter::once(count).chain(zones.iter().map(|&zone| u64::from(zone)));
    numbers.flat_map(u64::to_le_bytes).collect()
}

fn geojson(page: &Page, list: &List, links: &[Link]) -> Vec<u8> {
    let head = json!({
        "type": "FeatureCollection",
        "numberMatched": page.matched,
        "numberReturned": page.zones.len(),
        "links": link::to_json(links),
    });
    let mut body = head.to_string().into_bytes();
    body.pop();
    body.extend_from_slice(b",\"features\":[");
    let boundaries = CellBoundaries::of(&page.zones);
    for (at, &zone) in (0..).zip(&page.zones) {
        body.extend_from_slice(if at == 0 { b"\n" } else { b",\n" });
        body.extend_from_slice(b"{\"type\":\"Feature\",\"id\":\"");
        push_cell(&mut body, zone);
        body.extend_from_slice(b"\",\"geometry\":");
        match list.drawn {
            Drawn::Region => push_polygon(&mut body, boundaries.ring(at)),
            Drawn::Centroid => {
                let centre = LatLng::from(zone);
                push_lon_lat(&mut body, centre.lng(), centre.lat());
            }
            Drawn::Nothing => body.extend_from_slice(b"null"),
        }
        body.extend_from_slice(b",\"properties\":{\"zoneID\":\"");
        push_cell(&mut body, zone);
        body.extend_from_slice(b"\",\"level\":");
        body.extend_from_slice(u8::from(zone.resolution()).to_string().as_bytes());
        body.extend_from_slice(b"}}");
    }
    body.extend_from_slice(b"\n]}\n");
    body
}
