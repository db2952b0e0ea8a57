//! Seizure returns of the Anti-Narcotics Force: one case, a line for each substance.

use naqsha_model::{Category, TimePrecision};

use super::bureau::{Bureau, Columns, Dropped, LABEL};
use super::notation::dmy;
use super::places::{Plant, Towns, plant};
use super::row::{Case, Row, Truth, texts};
use super::world::World;
use crate::outcome::Outcome;
use crate::reference::Reference;

pub(super) const COLUMNS: Columns = Columns {
    header: &[
        "FIR No",
        "PS ANF",
        "RD",
        "Date of Seizure",
        "U/S",
        "Place of Seizure",
        "Drug",
        "Qty",
        "Unit",
        "Accused Name",
        "Father Name",
        "CNIC",
        "Cell No",
        "Address",
    ],
    number: 0,
    fir: true,
    day: 3,
    months: false,
    station: Some(1),
    sections: Some(4),
    kept_text: Some(5),
    kept_place: true,
    money: None,
    line: Some([6, 7, 8]),
    district: None,
    consent: None,
    closed: 2,
    optional: &[2, 4],
    dropped: &[
        (9, Dropped::Name),
        (10, Dropped::Name),
        (11, Dropped::Card),
        (12, Dropped::Phone),
        (13, Dropped::Address),
    ],
};

const CORRIDORS: [Plant; 4] = [
    plant("khyber", "Landi Kotal", 60.0),
    plant("quetta-chaman", "Chaman", 110.0),
    plant("makran", "Turbat", 120.0),
    plant("taftan", "Taftan", 80.0),
];

/// Drug, unit, and the most that is seized at once.
const DRUGS: [(&str, &str, usize); 7] = [
    ("Charas", "KGs", 60),
    ("Heroin", "KG", 12),
    ("Ice", "KG", 8),
    ("Opium", "KGs", 20),
    ("Hashish", "KGs", 60),
    ("AA", "Ltr", 90),
    ("Crystal", "Gms", 900),
];

const SECTIONS: [&str; 3] = ["9(c) CNSA", "9C/15 CNSA 1997", "9(1) 3(c) CNSA"];
const MORE_SECTIONS: [&str; 10] = [
    "9-C CNSA",
    "u/s 9(1) 3(c) CNSA",
    "9(b) CNSA",
    "6/7/8/9 CNSA",
    "9(c) CNSA r/w 34 PPC",
    "9-C",
    "۹(c) CNSA",
    "Sec 9(c) of CNSA 1997",
    "9c, 14, 15 CNSA",
    "9(c) امتناع",
];

/// The force at work.
pub(super) struct Anf<'a> {
    world: World<'a>,
    towns: Towns<'a>,
}

impl<'a> Anf<'a> {
    pub(super) fn new(world: World<'a>, reference: &'a Reference) -> Self {
        let towns = Towns::new(&reference.gazetteer, &[], &CORRIDORS);
        Self { world, towns }
    }
}

impl<'a> Bureau<'a> for Anf<'a> {
    fn world(&mut self) -> &mut World<'a> {
        &mut self.world
    }

    fn incident(&mut self) -> Option<Case<'a>> {
        let (place, planted) = self.towns.draw(&mut self.world.draw)?;
        let day = self.world.day();
        let (rd, city) = match place.admin1.as_str() {
            "02" => ("RD Balochistan", "Quetta"),
            "03" => ("RD KP", "Peshawar"),
            "04" => ("RD Punjab", "Lahore"),
            "05" => ("RD Sindh", "Karachi"),
            _ => ("RD North", "Rawalpindi"),
        };
        let station = format!("PS ANF {city}");
        let number = self.world.number(&station, day.year());
        let fir = format!("{number}/{:02}", day.year().rem_euclid(100));
        let (when, text) = (dmy(day), self.world.place_text(place));
        let draw = &mut self.world.draw;
        let section = if draw.chance(self.world.settings.messy) {
            draw.one_of(&MORE_SECTIONS)
        } else {
            draw.one_of(&SECTIONS)
        };
        let lines = if draw.chance(0.2) { 2 } else { 1 };
        let first = draw.below(DRUGS.len());
        let rows = (0..lines)
            .filter_map(|line| DRUGS.get((first + line * 3) % DRUGS.len()))
            .map(|(drug, unit, most)| {
                let tenths = 1 + draw.below(most * 10);
                let quantity = format!("{}.{}", tenths / 10, tenths % 10);
                let cells = texts([
                    &fir, &station, rd, &when, section, &text, drug, &quantity, unit, LABEL, LABEL,
                    "", "", LABEL,
                ]);
                Row {
                    cells,
                    truth: Truth {
                        outcome: Outcome::Accepted,
                        codes: Vec::new(),
                        category: Some(Category::DrugTrafficking),
                        day: Some(day),
                        precision: TimePrecision::Day,
                        district: String::new(),
                        place: place.name.clone(),
                        point: Some(place.point),
                        planted,
                        mess: String::new(),
                        private: Vec::new(),
                    },
                }
            })
            .collect();
        Some(Case {
            rows,
            place,
            day,
            number,
            year: day.year(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::section::sections;

    #[test]
    fn every_shape_of_the_sections_is_read_as_the_category() {
        let reference = Reference::embedded();
        let unread: Vec<_> = SECTIONS
            .iter()
            .chain(&MORE_SECTIONS)
            .map(|text| (text, sections(text, "CNSA-1997", &reference.statutes)))
            .filter(|(_, read)| !matches!(read, Ok(cited) if cited.category == Category::DrugTrafficking))
            .collect();
        assert!(unread.is_empty(), "{unread:?}");
    }
}
