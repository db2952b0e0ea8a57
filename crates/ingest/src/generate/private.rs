//! Invented personal data, in the shapes in which it slips into registers. Nobody's: numbers are drawn, names are put together.

use super::draw::Draw;
use super::notation::{arabic_digits, urdu_digits};

const FIRST: [&str; 8] = [
    "Muhammad Zarghun",
    "Shahmeer",
    "Ghulam Mustajab",
    "Abdul Wakeel",
    "Zarmina",
    "Noor Jamala",
    "Syed Farrukhzad",
    "Mehrunisa",
];
const SECOND: [&str; 6] = [
    "Ghulam Barkhordar",
    "Allah Dewaya",
    "Khan Bahramand",
    "Mian Zafaryab",
    "Haji Sarfaroz",
    "Rab Nawazish",
];
const FIRST_URDU: [&str; 5] = ["محمد زرغون", "شاہمیر", "غلام مستجاب", "عبدالوکیل", "زرمینہ"];
const SECOND_URDU: [&str; 4] = ["غلام برخوردار", "اللہ ڈیوایا", "خان بہرامند", "حاجی سرفروز"];

/// An identity card, plain: 13 digits.
pub(super) fn identity_card(draw: &mut Draw) -> String {
    let province = 1 + draw.below(7);
    format!("{province}{}", draw.digits(12))
}

/// `35202-1234567-1`.
pub(super) fn dashed(card: &str) -> String {
    match (card.get(..5), card.get(5..12), card.get(12..)) {
        (Some(a), Some(b), Some(c)) => format!("{a}-{b}-{c}"),
        _ => card.to_owned(),
    }
}

/// A mobile number.
pub(super) fn mobile(draw: &mut Draw) -> String {
    format!("03{}{}-{}", draw.below(5), draw.below(10), draw.digits(7))
}

/// A name.
pub(super) fn name(draw: &mut Draw) -> &'static str {
    draw.one_of(&FIRST)
}

/// One person's trace in running text.
pub(super) fn slip(draw: &mut Draw) -> String {
    match draw.below(18) {
        0 => dashed(&identity_card(draw)),
        1 => identity_card(draw),
        2 => urdu_digits(&identity_card(draw)),
        3 => arabic_digits(&dashed(&identity_card(draw))),
        4 => dashed(&identity_card(draw)).replace('-', " "),
        // Joiners that no screen shows.
        5 => dashed(&identity_card(draw)).replace('-', "\u{200c}"),
        6 => dashed(&identity_card(draw)).replace('-', "\u{2013}"),
        7 => mobile(draw),
        8 => format!("+92 3{} {}", draw.digits(2), draw.digits(7)),
        9 => urdu_digits(&mobile(draw)),
        10 => mobile(draw).replace('-', " "),
        11 => format!("zx{}@mail-{}.pk", draw.digits(5), draw.digits(3)),
        12 => format!("PK{}SCBL00000{}", draw.digits(2), draw.digits(11)),
        13 => format!(
            "LE{}-{}",
            draw.one_of(&["A", "B", "C", "D"]),
            draw.digits(4)
        ),
        14 => format!("{} s/o {}", draw.one_of(&FIRST), draw.one_of(&SECOND)),
        15 => format!("{} D/O {}", draw.one_of(&FIRST), draw.one_of(&SECOND)),
        16 => format!(
            "{} ولد {}",
            draw.one_of(&FIRST_URDU),
            draw.one_of(&SECOND_URDU)
        ),
        _ => format!("{} w/o {}", draw.one_of(&FIRST), draw.one_of(&SECOND)),
    }
}
