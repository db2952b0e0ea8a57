//! The FIR register of the Punjab police: cybercrime, trafficking, and other crime that is none of this service's.

use jiff::civil::Date;
use naqsha_model::{Category, Code, TimePrecision};

use super::bureau::{Bureau, Columns, Dropped, LABEL};
use super::draw::Draw;
use super::notation::{dmy, later, urdu_digits};
use super::places::{Plant, Towns, plant};
use super::row::{Case, Cell, Row, Truth, texts};
use super::world::World;
use crate::outcome::Outcome;
use crate::reference::Reference;

pub(super) const COLUMNS: Columns = Columns {
    header: &[
        "FIR No",
        "Police Station",
        "District",
        "Date/Time of Occurrence",
        "Date/Time of Report",
        "U/S",
        "Place of Occurrence",
        "Status",
        "Beat",
        "Latitude",
        "Longitude",
        "Complainant",
        "شناختی کارڈ نمبر",
        "فون نمبر",
    ],
    number: 0,
    fir: true,
    day: 4,
    months: false,
    station: Some(1),
    sections: Some(5),
    kept_text: Some(6),
    kept_place: true,
    money: None,
    line: None,
    district: Some(2),
    consent: None,
    closed: 7,
    optional: &[7, 8],
    dropped: &[
        (11, Dropped::Name),
        (12, Dropped::Card),
        (13, Dropped::Phone),
    ],
};

/// Column of the day and time of occurrence.
const OCCURRED: usize = 3;
const LATITUDE: usize = 9;
const LONGITUDE: usize = 10;

const TRAFFICKING: [Plant; 1] = [plant("gujrat-sialkot", "Gujrat", 60.0)];
const CYBER: [Plant; 1] = [plant("faisalabad", "Faisalabad", 45.0)];

const HUMAN: [&str; 4] = [
    "3(1) PTPA 2018",
    "3(2) PTPA 2018",
    "371-A/371-B PPC",
    "366-A PPC/3(2) PTPA",
];
const MORE_HUMAN: [&str; 6] = [
    "371A/371B ت پ",
    "دفعہ ۳۷۱-A ت پ",
    "3(2) PTPA r/w 34 PPC",
    "366-A, 371-A & 109 PPC",
    "u/s 369-A PPC",
    "PTPA 2018 3(1)",
];
const ONLINE: [&str; 5] = [
    "13/14/16 PECA",
    "14 PECA/420 PPC",
    "3/4 PECA",
    "20/21/24 PECA",
    "16 PECA r/w 109 PPC",
];
const MORE_ONLINE: [&str; 6] = [
    "20, 21 & 24 PECA r/w 109 PPC",
    "۱۴ پیکا",
    "PECA 2016 13, 14",
    "14-PECA/420/468/471 ت پ",
    "u/s 3, 4 PECA",
    "22/22A PECA 2016",
];
const OTHER: [&str; 5] = [
    "379 PPC",
    "302/34 PPC",
    "دفعہ ۳۰۲/۳۴ ت پ",
    "420/468/471 ت پ",
    "337-A(i)/337-F(ii) PPC",
];

/// The police at work.
pub(super) struct Punjab<'a> {
    world: World<'a>,
    online: Towns<'a>,
    human: Towns<'a>,
}

impl<'a> Punjab<'a> {
    pub(super) fn new(world: World<'a>, reference: &'a Reference) -> Self {
        let towns = |plants: &[Plant]| Towns::new(&reference.gazetteer, &["04"], plants);
        Self {
            world,
            online: towns(&CYBER),
            human: towns(&TRAFFICKING),
        }
    }

    /// Sections of the law, the category that follows, and whether the row is none of this service's.
    fn law(&mut self, human: bool) -> (&'static str, Option<Category>) {
        let draw = &mut self.world.draw;
        let messy = draw.chance(self.world.settings.messy);
        if messy && draw.chance(0.1) {
            return (draw.one_of(&OTHER), None);
        }
        match (human, messy) {
            (true, true) => (draw.one_of(&MORE_HUMAN), Some(Category::HumanTrafficking)),
            (true, false) => (draw.one_of(&HUMAN), Some(Category::HumanTrafficking)),
            (false, true) => (draw.one_of(&MORE_ONLINE), Some(Category::Cybercrime)),
            (false, false) => (draw.one_of(&ONLINE), Some(Category::Cybercrime)),
        }
    }
}

const STATUSES: [&str; 6] = [
    "U/I",
    "Challan",
    "Interim Challan",
    "Untraced",
    "Under Trial",
    "Convicted",
];

