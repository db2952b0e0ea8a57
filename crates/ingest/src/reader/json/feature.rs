//! GeoJSON features: properties are columns, a point is `geometry.lon` and `geometry.lat`.
//!
//! Another geometry is no place of an incident: its kind stands in the column `geometry.type`, which a profile has to
//! expect. A feature's own id is `feature.id`. RFC 7946 knows one coordinate system; a collection that names another is
//! refused.

use naqsha_model::Code;
use struson::reader::{JsonReader as _, ValueType};

use super::columns::Columns;
use super::value::{plain, value};
use super::{Fault, Parser};
use crate::error::Refusal;

fn refused(detail: impl Into<String>) -> Fault {
    Fault::Refused(Refusal::new(Code::B908, detail))
}

/// Reads the name of the next member; `false` at the end of the object.
fn next_name(parser: &mut Parser<'_>, name: &mut String) -> Result<bool, Fault> {
    name.clear();
    let more = parser.has_next()?;
    if more {
        name.push_str(parser.next_name()?);
    }
    Ok(more)
}

/// Goes into the list of features; `false` where the collection has none.
pub(super) fn find_collection(parser: &mut Parser<'_>) -> Result<bool, Fault> {
    parser.begin_object()?;
    if outside(parser)? {
        parser.begin_array()?;
        return Ok(true);
    }
    Err(refused("the collection has no member features"))
}

/// Goes from the end of the list to the end of the collection.
pub(super) fn end_collection(parser: &mut Parser<'_>) -> Result<(), Fault> {
    parser.end_array()?;
    if outside(parser)? {
        return Err(refused("the collection has two members features"));
    }
    parser.end_object()?;
    Ok(())
}

/// Reads members of a collection up to its features; `false` at its end.
fn outside(parser: &mut Parser<'_>) -> Result<bool, Fault> {
    let mut name = String::new();
    while next_name(parser, &mut name)? {
        match name.as_str() {
            "features" => return Ok(true),
            "type" => {
                if parser.next_str()? != "FeatureCollection" {
                    return Err(refused("the file is no FeatureCollection"));
                }
            }
            "crs" => coordinate_system(parser)?,
            _ => parser.skip_value()?,
        }
    }
    Ok(false)
}

/// The coordinate system of before RFC 7946, where it is the one of RFC 7946 or left open.
fn coordinate_system(parser: &mut Parser<'_>) -> Result<(), Fault> {
    let mut columns = Columns::new(8);
    columns.begin();
    value(parser, &mut "crs".to_owned(), &mut columns)?;
    let name = columns.cell_text("crs.properties.name");
    let known = ["CRS84", "EPSG:4326", "EPSG::4326"];
    if name.is_none_or(|name| known.iter().any(|end| name.ends_with(end))) {
        return Ok(());
    }
    Err(refused(
        "the coordinates are not WGS 84 (longitude, latitude): export them so",
    ))
}

/// Reads one feature.
pub(super) fn read(parser: &mut Parser<'_>, columns: &mut Columns) -> Result<(), Fault> {
    let mut is_feature = false;
    let mut path = String::new();
    let mut name = String::new();
    parser.begin_object()?;
    while next_name(parser, &mut name)? {
        match name.as_str() {
            "type" => is_feature = parser.next_str()? == "Feature",
            "properties" if parser.peek()? == ValueType::Null => parser.next_null()?,
            "properties" => {
                path.clear();
                super::value::members(parser, &mut path, columns)?;
            }
            "geometry" => geometry(parser, columns)?,
            "bbox" => parser.skip_value()?,
            own => {
                path = format!("feature.{own}");
                value(parser, &mut path, columns)?;
            }
        }
    }
    parser.end_object()?;
    if is_feature {
        Ok(())
    } else {
        Err(refused("a member of the collection is no Feature"))
    }
}

fn geometry(parser: &mut Parser<'_>, columns: &mut Columns) -> Result<(), Fault> {
    let (mut lon, mut lat, mut kind) = (String::new(), String::new(), String::new());
    if parser.peek()? == ValueType::Null {
        parser.next_null()?;
    } else {
        let mut name = String::new();
        parser.begin_object()?;
        while next_name(parser, &mut name)? {
            match name.as_str() {
                "type" => parser.next_str()?.clone_into(&mut kind),
                "coordinates" if parser.peek()? == ValueType::Array => {
                    position(parser, &mut lon, &mut lat)?;
                }
                _ => parser.skip_value()?,
            }
        }
        parser.end_object()?;
    }
    let is_point = kind == "Point" || kind.is_empty();
    for (name, text) in [("geometry.lon", lon), ("geometry.lat", lat)] {
        let cell = columns.cell(name)?;
        if is_point {
            *cell = text;
        }
    }
    if !is_point {
        *columns.cell("geometry.type")? = kind;
    }
    Ok(())
}

/// Longitude and latitude as they are written; whatever follows them, or is nested, is passed over.
fn position(parser: &mut Parser<'_>, lon: &mut String, lat: &mut String) -> Result<(), Fault> {
    parser.begin_array()?;
    let mut number = 0;
    while parser.has_next()? {
        let is_plain = !matches!(parser.peek()?, ValueType::Array | ValueType::Object);
        match (number, is_plain) {
            (0, true) => plain(parser, lon)?,
            (1, true) => plain(parser, lat)?,
            _ => parser.skip_value()?,
        }
        number += 1;
    }
    parser.end_array()?;
    Ok(())
}
