//! `…/zones/{zone}/data`: the values of a zone and of those below it, as DGGS-JSON, as features, as CSV or as a page.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use h3o::CellIndex;
use naqsha_formats::Crs;
use naqsha_layers::{
    Answer, DEEPEST, LayerDescription, LayerQuery, ParameterError, PropertyKind, ZoneData,
    ZoneDepth,
};
use serde_json::{Map, Value, json};

use super::description::DEFAULT_DEPTH;
use super::dictionary::Dictionary;
use super::subset::Subset;
use super::{DGGRS, Named, Origin, definition_address, definition_link, layer_query, zone_of};
use crate::csv::{write_csv_head, write_csv_rows};
use crate::documents::of_property;
use crate::geojson::FeatureWriter;
use crate::html;
use crate::items::representations;
use crate::link::{self, Link};
use crate::negotiate::{CSV, Format, HTML, JSON, ZONES_GEOJSON};
use crate::problem::Problem;
use crate::reply::{Freshness, Produced, Representation, reply};
use crate::request::Asked;
use crate::service::Shared;

pub(crate) static FORMATS: [&Format; 4] = [&JSON, &ZONES_GEOJSON, &CSV, &HTML];

/// What a request asks of a zone.
#[derive(Debug, Clone)]
struct Wanted {
    depths: Vec<u8>,
    /// Properties by their place among the layer's, in the order asked; `None` for all.
    fields: Option<Vec<usize>>,
}

/// `…/zones/{zone}/data`.
pub(crate) async fn data(
    State(service): State<Shared>,
    Path(named): Path<Named>,
    asked: Asked,
) -> Result<Response, Problem> {
    let origin = Origin::of(&service.catalogue, &asked, &named)?;
    let zone = zone_of(&named)?;
    let format = asked.format(&FORMATS)?;
    let (wanted, query) = read(&origin, &asked)?;
    let representation = Representation::new(&asked, format, Freshness::Authorised);
    let (scope, request) = (asked.scope().clone(), asked.clone());
    reply(
        &service,
        &asked,
        representation,
        move |catalogue, _version| {
            let layer = origin.layer;
            let found = catalogue.zone_data(layer.id, &query, &scope, (zone, &wanted.depths))?;
            let links = links(&request, &origin, format, zone);
            let version = found.facts.version;
            let mut headers = Vec::new();
            let body = if *format == CSV {
                csv(found, &wanted)?
            } else if *format == ZONES_GEOJSON {
                geojson(found, &wanted, &links)
            } else {
                let address = definition_address(&request);
                let document = dggs_json(&found, zone, &wanted, (&address, &links));
                if *format == HTML {
                    let policy = HeaderValue::from_static(html::POLICY);
                    headers.push((header::CONTENT_SECURITY_POLICY, policy));
                    let title = format!("{} in zone {zone}", layer.title);
                    html::page(&title, &document).into_bytes()
                } else {
                    format!("{document}\n").into_bytes()
                }
            };
            Ok(Produced {
                body: Some(body),
                version,
                headers,
            })
        },
    )
    .await
}

