//! Disorder of days and of the numbers of cases.

use naqsha_model::Code;

use super::Disorder;
use crate::generate::draw::Draw;
use crate::generate::notation::{day_notation, hijri, month_notation, number_notation};
use crate::generate::punjab;

pub(super) fn day_in_other_words(it: &mut Disorder<'_, '_>, draw: &mut Draw) -> bool {
    let column = it.columns.day;
    if !it.claim(column) {
        return false;
    }
    let (text, code) = if it.columns.months {
        (month_notation(draw, it.case.day), None)
    } else {
        day_notation(draw, it.case.day)
    };
    it.set(column, &text);
    if let Some(code) = code {
        it.expect(code);
    }
    true
}

pub(super) fn day_in_hijri(it: &mut Disorder<'_, '_>, _draw: &mut Draw) -> bool {
    let column = it.columns.day;
    if it.columns.months || !it.claim(column) {
        return false;
    }
    it.set(column, &hijri(it.case.day));
    it.expect(Code::W307);
    true
}

pub(super) fn impossible_date(it: &mut Disorder<'_, '_>, draw: &mut Draw) -> bool {
    let column = it.columns.day;
    if !it.claim(column) {
        return false;
    }
    it.set(
        column,
        draw.one_of(&[
            "13/25/2024",
            "31-02-2024",
            "04/13/2024",
            "as above",
            "00-00-2024",
        ]),
    );
    it.reject(Code::E301);
    true
}

pub(super) fn future_date(it: &mut Disorder<'_, '_>, _draw: &mut Draw) -> bool {
    let column = it.columns.day;
    if !it.claim(column) {
        return false;
    }
    let text = if it.columns.months {
        "2071-03"
    } else {
        "12-03-2071"
    };
    it.set(column, text);
    it.reject(Code::E302);
    true
}

pub(super) fn blank_date(it: &mut Disorder<'_, '_>, _draw: &mut Draw) -> bool {
    let column = it.columns.day;
    if !it.claim(column) {
        return false;
    }
    it.set(column, "");
    it.reject(Code::E101);
    true
}

pub(super) fn number_in_other_words(it: &mut Disorder<'_, '_>, draw: &mut Draw) -> bool {
    let column = it.columns.number;
    if !it.columns.fir || !it.claim(column) {
        return false;
    }
    let text = number_notation(draw, it.case.number, it.case.year);
    it.set(column, &text);
    true
}

pub(super) fn number_became_date(it: &mut Disorder<'_, '_>, draw: &mut Draw) -> bool {
    let column = it.columns.number;
    if !it.columns.fir || !it.claim(column) {
        return false;
    }
    it.set(
        column,
        draw.one_of(&["12-Dec", "Dec-24", "03-Jan", "2024-12-01"]),
    );
    it.reject(Code::E110);
    true
}

pub(super) fn number_destroyed(it: &mut Disorder<'_, '_>, draw: &mut Draw) -> bool {
    let column = it.columns.number;
    if !it.columns.fir || !it.claim(column) {
        return false;
    }
    it.set(column, draw.one_of(&["3.52E+12", "3.52021E+12"]));
    it.reject(Code::E112);
    true
}

pub(super) fn number_missing(it: &mut Disorder<'_, '_>, draw: &mut Draw) -> bool {
    let column = it.columns.number;
    if !it.claim(column) {
        return false;
    }
    it.set(column, draw.one_of(&["", "-"]));
    it.reject(Code::E101);
    true
}

pub(super) fn number_unreadable(it: &mut Disorder<'_, '_>, draw: &mut Draw) -> bool {
    let column = it.columns.number;
    if !it.columns.fir || !it.claim(column) {
        return false;
    }
    it.set(column, draw.one_of(&["not yet registered", "??", "same"]));
    it.reject(Code::E111);
    true
}

pub(super) fn report_before(it: &mut Disorder<'_, '_>, _draw: &mut Draw) -> bool {
    // Only a register that has both days can contradict itself.
    let both = it.columns.header.contains(&"Date/Time of Occurrence");
    if !both || !it.claim(it.columns.day) {
        return false;
    }
    it.case.rows.iter_mut().for_each(punjab::report_before);
    it.reject(Code::E303);
    true
}
