//! What a query of a feature service asks: read from its parameters, every mistake listed.

use std::sync::Arc;

use naqsha_layers::filter::Predicate;
use naqsha_layers::{LayerDescription, LayerQuery, Page, ParameterError, SortKey};

use super::fields::{self, Field};
use super::spatial::{Reference, read_box};
use super::sql;
use super::{MAX_RECORD_COUNT, MOST_NAMED};
use crate::problem::Problem;

/// What is wanted of the features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Features,
    Numbers,
    Count,
    Extent,
}

/// A query that has been read.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) wanted: Wanted,
    pub(super) query: LayerQuery,
    /// Which features, and which part of them.
    pub(super) page: Page,
    /// Numbers that they must have.
    pub(super) numbers: Option<Vec<u64>>,
    pub(super) fields: Vec<Field>,
    pub(super) geometry: bool,
    pub(super) reference: Reference,
}

/// Parameters that would change which features are returned, or what of them, and are not understood: given anything but
/// what asks for nothing they are refused.
const REFUSED: [(&str, &[&str]); 12] = [
    ("distance", &["", "0", "0.0"]),
    ("relationParam", &[""]),
    ("time", &[""]),
    ("text", &[""]),
    ("fullText", &["", "[]"]),
    ("having", &[""]),
    ("havingClause", &[""]),
    ("outStatistics", &["", "[]"]),
    ("groupByFieldsForStatistics", &[""]),
    ("returnDistinctValues", &["", "false"]),
    ("historicMoment", &[""]),
    ("returnCentroid", &["", "false"]),
];

/// Reads the parameters of a request; those of the layer may stand among them.
///
/// # Errors
/// 400 listing every mistake.
pub(super) fn read(
    layer: &'static LayerDescription,
    pairs: &[(&str, &str)],
) -> Result<Request, Problem> {
    let mut reading = Reading {
        layer,
        pairs,
        errors: Vec::new(),
    };
    let request = reading.request();
    if reading.errors.is_empty() {
        Ok(request)
    } else {
        Err(Problem::parameters(reading.errors))
    }
}

struct Reading<'a> {
    layer: &'static LayerDescription,
    pairs: &'a [(&'a str, &'a str)],
    errors: Vec<ParameterError>,
}

