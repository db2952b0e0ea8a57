//! One value in the many ways in which bureaus write it: digits, days, numbers of cases, money.

use jiff::ToSpan;
use jiff::civil::{Date, date};
use naqsha_model::Code;

use super::draw::Draw;

/// `03-04-2024`.
pub(super) fn dmy(day: Date) -> String {
    format!("{:02}-{:02}-{:04}", day.day(), day.month(), day.year())
}

/// `2230 hrs` and the like belong to [`super::punjab`]; here is the day alone, with the code that the notation earns.
pub(super) fn day_notation(draw: &mut Draw, day: Date) -> (String, Option<Code>) {
    let (d, m, y) = (day.day(), day.month(), day.year());
    let short = y.rem_euclid(100);
    let month = usize::try_from(m - 1).unwrap_or_default();
    let (name, short_name) = MONTHS.get(month).copied().unwrap_or_default();
    let urdu_name = URDU_MONTHS.get(month).copied().unwrap_or_default();
    match draw.below(11) {
        0 => (format!("{d}.{m}.{short:02}"), Some(Code::W309)),
        1 => (format!("{d:02}/{m:02}/{y}"), None),
        2 => (format!("{d} {name} {y}"), None),
        3 => (format!("{d:02}-{short_name}-{short:02}"), Some(Code::W309)),
        4 => (urdu_digits(&dmy(day)), None),
        5 => (arabic_digits(&dmy(day)), None),
        6 => (format!("{y:04}-{m:02}-{d:02}"), None),
        7 => (serial(day).to_string(), Some(Code::W308)),
        8 => (format!("{}, {}", weekday(day), dmy(day)), None),
        9 => (
            format!(
                "{} {} {}",
                urdu_digits(&d.to_string()),
                urdu_name,
                urdu_digits(&y.to_string())
            ),
            None,
        ),
        _ => (format!("\u{200f}{}", dmy(day)), None),
    }
}

const MONTHS: [(&str, &str); 12] = [
    ("January", "Jan"),
    ("February", "Feb"),
    ("March", "Mar"),
    ("April", "Apr"),
    ("May", "May"),
    ("June", "Jun"),
    ("July", "Jul"),
    ("August", "Aug"),
    ("September", "Sep"),
    ("October", "Oct"),
    ("November", "Nov"),
    ("December", "Dec"),
];

const URDU_MONTHS: [&str; 12] = [
    "جنوری",
    "فروری",
    "مارچ",
    "اپریل",
    "مئی",
    "جون",
    "جولائی",
    "اگست",
    "ستمبر",
    "اکتوبر",
    "نومبر",
    "دسمبر",
];

fn weekday(day: Date) -> &'static str {
    use jiff::civil::Weekday as W;
    match day.weekday() {
        W::Monday => "Monday",
        W::Tuesday => "Tuesday",
        W::Wednesday => "Wednesday",
        W::Thursday => "Thursday",
        W::Friday => "Friday",
        W::Saturday => "Saturday",
        W::Sunday => "Sunday",
    }
}

/// A month: `2024-04`, `Apr-2024`, `04/2024`, `April 2024`.
pub(super) fn month_notation(draw: &mut Draw, day: Date) -> String {
    let (m, y) = (day.month(), day.year());
    let (name, short_name) = MONTHS
        .get(usize::try_from(m - 1).unwrap_or_default())
        .copied()
        .unwrap_or_default();
    match draw.below(5) {
        0 => format!("{short_name}-{y}"),
        1 => format!("{m:02}/{y}"),
        2 => format!("{name} {y}"),
        3 => urdu_digits(&format!("{m:02}-{y}")),
        _ => format!("{y}-{m:02}"),
    }
}

