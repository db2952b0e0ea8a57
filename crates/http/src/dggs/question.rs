//! What a request asks of a list of zones, read with every mistake of it listed.

use std::sync::Arc;

use h3o::{CellIndex, Resolution};
use naqsha_formats::Crs;
use naqsha_layers::filter::Predicate;
use naqsha_layers::{BoundingBox, FINEST_LEVEL, LayerQuery, ParameterError, ZoneQuery};

use super::subset::Subset;
use super::{Origin, crs84, layer_query, read_zone};
use crate::cql2::Language;
use crate::frame::parse_bbox;
use crate::problem::Problem;
use crate::question::{bound, parse_whole};
use crate::request::Asked;

/// How zones are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Drawn {
    Region,
    Centroid,
    Nothing,
}

/// What a request asks of the list.
#[derive(Debug, Clone)]
pub(super) struct List {
    pub(super) zones: ZoneQuery,
    pub(super) compact: bool,
    pub(super) limit: Option<usize>,
    pub(super) offset: usize,
    pub(super) drawn: Drawn,
}

/// A request as far as it is read.
#[derive(Default)]
pub(super) struct Reading<'a> {
    seen: Vec<&'a str>,
    level: Option<Resolution>,
    parent: Option<CellIndex>,
    in_pieces: bool,
    bbox: Option<BoundingBox>,
    subset: Subset,
    crs: Vec<ParameterError>,
    filter: Option<&'a str>,
    language: Option<Language>,
    limit: Option<usize>,
    offset: usize,
    drawn: Option<Drawn>,
    errors: Vec<ParameterError>,
}

impl<'a> Reading<'a> {
    const NAMES: [&'static str; 12] = [
        "zone-level",
        "compact-zones",
        "parent-zone",
        "bbox",
        "bbox-crs",
        "subset",
        "subset-crs",
        "limit",
        "offset",
        "geometry",
        "filter",
        "filter-lang",
    ];

    pub(super) fn read(
        mut self,
        origin: &Origin,
        asked: &'a Asked,
    ) -> Result<(List, LayerQuery), Problem> {
        let mut rest = Vec::new();
        for (name, value) in asked.question() {
            if !Self::NAMES.contains(&name) {
                rest.push((name, value));
                continue;
            }
            // The one parameter that may be given several times.
            let again = name != "subset" && self.seen.contains(&name);
            self.seen.push(name);
            let outcome = if again {
                Err("given more than once".to_owned())
            } else {
                self.set(name, value)
            };
            self.errors.extend(
                outcome
                    .err()
                    .map(|reason| ParameterError::new(name, reason)),
            );
        }
        let bbox = self.bounds();
        let filter = self.bind(origin);
        let datetime = self.subset.datetime.clone();
        if datetime.is_some() && rest.iter().any(|(name, _)| *name == "datetime") {
            let reason = "cuts time, and datetime does";
            self.errors.push(ParameterError::new("subset", reason));
        }
        rest.extend(datetime.as_deref().map(|datetime| ("datetime", datetime)));
        let query = layer_query(origin, rest, self.errors, "zone-level")?;
        let list = List {
            zones: ZoneQuery {
                level: self.level,
                parent: self.parent,
                bbox,
                filter,
            },
            compact: !self.in_pieces,
            limit: self.limit,
            offset: self.offset,
            drawn: self.drawn.unwrap_or(Drawn::Region),
        };
        Ok((list, query))
    }

    fn set(&mut self, name: &str, value: &'a str) -> Result<(), String> {
        match name {
            "zone-level" => {
                let level = parse_whole(value).and_then(|level| u8::try_from(level).ok());
                let level = level.and_then(|level| Resolution::try_from(level).ok());
                let level = level.filter(|&level| level <= FINEST_LEVEL);
                let wrong = || format!("is not a whole number from 0 to {FINEST_LEVEL}");
                self.level = Some(level.ok_or_else(wrong)?);
            }
            "compact-zones" => {
                let compact: bool = value.parse().map_err(|_word| "is not true or false")?;
                self.in_pieces = !compact;
            }
            "parent-zone" => self.parent = Some(read_zone(value).ok_or("is no zone")?),
            "bbox" => self.bbox = Some(parse_bbox(value, Crs::Crs84)?),
            "subset" => self.subset.add(value)?,
            "bbox-crs" | "subset-crs" => self.crs.extend(crs84(name, value)),
            "limit" => {
                let limit = parse_whole(value).filter(|&limit| limit > 0);
                let limit = limit.ok_or("is not a whole number of at least 1")?;
                self.limit = Some(usize::try_from(limit).unwrap_or(usize::MAX));
            }
            "offset" => {
                let offset = parse_whole(value).ok_or("is not a whole number of at least 0")?;
                self.offset = usize::try_from(offset).unwrap_or(usize::MAX);
            }
            "filter" => self.filter = Some(value),
            "filter-lang" => {
                let offered = Language::TOKENS.join(", ");
                self.language =
                    Some(Language::parse(value).ok_or(format!("is not one of {offered}"))?);
            }
            _ => {
                self.drawn = Some(match value {
                    "zone-region" => Drawn::Region,
                    "zone-centroid" => Drawn::Centroid,
                    "none" => Drawn::Nothing,
                    _ => return Err("is not one of zone-region, zone-centroid, none".to_owned()),
                });
            }
        }
        Ok(())
    }

    /// The box, of one parameter or the other; a reference system says nothing where there is none of its kind.
    fn bounds(&mut self) -> Option<BoundingBox> {
        let is_used = |error: &ParameterError| match error.parameter.as_str() {
            "bbox-crs" => self.bbox.is_some(),
            _ => self.subset.is_spatial(),
        };
        self.crs.retain(is_used);
        self.errors.append(&mut self.crs);
        match self.subset.bbox() {
            Ok(Some(_)) if self.bbox.is_some() => {
                let reason = "cuts Lat or Lon, and bbox does";
                self.errors.push(ParameterError::new("subset", reason));
                None
            }
            Ok(of_subset) => of_subset.or(self.bbox),
            Err(reason) => {
                self.errors.push(ParameterError::new("subset", reason));
                None
            }
        }
    }

    fn bind(&mut self, origin: &Origin) -> Option<Arc<Predicate>> {
        let text = self.filter?;
        let read = self.language.unwrap_or_default().read(text);
        let bound = read.and_then(|expression| bound(origin.layer, vec![expression]));
        bound.unwrap_or_else(|reason| {
            self.errors.push(ParameterError::new("filter", reason));
            None
        })
    }
}
