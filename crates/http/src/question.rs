//! What a request asks of a layer: the layer's own parameters, and which of its features, read from the query string with
//! every mistake listed.

use std::sync::Arc;

use naqsha_formats::Crs;
use naqsha_layers::filter::{Comparison, Expression, GEOMETRY, Predicate, Scalar};
use naqsha_layers::{
    LayerDescription, LayerQuery, Page, ParameterError, Property, PropertyKind, SortKey, sortables,
};

use crate::cql2::Language;
use crate::frame::{Frame, parse_bbox};
use crate::problem::Problem;
use crate::request::Asked;

/// Features of a page that says nothing else.
pub(crate) const DEFAULT_LIMIT: usize = 1_000;
/// Most features of a page.
pub(crate) const MAXIMUM_LIMIT: usize = 10_000;
/// Longitude and latitude in degrees: the system of all that takes no other.
pub(crate) const CRS84: &str = Crs::Crs84.uri();
/// Names that say which features are wanted and how, whatever the layer.
const OF_FEATURES: [&str; 9] = [
    "limit",
    "offset",
    "cursor",
    "sortby",
    "properties",
    "skipGeometry",
    FILTER,
    "filter-lang",
    "filter-crs",
];
/// Of those, the ones that tiles take: a tile has a box, an order and a limit of its own.
const OF_TILES: [&str; 4] = ["properties", FILTER, "filter-lang", "filter-crs"];
/// And the ones that are inputs of a process.
const OF_INPUTS: [&str; 6] = [
    "bbox",
    "sortby",
    "properties",
    "skipGeometry",
    FILTER,
    "filter-lang",
];
const FILTER: &str = "filter";

/// The page and the question of a request for features, every mistake of it listed.
pub(crate) fn parse(
    layer: &'static LayerDescription,
    asked: &Asked,
) -> Result<(Page, LayerQuery), Problem> {
    parse_with(layer, asked, None)
}

/// The same where a condition came beside the address.
pub(crate) fn parse_with(
    layer: &'static LayerDescription,
    asked: &Asked,
    condition: Option<Expression>,
) -> Result<(Page, LayerQuery), Problem> {
    let (frame, mistakes) = Frame::of(asked);
    let page = Page {
        bbox: frame.bbox,
        limit: DEFAULT_LIMIT,
        ..Page::ALL
    };
    let mut reading = Reading::new(layer, page, &OF_FEATURES);
    reading.errors = mistakes;
    reading.conditions.extend(condition);
    let others = asked.question();
    reading.read(others.filter(|(name, _)| !Frame::NAMES.contains(name)))
}

/// The same of a request for a tile.
pub(crate) fn parse_for_tile<'a>(
    layer: &'static LayerDescription,
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<(Page, LayerQuery), Problem> {
    Reading::new(layer, Page::ALL, &OF_TILES).read(pairs)
}

/// The same of the inputs of a process, beside mistakes that were made before them: all features, in one answer.
pub(crate) fn parse_inputs<'a>(
    layer: &'static LayerDescription,
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    errors: Vec<ParameterError>,
) -> Result<(Page, LayerQuery), Problem> {
    let mut reading = Reading::new(layer, Page::ALL, &OF_INPUTS);
    reading.errors = errors;
    reading.read(pairs)
}

/// A request as far as it is read.
struct Reading<'a> {
    layer: &'static LayerDescription,
    names: Vec<&'a str>,
    page: Page,
    language: Option<Language>,
    filter: Option<&'a str>,
    filter_crs: Crs,
    conditions: Vec<Expression>,
    cursor: Option<Cursor>,
    offset: bool,
    errors: Vec<ParameterError>,
}

