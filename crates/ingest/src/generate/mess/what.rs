//! Disorder of everything else: stations, sections, places, quantities, money, and what belongs to people.

use naqsha_model::Code;

use super::Disorder;
use crate::generate::bureau::{Dropped, LABEL};
use crate::generate::draw::Draw;
use crate::generate::notation::{arabic_digits, urdu_digits};
use crate::generate::private;
use crate::generate::row::{Cell, Private};
use crate::reference::Found;

pub(super) fn station_variant(it: &mut Disorder<'_, '_>, draw: &mut Draw) -> bool {
    let Some(column) = it.columns.station.filter(|&column| it.claim(column)) else {
        return false;
    };
    let text = it.text(column);
    let Some(bare) = text.strip_prefix("PS ") else {
        return false;
    };
    let prefix = draw.one_of(&["Police Station", "Thana", "تھانہ", "ps", "PS  "]);
    it.set(column, &format!("{prefix} {bare}"));
    true
}

pub(super) fn thana_misspelt(it: &mut Disorder<'_, '_>, _draw: &mut Draw) -> bool {
    let Some(column) = it.columns.station.filter(|&column| it.claim(column)) else {
        return false;
    };
    let text = it.text(column);
    let Some(bare) = text.strip_prefix("PS ") else {
        return false;
    };
    it.set(column, &format!("ٹھانہ {bare}"));
    it.expect(Code::W409);
    true
}

/// Spaces, tabs, no-break spaces and invisible marks around a value.
pub(super) fn stray_marks(it: &mut Disorder<'_, '_>, draw: &mut Draw) -> bool {
    let candidates = [
        Some(it.columns.number),
        it.columns.district,
        it.columns.kept_text,
        Some(it.columns.closed),
    ];
    let Some(column) = draw.one_of(&candidates).filter(|&column| it.claim(column)) else {
        return false;
    };
    let text = it.text(column);
    let (before, after) = draw.one_of(&[
        (" ", ""),
        ("\u{a0}", ""),
        ("", "\u{a0}"),
        ("  ", "  "),
        ("", "\t"),
        ("\u{200f}", ""),
        ("\u{200c}", "\u{200c}"),
    ]);
    it.set(column, &format!("{before}{text}{after}"));
    true
}

pub(super) fn null_token(it: &mut Disorder<'_, '_>, draw: &mut Draw) -> bool {
    let column = draw.one_of(it.columns.optional);
    if Some(column) == it.columns.station || !it.claim(column) {
        return false;
    }
    it.set(column, draw.one_of(&["", " ", "-"]));
    true
}

/// Arabic letters where Urdu has its own, digits of another script, joiners between letters.
pub(super) fn script_variant(it: &mut Disorder<'_, '_>, draw: &mut Draw) -> bool {
    let column = if draw.chance(0.5) {
        it.columns.kept_text.filter(|_| it.columns.kept_place)
    } else {
        it.columns.sections
    };
    let Some(column) = column.filter(|&column| it.claim(column)) else {
        return false;
    };
    let text = it.text(column);
    let text = match draw.below(3) {
        0 => text.replace('ی', "ي").replace('ک', "ك").replace('ہ', "ه"),
        1 => urdu_digits(&text),
        _ => arabic_digits(&text),
    };
    it.set(column, &text);
    true
}

/// A letter too few, as in `Gujranwla`: found by its district or not at all, never guessed to be elsewhere.
pub(super) fn place_misspelt(it: &mut Disorder<'_, '_>, draw: &mut Draw) -> bool {
    let Some(column) = it
        .columns
        .kept_text
        .filter(|&column| it.columns.kept_place && it.claim(column))
    else {
        return false;
    };
    let name: Vec<char> = it.case.place.name.chars().collect();
    if name.len() < 6 {
        return false;
    }
    let gone = 2 + draw.below(name.len() - 4);
    let text: String = name
        .iter()
        .enumerate()
        .filter(|(i, _)| *i != gone)
        .map(|(_, c)| c)
        .collect();
    // A register without districts would have to say which of several places is meant.
    if matches!(it.reference.gazetteer.find(&text), Found::Ambiguous) {
        return false;
    }
    it.set(column, &text);
    // The point cannot be counted on any more.
    for row in &mut it.case.rows {
        row.truth.point = None;
    }
    true
}

