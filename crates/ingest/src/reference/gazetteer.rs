//! Populated places by name in running text. A name that two places share is ambiguous, never guessed.

use std::collections::HashMap;

use naqsha_model::{Metres, Point};

use super::records;
use crate::text::words;

/// A populated place.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) name: String,
    /// The name in Arabic script, where the gazetteer has one.
    pub(crate) urdu: Option<String>,
    pub(crate) point: Point,
    pub(crate) population: u64,
    /// First-order division of GeoNames.
    pub(crate) admin1: String,
}

impl Place {
    /// The radius of the built-up area, so of what its name alone can tell: at least 2 km.
    pub(crate) fn uncertainty(&self) -> Metres {
        #[expect(clippy::cast_precision_loss, reason = "populations are far below 2^52")]
        let square_km = self.population as f64 / RESIDENTS_PER_SQUARE_KM;
        let radius_m = (square_km / std::f64::consts::PI).sqrt() * 1000.0;
        Metres::new(radius_m.max(SMALLEST_TOWN_M)).expect("a square root is not negative")
    }
}

/// Density of the built-up area of large Pakistani cities, in round numbers.
const RESIDENTS_PER_SQUARE_KM: f64 = 15_000.0;
const SMALLEST_TOWN_M: f64 = 2_000.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Primary,
    Alternative,
}

#[derive(Debug)]
struct Name {
    words: Vec<String>,
    rank: Rank,
    places: Vec<usize>,
}

/// What a text names.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    /// No known place.
    Nothing,
    /// One place.
    One(&'a Place),
    /// Two places that are equally good.
    Ambiguous,
}

/// Places indexed by the first word of their names.
#[derive(Debug)]
pub(crate) struct Gazetteer {
    places: Vec<Place>,
    names: HashMap<String, Vec<Name>>,
}

impl Gazetteer {
    pub(super) fn parse(table: &str) -> Self {
        let mut gazetteer = Self {
            places: Vec::new(),
            names: HashMap::new(),
        };
        for record in records(table) {
            let field = |i| record.get(i).unwrap_or_default();
            let (Ok(lat), Ok(lon)) = (field(2).parse(), field(3).parse()) else {
                continue;
            };
            let Ok(point) = Point::new(lon, lat) else {
                continue;
            };
            let alternatives: Vec<&str> = field(6)
                .split('|')
                .map(str::trim)
                .filter(|name| is_name(name))
                .collect();
            let urdu = alternatives
                .iter()
                .find(|name| name.contains(|c: char| matches!(c, '\u{600}'..='\u{6ff}')));
            let index = gazetteer.places.len();
            gazetteer.places.push(Place {
                name: field(1).to_owned(),
                urdu: urdu.map(|&name| name.to_owned()),
                point,
                population: field(4).parse().unwrap_or(0),
                admin1: field(5).to_owned(),
            });
            gazetteer.add(field(1), Rank::Primary, index);
            for name in alternatives {
                gazetteer.add(name, Rank::Alternative, index);
            }
        }
        gazetteer
    }

    fn add(&mut self, name: &str, rank: Rank, place: usize) {
        let words = words(name);
        let Some(first) = words.first() else { return };
        let names = self.names.entry(first.clone()).or_default();
        match names
            .iter_mut()
            .find(|known| known.words == words && known.rank == rank)
        {
            Some(known) if known.places.contains(&place) => {}
            Some(known) => known.places.push(place),
            None => names.push(Name {
                words,
                rank,
                places: vec![place],
            }),
        }
    }

    /// All places, in the order of the table.
    pub(crate) fn places(&self) -> &[Place] {
        &self.places
    }

    /// The place with the longest name in a text; a place's own name goes before another's by-name.
    pub(crate) fn find(&self, text: &str) -> Found<'_> {
        let text = words(text);
        let mut best: Option<(usize, Vec<usize>)> = None;
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let Some(name) = self.longest_at(rest) else {
                at += 1;
                continue;
            };
            let length = name.words.iter().map(|word| word.chars().count()).sum();
            match &mut best {
                Some((longest, _)) if *longest > length => {}
                Some((longest, places)) if *longest == length => places.extend(&name.places),
                _ => best = Some((length, name.places.clone())),
            }
            at += name.words.len();
        }
        let Some((_, mut places)) = best else {
            return Found::Nothing;
        };
        places.sort_unstable();
        places.dedup();
        match places.as_slice() {
            [one] => self.places.get(*one).map_or(Found::Nothing, Found::One),
            _ => Found::Ambiguous,
        }
    }

    fn longest_at(&self, text: &[String]) -> Option<&Name> {
        let names = self.names.get(text.first()?)?;
        names
            .iter()
            .filter(|name| text.starts_with(&name.words))
            .min_by_key(|name| (std::cmp::Reverse(name.words.len()), name.rank))
    }
}

/// Whether an alternative is a name: not an airport code, not a fragment.
fn is_name(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let arabic = text.contains(|c: char| matches!(c, '\u{600}'..='\u{6ff}'));
    if arabic {
        letters >= 3
    } else {
        letters >= 5 && text.starts_with(char::is_uppercase)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reference;

    fn found(text: &str) -> String {
        match Reference::embedded().gazetteer.find(text) {
            Found::One(place) => place.name.clone(),
            Found::Nothing => "-".to_owned(),
            Found::Ambiguous => "ambiguous".to_owned(),
        }
    }

    #[test]
    fn every_row_of_the_gazetteer_is_a_place() {
        let rows = super::super::PLACES.lines().count() - 1;
        assert_eq!(Reference::embedded().gazetteer.places().len(), rows);
        assert!(rows > 500);
    }

    #[test]
    fn the_longest_name_wins_and_two_equal_ones_are_ambiguous() {
        assert_eq!(found("Kohat Road, Peshawar"), "Peshawar");
        assert_eq!(found("near bus stand Dera Ghazi Khan"), "Dera Ghazi Khan");
        assert_eq!(found("کوئٹہ"), "Quetta");
        assert_eq!(found("between Lahore and Multan"), "ambiguous");
        assert_eq!(found("Sahiwal"), "ambiguous", "two towns of that name");
        assert_eq!(
            found("Bahawalpur"),
            "Bahawalpur",
            "its own name, not another's by-name"
        );
        assert_eq!(found("an unnamed village"), "-");
    }

    #[test]
    fn a_town_is_known_to_at_least_two_kilometres() {
        for place in Reference::embedded().gazetteer.places() {
            assert!(place.uncertainty().get() >= 2_000.0);
        }
    }
}