fn read(origin: &Origin, asked: &Asked) -> Result<(Wanted, LayerQuery), Problem> {
    let (mut errors, mut seen, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    let mut depths = vec![DEFAULT_DEPTH];
    let (mut chosen, mut left_out) = (None, None);
    let mut subset = Subset::default();
    for (name, value) in asked.question() {
        if !matches!(
            name,
            "zone-depth" | "properties" | "exclude-properties" | "subset"
        ) {
            rest.push((name, value));
            continue;
        }
        let outcome = match name {
            "subset" => subset.add(value),
            _ if seen.contains(&name) => Err("given more than once".to_owned()),
            "zone-depth" => parse_depths(value).map(|read| depths = read),
            "properties" => fields(origin.layer, value).map(|read| chosen = Some(read)),
            _ => fields(origin.layer, value).map(|read| left_out = Some(read)),
        };
        seen.push(name);
        errors.extend(
            outcome
                .err()
                .map(|reason| ParameterError::new(name, reason)),
        );
    }
    if subset.is_spatial() {
        let reason = "cuts Lat or Lon, of which the zone says all; time can be cut";
        errors.push(ParameterError::new("subset", reason));
    }
    if chosen.is_some() && left_out.is_some() {
        let reason = "cannot be given beside properties";
        errors.push(ParameterError::new("exclude-properties", reason));
    }
    if subset.datetime.is_some() && rest.iter().any(|(name, _)| *name == "datetime") {
        let reason = "cuts time, and datetime does";
        errors.push(ParameterError::new("subset", reason));
    }
    rest.extend(
        subset
            .datetime
            .as_deref()
            .map(|datetime| ("datetime", datetime)),
    );
    let query = layer_query(origin, rest, errors, "the zone's level and zone-depth")?;
    let all = 0..origin.layer.properties.len();
    let others = left_out.map(|out| all.filter(|at| !out.contains(at)).collect());
    let fields = chosen.or(others);
    Ok((Wanted { depths, fields }, query))
}

/// `2`, `1-3` or `0,2`; ascending, each once.
fn parse_depths(value: &str) -> Result<Vec<u8>, String> {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text
            .parse()
            .ok()
            .filter(|&depth: &u8| digits && depth <= DEEPEST);
        number.ok_or_else(|| format!("{text:?} is not a whole number from 0 to {DEEPEST}"))
    };
    if let Some((low, high)) = value.split_once('-') {
        let (low, high) = (number(low)?, number(high)?);
        if low > high {
            return Err(format!("{value:?} goes upwards"));
        }
        return Ok((low..=high).collect());
    }
    let mut depths = value
        .split(',')
        .map(number)
        .collect::<Result<Vec<u8>, _>>()?;
    depths.sort_unstable();
    depths.dedup();
    Ok(depths)
}

/// Names of properties of the layer as their places.
fn fields(layer: &LayerDescription, value: &str) -> Result<Vec<usize>, String> {
    let place = |name: &str| {
        let at = layer
            .properties
            .iter()
            .position(|property| property.name == name);
        at.ok_or_else(|| {
            let names: Vec<_> = layer
                .properties
                .iter()
                .map(|property| property.name)
                .collect();
            format!("{name:?} is not one of {}", names.join(", "))
        })
    };
    value.split(',').map(|name| place(name.trim())).collect()
}

fn links(asked: &Asked, origin: &Origin, format: &Format, zone: CellIndex) -> Vec<Link> {
    let mut links = representations(asked, format, &FORMATS);
    links.push(Link::new(
        origin.zone(zone),
        "up",
        JSON.media_type,
        "the zone",
    ));
    links.extend([
        origin.dggrs_link(DGGRS),
        definition_link(asked),
        origin.link(),
    ]);
    links
}

/// Values in the order of the zones, null where a zone has none (21-038r1, requirements class data-json).
fn dggs_json(
    found: &ZoneData,
    zone: CellIndex,
    wanted: &Wanted,
    (definition, links): (&str, &[Link]),
) -> Value {
    let layer = found.facts.layer;
    let properties = layer.properties.iter().enumerate();
    // The cell of a value is told by its place in the list.
    let all = properties.filter(|(_, property)| property.kind != PropertyKind::Cell);
    let all = || all.clone().map(|(at, _)| at).collect();
    let fields: Vec<usize> = wanted.fields.clone().unwrap_or_else(all);
    let (mut schemas, mut values) = (Map::new(), Map::new());
    for (seq, at) in (1..).zip(fields) {
        let property = &layer.properties[at];
        let tables = found.depths.iter().map(|depth| &depth.table);
        let dictionary = Dictionary::of(property, at, tables);
        let mut schema = dictionary.schema(of_property(property));
        schema["x-ogc-propertySeq"] = Value::from(seq);
        schemas.insert(property.name.to_owned(), schema);
        let of_depth = |depth: &ZoneDepth| {
            let column = &depth.table.columns[at].values;
            let number = |row: Option<u32>| {
                row.map_or(Value::Null, |row| dictionary.number(column, row as usize))
            };
            let data: Vec<Value> = depth
                .sub_zones
                .iter()
                .map(|&(_, row)| number(row))
                .collect();
            json!({
                "depth": depth.depth,
                "shape": { "count": data.len(), "subZones": data.len() },
                "data": data,
            })
        };
        let of_field = found.depths.iter().map(of_depth).collect();
        values.insert(property.name.to_owned(), of_field);
    }
    json!({
        "dggrs": definition,
        "zoneId": zone.to_string(),
        "depths": wanted.depths,
        "schema": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": layer.title,
            "description": layer.description,
            "type": "object",
            "properties": schemas,
        },
        "values": values,
        "naqsha": facts(found),
        "links": link::to_json(links),
    })
}