impl<'a> Bureau<'a> for Punjab<'a> {
    fn world(&mut self) -> &mut World<'a> {
        &mut self.world
    }

    fn incident(&mut self) -> Option<Case<'a>> {
        let human = self.world.draw.chance(0.4);
        let towns = if human { &self.human } else { &self.online };
        let (place, planted) = towns.draw(&mut self.world.draw)?;
        let day = self.world.day();
        let district = self.world.district(place);
        let kind = self.world.draw.one_of(&["City", "Saddar", "Civil Lines"]);
        let station = format!("PS {kind} {}", place.name);
        let number = self.world.number(&station, day.year());
        let fir = format!("{number}/{:02}", day.year().rem_euclid(100));
        let text = self.world.place_text(place);
        let (section, category) = self.law(human);
        let exact = place.district.is_some();
        let messy = self.world.settings.messy;
        let draw = &mut self.world.draw;
        let reported = later(day, 1 + draw.below(6));
        let status = draw.one_of(&STATUSES);
        let (occurred, remark) = occurred(draw, day, messy);
        let beat = (1 + draw.below(12)).to_string();
        let text = at_a_distance(draw, text, messy);
        let mut row = Row {
            cells: texts([
                &fir,
                &station,
                &district,
                &occurred,
                &dmy(reported),
                section,
                &text,
                status,
                &beat,
                "",
                "",
                LABEL,
                "",
                "",
            ]),
            truth: Truth {
                outcome: if category.is_some() {
                    Outcome::Accepted
                } else {
                    Outcome::Skipped
                },
                codes: if category.is_some() {
                    remark.into_iter().collect()
                } else {
                    vec![Code::I901]
                },
                category,
                day: Some(day),
                precision: TimePrecision::Day,
                district,
                place: place.name.clone(),
                point: Some(place.point),
                planted,
                mess: String::new(),
                private: Vec::new(),
            },
        };
        if exact && category.is_some() && draw.chance(0.3) {
            give_coordinates(draw, &mut row, messy);
        }
        Some(Case {
            rows: vec![row],
            place,
            day: reported,
            number,
            year: day.year(),
        })
    }
}

/// The words of a place, in messy files at times with how far from the station it is.
fn at_a_distance(draw: &mut Draw, text: String, messy: f64) -> String {
    if !draw.chance(messy * 0.3) {
        return text;
    }
    let km = 1 + draw.below(12);
    let bearing = draw.one_of(&["مشرق", "مغرب", "شمال", "جنوب"]);
    format!("{text} بفاصلہ {km} کلومیٹر {bearing}")
}

/// Day and time of occurrence, with the code that the notation earns.
fn occurred(draw: &mut Draw, day: Date, messy: f64) -> (String, Option<Code>) {
    let (hour, minute) = (draw.below(24), draw.below(60));
    let short = format!(
        "{:02}-{:02}-{:02}",
        day.day(),
        day.month(),
        day.year().rem_euclid(100)
    );
    if !draw.chance(messy) {
        return (format!("{} {hour:02}:{minute:02}", dmy(day)), None);
    }
    match draw.below(5) {
        0 => (
            format!("{short} {hour:02}{minute:02} hrs"),
            Some(Code::W309),
        ),
        1 => (format!("{short} رات 10/11 بجے"), Some(Code::W309)),
        2 => (
            format!("{} {:02}:{minute:02} PM", dmy(day), 1 + hour % 11),
            None,
        ),
        3 => (
            urdu_digits(&format!("{} {hour:02}:{minute:02}", dmy(day))),
            None,
        ),
        _ => (dmy(day), None),
    }
}

/// A point within two kilometres of the centre; the axes are swapped in some.
fn give_coordinates(draw: &mut Draw, row: &mut Row, messy: f64) {
    let Some(centre) = row.truth.point else {
        return;
    };
    let mut near = |degrees: f64| degrees + (draw.unit() - 0.5) * 0.03;
    let (lon, lat) = (near(centre.lon()), near(centre.lat()));
    let (lon, lat) = (format!("{lon:.5}"), format!("{lat:.5}"));
    row.truth.point = lon
        .parse()
        .ok()
        .zip(lat.parse().ok())
        .and_then(|(lon, lat)| naqsha_model::Point::new(lon, lat).ok());
    let swapped = draw.chance(messy * 0.15);
    let (first, second) = if swapped {
        row.truth.messed("swapped_coordinates");
        row.truth.expect(Code::W402);
        (lon, lat)
    } else {
        (lat, lon)
    };
    row.set(LATITUDE, Cell::Text(first));
    row.set(LONGITUDE, Cell::Text(second));
}

/// The report of a row, moved before what it reports.
pub(super) fn report_before(row: &mut Row) {
    if let Some(day) = row.truth.day {
        row.set(
            OCCURRED,
            Cell::Text(format!("{} 10:15", dmy(later(day, 20)))),
        );
        row.truth.codes.retain(|code| *code != Code::W309);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::section::sections;
    use naqsha_model::Adjacent;

    #[test]
    fn every_shape_of_the_sections_is_read_as_its_category() {
        let reference = Reference::embedded();
        let lists: [(&[&str], Category); 5] = [
            (&HUMAN, Category::HumanTrafficking),
            (&MORE_HUMAN, Category::HumanTrafficking),
            (&ONLINE, Category::Cybercrime),
            (&MORE_ONLINE, Category::Cybercrime),
            (&OTHER, Category::Adjacent(Adjacent::Other)),
        ];
        let unread: Vec<_> = lists
            .iter()
            .flat_map(|(list, category)| list.iter().map(move |text| (text, category)))
            .map(|(text, category)| {
                (
                    text,
                    category,
                    sections(text, "PPC-1860", &reference.statutes),
                )
            })
            .filter(
                |(_, category, read)| !matches!(read, Ok(cited) if cited.category == **category),
            )
            .collect();
        assert!(unread.is_empty(), "{unread:?}");
    }
}
