//! Numbers with words around them: quantities with units, money, distances with a bearing.

use std::borrow::Cow;

use naqsha_model::{Code, Substance};

use crate::profile::ValueMap;
use crate::text::{ascii_digits, fold, is_letter_or_digit};

/// A quantity in a unit of the canonical list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Quantity {
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    pub(crate) remark: Option<Code>,
}

const TOLA_G: f64 = 11.663_8;
const SEER_KG: f64 = 0.933_10;
const MAUND_KG: f64 = 37.324_2;
/// The international avoirdupois pound.
const POUND_KG: f64 = 0.453_592_37;
/// Default mass of a tablet of an amphetamine-type stimulant.
const TABLET_KG: f64 = 0.000_25;

/// A number with thousands parted in threes or in lakhs, or with a decimal comma where no such parting is possible.
///
/// `1,250` is twelve hundred and fifty, `12,5` twelve and a half; `1,2,3` is no number.
pub(crate) fn plain_number(text: &str) -> Result<f64, Code> {
    let text = text.trim();
    let shape = text
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',' | b'-' | b'+'));
    if !shape || !text.bytes().any(|b| b.is_ascii_digit()) {
        return Err(Code::E501);
    }
    let bare: Cow<'_, str> = if text.contains(',') {
        Cow::Owned(without_commas(text).ok_or(Code::E501)?)
    } else {
        Cow::Borrowed(text)
    };
    fast_float2::parse::<f64, _>(bare.as_bytes())
        .ok()
        .filter(|n| n.is_finite())
        .ok_or(Code::E501)
}

fn without_commas(text: &str) -> Option<String> {
    let (whole, fraction) = text
        .split_once('.')
        .map_or((text, None), |(w, f)| (w, Some(f)));
    let groups: Vec<&str> = whole.split(',').collect();
    let (first, rest) = groups.split_first()?;
    let (last, middle) = rest.split_last()?;
    let head = first.trim_start_matches(['-', '+']).len();
    let parted = (1..=3).contains(&head)
        && last.len() == 3
        && middle.iter().all(|group| matches!(group.len(), 2 | 3));
    if parted {
        let joined = groups.concat();
        return Some(fraction.map_or(joined.clone(), |fraction| format!("{joined}.{fraction}")));
    }
    let decimal = middle.is_empty() && fraction.is_none() && head > 0 && !last.is_empty();
    decimal.then(|| format!("{first}.{last}"))
}

/// Reads a quantity that may name its units itself, else in the unit of its own column.
pub(crate) fn quantity(text: &str, unit: Option<&str>, units: &ValueMap) -> Result<Quantity, Code> {
    let text = ascii_digits(text.trim());
    if let Some(each) = packets(&text, units)? {
        return Ok(each);
    }
    let mut parts = Vec::new();
    let mut rest: &str = &text;
    while !rest.trim().is_empty() {
        rest = rest.trim_start();
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && !matches!(c, ',' | '.' | '-'))
            .unwrap_or(rest.len());
        let (number, tail) = rest.split_at(end);
        let tail = tail.trim_start();
        let word_end = tail
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(tail.len());
        let (word, next) = tail.split_at(word_end);
        parts.push((
            plain_number(number.trim_end_matches(['.', ',']))?,
            word.trim(),
        ));
        rest = next;
    }
    let [(first, word), more @ ..] = parts.as_slice() else {
        return Err(Code::E501);
    };
    let stated = if word.is_empty() {
        unit.map(str::trim).filter(|u| !u.is_empty())
    } else {
        Some(*word)
    };
    let inferred = stated.is_none();
    let (name, mut remark) = unit_of(stated.unwrap_or("kg"), units)?;
    let mut total = Quantity {
        value: *first,
        unit: name,
        remark: None,
    };
    if !more.is_empty() || is_legacy(name) {
        let legacy = is_legacy(name);
        total = if name == "tola" && more.is_empty() {
            Quantity {
                value: first * TOLA_G,
                unit: "g",
                remark: None,
            }
        } else {
            let mut kg = first * kilograms_each(name).ok_or(Code::E505)?;
            for (value, word) in more {
                kg += value * kilograms_each(unit_of(word, units)?.0).ok_or(Code::E505)?;
            }
            Quantity {
                value: kg,
                unit: "kg",
                remark: None,
            }
        };
        remark = remark.or(legacy.then_some(Code::W506));
    }
    total.remark = if inferred { Some(Code::W502) } else { remark };
    if total.value > 0.0 {
        Ok(total)
    } else {
        Err(Code::E504)
    }
}

