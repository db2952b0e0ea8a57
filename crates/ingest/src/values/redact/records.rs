//! The numbers of a record that are nobody's: dates, times, amounts, positions, case numbers, identifiers of software.

use super::numbers::Chain;
use super::plain::{Kind, Token};
use super::words::currency;

impl Chain<'_, '_> {
    /// A round number of up to twelve digits, or one with a currency beside it, is money.
    pub(super) fn is_amount(&self, i: usize) -> bool {
        let digits = self.digits(i);
        let Some(group) = self.group(i) else {
            return false;
        };
        let round = digits.len() <= 12 && digits.ends_with("000000") && !digits.starts_with('0');
        let after = self.plain.text.get(group.end..).unwrap_or_default();
        round || after.starts_with("/-") || currency(self.plain, group.token)
    }

    pub(super) fn is_decimal(&self, i: usize) -> bool {
        let fraction = i > 0 && self.between(i - 1) == "." && self.digits(i - 1).len() <= 3;
        fraction && (i < 2 || self.between(i - 2) != ".")
    }

    /// The digits inside `550e8400-e29b-41d4-a716-446655440000` are no number.
    pub(super) fn in_a_uuid(&self, i: usize) -> bool {
        let Some(group) = self.group(i) else {
            return false;
        };
        let part = |c: char| c.is_ascii_hexdigit() || c == '-';
        let before = self.plain.slice(0, group.start);
        let start = before.trim_end_matches(part).len();
        let after = self.plain.slice(group.end, self.plain.text.len());
        let end = self.plain.text.len() - after.trim_start_matches(part).len();
        let dashes: Vec<usize> = self
            .plain
            .slice(start, end)
            .match_indices('-')
            .map(|(at, _)| at)
            .collect();
        end - start == 36 && dashes == [8, 13, 18, 23]
    }

    /// Marks the groups of dates, times, amounts, decimals, plane coordinates and case numbers as taken.
    pub(super) fn set_aside(&mut self) {
        for i in 0..self.groups.len() {
            if self.group(i).is_none_or(|group| group.taken) {
                continue;
            }
            let count = self
                .date(i)
                .or_else(|| self.clock(i))
                .or_else(|| self.separated_amount(i))
                .or_else(|| self.decimal(i))
                .or_else(|| self.plane(i))
                .or_else(|| self.case_number(i));
            for group in self.groups.iter_mut().skip(i).take(count.unwrap_or(0)) {
                group.taken = true;
            }
        }
    }

    pub(super) fn date(&self, i: usize) -> Option<usize> {
        let between = self.between(i);
        if !matches!(between, "-" | "/" | ".") || self.between(i + 1) != between {
            return None;
        }
        let number = |k: usize| self.digits(i + k).parse::<u32>().ok();
        let length = |k: usize| self.digits(i + k).len();
        let (a, b, c) = (number(0)?, number(1)?, number(2)?);
        let day_and_month = |x, y| (1..=31).contains(&x) && (1..=12).contains(&y);
        let last = length(0) <= 2
            && length(1) <= 2
            && (length(2) == 2 || (length(2) == 4 && (1900..2100).contains(&c)))
            && (day_and_month(a, b) || day_and_month(b, a));
        let first = length(0) == 4
            && (1900..2100).contains(&a)
            && length(1) <= 2
            && length(2) <= 2
            && day_and_month(c, b);
        (last || first).then_some(3)
    }

    fn clock(&self, i: usize) -> Option<usize> {
        let two = |k: usize| matches!(self.digits(i + k).len(), 1 | 2);
        (self.between(i) == ":" && two(0) && two(1)).then(|| {
            if self.between(i + 1) == ":" && two(2) {
                3
            } else {
                2
            }
        })
    }

    fn separated_amount(&self, i: usize) -> Option<usize> {
        let mut last = i;
        while self.between(last) == "," && matches!(self.digits(last + 1).len(), 2 | 3) {
            last += 1;
        }
        let whole = last > i && self.digits(i).len() <= 3 && self.digits(last).len() == 3;
        whole.then_some(last - i + 1)
    }

    fn decimal(&self, i: usize) -> Option<usize> {
        let number = self.digits(i);
        let lonely = (i == 0 || self.between(i - 1) != ".") && self.between(i + 1) != ".";
        let plain = number.len() <= 3 && (number.len() == 1 || !number.starts_with('0'));
        let whole = self.digits(i + 1).len();
        (self.between(i) == "."
            && lonely
            && plain
            && whole >= 1
            && !(whole == 7 && number.len() > 3))
            .then_some(2)
    }

    /// `42N 512345 3912345`: metres of a projection, behind their zone.
    fn plane(&self, i: usize) -> Option<usize> {
        let zone = |token: &Token| {
            token.kind == Kind::Letters
                && matches!(
                    self.plain.of(token).to_ascii_lowercase().as_str(),
                    "n" | "e" | "utm" | "easting" | "s" | "r" | "p" | "q" | "t"
                )
        };
        let first = self.groups.get(i)?.token;
        let named = self.plain.tokens.iter().take(first).rev().take(4).any(zone);
        let metres = self.digits(i).len() == 6 && self.digits(i + 1).len() == 7;
        (named && metres && matches!(self.between(i), " " | ", " | ",")).then_some(2)
    }

    fn case_number(&self, i: usize) -> Option<usize> {
        let year = self.digits(i + 1);
        let dated = year.len() == 2
            || (year.len() == 4 && (year.starts_with("19") || year.starts_with("20")));
        let ended = !matches!(self.between(i + 1), "/" | "-");
        (self.between(i) == "/" && self.digits(i).len() <= 5 && dated && ended).then_some(2)
    }
}