impl<'a> Reading<'a> {
    /// The last value of a parameter that is not empty, its name in any case.
    fn value(&self, name: &str) -> Option<&'a str> {
        let mut named = self.pairs.iter().rev();
        let (_, value) = named.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(*value).filter(|value| !value.is_empty())
    }

    /// What a reading gave, or nothing and a mistake.
    fn noted<T>(&mut self, name: &str, read: Result<T, String>) -> Option<T> {
        read.map_err(|reason| self.errors.push(ParameterError::new(name, reason)))
            .ok()
    }

    fn request(&mut self) -> Request {
        for (name, nothing) in REFUSED {
            if let Some(value) = self.value(name)
                && !nothing.contains(&value)
            {
                let reason = "is not offered by this service";
                self.errors.push(ParameterError::new(name, reason));
            }
        }
        let own: Vec<(&str, &str)> = self
            .pairs
            .iter()
            .copied()
            .filter(|(name, _)| self.layer.parameters.iter().any(|one| one.name() == *name))
            .collect();
        let query = match LayerQuery::parse(self.layer, own) {
            Ok(query) => query,
            Err(errors) => {
                self.errors.extend(errors);
                LayerQuery::default()
            }
        };
        let wanted = self.wanted();
        let (mut page, numbers) = self.which();
        page.offset = self.whole("resultOffset").unwrap_or(0);
        let limit = self
            .whole("resultRecordCount")
            .and_then(|count| usize::try_from(count).ok())
            .map_or(MAX_RECORD_COUNT, |count| count.min(MAX_RECORD_COUNT));
        page.limit = limit;
        Request {
            wanted,
            query,
            page,
            numbers,
            fields: self.fields(),
            geometry: self.flag("returnGeometry").unwrap_or(true),
            reference: self.reference(),
        }
    }

    fn wanted(&mut self) -> Wanted {
        let asked = [
            ("returnIdsOnly", Wanted::Numbers),
            ("returnCountOnly", Wanted::Count),
            ("returnExtentOnly", Wanted::Extent),
        ];
        let mut wanted = Wanted::Features;
        // Where both are asked, ArcGIS counts the numbers.
        for (name, kind) in asked {
            if self.flag(name).unwrap_or(false) {
                wanted = kind;
            }
        }
        wanted
    }

    /// Which features, by clause, box and number, and in which order.
    fn which(&mut self) -> (Page, Option<Vec<u64>>) {
        let mut page = Page {
            located: true,
            ..Page::ALL
        };
        let mut numbers = None;
        if let Some(text) = self.value("where") {
            let clause = sql::parse(self.layer, text);
            if let Some(clause) = self.noted("where", clause) {
                numbers = clause.numbers;
                if let Some(condition) = clause.condition {
                    let bound = Predicate::bind(self.layer, &condition);
                    page.filter = self.noted("where", bound).map(Arc::new);
                }
            }
        }
        if let Some(text) = self.value("objectIds") {
            let read = text.split(',').map(|number| number.trim().parse().ok());
            let read: Option<Vec<u64>> = read.collect();
            let read = read
                .filter(|numbers| numbers.len() <= MOST_NAMED)
                .ok_or_else(|| format!("is not at most {MOST_NAMED} whole numbers"));
            if let Some(listed) = self.noted("objectIds", read) {
                numbers = Some(match numbers {
                    Some(known) => {
                        let both = known.into_iter().filter(|number| listed.contains(number));
                        both.collect()
                    }
                    None => listed,
                });
            }
        }
        page.bbox = self.bbox();
        page.sort = self.sort();
        (page, numbers)
    }

    fn bbox(&mut self) -> Option<naqsha_layers::BoundingBox> {
        let text = self.value("geometry")?;
        let relation = self.value("spatialRel").map_or(Ok(()), |relation| {
            let meets = [
                "esriSpatialRelIntersects",
                "esriSpatialRelEnvelopeIntersects",
                "esriSpatialRelIndexIntersects",
            ];
            if meets.contains(&relation) {
                Ok(())
            } else {
                Err("is not esriSpatialRelIntersects".to_owned())
            }
        });
        self.noted("spatialRel", relation);
        let reference = self.value("inSR").map(Reference::read).transpose();
        let reference = self.noted("inSR", reference).flatten();
        let read = read_box(text, self.value("geometryType"), reference);
        self.noted("geometry", read)
    }

    /// `n DESC, h3`; by number is the order that features have.
    fn sort(&mut self) -> Vec<SortKey> {
        let Some(text) = self.value("orderByFields") else {
            return Vec::new();
        };
        let mut keys = Vec::new();
        for part in text.split(',') {
            let mut words = part.split_whitespace();
            let name = words.next().unwrap_or_default().trim_matches('"');
            let descending = match words.next().map(str::to_ascii_uppercase).as_deref() {
                None | Some("ASC") => false,
                Some("DESC") => true,
                Some(_) => {
                    self.noted::<()>("orderByFields", Err(format!("{part:?} is no order")));
                    continue;
                }
            };
            match Field::named(self.layer, name) {
                Some(Field::Number | Field::Id) if !descending && keys.is_empty() => {}
                Some(field @ Field::Property(_)) => {
                    let key = SortKey::new(self.layer, field.name(self.layer), descending);
                    keys.extend(key);
                }
                _ => {
                    let reason = format!("{name:?} cannot be sorted by");
                    self.noted::<()>("orderByFields", Err(reason));
                }
            }
        }
        keys
    }

    fn fields(&mut self) -> Vec<Field> {
        let Some(text) = self.value("outFields") else {
            return vec![Field::Number];
        };
        let mut chosen = Vec::new();
        for name in text.split(',').map(|name| name.trim().trim_matches('"')) {
            if name == "*" {
                return fields::all(self.layer);
            }
            match Field::named(self.layer, name) {
                Some(field) => chosen.push(field),
                None => {
                    self.noted::<()>("outFields", Err(format!("there is no field {name:?}")));
                }
            }
        }
        // In the order of the layer, and always with what the feature goes by.
        let mut all = fields::all(self.layer);
        all.retain(|field| *field == Field::Number || chosen.contains(field));
        all
    }

    fn reference(&mut self) -> Reference {
        let read = self.value("outSR").map(Reference::read).transpose();
        self.noted("outSR", read)
            .flatten()
            .unwrap_or(Reference::Degrees)
    }

    fn flag(&mut self, name: &str) -> Option<bool> {
        let value = self.value(name)?;
        let read = match value.to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err("is not true or false".to_owned()),
        };
        self.noted(name, read)
    }

    fn whole(&mut self, name: &str) -> Option<u64> {
        let value = self.value(name)?;
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        let read = digits
            .then(|| value.parse().unwrap_or(u64::MAX))
            .ok_or_else(|| "is not a whole number".to_owned());
        self.noted(name, read)
    }
}
