//! The parameters `crs`, `bbox-crs` and `bbox` of a request (OGC API - Features Part 2).

use axum::http::{HeaderName, HeaderValue};
use naqsha_formats::Crs;
use naqsha_layers::{BoundingBox, ParameterError};

use crate::request::Asked;

/// The header that names the system of an answer's coordinates.
pub(crate) const CONTENT_CRS: HeaderName = HeaderName::from_static("content-crs");

/// In which system an answer is written, and which box selects it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Frame {
    pub(crate) crs: Crs,
    pub(crate) bbox: Option<BoundingBox>,
}

impl Frame {
    /// Parameters that are read here.
    pub(crate) const NAMES: [&'static str; 3] = ["crs", "bbox-crs", "bbox"];

    /// What a request for features says, and every mistake of it.
    pub(crate) fn of(asked: &Asked) -> (Self, Vec<ParameterError>) {
        let mut errors = Vec::new();
        let crs = system(asked, "crs", &mut errors);
        let (bbox, more) = Self::of_box(asked);
        errors.extend(more);
        let frame = Self {
            crs: crs.unwrap_or_default(),
            bbox,
        };
        (frame, errors)
    }

    /// What a request for something without coordinates says: `bbox` and `bbox-crs` alone.
    pub(crate) fn of_box(asked: &Asked) -> (Option<BoundingBox>, Vec<ParameterError>) {
        let mut errors = Vec::new();
        let bbox_crs = system(asked, "bbox-crs", &mut errors);
        let bbox = single(asked, "bbox", &mut errors).and_then(|text| {
            // Of a box in an unknown system only the system is a mistake.
            let parsed = parse_bbox(text, bbox_crs?);
            parsed
                .map_err(|reason| errors.push(ParameterError::new("bbox", reason)))
                .ok()
        });
        (bbox, errors)
    }

    /// What a request for one feature says: `crs` alone.
    pub(crate) fn of_feature(asked: &Asked) -> (Crs, Vec<ParameterError>) {
        let mut errors = Vec::new();
        let crs = system(asked, "crs", &mut errors);
        (crs.unwrap_or_default(), errors)
    }
}

/// The header `Content-Crs` of an answer.
pub(crate) fn content_crs(crs: Crs) -> (HeaderName, HeaderValue) {
    let uri = HeaderValue::from_str(&format!("<{}>", crs.uri()));
    (CONTENT_CRS, uri.unwrap_or(HeaderValue::from_static("")))
}

/// The value of a parameter that may be given once.
fn single<'a>(asked: &'a Asked, name: &str, errors: &mut Vec<ParameterError>) -> Option<&'a str> {
    let mut values = asked.pairs.iter().filter(|(given, _)| given == name);
    let first = values.next()?;
    if values.next().is_some() {
        errors.push(ParameterError::new(name, "given more than once"));
        return None;
    }
    Some(&first.1)
}

/// The system that a parameter names, CRS84 where it is absent; `None` for a mistake.
fn system(asked: &Asked, name: &str, errors: &mut Vec<ParameterError>) -> Option<Crs> {
    let before = errors.len();
    let Some(uri) = single(asked, name, errors) else {
        return (errors.len() == before).then_some(Crs::Crs84);
    };
    let crs = Crs::of_uri(uri);
    if crs.is_none() {
        let offered = Crs::ALL.map(Crs::uri).join(", ");
        errors.push(ParameterError::new(
            name,
            format!("is not one of {offered}"),
        ));
    }
    crs
}

/// Four numbers, or six of which the heights are ignored: features have none.
pub(crate) fn parse_bbox(value: &str, crs: Crs) -> Result<BoundingBox, String> {
    let shape = || {
        "is not four or six numbers: the lower corner, then the upper one, in the order of the axes of bbox-crs \
         (unsaid: west,south,east,north)"
            .to_owned()
    };
    let numbers: Vec<f64> = value
        .split(',')
        .map(|text| text.trim().parse())
        .collect::<Result<_, _>>()
        .map_err(|_number| shape())?;
    let corners = match numbers[..] {
        [a, b, c, d] | [a, b, _, c, d, _] => [a, b, c, d],
        _ => return Err(shape()),
    };
    crs.bounding_box(corners).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(&str, &str)]) -> Asked {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Asked {
            pairs: pairs.iter().map(owned).collect(),
            ..Asked::of_nothing()
        }
    }

    #[test]
    fn boxes_have_four_or_six_numbers_on_the_globe() {
        let corners = |text| parse_bbox(text, Crs::Crs84).map(|bbox| bbox.corners());
        assert_eq!(corners("-1.5,50,1.5,53"), Ok([-1.5, 50.0, 1.5, 53.0]));
        assert_eq!(corners("-1.5,50,0,1.5,53,100"), Ok([-1.5, 50.0, 1.5, 53.0]));
        assert_eq!(
            corners("-0.100000000000000006, 51.45,0,51.5").map(|c| c[0]),
            Ok(-0.1)
        );
        assert_eq!(corners("177,65,-177,70"), Ok([177.0, 65.0, -177.0, 70.0]));
        for wrong in [
            "",
            "1,2,3",
            "1,2,3,4,5",
            "a,b,c,d",
            "NaN,0,1,1",
            "inf,0,1,1",
            "0,0,181,1",
            "0,10,1,9",
            "1,,2,3",
        ] {
            assert!(parse_bbox(wrong, Crs::Crs84).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_mistake_is_told_and_an_unknown_system_only_once() {
        let (frame, errors) = Frame::of(&asked(&[
            ("bbox", "31,74,32,75"),
            ("bbox-crs", Crs::Epsg4326.uri()),
            ("crs", Crs::Utm43.uri()),
        ]));
        assert!(errors.is_empty());
        assert_eq!(frame.crs, Crs::Utm43);
        assert_eq!(
            frame.bbox.map(|b| b.corners()),
            Some([74.0, 31.0, 75.0, 32.0])
        );
        let wrong = asked(&[
            ("bbox", "x"),
            ("bbox-crs", "EPSG:4326"),
            ("crs", "a"),
            ("crs", "b"),
        ]);
        let (frame, errors) = Frame::of(&wrong);
        let named: Vec<&str> = errors.iter().map(|e| e.parameter.as_ref()).collect();
        assert_eq!(named, ["crs", "bbox-crs"]);
        assert_eq!(frame, Frame::default());
    }
}
