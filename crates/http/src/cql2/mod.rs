//! The Common Query Language of OGC (CQL2, 21-065r2), as text and as JSON: both become one [`Expression`].
//!
//! What is understood: all of basic CQL2; LIKE, BETWEEN, IN; CASEI and ACCENTI; arithmetic; the eight spatial and the
//! fifteen temporal relations, over literals and properties on either side. Array functions and functions of the server's
//! own are not: no layer has a property that holds several values. Names are looked up later, when the expression is bound
//! to a layer.

mod json;
mod lexer;
mod names;
mod text;
mod wkt;

use geo::Geometry;
use naqsha_layers::filter::Expression;

pub(crate) use json::parse as parse_json;
pub(crate) use text::parse as parse_text;

/// A language that `filter-lang` names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Language {
    /// `cql2-text`.
    #[default]
    Text,
    /// `cql2-json`.
    Json,
}

impl Language {
    /// The tokens of `filter-lang`.
    pub(crate) const TOKENS: [&'static str; 2] = ["cql2-text", "cql2-json"];

    /// The language of a token.
    pub(crate) fn parse(token: &str) -> Option<Self> {
        match token {
            "cql2-text" => Some(Self::Text),
            "cql2-json" => Some(Self::Json),
            _ => None,
        }
    }

    /// The expression that a filter says.
    ///
    /// # Errors
    /// What is wrong with it and where.
    pub(crate) fn read(self, filter: &str) -> Result<Expression, String> {
        match self {
            Self::Text => parse_text(filter),
            Self::Json => serde_json::from_str(filter)
                .map_err(|error| format!("is not JSON: {error}"))
                .and_then(|value| parse_json(&value)),
        }
    }
}

/// The area of a box: two boxes where it crosses the antimeridian, a line or a point where it has no width.
fn box_of(numbers: &[f64]) -> Result<Geometry<f64>, String> {
    let corners = match *numbers {
        [west, south, east, north] | [west, south, _, east, north, _] => [west, south, east, north],
        _ => return Err("a box has four or six numbers".to_owned()),
    };
    let [west, south, east, north] = corners;
    if !corners.iter().all(|number| number.is_finite()) || south > north {
        return Err("a box is west, south, east, north with south at most north".to_owned());
    }
    if west > east {
        let halves = [[west, south, 180.0, north], [-180.0, south, east, north]];
        let halves = halves.map(rectangle);
        return Ok(Geometry::MultiPolygon(geo::MultiPolygon::new(
            halves.into(),
        )));
    }
    let (from, to) = ((west, south), (east, north));
    Ok(match (west < east, south < north) {
        (true, true) => rectangle(corners).into(),
        (false, false) => geo::Point::from(from).into(),
        _ => geo::Line::new(from, to).into(),
    })
}

fn rectangle([west, south, east, north]: [f64; 4]) -> geo::Polygon<f64> {
    geo::Rect::new((west, south), (east, north)).to_polygon()
}