/// Units of before the metric system, which are converted at once and with W506.
fn is_legacy(unit: &str) -> bool {
    matches!(unit, "maund" | "seer" | "tola" | "lb" | "oz")
}

/// `2 Pkts (1200 gms each)`, `3 packets of 500 g`, `10 x 1 kg`; in trade also `5 maund (40 kg each)`.
fn packets(text: &str, units: &ValueMap) -> Result<Option<Quantity>, Code> {
    let (outer, each) = if let Some((outer, inner)) = text.split_once('(') {
        let inner = fold(inner.trim_end_matches([')', ' ']));
        match inner
            .strip_suffix("each")
            .or_else(|| inner.strip_suffix("ہر ایک"))
        {
            Some(each) => (outer, each.to_owned()),
            None => return Ok(None),
        }
    } else {
        let parts = [" of ", " x ", " × ", "×"];
        match parts.iter().find_map(|part| text.split_once(part)) {
            Some((outer, each)) => (outer, fold(each).trim_end_matches("each").to_owned()),
            None => return Ok(None),
        }
    };
    let legacy = outer
        .trim_end()
        .trim_start_matches(|c: char| c.is_ascii_digit())
        .trim();
    let legacy = unit_of(legacy, units).is_ok_and(|(unit, _)| is_legacy(unit));
    let count_end = outer
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(outer.len());
    let count = plain_number(outer.split_at(count_end).0)?;
    let one = quantity(each.trim(), None, units)?;
    Ok(Some(Quantity {
        value: count * one.value,
        remark: Some(if legacy { Code::W506 } else { Code::W502 }),
        ..one
    }))
}

fn unit_of(word: &str, units: &ValueMap) -> Result<(&'static str, Option<Code>), Code> {
    if let Some(mapped) = units.get(word) {
        let unit = canonical_unit(mapped).ok_or(Code::E203)?;
        // "Letters" is how a clerk's keyboard writes litres: the profile knows, the reader should see it.
        let remark = (fold(word) == "letters").then_some(Code::W502);
        return Ok((unit, remark));
    }
    let folded = fold(word);
    let bare = folded.trim_end_matches('.');
    let unit = canonical_unit(bare).ok_or(Code::E203)?;
    Ok((unit, (bare == "letters").then_some(Code::W502)))
}

fn canonical_unit(word: &str) -> Option<&'static str> {
    Some(match word {
        "kg" | "kgs" | "kilo" | "kilos" | "kilogram" | "kilograms" | "کلو" | "کلوگرام" => {
            "kg"
        }
        "g" | "gm" | "gms" | "gram" | "grams" | "grm" | "grms" | "گرام" | "گرامز" => "g",
        "mg" | "mgs" => "mg",
        "tola" | "tolas" | "تولہ" => "tola",
        "seer" | "سیر" => "seer",
        "maund" | "maunds" | "من" => "maund",
        "l" | "ltr" | "ltrs" | "litre" | "litres" | "liter" | "liters" | "letters" | "لیٹر" => {
            "l"
        }
        "ml" | "ملی لیٹر" => "ml",
        "lb" | "lbs" | "pound" | "pounds" | "پاؤنڈ" => "lb",
        "oz" | "ounce" | "ounces" | "اونس" => "oz",
        "no" | "nos" | "pc" | "pcs" | "piece" | "pieces" | "item" | "items" | "عدد" => "item",
        "ampoule" | "ampoules" | "injection" | "injections" | "انجکشن" => "ampoule",
        "packet" | "packets" | "pkt" | "pkts" | "پیکٹ" => "packet",
        "plant" | "plants" | "پودے" => "plant",
        "tablet" | "tablets" | "tab" | "tabs" | "گولیاں" | "گولی" => "tablet",
        _ => return None,
    })
}

