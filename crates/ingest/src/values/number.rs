//! Numbers with words around them: quantities with units, money, distances with a bearing.

use naqsha_model::{Code, Substance};

use crate::profile::ValueMap;
use crate::text::{ascii_digits, fold};

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
/// Default mass of a tablet of an amphetamine-type stimulant.
const TABLET_KG: f64 = 0.000_25;

/// A number with or without thousands separators, whole.
pub(crate) fn plain_number(text: &str) -> Result<f64, Code> {
    let bare: String = text
        .trim()
        .chars()
        .filter(|c| *c != ',' && *c != '٬')
        .collect();
    let shape = !bare.is_empty()
        && bare
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '+'));
    if !shape {
        return Err(Code::E501);
    }
    fast_float2::parse::<f64, _>(bare.as_bytes())
        .ok()
        .filter(|n| n.is_finite())
        .ok_or(Code::E501)
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
    if !more.is_empty() || matches!(name, "maund" | "seer" | "tola") {
        let legacy = matches!(name, "maund" | "seer" | "tola");
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

/// `2 Pkts (1200 gms each)`.
fn packets(text: &str, units: &ValueMap) -> Result<Option<Quantity>, Code> {
    let Some((outer, inner)) = text.split_once('(') else {
        return Ok(None);
    };
    let inner = fold(inner.trim_end_matches([')', ' ']));
    let Some(each) = inner.strip_suffix("each") else {
        return Ok(None);
    };
    let count_end = outer
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(outer.len());
    let count = plain_number(outer.split_at(count_end).0)?;
    let one = quantity(each.trim(), None, units)?;
    Ok(Some(Quantity {
        value: count * one.value,
        remark: Some(Code::W502),
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
        "g" | "gm" | "gms" | "gram" | "grams" | "grm" | "grms" | "گرام" => "g",
        "mg" | "mgs" => "mg",
        "tola" | "tolas" | "تولہ" => "tola",
        "seer" | "سیر" => "seer",
        "maund" | "maunds" | "من" => "maund",
        "l" | "ltr" | "ltrs" | "litre" | "litres" | "liter" | "liters" | "letters" | "لیٹر" => {
            "l"
        }
        "ml" => "ml",
        "tablet" | "tablets" | "tab" | "tabs" | "گولیاں" => "tablet",
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

/// Money in the currency named, rupees where none is: `1.5 lac`, `Rs. 2.5 Crore`, `15,00,000/-`.
pub(crate) fn money(text: &str) -> Result<(f64, String), Code> {
    let text = ascii_digits(text.trim());
    let folded = fold(&text);
    let start = folded
        .find(|c: char| c.is_ascii_digit())
        .ok_or(Code::E501)?;
    let (before, rest) = folded.split_at(start);
    let end = rest
        .find(|c: char| !c.is_ascii_digit() && !matches!(c, ',' | '.'))
        .unwrap_or(rest.len());
    let (number, after) = rest.split_at(end);
    let number = plain_number(number.trim_end_matches(['.', ',']))?;
    if before.contains('-') {
        return Err(Code::E504);
    }
    let currency = match before.trim().trim_end_matches('.') {
        "" | "rs" | "pkr" | "rupees" | "روپے" => "PKR",
        "usd" | "us$" | "$" => "USD",
        "eur" | "€" => "EUR",
        "gbp" | "£" => "GBP",
        "aed" => "AED",
        "sar" => "SAR",
        _ => return Err(Code::E501),
    };
    let factor = match after.trim().trim_end_matches(['-', '/', '.', '=']).trim() {
        "" | "rupees" | "روپے" => 1.0,
        "lac" | "lacs" | "lakh" | "lakhs" | "لاکھ" => 1e5,
        "crore" | "crores" | "کروڑ" => 1e7,
        "million" | "m" => 1e6,
        "thousand" | "k" | "ہزار" => 1e3,
        _ => return Err(Code::E501),
    };
    Ok((number * factor, currency.to_owned()))
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
    let text = ascii_digits(text);
    let folded = fold(&text).replace(['-', '،', ','], " ");
    let bearing = BEARINGS
        .iter()
        .find(|(word, _)| folded.contains(word))
        .map(|&(_, bearing)| bearing)?;
    let start = folded.find(|c: char| c.is_ascii_digit())?;
    let (_, rest) = folded.split_at(start);
    let end = rest
        .find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '/'))
        .unwrap_or(rest.len());
    let (number, unit) = rest.split_at(end);
    let value = match number.split_once('/') {
        Some((above, below)) => {
            plain_number(above).ok()? / plain_number(below).ok().filter(|b| *b > 0.0)?
        }
        None => plain_number(number).ok()?,
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
