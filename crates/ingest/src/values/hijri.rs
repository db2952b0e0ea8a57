//! Dates of the Islamic calendar, by month name or marked AH, converted with the tabular calendar.

use jiff::ToSpan;
use jiff::civil::{Date, date};
use naqsha_model::{Code, TimePrecision};

use crate::text::fold;
use crate::values::date::{ReadDate, number};

/// Names of the months as [`letters`] leaves them; Latin ones without doubled letters.
const MONTHS: [&[&str]; 12] = [
    &["محرم", "محرمالحرام", "muharam", "moharam", "muharamulharam"],
    &["صفر", "صفرالمظفر", "safar"],
    &[
        "ربیعالاول",
        "rabiulawal",
        "rabialawal",
        "rabyalawal",
        "rabiawal",
    ],
    &[
        "ربیعالثانی",
        "ربیعالآخر",
        "ربیعالاخر",
        "rabiusani",
        "rabiulsani",
        "rabiulthani",
        "rabialthani",
        "rabyalthany",
        "rabiulakhir",
    ],
    &[
        "جمادیالاول",
        "جمادیالاولی",
        "jamadiulawal",
        "jumadalawal",
        "jumadaulawal",
        "jumadiulawal",
        "jumadaula",
        "jamadiawal",
    ],
    &[
        "جمادیالثانی",
        "جمادیالآخر",
        "جمادیالاخری",
        "jamadiusani",
        "jamadiulsani",
        "jumadalthany",
        "jumadalthani",
        "jumadiulsani",
        "jumadiusani",
        "jumadalakhirah",
    ],
    &["رجب", "رجبالمرجب", "rajab", "rajabulmurajab"],
    &["شعبان", "شعبانالمعظم", "shaban"],
    &[
        "رمضان",
        "رمضانالمبارک",
        "ramadan",
        "ramzan",
        "ramadhan",
        "ramzanulmubarak",
        "ramadanulmubarak",
    ],
    &["شوال", "شوالالمکرم", "shawal"],
    &[
        "ذوالقعدہ",
        "ذیقعد",
        "ذیقعدہ",
        "ذوالقعد",
        "zilqad",
        "zilqadah",
        "zulqadah",
        "zulqada",
        "zulqad",
        "zeqad",
        "ziqad",
        "dhualqadah",
        "dhulqadah",
        "thwalqidah",
    ],
    &[
        "ذوالحجہ",
        "ذوالحج",
        "ذیالحجہ",
        "ذیالحج",
        "zilhaj",
        "zilhijah",
        "zulhijah",
        "zulhija",
        "zulhaj",
        "dhualhijah",
        "dhulhijah",
        "thwalhijah",
    ],
];

const UNREADABLE: Code = Code::E301;

/// Reads `15 رمضان 1445`, `15 Ramadan 1445 AH` or `15-09-1445ھ`, with W307 and a day either way: the sighting of the moon
/// decides, the table does not. None where the text is no such date, E301 where its numbers are none.
pub(crate) fn hijri(text: &str) -> Result<Option<ReadDate>, Code> {
    if !text.contains(char::is_alphabetic) {
        return Ok(None);
    }
    let folded = fold(text);
    let (body, marked) = without_era(&folded);
    let parts: Vec<&str> = body
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .collect();
    let name = letters(body);
    let month = MONTHS
        .iter()
        .position(|names| names.contains(&name.as_str()));
    let (day, month, year) = match (parts.as_slice(), month) {
        ([a, b], Some(month)) => {
            let month = i64::try_from(month).map_err(|_range| UNREADABLE)? + 1;
            if a.len() == 4 {
                (*b, month, *a)
            } else {
                (*a, month, *b)
            }
        }
        ([a, b, c], None) if marked && name.is_empty() => {
            let month = number(b).map(i64::from).ok_or(UNREADABLE)?;
            if a.len() == 4 {
                (*c, month, *a)
            } else {
                (*a, month, *c)
            }
        }
        (_, Some(_)) => return Err(UNREADABLE),
        _ if marked => return Err(UNREADABLE),
        _ => return Ok(None),
    };
    let day = number(day)
        .filter(|day| (1..=30).contains(day))
        .ok_or(UNREADABLE)?;
    let year = number(year)
        .filter(|year| (1300..=1520).contains(year))
        .ok_or(UNREADABLE)?;
    if !(1..=12).contains(&month) {
        return Err(UNREADABLE);
    }
    let on = tabular(i64::from(year), month, i64::from(day)).ok_or(UNREADABLE)?;
    Ok(Some(ReadDate {
        first: on.saturating_sub(1.day()),
        last: on.saturating_add(1.day()),
        precision: TimePrecision::Day,
        remark: Some(Code::W307),
    }))
}