pub(super) fn legacy_quantity(it: &mut Disorder<'_, '_>, draw: &mut Draw) -> bool {
    let Some([drug, quantity, unit]) = it.columns.line.filter(|&[_, q, _]| it.claim(q)) else {
        return false;
    };
    let liquid = matches!(it.text(drug).as_str(), "AA" | "HCL");
    let solid: [(&str, &str, Option<Code>); 7] = [
        ("1 maund 5 kg", "", Some(Code::W506)),
        ("40 tola", "", Some(Code::W506)),
        ("2 Pkts (1200 gms each)", "", Some(Code::W502)),
        ("1,250", "Grams", None),
        ("12.5 KGs", "", None),
        ("۱۲٫۵", "KG", None),
        ("1,250 kg 500 gm", "", None),
    ];
    let fluid: [(&str, &str, Option<Code>); 3] = [
        ("2931", "Letters", Some(Code::W502)),
        ("45 Ltrs", "", None),
        ("٣٠", "Ltr", None),
    ];
    let (amount, word, code) = if liquid {
        draw.one_of(&fluid)
    } else {
        draw.one_of(&solid)
    };
    if let Some(row) = it.case.rows.first_mut() {
        row.set(quantity, Cell::Text(amount.to_owned()));
        row.set(unit, Cell::Text(word.to_owned()));
    }
    if let Some(code) = code {
        it.expect(code);
    }
    true
}

/// A line that says nothing about a quantity; the whole case waits for it.
pub(super) fn bad_line(it: &mut Disorder<'_, '_>, draw: &mut Draw) -> bool {
    let Some([drug, quantity, unit]) = it.columns.line.filter(|&[_, q, _]| it.claim(q)) else {
        return false;
    };
    let (column, text, code) = draw.one_of(&[
        (quantity, "as per seizure memo", Some(Code::E501)),
        (quantity, "0", Some(Code::E504)),
        (quantity, "-5", Some(Code::E504)),
        (drug, "white powder", Some(Code::E203)),
        (unit, "bags", Some(Code::E203)),
    ]);
    if let Some(row) = it.case.rows.first_mut() {
        row.set(column, Cell::Text(text.to_owned()));
    }
    if let Some(code) = code {
        it.reject(code);
    }
    true
}

pub(super) fn money_is_text(it: &mut Disorder<'_, '_>, draw: &mut Draw) -> bool {
    let Some(column) = it.columns.money.filter(|&column| it.claim(column)) else {
        return false;
    };
    it.set(
        column,
        draw.one_of(&["as per FIR", "not known yet", "to be determined"]),
    );
    it.reject(Code::E501);
    true
}

pub(super) fn unknown_section(it: &mut Disorder<'_, '_>, draw: &mut Draw) -> bool {
    let Some(column) = it.columns.sections.filter(|&column| it.claim(column)) else {
        return false;
    };
    it.set(column, draw.one_of(&["9-C XYZ", "as per law", "999 PECA"]));
    it.reject(Code::E201);
    true
}

pub(super) fn only_modifiers(it: &mut Disorder<'_, '_>, draw: &mut Draw) -> bool {
    let Some(column) = it.columns.sections.filter(|&column| it.claim(column)) else {
        return false;
    };
    it.set(column, draw.one_of(&["34 PPC", "109 PPC", "34/149 PPC"]));
    it.reject(Code::E202);
    true
}

/// Sections that belong to another category than the register.
pub(super) fn other_category(it: &mut Disorder<'_, '_>, _draw: &mut Draw) -> bool {
    let derived = it.columns.header.contains(&"Police Station");
    let Some(column) = it
        .columns
        .sections
        .filter(|&column| !derived && it.claim(column))
    else {
        return false;
    };
    it.set(column, "365-A PPC");
    it.expect(Code::W205);
    true
}

pub(super) fn unknown_value(it: &mut Disorder<'_, '_>, _draw: &mut Draw) -> bool {
    let column = it.columns.closed;
    if !it.claim(column) {
        return false;
    }
    it.set(column, "Misc.");
    it.reject(Code::E203);
    true
}

pub(super) fn no_consent(it: &mut Disorder<'_, '_>, draw: &mut Draw) -> bool {
    let Some(column) = it.columns.consent.filter(|&column| it.claim(column)) else {
        return false;
    };
    it.set(column, draw.one_of(&["No", "", "not asked"]));
    it.reject(Code::H951);
    true
}

pub(super) fn unknown_district(it: &mut Disorder<'_, '_>, _draw: &mut Draw) -> bool {
    let Some(column) = it.columns.district.filter(|&column| it.claim(column)) else {
        return false;
    };
    it.set(column, "Zqxwvut");
    it.reject(Code::E404);
    true
}

/// Names and numbers where they belong: in the columns that are never stored.
pub(super) fn private_in_dropped(it: &mut Disorder<'_, '_>, draw: &mut Draw) -> bool {
    for &(column, kind) in it.columns.dropped {
        let text = match kind {
            Dropped::Name => format!("{LABEL} {}", private::name(draw)),
            Dropped::Card => private::dashed(&private::identity_card(draw)),
            Dropped::Phone => private::mobile(draw),
            Dropped::Email => format!("zx{}@mail-{}.pk", draw.digits(5), draw.digits(3)),
            Dropped::Address => format!(
                "{LABEL} House {}, Street {}",
                draw.below(99),
                draw.below(40)
            ),
        };
        let name = it.columns.header.get(column).copied().unwrap_or_default();
        for row in &mut it.case.rows {
            row.truth.private.push(Private {
                column: name,
                text: text.clone(),
            });
        }
        it.set(column, &text);
    }
    true
}
