//! Terror-financing cases of the Counter Terrorism Department of the Punjab.

use naqsha_model::{Category, TimePrecision};

use super::bureau::{Bureau, Columns, Dropped, LABEL};
use super::notation::{dmy, money_notation};
use super::places::{Plant, Towns, plant};
use super::row::{Case, Row, Truth, texts};
use super::world::World;
use crate::outcome::Outcome;
use crate::reference::Reference;

pub(super) const COLUMNS: Columns = Columns {
    header: &[
        "Crime No",
        "PS",
        "Dated",
        "Under Section",
        "Mode",
        "Amount Recovered",
        "Place",
        "Org",
        "Grading",
        "Accused",
    ],
    number: 0,
    fir: true,
    day: 2,
    months: false,
    station: Some(1),
    sections: Some(3),
    kept_text: Some(6),
    kept_place: true,
    money: Some(5),
    line: None,
    district: None,
    consent: None,
    closed: 4,
    optional: &[4, 5, 8],
    dropped: &[(9, Dropped::Name)],
};

const FINANCING: [Plant; 1] = [plant("dera-ghazi-khan", "Dera Ghazi Khan", 90.0)];
const SECTIONS: [&str; 4] = ["11H/11N ATA", "11-F(6) ATA", "11-I/11-N ATA", "11-J ATA"];
const MORE_SECTIONS: [&str; 7] = [
    "11-H/11-N ATA 1997",
    "11H",
    "u/s 11-I ATA",
    "۱۱-H/۱۱-N ATA",
    "11-K/11-N ATA r/w 109 PPC",
    "11F(6), 11N ATA",
    "11-J & 7 ATA",
];

/// The department at work.
pub(super) struct Ctd<'a> {
    world: World<'a>,
    towns: Towns<'a>,
}

impl<'a> Ctd<'a> {
    pub(super) fn new(world: World<'a>, reference: &'a Reference) -> Self {
        let towns = Towns::new(&reference.gazetteer, &["04"], &FINANCING);
        Self { world, towns }
    }
}

impl<'a> Bureau<'a> for Ctd<'a> {
    fn world(&mut self) -> &mut World<'a> {
        &mut self.world
    }

    fn incident(&mut self) -> Option<Case<'a>> {
        let (place, planted) = self.towns.draw(&mut self.world.draw)?;
        let day = self.world.day();
        let text = self.world.place_text(place);
        let draw = &mut self.world.draw;
        let station = draw.one_of(&[
            "CTD-PS-LAHORE",
            "CTD-PS-MULTAN",
            "CTD-PS-RAWALPINDI",
            "CTD-PS-DGKHAN",
        ]);
        let section = if draw.chance(self.world.settings.messy) {
            draw.one_of(&MORE_SECTIONS)
        } else {
            draw.one_of(&SECTIONS)
        };
        let mode = draw.one_of(&[
            "Hundi",
            "Chanda",
            "Hides",
            "Bhatta",
            "Bank",
            "Easypaisa",
            "Crypto",
            "Cash Courier",
        ]);
        let tenths = 10 + draw.below(400);
        let amount = if draw.chance(self.world.settings.messy) {
            money_notation(draw, tenths)
        } else {
            format!("{}.{} lac", tenths / 10, tenths % 10)
        };
        let grading = draw.one_of(&["A1", "B2", "C3", "F6"]);
        let org = draw.one_of(&["FS-012", "FS-027", "FS-041", "FS-063"]);
        let number = self.world.number(station, day.year());
        let fir = format!("{number}/{:02}", day.year().rem_euclid(100));
        let cells = texts([
            &fir,
            station,
            &dmy(day),
            section,
            mode,
            &amount,
            &text,
            org,
            grading,
            LABEL,
        ]);
        let truth = Truth {
            outcome: Outcome::Accepted,
            codes: Vec::new(),
            category: Some(Category::TerrorFinancing),
            day: Some(day),
            precision: TimePrecision::Day,
            district: String::new(),
            place: place.name.clone(),
            point: Some(place.point),
            planted,
            mess: String::new(),
            private: Vec::new(),
        };
        Some(Case {
            rows: vec![Row { cells, truth }],
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
            .map(|text| (text, sections(text, "ATA-1997", &reference.statutes)))
            .filter(|(_, read)| !matches!(read, Ok(cited) if cited.category == Category::TerrorFinancing))
            .collect();
        assert!(unread.is_empty(), "{unread:?}");
    }
}
