//! The rows of each bureau, in the columns of its shipped profile, and the damage that spreadsheets do to them.

use std::collections::HashMap;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use naqsha_model::Point;

use super::GenerateSettings;
use super::draw::Draw;
use super::places::{Plant, Towns, distance_km, plant};
use crate::reference::{Found, Place, Reference};

/// A bureau whose files are generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bureau {
    Anf,
    Ctd,
    Punjab,
}

impl Bureau {
    pub(super) const ALL: [Self; 3] = [Self::Anf, Self::Ctd, Self::Punjab];

    pub(super) const fn profile(self) -> &'static str {
        match self {
            Self::Anf => "anf.seizure",
            Self::Ctd => "ctd.tf",
            Self::Punjab => "punjab.fir",
        }
    }

    /// Percentage of all incidents; the last bureau takes the rest.
    pub(super) const fn percent(self) -> u64 {
        match self {
            Self::Anf => 40,
            Self::Ctd => 12,
            Self::Punjab => 48,
        }
    }

    pub(super) const fn header(self) -> &'static [&'static str] {
        match self {
            Self::Anf => &[
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
            ],
            Self::Ctd => &[
                "Crime No",
                "PS",
                "Dated",
                "Under Section",
                "Mode",
                "Amount Recovered",
                "Place",
                "Org",
                "Grading",
            ],
            Self::Punjab => &[
                "FIR No",
                "Police Station",
                "District",
                "Date/Time of Occurrence",
                "Date/Time of Report",
                "U/S",
                "Place of Occurrence",
                "Status",
                "Complainant",
            ],
        }
    }

    const fn divisions(self) -> &'static [&'static str] {
        match self {
            Self::Anf => &[],
            Self::Ctd | Self::Punjab => &["04"],
        }
    }

    /// Columns of number, date, place and (where there is one) quantity: what damage can hit.
    const fn damaged_columns(self) -> (usize, usize, usize, Option<usize>) {
        match self {
            Self::Anf => (0, 3, 5, Some(7)),
            Self::Ctd => (0, 2, 6, None),
            Self::Punjab => (0, 4, 6, None),
        }
    }
}

/// One generated row, with the truth about it.
pub(super) struct Row {
    pub(super) cells: Vec<String>,
    pub(super) category: &'static str,
    pub(super) place: String,
    pub(super) point: Point,
    pub(super) planted: &'static str,
    pub(super) damage: &'static str,
}

const CORRIDORS: [Plant; 4] = [
    plant("khyber", "Landi Kotal", 60.0),
    plant("quetta-chaman", "Chaman", 110.0),
    plant("makran", "Turbat", 120.0),
    plant("taftan", "Taftan", 80.0),
];
const TRAFFICKING: [Plant; 1] = [plant("gujrat-sialkot", "Gujrat", 60.0)];
const CYBER: [Plant; 1] = [plant("faisalabad", "Faisalabad", 45.0)];
const FINANCING: [Plant; 1] = [plant("dera-ghazi-khan", "Dera Ghazi Khan", 90.0)];

/// What stands in every column that the profiles drop: a row is known as synthetic by itself.
const LABEL: &str = "SYNTHETIC";

