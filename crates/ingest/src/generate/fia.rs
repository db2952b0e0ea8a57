//! Complaints received by the cyber-crime wing: what the complainant says, where the complainant lives.

use naqsha_model::{Category, TimePrecision};

use super::bureau::{Bureau, Columns, Dropped, LABEL};
use super::notation::money_notation;
use super::places::{Plant, Towns, plant};
use super::row::{Case, Cell, Row, Truth, texts};
use super::world::World;
use crate::outcome::Outcome;
use crate::reference::Reference;

pub(super) const COLUMNS: Columns = Columns {
    header: &[
        "Complaint ID",
        "CCRC",
        "Date of Complaint",
        "Nature of Complaint",
        "Platform",
        "Loss (PKR)",
        "Complainant District",
        "Section",
        "Complainant Name",
        "CNIC",
        "Contact",
        "Email",
        "Suspect Number",
        "URL",
    ],
    number: 0,
    fir: false,
    day: 2,
    months: false,
    station: None,
    sections: Some(7),
    kept_text: Some(4),
    kept_place: false,
    money: Some(5),
    line: None,
    district: Some(6),
    consent: None,
    closed: 3,
    optional: &[5, 7],
    dropped: &[
        (8, Dropped::Name),
        (9, Dropped::Card),
        (10, Dropped::Phone),
        (11, Dropped::Email),
        (12, Dropped::Phone),
    ],
};

const CITIES: [Plant; 2] = [
    plant("faisalabad", "Faisalabad", 45.0),
    plant("karachi", "Karachi", 40.0),
];

/// The wing at work.
pub(super) struct Fia<'a> {
    world: World<'a>,
    towns: Towns<'a>,
}

impl<'a> Fia<'a> {
    pub(super) fn new(world: World<'a>, reference: &'a Reference) -> Self {
        let towns = Towns::new(&reference.gazetteer, &[], &CITIES);
        Self { world, towns }
    }
}

impl<'a> Bureau<'a> for Fia<'a> {
    fn world(&mut self) -> &mut World<'a> {
        &mut self.world
    }

    fn incident(&mut self) -> Option<Case<'a>> {
        let (place, planted) = self.towns.draw(&mut self.world.draw)?;
        let day = self.world.day();
        let district = self.world.district(place);
        let (circle, short) = match place.admin1.as_str() {
            "02" => ("CCRC Quetta", "QTA"),
            "03" => ("CCRC Peshawar", "PSH"),
            "05" => ("CCRC Karachi", "KHI"),
            "04" => ("CCRC Lahore", "LHR"),
            _ => ("CCRC Islamabad", "ISB"),
        };
        let number = self.world.number(circle, day.year());
        let id = format!("{:02}-{short}-{number:06}", day.year().rem_euclid(100));
        let messy = self.world.settings.messy;
        let draw = &mut self.world.draw;
        let nature = draw.one_of(&[
            "Financial Fraud",
            "Financial Fraud",
            "Hacking",
            "Fake Profile",
            "Harassment",
            "Blackmailing",
            "Defamation",
            "Ransomware",
        ]);
        let platform = draw.one_of(&["WhatsApp", "Facebook", "Instagram", "Easypaisa app", "OLX"]);
        let section = draw.one_of(&["14 PECA", "3/4 PECA", "20/24 PECA", "16 PECA", "14"]);
        let tenths = 1 + draw.below(90);
        let mut cells = texts([
            &id, circle, "", nature, platform, "", &district, section, LABEL, "", "", "", "", LABEL,
        ]);
        let loss = if draw.chance(messy) {
            Cell::Text(money_notation(draw, tenths))
        } else {
            #[expect(clippy::cast_precision_loss, reason = "at most nine million")]
            let rupees = (tenths * 10_000) as f64;
            Cell::Number(rupees)
        };
        for (column, cell) in [(COLUMNS.day, Cell::Day(day)), (5, loss)] {
            if let Some(slot) = cells.get_mut(column) {
                *slot = cell;
            }
        }
        let truth = Truth {
            outcome: Outcome::Accepted,
            codes: Vec::new(),
            category: Some(Category::Cybercrime),
            day: Some(day),
            precision: TimePrecision::Day,
            district,
            place: place.name.clone(),
            point: None,
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