/// Kilograms of one unit: bulk weight, 1 l = 1 kg (UNODC); `None` for a unit that has no mass of its own.
pub(crate) fn kilograms_each(unit: &str) -> Option<f64> {
    Some(match unit {
        "kg" | "l" => 1.0,
        "g" | "ml" => 0.001,
        "mg" => 0.000_001,
        "tola" => TOLA_G / 1000.0,
        "seer" => SEER_KG,
        "maund" => MAUND_KG,
        "lb" => POUND_KG,
        "oz" => POUND_KG / 16.0,
        "tablet" => TABLET_KG,
        _ => return None,
    })
}

/// Whether a unit can measure a substance: nobody counts resin in litres.
pub(crate) fn unit_fits(unit: &str, substance: Substance) -> bool {
    use Substance as S;
    match unit {
        "l" | "ml" => !matches!(
            substance,
            S::CannabisResin | S::CannabisHerb | S::PoppyStraw
        ),
        "tablet" => !matches!(
            substance,
            S::CannabisResin
                | S::CannabisHerb
                | S::PoppyStraw
                | S::Opium
                | S::AceticAnhydride
                | S::HydrochloricAcid
        ),
        _ => true,
    }
}

/// Money in the currency named, rupees where none is: `1.5 lac`, `Rs. 2 crore 50 lakh`, `15,00,000/-`, `5 لاکھ روپے`.
pub(crate) fn money(text: &str) -> Result<(f64, String), Code> {
    let folded = fold(&ascii_digits(text.trim()));
    let mut currency: Option<&str> = None;
    let mut total = 0.0;
    let mut number: Option<f64> = None;
    let mut counted = false;
    let mut rest = folded.as_str();
    while let Some(c) = rest.chars().next() {
        let digits = c.is_ascii_digit();
        let part = |c: char| {
            if digits {
                c.is_ascii_digit() || matches!(c, ',' | '.')
            } else {
                c.is_alphabetic() || matches!(c, '$' | '€' | '£' | '₨')
            }
        };
        let end = rest.find(|c: char| !part(c)).unwrap_or(rest.len());
        if end == 0 {
            match c {
                '-' if number.is_none() && !counted => return Err(Code::E504),
                ' ' | '.' | '/' | '-' | '=' | ':' | '،' => {}
                _ => return Err(Code::E501),
            }
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
            continue;
        }
        let (word, tail) = rest.split_at(end);
        rest = tail;
        if digits {
            if number.is_some() {
                return Err(Code::E501);
            }
            number = Some(plain_number(word.trim_end_matches(['.', ',']))?);
        } else if let Some(factor) = factor(word) {
            total += number.take().ok_or(Code::E501)? * factor;
            counted = true;
        } else if let Some(named) = currency_of(word) {
            if currency.is_some_and(|of| of != named) {
                return Err(Code::E501);
            }
            currency = Some(named);
        } else if !matches!(
            word,
            "مبلغ" | "only" | "صرف" | "amount" | "cash" | "نقد" | "and" | "اور"
        ) {
            return Err(Code::E501);
        }
    }
    if number.is_none() && !counted {
        return Err(Code::E501);
    }
    Ok((
        total + number.unwrap_or(0.0),
        currency.unwrap_or("PKR").to_owned(),
    ))
}

fn factor(word: &str) -> Option<f64> {
    Some(match word {
        "thousand" | "k" | "hazar" | "hazaar" | "ہزار" => 1e3,
        "lac" | "lacs" | "lakh" | "lakhs" | "لاکھ" => 1e5,
        "million" | "mn" | "m" | "ملین" => 1e6,
        "crore" | "crores" | "cr" | "کروڑ" => 1e7,
        "arab" | "billion" | "bn" | "ارب" => 1e9,
        _ => return None,
    })
}

fn currency_of(word: &str) -> Option<&'static str> {
    Some(match word {
        "rs" | "pkr" | "rupees" | "rupee" | "₨" | "روپے" | "روپیہ" => "PKR",
        "usd" | "us$" | "us" | "$" | "dollar" | "dollars" | "ڈالر" => "USD",
        "eur" | "€" | "euro" | "euros" | "یورو" => "EUR",
        "gbp" | "£" | "پاؤنڈ" => "GBP",
        "aed" | "dirham" | "dirhams" | "درہم" => "AED",
        "sar" | "riyal" | "riyals" | "ریال" => "SAR",
        _ => return None,
    })
}

