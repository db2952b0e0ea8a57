//! FIR numbers: `604/23` is number 604 of 2023. Spreadsheets turn them into dates; that is told apart.

use naqsha_model::Code;

use crate::text::ascii_digits;
use crate::values::date::{full_year, month_name};

/// Reads a number and the year it was given in, where the text has one.
pub(crate) fn fir_number(text: &str, pivot: i16) -> Result<(String, Option<i16>), Code> {
    let text = ascii_digits(text.trim());
    let upper = text.to_ascii_uppercase();
    if upper.contains("E+") {
        return Err(Code::E112);
    }
    let parts: Vec<&str> = text
        .split(['/', '-', '.', ' '])
        .filter(|part| !part.is_empty())
        .collect();
    if parts.iter().any(|part| month_name(part).is_some()) || looks_like_a_date(&parts) {
        return Err(Code::E110);
    }
    let start = text.find(|c: char| c.is_ascii_digit()).ok_or(Code::E111)?;
    let (prefix, number) = text.split_at(start);
    if prefix.chars().any(|c| matches!(c, '/' | '+' | '@')) || prefix.starts_with('-') {
        return Err(Code::E111);
    }
    let (number, year) = number_and_year(number);
    let digits = |part: &str| {
        !part.is_empty() && part.len() <= 6 && part.bytes().all(|b| b.is_ascii_digit())
    };
    if !digits(number) || number.bytes().all(|b| b == b'0') {
        return Err(Code::E111);
    }
    let year = match year {
        Some(year) if digits(year) => Some(full_year(year, pivot).map_err(|_date| Code::E111)?.0),
        Some(_) => return Err(Code::E111),
        None => None,
    };
    if year.is_some_and(|year| !(1947..=2100).contains(&year)) {
        return Err(Code::E111);
    }
    Ok((number.trim_start_matches('0').to_owned(), year))
}

/// Splits `604/23`, `604-2023`, `604 of 2023`; behind the year may stand the agency or the date, as `/ANF` and `dated ..`.
fn number_and_year(text: &str) -> (&str, Option<&str>) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let rest = rest.trim_start();
    let Some(year) = rest
        .strip_prefix(['/', '-'])
        .or_else(|| rest.strip_prefix("of "))
    else {
        return if rest.is_empty() {
            (number, None)
        } else {
            (text, None)
        };
    };
    let year = year.trim();
    let end = year
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(year.len());
    let (digits, after) = year.split_at(end);
    let dated = after.trim_start_matches([' ', ',']).to_lowercase();
    let dated = ["dated", "dt", "مورخہ"]
        .iter()
        .any(|word| dated.starts_with(word));
    let agency = after.strip_prefix(['/', '-', ' ']).is_some_and(|after| {
        after.starts_with(char::is_alphabetic)
            && after
                .chars()
                .all(|c| c.is_alphabetic() || c == ' ' || c == '-')
    });
    if after.is_empty() || dated || agency {
        (number, Some(digits))
    } else {
        (number, Some(year))
    }
}

/// Three numbers of which one is a year, or `2024-12`: a spreadsheet's date.
fn looks_like_a_date(parts: &[&str]) -> bool {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    match parts {
        [a, b, c, ..] => number(a) && number(b) && number(c),
        [year, month] => {
            year.len() == 4
                && number(year)
                && year.starts_with("20")
                && month.len() <= 2
                && number(month)
        }
        _ => false,
    }
}