impl<'a> Reading<'a> {
    fn new(layer: &'static LayerDescription, page: Page, names: &[&'a str]) -> Self {
        Self {
            layer,
            names: names.to_vec(),
            page,
            language: None,
            filter: None,
            filter_crs: Crs::default(),
            conditions: Vec::new(),
            cursor: None,
            offset: false,
            errors: Vec::new(),
        }
    }

    fn read<'p: 'a>(
        mut self,
        pairs: impl IntoIterator<Item = (&'p str, &'p str)>,
    ) -> Result<(Page, LayerQuery), Problem> {
        let mut seen = Vec::new();
        let mut rest = Vec::new();
        for (name, value) in pairs {
            let property = property_of(self.layer, name);
            if !self.names.contains(&name) && property.is_none() {
                rest.push((name, value));
                continue;
            }
            let outcome = if seen.contains(&name) {
                Err("given more than once".to_owned())
            } else if let Some(property) = property {
                equal(property, value).map(|condition| self.conditions.push(condition))
            } else {
                self.set(name, value)
            };
            seen.push(name);
            if let Err(reason) = outcome {
                self.errors.push(ParameterError::new(name, reason));
            }
        }
        self.bind();
        let mut query = LayerQuery::parse(self.layer, rest);
        if let (Ok(query), Some(cursor)) = (&mut query, self.cursor) {
            if self.offset || query.as_of.is_some_and(|version| version != cursor.version) {
                let reason = "says where the page starts and of which version it is: no offset or as_of beside it";
                self.errors.push(ParameterError::new("cursor", reason));
            }
            query.as_of = Some(cursor.version);
            self.page.offset = cursor.offset;
        }
        let page = self.page;
        all_mistakes(self.errors, query).map(|query| (page, query))
    }

    fn set(&mut self, name: &str, value: &'a str) -> Result<(), String> {
        match name {
            // Of inputs; a request in an address has its box read with its systems.
            "bbox" => self.page.bbox = Some(parse_bbox(value, Crs::Crs84)?),
            "limit" => self.page.limit = parse_limit(value)?,
            "offset" => {
                self.page.offset = parse_offset(value)?;
                self.offset = true;
            }
            "cursor" => {
                let cursor = Cursor::parse(value);
                self.cursor = Some(cursor.ok_or("is none that this service gave")?);
            }
            "sortby" => self.page.sort = parse_sort(self.layer, value)?,
            "properties" => self.page.properties = Some(parse_properties(self.layer, value)?),
            "skipGeometry" => {
                let skip: bool = value.parse().map_err(|_word| "is not true or false")?;
                self.page.geometry = !skip;
            }
            FILTER => self.filter = Some(value),
            "filter-lang" => {
                let language = Language::parse(value);
                let offered = Language::TOKENS.join(", ");
                self.language = Some(language.ok_or(format!("is not one of {offered}"))?);
            }
            _ => {
                let crs = Crs::of_uri(value);
                let offered = || format!("is not one of {}", Crs::ALL.map(Crs::uri).join(", "));
                self.filter_crs = crs.ok_or_else(offered)?;
            }
        }
        Ok(())
    }

    /// Binds the filter, and the properties that were asked by name, to the layer.
    fn bind(&mut self) {
        let read = self
            .filter
            .map(|text| self.language.unwrap_or_default().read(text))
            .map(|read| in_degrees(read?, self.filter_crs));
        match read {
            Some(Ok(expression)) => self.conditions.insert(0, expression),
            Some(Err(reason)) => self.errors.push(ParameterError::new(FILTER, reason)),
            None => {}
        }
        match bound(self.layer, std::mem::take(&mut self.conditions)) {
            Ok(filter) => self.page.filter = filter,
            Err(reason) => self.errors.push(ParameterError::new(FILTER, reason)),
        }
    }
}

/// An expression with the positions of its geometries in longitude and latitude.
fn in_degrees(expression: Expression, crs: Crs) -> Result<Expression, String> {
    let degrees = |[first, second]: [f64; 2]| {
        let east_first = if crs.is_north_first() {
            [second, first]
        } else {
            [first, second]
        };
        crs.inverse(east_first)
    };
    expression
        .map_positions(&degrees)
        .ok_or_else(|| "has a position that lies nowhere on the globe".to_owned())
}

/// All conditions bound to a layer as one; `None` where there are none.
pub(crate) fn bound(
    layer: &'static LayerDescription,
    mut conditions: Vec<Expression>,
) -> Result<Option<Arc<Predicate>>, String> {
    let expression = match conditions.len() {
        0 => return Ok(None),
        1 => conditions.swap_remove(0),
        _ => Expression::And(conditions),
    };
    Predicate::bind(layer, &expression).map(|predicate| Some(Arc::new(predicate)))
}

/// The property of a name that is no parameter of the layer: parameters go first.
fn property_of(layer: &LayerDescription, name: &str) -> Option<&'static Property> {
    let parameter = layer
        .parameters
        .iter()
        .any(|parameter| parameter.name() == name);
    let mut properties = layer.properties.iter();
    (!parameter).then(|| properties.find(|property| property.name == name))?
}

/// A property equal to a value, as OGC 17-069r4 §7.15.5 has filters by name.
fn equal(property: &Property, value: &str) -> Result<Expression, String> {
    let value = match property.kind {
        PropertyKind::Integer | PropertyKind::Number => {
            let number = value.parse().ok().filter(|number: &f64| number.is_finite());
            Scalar::Number(number.ok_or("is not a number")?)
        }
        PropertyKind::Boolean => {
            Scalar::Boolean(value.parse().map_err(|_word| "is not true or false")?)
        }
        PropertyKind::Date => {
            Scalar::Date(value.parse().map_err(|_date| "is not a date YYYY-MM-DD")?)
        }
        PropertyKind::Choice(codes) if !codes.contains(&value) => {
            return Err(format!("{value:?} is not one of {}", codes.join(", ")));
        }
        PropertyKind::Text | PropertyKind::Choice(_) | PropertyKind::Cell => {
            Scalar::Text(value.to_owned())
        }
    };
    let name = Scalar::Property(property.name.to_owned());
    Ok(Expression::Compare(Comparison::Equal, name, value))
}