/// A day of the tabular Islamic calendar, in Urdu: `15 رمضان 1445`.
pub(super) fn hijri(day: Date) -> String {
    const NAMES: [&str; 12] = [
        "محرم",
        "صفر",
        "ربیع الاول",
        "ربیع الثانی",
        "جمادی الاول",
        "جمادی الثانی",
        "رجب",
        "شعبان",
        "رمضان",
        "شوال",
        "ذوالقعدہ",
        "ذوالحجہ",
    ];
    // The usual integer form, from the Julian day; serial day 0 is Julian day 2415019.
    let julian = i64::from(serial(day)) + 2_415_019;
    let l = julian - 1_948_440 + 10_632;
    let n = (l - 1) / 10_631;
    let l = l - 10_631 * n + 354;
    let j = ((10_985 - l) / 5_316) * ((50 * l) / 17_719) + (l / 5_670) * ((43 * l) / 15_238);
    let l = l - ((30 - j) / 15) * ((17_719 * j) / 50) - (j / 16) * ((15_238 * j) / 43) + 29;
    let month = (24 * l) / 709;
    let day_of_month = l - (709 * month) / 24;
    let year = 30 * n + j - 30;
    let name = usize::try_from(month - 1)
        .ok()
        .and_then(|i| NAMES.get(i))
        .copied()
        .unwrap_or_default();
    format!("{day_of_month} {name} {year}")
}

/// The spreadsheet's number of a day (1900 system).
pub(super) fn serial(day: Date) -> i32 {
    date(1899, 12, 30)
        .until((jiff::Unit::Day, day))
        .map_or(0, |span| span.get_days())
}

/// Days later.
pub(super) fn later(day: Date, days: usize) -> Date {
    day.saturating_add(i32::try_from(days).unwrap_or(i32::MAX).days())
}

/// `604/23` in other words.
pub(super) fn number_notation(draw: &mut Draw, number: u32, year: i16) -> String {
    let short = year.rem_euclid(100);
    match draw.below(6) {
        0 => format!("{number}/{year}"),
        1 => format!("FIR No. {number}/{short:02}"),
        2 => urdu_digits(&format!("{number}/{short:02}")),
        3 => arabic_digits(&format!("{number}/{short:02}")),
        4 => format!("{number} / {short:02}"),
        _ => format!("{number:04}/{short:02}"),
    }
}

/// Rupees as clerks write them; `hundreds` of thousands, in tenths.
pub(super) fn money_notation(draw: &mut Draw, tenths_of_lac: usize) -> String {
    let rupees = tenths_of_lac * 10_000;
    let lacs = format!("{}.{}", tenths_of_lac / 10, tenths_of_lac % 10);
    match draw.below(8) {
        0 => format!("{lacs} lac"),
        1 => format!("Rs. {lacs} lakh"),
        2 => format!("{}/-", indian_groups(rupees)),
        3 => format!("Rs.{rupees}"),
        4 => format!("{lacs} لاکھ"),
        5 => format!("PKR {}", indian_groups(rupees)),
        6 => format!("{}.{:03} crore", tenths_of_lac / 1000, tenths_of_lac % 1000),
        _ => urdu_digits(&rupees.to_string()),
    }
}

/// `15,00,000`.
fn indian_groups(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        let left = digits.len() - i;
        if i > 0 && (left == 3 || (left > 3 && left % 2 == 1)) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

pub(super) fn urdu_digits(text: &str) -> String {
    shifted_digits(text, 0x6f0)
}

pub(super) fn arabic_digits(text: &str) -> String {
    shifted_digits(text, 0x660)
}

fn shifted_digits(text: &str, zero: u32) -> String {
    text.chars()
        .map(|c| {
            c.to_digit(10)
                .and_then(|d| char::from_u32(zero + d))
                .unwrap_or(c)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_days_have_their_hijri_and_serial_names() {
        // Tables of the calendar begin Ramadan 1445 on 11 March 2024, and Muharram 1446 on 7 July.
        assert_eq!(hijri(date(2024, 3, 25)), "15 رمضان 1445");
        assert_eq!(hijri(date(2024, 7, 8)), "1 محرم 1446");
        assert_eq!(serial(date(2024, 4, 3)), 45_385);
        assert_eq!(indian_groups(1_500_000), "15,00,000");
        assert_eq!(indian_groups(999), "999");
        assert_eq!(indian_groups(12_345_678), "1,23,45,678");
    }
}