const BEARINGS: [(&str, &str); 20] = [
    ("north east", "NE"),
    ("north west", "NW"),
    ("south east", "SE"),
    ("south west", "SW"),
    ("شمال مشرق", "NE"),
    ("شمال مغرب", "NW"),
    ("جنوب مشرق", "SE"),
    ("جنوب مغرب", "SW"),
    ("northeast", "NE"),
    ("northwest", "NW"),
    ("southeast", "SE"),
    ("southwest", "SW"),
    ("north", "N"),
    ("south", "S"),
    ("east", "E"),
    ("west", "W"),
    ("شمال", "N"),
    ("جنوب", "S"),
    ("مشرق", "E"),
    ("مغرب", "W"),
];

/// A distance in kilometres and one of eight bearings from the police station.
pub(crate) fn distance_bearing(text: &str) -> Option<(f64, &'static str)> {
    // Most texts about a place name no distance, and folding one costs more than looking.
    if !text.contains(char::is_numeric) {
        return None;
    }
    let text = ascii_digits(text);
    let folded = fold(&text)
        .replace(['-', '،', ','], " ")
        .replace('\u{2044}', "/");
    let short = || {
        folded
            .split(|c: char| !is_letter_or_digit(c))
            .find_map(|word| match word {
                "n" => Some("N"),
                "ne" => Some("NE"),
                "e" => Some("E"),
                "se" => Some("SE"),
                "s" => Some("S"),
                "sw" => Some("SW"),
                "w" => Some("W"),
                "nw" => Some("NW"),
                _ => None,
            })
    };
    let bearing = BEARINGS
        .iter()
        .find(|(word, _)| folded.contains(word))
        .map(|&(_, bearing)| bearing)
        .or_else(short)?;
    let start = folded.find(|c: char| c.is_ascii_digit())?;
    let (_, rest) = folded.split_at(start);
    let end = rest
        .find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '/'))
        .unwrap_or(rest.len());
    let (first, unit) = rest.split_at(end);
    // "2 1/2 miles": a whole number and a fraction.
    let next = unit.trim_start();
    let stop = next
        .find(|c: char| !c.is_ascii_digit() && c != '/')
        .unwrap_or(next.len());
    let (second, after) = next.split_at(stop);
    let (value, unit) = if second.contains('/') && !first.contains('/') {
        (plain_number(first).ok()? + fraction(second)?, after)
    } else {
        (fraction(first)?, unit)
    };
    let unit = unit.trim_start();
    let km_each = [
        ("km", 1.0),
        ("kilometer", 1.0),
        ("kilometre", 1.0),
        ("کلومیٹر", 1.0),
        ("کلو میٹر", 1.0),
        ("mile", 1.609_344),
        ("میل", 1.609_344),
        ("meter", 0.001),
        ("metre", 0.001),
        ("میٹر", 0.001),
        ("furlong", 0.201_168),
        ("m", 0.001),
    ]
    .into_iter()
    .find(|(word, _)| unit.starts_with(word))?
    .1;
    Some((value * km_each, bearing))
}

/// `10`, `2.5` or `1/2`.
fn fraction(text: &str) -> Option<f64> {
    match text.split_once('/') {
        Some((above, below)) => {
            let below = plain_number(below).ok().filter(|below| *below > 0.0)?;
            Some(plain_number(above).ok()? / below)
        }
        None => plain_number(text).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::distance_bearing;

    #[test]
    fn a_distance_is_a_number_in_any_script_or_a_fraction() {
        assert_eq!(distance_bearing("½ km north of PS"), Some((0.5, "N")));
        assert_eq!(distance_bearing("۲ کلومیٹر مشرق"), Some((2.0, "E")));
        assert_eq!(distance_bearing("2 1/2 km south"), Some((2.5, "S")));
        assert_eq!(distance_bearing("north bazar"), None);
    }
}