/// `name`, `+name` or `-name`, comma separated. A plus that was not percent-encoded arrives as a blank.
fn parse_sort(layer: &LayerDescription, value: &str) -> Result<Vec<SortKey>, String> {
    let mut seen = Vec::new();
    let key = |text: &str| {
        let (name, descending) = match text.trim().strip_prefix('-') {
            Some(name) => (name, true),
            None => (text.trim().trim_start_matches('+'), false),
        };
        if seen.contains(&name.to_owned()) {
            return Err(format!("names {name:?} twice"));
        }
        seen.push(name.to_owned());
        let sortable = sortables(layer).any(|sortable| sortable == name);
        let key = SortKey::new(layer, name, descending).filter(|_| sortable);
        key.ok_or_else(|| {
            let names: Vec<_> = sortables(layer).collect();
            format!("{name:?} is not one of {}", names.join(", "))
        })
    };
    value.split(',').map(key).collect()
}

/// Names of properties, comma separated; `geometry` and `id` are allowed and change nothing.
fn parse_properties(layer: &LayerDescription, value: &str) -> Result<Vec<usize>, String> {
    let mut shown = Vec::new();
    for name in value.split(',').map(str::trim) {
        if matches!(name, "" | "id" | GEOMETRY) {
            continue;
        }
        let at = layer
            .properties
            .iter()
            .position(|property| property.name == name);
        shown.push(at.ok_or_else(|| {
            let names: Vec<_> = layer
                .properties
                .iter()
                .map(|property| property.name)
                .collect();
            format!("{name:?} is not one of {}", names.join(", "))
        })?);
    }
    Ok(shown)
}

/// Where a page starts, and of which version of the data it is: what follows a page stays what it was while batches come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) version: u64,
    pub(crate) offset: u64,
}

impl Cursor {
    /// What is to be given back: nothing is promised of its form.
    pub(crate) fn token(self) -> String {
        format!("{:x}-{:x}", self.version, self.offset)
    }

    fn parse(token: &str) -> Option<Self> {
        let (version, offset) = token.split_once('-')?;
        let cursor = Self {
            version: u64::from_str_radix(version, 16).ok()?,
            offset: u64::from_str_radix(offset, 16).ok()?,
        };
        // One spelling only: signs and leading zeros are not ours.
        (cursor.token() == token).then_some(cursor)
    }
}

/// The query where nothing is wrong, else every mistake of the request at once.
pub(crate) fn all_mistakes<T>(
    mut errors: Vec<ParameterError>,
    query: Result<T, Vec<ParameterError>>,
) -> Result<T, Problem> {
    match query {
        Ok(query) if errors.is_empty() => Ok(query),
        Ok(_) => Err(Problem::parameters(errors)),
        Err(more) => {
            errors.extend(more);
            Err(Problem::parameters(errors))
        }
    }
}

/// A whole number of at least 1; one above the maximum is taken as the maximum (OGC 17-069r4 /req/core/fc-limit-response-1).
pub(crate) fn parse_limit(value: &str) -> Result<usize, String> {
    match parse_whole(value) {
        Some(1..) => Ok(parse_whole(value)
            .and_then(|limit| usize::try_from(limit).ok())
            .unwrap_or(usize::MAX)),
        _ => Err("is not a whole number of at least 1".to_owned()),
    }
    .map(|limit| limit.min(MAXIMUM_LIMIT))
}

fn parse_offset(value: &str) -> Result<u64, String> {
    parse_whole(value).ok_or_else(|| "is not a whole number of at least 0".to_owned())
}

/// Digits only; more of them than a `u64` holds are the greatest `u64`.
pub(crate) fn parse_whole(value: &str) -> Option<u64> {
    (!value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()))
        .then(|| value.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_clamped_and_never_unlimited() {
        assert_eq!(parse_limit("10"), Ok(10));
        assert_eq!(parse_limit("10001"), Ok(MAXIMUM_LIMIT));
        assert_eq!(parse_limit("99999999999999999999999"), Ok(MAXIMUM_LIMIT));
        for wrong in ["unlimited", "0", "-1", "1.5", "", "1e3"] {
            assert!(parse_limit(wrong).is_err(), "{wrong}");
        }
    }
}