/// Makes the incidents of one bureau.
pub(super) struct Generator<'a> {
    bureau: Bureau,
    settings: &'a GenerateSettings,
    reference: &'a Reference,
    draw: Draw,
    towns: [Towns<'a>; 2],
    seats: Vec<(&'a Place, String)>,
    numbers: HashMap<(String, i16), u32>,
}

impl<'a> Generator<'a> {
    pub(super) fn new(
        bureau: Bureau,
        settings: &'a GenerateSettings,
        reference: &'a Reference,
        draw: Draw,
    ) -> Self {
        let plants: [&[Plant]; 2] = match bureau {
            Bureau::Anf => [&CORRIDORS, &CORRIDORS],
            Bureau::Ctd => [&FINANCING, &FINANCING],
            Bureau::Punjab => [&CYBER, &TRAFFICKING],
        };
        let towns =
            plants.map(|plants| Towns::new(&reference.gazetteer, bureau.divisions(), plants));
        let seats = reference
            .gazetteer
            .places()
            .iter()
            .filter(|place| place.admin1 == "04")
            .filter_map(|place| {
                let district = reference.districts.get(place.district?);
                Some((place, district.name.clone()))
            })
            .collect();
        Self {
            bureau,
            settings,
            reference,
            draw,
            towns,
            seats,
            numbers: HashMap::new(),
        }
    }

    /// The rows of the next incident.
    pub(super) fn incident(&mut self) -> Vec<Row> {
        let second_kind = self.draw.unit() < 0.4;
        let [first, second] = &self.towns;
        let Some((place, planted)) =
            (if second_kind { second } else { first }).draw(&mut self.draw)
        else {
            return Vec::new();
        };
        let day = self.day();
        let (category, lines) = match self.bureau {
            Bureau::Anf => ("DT", self.anf(place, day)),
            Bureau::Ctd => ("TF", vec![self.ctd(place, day)]),
            Bureau::Punjab if second_kind => (
                "HT",
                vec![self.punjab(
                    place,
                    day,
                    &[
                        "3(1) PTPA 2018",
                        "3(2) PTPA 2018",
                        "371-A/371-B PPC",
                        "366-A PPC/3(2) PTPA",
                    ],
                )],
            ),
            Bureau::Punjab => (
                "CY",
                vec![self.punjab(
                    place,
                    day,
                    &[
                        "13/14/16 PECA",
                        "14 PECA/420 PPC",
                        "3/4 PECA",
                        "20/21/24 PECA",
                        "16 PECA r/w 109 PPC",
                    ],
                )],
            ),
        };
        lines
            .into_iter()
            .map(|cells| {
                let mut row = Row {
                    cells,
                    category,
                    place: place.name.clone(),
                    point: place.point,
                    planted,
                    damage: "",
                };
                if self.draw.unit() < self.settings.messy {
                    row.damage = self.damage(&mut row.cells);
                }
                row
            })
            .collect()
    }

    fn day(&mut self) -> Date {
        let first = date(self.settings.first_year, 1, 1);
        let days = first
            .until((jiff::Unit::Day, date(self.settings.last_year, 12, 31)))
            .map_or(0, |span| span.get_days());
        let offset = self
            .draw
            .below(usize::try_from(days).unwrap_or_default() + 1);
        first.saturating_add(i32::try_from(offset).unwrap_or_default().days())
    }

    /// FIR numbers restart every year in every station.
    fn number(&mut self, station: &str, day: Date) -> String {
        let number = self
            .numbers
            .entry((station.to_owned(), day.year()))
            .or_insert(0);
        *number += 1;
        format!("{number}/{:02}", day.year().rem_euclid(100))
    }

    /// The town's name in the words of a clerk, as long as the words still name that town alone.
    fn place_text(&mut self, place: &Place) -> String {
        let name = if self.draw.unit() < 0.15 {
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
        match self.reference.gazetteer.find(&text) {
            Found::One(found) if found.point == place.point => text,
            _ => place.name.clone(),
        }
    }

    fn anf(&mut self, place: &Place, day: Date) -> Vec<Vec<String>> {
        let (rd, city) = match place.admin1.as_str() {
            "02" => ("RD Balochistan", "Quetta"),
            "03" => ("RD KP", "Peshawar"),
            "04" => ("RD Punjab", "Lahore"),
            "05" => ("RD Sindh", "Karachi"),
            _ => ("RD North", "Rawalpindi"),
        };
        let station = format!("PS ANF {city}");
        let number = self.number(&station, day);
        let (when, text) = (dmy(day), self.place_text(place));
        let lines = if self.draw.unit() < 0.2 { 2 } else { 1 };
        let first = self.draw.below(DRUGS.len());
        let section = self
            .draw
            .one_of(&["9(c) CNSA", "9C/15 CNSA 1997", "9(1) 3(c) CNSA"]);
        (0..lines)
            .filter_map(|line| DRUGS.get((first + line * 3) % DRUGS.len()))
            .map(|(drug, unit, most)| {
                let tenths = 1 + self.draw.below(most * 10);
                let quantity = format!("{}.{}", tenths / 10, tenths % 10);
                [
                    &number, &station, rd, &when, section, &text, drug, &quantity, unit, LABEL,
                ]
                .map(str::to_owned)
                .to_vec()
            })
            .collect()
    }

    fn ctd(&mut self, place: &Place, day: Date) -> Vec<String> {
        let station = self.draw.one_of(&[
            "CTD-PS-LAHORE",
            "CTD-PS-MULTAN",
            "CTD-PS-RAWALPINDI",
            "CTD-PS-DGKHAN",
        ]);
        let number = self.number(station, day);
        let section =
            self.draw
                .one_of(&["11H/11N ATA", "11-F(6) ATA", "11-I/11-N ATA", "11-J ATA"]);
        let mode = self.draw.one_of(&[
            "Hundi",
            "Chanda",
            "Hides",
            "Bhatta",
            "Bank",
            "Easypaisa",
            "Crypto",
            "Cash Courier",
        ]);
        let amount = format!("{}.{} lac", 1 + self.draw.below(40), self.draw.below(10));
        let grading = self.draw.one_of(&["A1", "B2", "C3", "F6"]);
        [
            &number,
            station,
            &dmy(day),
            section,
            mode,
            &amount,
            &self.place_text(place),
            LABEL,
            grading,
        ]
        .map(str::to_owned)
        .to_vec()
    }

    fn punjab(&mut self, place: &Place, day: Date, sections: &[&'static str]) -> Vec<String> {
        let district = self
            .seats
            .iter()
            .min_by(|(a, _), (b, _)| {
                distance_km(a.point, place.point).total_cmp(&distance_km(b.point, place.point))
            })
            .map(|(_, name)| name.clone())
            .unwrap_or_default();
        let station = format!(
            "PS {} {}",
            self.draw.one_of(&["City", "Saddar", "Civil Lines"]),
            place.name
        );
        let number = self.number(&station, day);
        let hour = self.draw.below(24);
        let occurred = format!("{} {hour:02}:{:02}", dmy(day), self.draw.below(60));
        let reported =
            day.saturating_add(i32::try_from(1 + self.draw.below(6)).unwrap_or(1).days());
        let status = self.draw.one_of(&[
            "U/I",
            "Challan",
            "Interim Challan",
            "Untraced",
            "Under Trial",
            "Convicted",
        ]);
        let (section, text) = (self.draw.one_of(sections), self.place_text(place));
        [
            &number,
            &station,
            &district,
            &occurred,
            &dmy(reported),
            section,
            &text,
            status,
            LABEL,
        ]
        .map(str::to_owned)
        .to_vec()
    }

    /// What a spreadsheet or a tired clerk does to one cell; the name goes to the truth file.
    fn damage(&mut self, cells: &mut [String]) -> &'static str {
        let (number, when, place, quantity) = self.bureau.damaged_columns();
        let day = cells.get(when).cloned().unwrap_or_default();
        let (column, value, kind) = match (self.draw.below(40), quantity) {
            (0..=7, _) => (number, "12-Dec".to_owned(), "number_became_date"),
            (8..=13, _) => (when, "13/25/2024".to_owned(), "impossible_date"),
            (14..=21, _) => (when, urdu_digits(&day), "urdu_digits"),
            (22..=26, _) => (number, String::new(), "number_missing"),
            (27..=32, Some(quantity)) => (
                quantity,
                "as per seizure memo".to_owned(),
                "quantity_is_text",
            ),
            (27..=38, _) => (when, serial(&day), "excel_serial"),
            _ => (
                place,
                format!(
                    "{} 35202-0000000-1",
                    cells.get(place).cloned().unwrap_or_default()
                ),
                "identity_number_in_text",
            ),
        };
        if let Some(cell) = cells.get_mut(column) {
            *cell = value;
        }
        kind
    }
}

const DRUGS: [(&str, &str, usize); 7] = [
    ("Charas", "KGs", 60),
    ("Heroin", "KG", 12),
    ("Ice", "KG", 8),
    ("Opium", "KGs", 20),
    ("Hashish", "KGs", 60),
    ("AA", "Ltr", 90),
    ("Crystal", "Gms", 900),
];

fn dmy(day: Date) -> String {
    format!("{:02}-{:02}-{:04}", day.day(), day.month(), day.year())
}

fn urdu_digits(text: &str) -> String {
    text.chars()
        .map(|c| {
            c.to_digit(10)
                .and_then(|d| char::from_u32(0x6f0 + d))
                .unwrap_or(c)
        })
        .collect()
}

/// The spreadsheet's day number of a date written day first.
fn serial(text: &str) -> String {
    let parts: Vec<i16> = text
        .split('-')
        .filter_map(|part| part.parse().ok())
        .collect();
    let day = match parts.as_slice() {
        [day, month, year] => i8::try_from(*month)
            .ok()
            .zip(i8::try_from(*day).ok())
            .and_then(|(m, d)| Date::new(*year, m, d).ok()),
        _ => None,
    };
    let days = day
        .and_then(|day| date(1899, 12, 30).until((jiff::Unit::Day, day)).ok())
        .map(|span| span.get_days());
    days.map_or_else(|| text.to_owned(), |days| days.to_string())
}
