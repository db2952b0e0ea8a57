//! Geometries in CQL2 text: well-known text, without empty ones; heights are read and ignored.

use geo::{
    Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon,
    Point, Polygon,
};

use super::lexer::Token;
use super::text::Parser;

const KINDS: [&str; 7] = [
    "POINT",
    "LINESTRING",
    "POLYGON",
    "MULTIPOINT",
    "MULTILINESTRING",
    "MULTIPOLYGON",
    "GEOMETRYCOLLECTION",
];

/// The geometry that starts here, if one does.
pub(super) fn geometry(parser: &mut Parser) -> Result<Option<Geometry<f64>>, String> {
    let Some(Token::Word(word)) = parser.peek() else {
        return Ok(None);
    };
    let kind = KINDS.iter().find(|kind| kind.eq_ignore_ascii_case(word));
    let Some(kind) = kind else {
        return Ok(None);
    };
    parser.take_word(kind);
    parser.take_word("Z");
    Ok(Some(match *kind {
        "POINT" => {
            parser.sign("(")?;
            let at = position(parser)?;
            parser.sign(")")?;
            Point::from(at).into()
        }
        "LINESTRING" => line(parser)?.into(),
        "POLYGON" => polygon(parser)?.into(),
        "MULTIPOINT" => MultiPoint::new(listed(parser, point)?).into(),
        "MULTILINESTRING" => MultiLineString::new(listed(parser, line)?).into(),
        "MULTIPOLYGON" => MultiPolygon::new(listed(parser, polygon)?).into(),
        _ => {
            let member = |parser: &mut Parser| {
                let inner = parser.deeper(geometry)?;
                inner.ok_or_else(|| parser.expected("a geometry"))
            };
            Geometry::GeometryCollection(GeometryCollection::from(listed(parser, member)?))
        }
    }))
}

fn listed<T>(
    parser: &mut Parser,
    member: impl Fn(&mut Parser) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    parser.sign("(")?;
    let mut members = vec![member(parser)?];
    while parser.take_sign(",") {
        members.push(member(parser)?);
    }
    parser.sign(")")?;
    Ok(members)
}

fn position(parser: &mut Parser) -> Result<Coord<f64>, String> {
    let (x, y) = (parser.signed()?, parser.signed()?);
    if matches!(parser.peek(), Some(Token::Number(_) | Token::Sign("-"))) {
        parser.signed()?;
    }
    Ok(Coord { x, y })
}

/// A point of several: with parentheses of its own or without.
fn point(parser: &mut Parser) -> Result<Point<f64>, String> {
    let own = parser.take_sign("(");
    let at = position(parser)?;
    if own {
        parser.sign(")")?;
    }
    Ok(at.into())
}

fn line(parser: &mut Parser) -> Result<LineString<f64>, String> {
    let positions = listed(parser, position)?;
    if positions.len() < 2 {
        return Err(parser.expected("two positions or more in the line before this"));
    }
    Ok(LineString::new(positions))
}

fn polygon(parser: &mut Parser) -> Result<Polygon<f64>, String> {
    let ring = |parser: &mut Parser| {
        let ring = LineString::new(listed(parser, position)?);
        if ring.0.len() < 4 || !ring.is_closed() {
            return Err(parser.expected("a ring that ends where it starts before this"));
        }
        Ok(ring)
    };
    let mut rings = listed(parser, ring)?.into_iter();
    let outer = rings.next().unwrap_or_else(|| LineString::new(Vec::new()));
    Ok(Polygon::new(outer, rings.collect()))
}
