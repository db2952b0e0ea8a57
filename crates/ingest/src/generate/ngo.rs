//! Cases of people helped by an organisation: months and districts only, and only with their consent.

use naqsha_model::{Category, TimePrecision};

use super::bureau::{Bureau, Columns, Dropped, LABEL};
use super::places::{Plant, Towns, plant};
use super::row::{Case, Row, Truth, texts};
use super::world::World;
use crate::outcome::Outcome;
use crate::reference::Reference;

pub(super) const COLUMNS: Columns = Columns {
    header: &[
        "Case Ref",
        "Month Assisted",
        "Type",
        "Means of control",
        "Home district",
        "Exploited in",
        "Age group",
        "Consent",
        "Name",
        "Phone",
        "Address",
        "Notes",
        "Exact age",
    ],
    number: 0,
    fir: false,
    day: 1,
    months: true,
    station: None,
    sections: None,
    kept_text: None,
    kept_place: false,
    money: None,
    line: None,
    district: Some(5),
    consent: Some(7),
    closed: 2,
    optional: &[3, 4, 6],
    dropped: &[
        (8, Dropped::Name),
        (9, Dropped::Phone),
        (10, Dropped::Address),
        (11, Dropped::Name),
    ],
};

const KILNS: [Plant; 1] = [plant("gujrat-sialkot", "Gujrat", 60.0)];

/// The organisation at work.
pub(super) struct Ngo<'a> {
    world: World<'a>,
    towns: Towns<'a>,
}

impl<'a> Ngo<'a> {
    pub(super) fn new(world: World<'a>, reference: &'a Reference) -> Self {
        let towns = Towns::new(&reference.gazetteer, &[], &KILNS);
        Self { world, towns }
    }
}

impl<'a> Bureau<'a> for Ngo<'a> {
    fn world(&mut self) -> &mut World<'a> {
        &mut self.world
    }

    fn incident(&mut self) -> Option<Case<'a>> {
        let (place, planted) = self.towns.draw(&mut self.world.draw)?;
        let (home, _) = self.towns.draw(&mut self.world.draw)?;
        let day = self.world.day().first_of_month();
        let (district, home) = (self.world.district(place), self.world.district(home));
        let number = self.world.number("NGO", day.year());
        let reference = format!("VS/{}/{number}", day.year());
        let draw = &mut self.world.draw;
        let kind = draw.one_of(&[
            "Sex",
            "Labour",
            "Labour; Bonded (kiln)",
            "Domestic work",
            "Bonded (kiln)",
            "Begging",
            "Marriage",
        ]);
        let means = draw.one_of(&[
            "Debt",
            "Debt; Threats",
            "Documents kept",
            "False promise; Locked in",
            "Violence",
        ]);
        let age = draw.one_of(&["0-8", "9-17", "18-25", "26+"]);
        let month = format!("{:04}-{:02}", day.year(), day.month());
        let cells = texts([
            &reference, &month, kind, means, &home, &district, age, "Yes", LABEL, "", LABEL, LABEL,
            "",
        ]);
        let truth = Truth {
            outcome: Outcome::Accepted,
            codes: Vec::new(),
            category: Some(Category::HumanTrafficking),
            day: Some(day),
            precision: TimePrecision::Month,
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