/// What a reader must know to judge the values.
fn facts(found: &ZoneData) -> Value {
    let of_depth = |depth: &ZoneDepth| {
        let resolution = depth
            .sub_zones
            .first()
            .map(|(cell, _)| u8::from(cell.resolution()));
        let mut facts = json!({
            "depth": depth.depth,
            "resolution": resolution,
            "zones": depth.sub_zones.len(),
            "with_values": depth.table.len(),
            "synthetic": depth.table.metadata.synthetic,
        });
        if let Some(located) = depth.located {
            facts["records"] = located.records.into();
            facts["excluded"] = json!({
                "count": located.too_coarse + located.outside_study_area,
                "reasons": {
                    "too_coarse": located.too_coarse,
                    "outside_study_area": located.outside_study_area,
                },
            });
        }
        facts
    };
    json!({
        "layer": found.facts.layer.id,
        "data_version": found.facts.version,
        "study_area": found.facts.study_area,
        "depths": found.depths.iter().map(of_depth).collect::<Value>(),
        "policy": found.facts.policy,
    })
}

/// The rows of a depth as an answer, with the properties that are wanted in the order in which they were asked for.
fn answer(mut depth: ZoneDepth, wanted: &Wanted, version: u64) -> Answer {
    if let Some(fields) = &wanted.fields {
        let columns = fields.iter().map(|&at| depth.table.columns[at].clone());
        depth.table.columns = columns.collect();
    }
    Answer::whole(depth.table, version)
}

/// One table of all depths; zones without a value have no line.
fn csv(found: ZoneData, wanted: &Wanted) -> Result<Vec<u8>, Problem> {
    let version = found.facts.version;
    let mut body = Vec::new();
    for depth in found.depths {
        let part = answer(depth, wanted, version);
        let head = if body.is_empty() {
            write_csv_head(&part, Crs::Crs84, &mut body)
        } else {
            Ok(())
        };
        head.and_then(|()| write_csv_rows(&part, Crs::Crs84, &mut body))
            .map_err(|error| Problem::internal(format!("writing an answer to memory: {error}")))?;
    }
    Ok(body)
}

fn geojson(found: ZoneData, wanted: &Wanted, links: &[Link]) -> Vec<u8> {
    let rows: usize = found.depths.iter().map(|depth| depth.table.len()).sum();
    let head = json!({
        "type": "FeatureCollection",
        "numberReturned": rows,
        "links": link::to_json(links),
        "naqsha": facts(&found),
    });
    let mut body = head.to_string().into_bytes();
    body.pop();
    body.extend_from_slice(b",\"features\":[");
    let version = found.facts.version;
    let mut separator: &[u8] = b"\n";
    for depth in found.depths {
        let answer = answer(depth, wanted, version);
        let writer = FeatureWriter::new(&answer, Crs::Crs84);
        for &row in &answer.rows {
            body.extend_from_slice(separator);
            writer.push(&mut body, row as usize);
            separator = b",\n";
        }
    }
    body.extend_from_slice(b"\n]}\n");
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depths_are_one_a_range_or_a_list() {
        assert_eq!(parse_depths("0"), Ok(vec![0]));
        assert_eq!(parse_depths("1-3"), Ok(vec![1, 2, 3]));
        assert_eq!(parse_depths("2,0,2"), Ok(vec![0, 2]));
        for wrong in [
            "", "-1", "6", "1-", "3-1", "0-6", "1,", "+1", "1-2-3", "a", "256", "1.0",
        ] {
            assert!(parse_depths(wrong).is_err(), "{wrong}");
        }
    }
}