/// Takes `AH`, `A.H.`, `H`, `ھ` or `ہجری` off the end.
fn without_era(text: &str) -> (&str, bool) {
    let bare = text.trim_end_matches(['.', ' ']);
    for era in ["a.h", "ah", "hijri", "ھ", "ہ", "ہجری", "h"] {
        if let Some(rest) = bare.strip_suffix(era)
            && rest.trim_end().ends_with(|c: char| c.is_ascii_digit())
        {
            return (rest, true);
        }
    }
    (text, false)
}

/// The letters of a text in order, doubled Latin ones once: `Jumaada al-THaany` is `jumadalthany`.
fn letters(folded: &str) -> String {
    let mut out = String::with_capacity(folded.len());
    for c in folded.chars().filter(|c| c.is_alphabetic()) {
        if !c.is_ascii() || !out.ends_with(c) {
            out.push(c);
        }
    }
    out
}

/// The civil date of the tabular calendar with leap years 2, 5, 7, 10, 13, 16, 18, 21, 24, 26, 29 of 30, epoch 16 July 622.
///
/// Fliegel and Van Flandern's form.
fn tabular(year: i64, month: i64, day: i64) -> Option<Date> {
    let julian_day =
        (11 * year + 3) / 30 + 354 * year + 30 * month - (month - 1) / 2 + day + 1_948_440 - 385;
    date(1899, 12, 30)
        .checked_add((julian_day - 2_415_019).days())
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> Option<Date> {
        hijri(text)
            .ok()
            .flatten()
            .map(|read| read.first.saturating_add(1.day()))
    }

    #[test]
    fn months_are_known_by_every_spelling_seen() {
        let wanted = Some(date(2024, 3, 25));
        for text in [
            "15 رمضان 1445",
            "۱۵ رمضان المبارک ۱۴۴۵ھ",
            "15 Ramadan 1445 AH",
            "15 RamaDHaan 1445 A.H.",
            "15 Ramzan, 1445 H",
            "15-09-1445 AH",
            "15/9/1445ھ",
            "1445-09-15 AH",
            "15-09-1445 ہجری",
        ] {
            assert_eq!(on(text), wanted, "{text}");
        }
        for text in [
            "15-09-1445",
            "12 March 2024",
            "12-03-2024 22:30 hrs",
            "۱۲ مارچ ۲۰۲۴",
        ] {
            assert_eq!(hijri(text), Ok(None), "{text}");
        }
        for text in [
            "31 رمضان 1445",
            "15 رمضان 24",
            "15-13-1445 AH",
            "رمضان 1445",
        ] {
            assert_eq!(hijri(text), Err(Code::E301), "{text}");
        }
    }

    #[test]
    fn the_file_of_suicide_attacks_dates_its_rows_alike_in_both_calendars() {
        let path =
            "../../../shared/data/pk-suicide-attacks/PakistanSuicideAttacks_v11_2017-11-30.csv";
        let Ok(bytes) = std::fs::read(path) else {
            println!(
                "SKIPPED the_file_of_suicide_attacks_dates_its_rows_alike_in_both_calendars: {path} is absent"
            );
            return;
        };
        let rules = crate::values::date::DateRules {
            order: crate::values::date::Order::Dmy,
            pivot: 69,
        };
        let (text, ..) = encoding_rs::WINDOWS_1252.decode(&bytes);
        let (mut read, mut agree) = (0, 0);
        for record in csv::Reader::from_reader(text.as_bytes()).records() {
            let record = record.unwrap();
            let [civil, islamic] = [1, 2].map(|column| record.get(column).unwrap().trim());
            if islamic.is_empty() {
                continue;
            }
            let islamic = hijri(islamic).unwrap().unwrap();
            let civil = crate::values::date::date(civil, rules).unwrap();
            read += 1;
            agree += u32::from((islamic.first..=islamic.last).contains(&civil.first));
        }
        println!("{agree} of {read} agree within a day");
        assert!(read > 330);
        // The rest are wrong in the file by weeks and months.
        assert!(
            f64::from(agree) >= 0.95 * f64::from(read),
            "{agree} of {read}"
        );
    }
}
