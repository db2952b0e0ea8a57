//! What every bureau draws on: days, running numbers, towns and their districts.

use std::collections::HashMap;

use jiff::civil::{Date, date};

use super::GenerateSettings;
use super::draw::Draw;
use super::notation::later;
use super::places::distance_km;
use crate::reference::{Found, Place, Reference};

/// The world of one bureau.
pub(super) struct World<'a> {
    pub(super) settings: &'a GenerateSettings,
    reference: &'a Reference,
    pub(super) draw: Draw,
    /// Towns whose district is sure.
    seats: Vec<(&'a Place, String)>,
    /// The last number given, by station and year.
    numbers: HashMap<(String, i16), u32>,
    /// The district of each town, by its name and position: looked for once.
    districts: HashMap<(String, u64), String>,
}

impl<'a> World<'a> {
    /// A world whose districts lie in one division of the gazetteer, or in all.
    pub(super) fn new(
        settings: &'a GenerateSettings,
        reference: &'a Reference,
        draw: Draw,
        division: Option<&str>,
    ) -> Self {
        let seats = reference
            .gazetteer
            .places()
            .iter()
            .filter(|place| division.is_none_or(|division| place.admin1 == division))
            .filter_map(|place| {
                Some((place, reference.districts.get(place.district?).name.clone()))
            })
            .collect();
        Self {
            settings,
            reference,
            draw,
            seats,
            numbers: HashMap::new(),
            districts: HashMap::new(),
        }
    }

    /// A day of the years asked for.
    pub(super) fn day(&mut self) -> Date {
        let first = date(self.settings.first_year, 1, 1);
        let days = first
            .until((jiff::Unit::Day, date(self.settings.last_year, 12, 31)))
            .map_or(0, |span| span.get_days());
        let offset = self
            .draw
            .below(usize::try_from(days).unwrap_or_default() + 1);
        later(first, offset)
    }

    /// The next number of a station; numbers restart every year.
    ///
    /// 2000 to 2099 are left out: before a year of two digits they look like a year and a month.
    pub(super) fn number(&mut self, station: &str, year: i16) -> u32 {
        let number = self.numbers.entry((station.to_owned(), year)).or_insert(0);
        *number += if *number == 1_999 { 101 } else { 1 };
        *number
    }

    /// The town's name in the words of a clerk, as long as the words still name that town alone.
    pub(super) fn place_text(&mut self, place: &Place) -> String {
        let name = if self.draw.chance(0.15) {
            place.urdu.as_deref().unwrap_or(&place.name)
        } else {
            &place.name
        };
        let before = self.draw.one_of(&[
            "",
            "Near bus stand, ",
            "Toll plaza, ",
            "Main bazaar, ",
            "Check post, ",
            "Railway station, ",
        ]);
        let text = format!("{before}{name}");
        if self.names(&text, place) {
            text
        } else {
            place.name.clone()
        }
    }

    /// Whether a text names this place alone.
    pub(super) fn names(&self, text: &str, place: &Place) -> bool {
        matches!(self.reference.gazetteer.find(text), Found::One(found) if found.point == place.point)
    }

    /// The district of a town, or that of the nearest town whose district is sure.
    pub(super) fn district(&mut self, place: &Place) -> String {
        let key = (place.name.clone(), place.point.lon().to_bits());
        if let Some(known) = self.districts.get(&key) {
            return known.clone();
        }
        let nearest = self
            .seats
            .iter()
            .min_by(|(a, _), (b, _)| {
                distance_km(a.point, place.point).total_cmp(&distance_km(b.point, place.point))
            })
            .map(|(_, name)| name.clone())
            .unwrap_or_default();
        self.districts.insert(key, nearest.clone());
        nearest
    }
}
