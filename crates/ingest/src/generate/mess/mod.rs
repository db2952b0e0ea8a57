//! What spreadsheets, keyboards and tired clerks do to a row, with the code that it must then get.

mod what;
mod when;

use naqsha_model::{Category, Code};

use super::bureau::Columns;
use super::draw::Draw;
use super::notation::{dmy, later};
use super::private;
use super::row::{Case, Cell, Private, Row};
use crate::outcome::Outcome;
use crate::reference::Reference;

/// A row on its way into disorder.
pub(super) struct Disorder<'c, 'a> {
    pub(super) case: &'c mut Case<'a>,
    pub(super) columns: &'static Columns,
    reference: &'c Reference,
    /// Columns that were changed already: what stands there was counted on.
    touched: u32,
}

/// What can happen; `false` where it does not apply to this register.
type Mess = fn(&mut Disorder<'_, '_>, &mut Draw) -> bool;

/// Weight, name, and what happens; what rejects a row comes last and has a seventh of the weight at most.
const MESSES: [(usize, &str, Mess); 27] = [
    (150, "day_notation", when::day_in_other_words),
    (10, "hijri", when::day_in_hijri),
    (90, "number_notation", when::number_in_other_words),
    (90, "station_variant", what::station_variant),
    (20, "thana_misspelt", what::thana_misspelt),
    (90, "stray_marks", what::stray_marks),
    (80, "null_token", what::null_token),
    (90, "script_variant", what::script_variant),
    (60, "legacy_quantity", what::legacy_quantity),
    (100, "private_in_dropped_column", what::private_in_dropped),
    (30, "other_category", what::other_category),
    (30, "place_misspelt", what::place_misspelt),
    (14, "impossible_date", when::impossible_date),
    (8, "future_date", when::future_date),
    (6, "blank_date", when::blank_date),
    (16, "number_became_date", when::number_became_date),
    (8, "number_destroyed", when::number_destroyed),
    (12, "number_missing", when::number_missing),
    (6, "number_unreadable", when::number_unreadable),
    (8, "unknown_section", what::unknown_section),
    (8, "only_modifiers", what::only_modifiers),
    (8, "unknown_value", what::unknown_value),
    (8, "no_consent", what::no_consent),
    (8, "unknown_district", what::unknown_district),
    (6, "money_is_text", what::money_is_text),
    (10, "bad_line", what::bad_line),
    (6, "report_before_occurrence", when::report_before),
];

/// Applies one mess, or two.
pub(super) fn disturb(
    case: &mut Case<'_>,
    columns: &'static Columns,
    reference: &Reference,
    draw: &mut Draw,
) {
    let mut disorder = Disorder {
        case,
        columns,
        reference,
        touched: 0,
    };
    let times = if draw.chance(0.3) { 2 } else { 1 };
    for _ in 0..times {
        for _try in 0..6 {
            let (name, mess) = pick(draw);
            if mess(&mut disorder, draw) {
                for row in &mut disorder.case.rows {
                    row.truth.messed(name);
                }
                break;
            }
        }
    }
}

fn pick(draw: &mut Draw) -> (&'static str, Mess) {
    let total: usize = MESSES.iter().map(|(weight, _, _)| weight).sum();
    let mut at = draw.below(total);
    for (weight, name, mess) in MESSES {
        if at < weight {
            return (name, mess);
        }
        at -= weight;
    }
    ("stray_marks", what::stray_marks)
}

/// Plants a person's trace in the text that is kept.
pub(super) fn plant_private(case: &mut Case<'_>, columns: &'static Columns, draw: &mut Draw) {
    let Some(column) = columns.kept_text else {
        return;
    };
    let slip = private::slip(draw);
    let is_name = ["s/o", "D/O", "w/o", "ولد"]
        .iter()
        .any(|mark| slip.contains(mark));
    let name = columns.header.get(column).copied().unwrap_or_default();
    for row in &mut case.rows {
        let text = row.text(column);
        row.set(column, Cell::Text(format!("{text}, {slip}")));
        row.truth.private.push(Private {
            column: name,
            text: slip.clone(),
        });
        row.truth.messed("private_in_kept_text");
        // In a record of trafficking or of a sexual offence any person may be the victim.
        if is_sensitive(row, columns) && row.truth.outcome == Outcome::Accepted {
            row.truth.outcome = Outcome::Rejected;
            row.truth.codes = vec![Code::P604];
        } else if row.truth.outcome != Outcome::Skipped {
            row.truth
                .expect(if is_name { Code::P602 } else { Code::P601 });
        }
    }
}

fn is_sensitive(row: &Row, columns: &Columns) -> bool {
    row.truth.category == Some(Category::HumanTrafficking)
        || columns
            .sections
            .is_some_and(|column| row.text(column).starts_with("22/22A"))
}

impl Disorder<'_, '_> {
    /// Claims a column; `false` where it was changed before.
    fn claim(&mut self, column: usize) -> bool {
        let bit = 1_u32 << column;
        let free = self.touched & bit == 0;
        self.touched |= bit;
        free
    }

    fn set(&mut self, column: usize, text: &str) {
        for row in &mut self.case.rows {
            row.set(column, Cell::Text(text.to_owned()));
        }
    }

    fn text(&self, column: usize) -> String {
        self.case
            .rows
            .first()
            .map(|row| row.text(column))
            .unwrap_or_default()
    }

    fn expect(&mut self, code: Code) {
        for row in &mut self.case.rows {
            if row.truth.outcome != Outcome::Skipped {
                row.truth.expect(code);
            }
        }
    }

    /// The rows cannot be taken, and this is why.
    fn reject(&mut self, code: Code) {
        for row in &mut self.case.rows {
            if row.truth.outcome == Outcome::Skipped {
                row.truth.codes.clear();
            }
            row.truth.outcome = Outcome::Rejected;
            row.truth.expect(code);
        }
    }
}

/// Another day for the same number: a contradiction, not a repeat.
pub(super) fn contradict(case: &mut Case<'_>, columns: &'static Columns) -> bool {
    if columns.months {
        return false;
    }
    let other = later(case.day, 1);
    let text = dmy(other);
    for row in &mut case.rows {
        row.set(columns.day, Cell::Text(text.clone()));
    }
    case.day = other;
    true
}

#[cfg(test)]
mod tests {
    use super::MESSES;

    #[test]
    fn a_file_of_disorder_alone_is_not_held_back_for_its_rejects() {
        let rejecting = MESSES
            .iter()
            .skip_while(|(_, name, _)| *name != "impossible_date");
        let weight: usize = rejecting.map(|(weight, _, _)| weight).sum();
        let total: usize = MESSES.iter().map(|(weight, _, _)| weight).sum();
        assert!(weight * 7 < total, "{weight} of {total}");
    }
}
