//! Border crossing points, ports and international airports by the names that records give them.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use naqsha_model::{Metres, Point};

use super::district::{DistrictId, Districts};
use super::records;
use super::spelling::{compact, compact_word};
use crate::text::words;

/// A crossing point.
#[derive(Debug, Clone)]
pub(crate) struct BorderPoint {
    pub(crate) id: String,
    pub(crate) district: Option<DistrictId>,
    /// Where it is and how surely, where that is known.
    pub(crate) site: Option<(Point, Metres)>,
}

/// All crossing points by their names.
#[derive(Debug)]
pub(crate) struct BorderPoints {
    all: Vec<BorderPoint>,
    by_name: HashMap<String, usize>,
    /// Names that say by themselves that the border is meant: every one that is not also a town's.
    plain: BTreeMap<String, usize>,
}

/// Words of the longest name.
const LONGEST_NAME: usize = 5;

impl BorderPoints {
    pub(super) fn parse(
        table: &str,
        districts: &Districts,
        is_town: impl Fn(&str) -> bool,
    ) -> Self {
        let mut points = Self {
            all: Vec::new(),
            by_name: HashMap::new(),
            plain: BTreeMap::new(),
        };
        for record in records(table) {
            let field = |i| record.get(i).unwrap_or_default();
            let number = |i: usize| field(i).parse::<f64>().ok();
            let point = number(8)
                .zip(number(7))
                .and_then(|(lon, lat)| Point::new(lon, lat).ok());
            let metres = number(9).and_then(|metres| Metres::new(metres).ok());
            let index = points.all.len();
            points.all.push(BorderPoint {
                id: field(0).to_owned(),
                district: districts.of_code(field(6)),
                site: point.zip(metres),
            });
            let names = [field(0), field(1)].into_iter();
            for name in names.chain(field(2).split('|')).chain(field(3).split('|')) {
                let compact = compact(name);
                if compact.is_empty() {
                    continue;
                }
                if !is_town(name) {
                    points.plain.insert(compact.clone(), index);
                }
                points.by_name.insert(compact, index);
            }
        }
        points
    }

    /// All of them.
    pub(crate) fn all(&self) -> &[BorderPoint] {
        &self.all
    }

    /// The crossing point of a name.
    pub(crate) fn find(&self, name: &str) -> Option<&BorderPoint> {
        self.by_name
            .get(&compact(name))
            .and_then(|&index| self.all.get(index))
    }

    /// The crossing point that a running text names; a name that is a town's as well is read as the town.
    pub(crate) fn find_in(&self, text: &str) -> Option<&BorderPoint> {
        let words: Vec<String> = words(text).iter().map(|word| compact_word(word)).collect();
        let begins: Vec<bool> = words.iter().map(|word| self.begins_a_name(word)).collect();
        let mut name = String::new();
        (1..=LONGEST_NAME.min(words.len()))
            .rev()
            .find_map(|length| {
                let named = words.windows(length).zip(&begins);
                let mut found = named
                    .filter(|(_, begins)| **begins)
                    .filter_map(|(words, _)| {
                        name.clear();
                        name.extend(words.iter().map(String::as_str));
                        self.plain.get(&name)
                    });
                let first = found.next()?;
                found
                    .all(|other| other == first)
                    .then(|| self.all.get(*first))?
            })
    }

    /// Whether a name may begin with a word: few words of a text do, and the others need not be looked up.
    fn begins_a_name(&self, word: &str) -> bool {
        self.plain
            .range::<str, _>((Bound::Included(word), Bound::Unbounded))
            .next()
            .is_some_and(|(name, _)| name.starts_with(word))
    }
}

#[cfg(test)]
mod tests {
    use crate::Reference;

    #[test]
    fn crossing_points_are_known_by_every_name() {
        let points = Reference::embedded().border_points;
        for (name, id) in [
            ("Torkham Border", "torkham"),
            ("طورخم", "torkham"),
            ("Wahga", "wagah"),
            ("KPT", "kpt"),
            ("New Islamabad Airport", "airport-isb"),
            ("Chaman", "chaman"),
        ] {
            assert_eq!(
                points.find(name).map(|point| point.id.as_str()),
                Some(id),
                "{name}"
            );
        }
        assert_eq!(
            points
                .find_in("at Torkham border, export side")
                .map(|p| p.id.as_str()),
            Some("torkham")
        );
        assert!(points.find_in("Main bazaar, Chaman").is_none(), "the town");
        assert!(
            points.find_in("between Torkham and Kharlachi").is_none(),
            "two of them"
        );
    }

    #[test]
    fn every_crossing_point_lies_in_a_district_or_in_a_city_of_several() {
        let points = Reference::embedded().border_points;
        assert!(points.all.len() >= 25);
        for point in &points.all {
            assert!(
                point.district.is_some() || point.id == "airport-khi",
                "{}",
                point.id
            );
        }
    }
}
