//! Identity-card, phone, account and device numbers among the other numbers of a police record.
//!
//! Digits are read as groups with up to three separators between them. Shapes that are surely personal are taken first,
//! then what is surely something else (dates, times, amounts, positions, case numbers) is set aside, and what is left is
//! searched for the same numbers split in any way.

use std::ops::Range;

use naqsha_model::Code;

use super::plain::{Kind, Plain, Token};
use super::words::{Named, keyword_of_number};

/// What was found: where in the plain text, and the code that says what it was.
pub(super) type Found = (Range<usize>, Code);

/// A group of digits, or of the `x` and `*` that stand for digits, inside a chain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    /// Index of its (last) token.
    pub(super) token: usize,
    pub(super) start: usize,
    pub(super) end: usize,
    masked: bool,
    pub(super) taken: bool,
}

impl Group {
    const fn len(&self) -> usize {
        self.end - self.start
    }
}

/// Notes every number of a person in `plain`.
pub(super) fn find(plain: &Plain<'_>, found: &mut Vec<Found>) {
    let mut chain: Vec<Group> = Vec::new();
    for (i, token) in plain.tokens.iter().enumerate() {
        let masked = is_mask(plain, i, token);
        if token.kind != Kind::Digits && !masked {
            continue;
        }
        let joined = chain
            .last()
            .is_some_and(|last| separates(plain.slice(last.end, token.start)));
        if !joined && !chain.is_empty() {
            Chain {
                plain,
                groups: &mut chain,
                found,
            }
            .search();
            chain.clear();
        }
        match chain.last_mut() {
            Some(last) if last.masked && masked && last.end == token.start => {
                (last.end, last.token) = (token.end, i);
            }
            _ => chain.push(Group {
                token: i,
                start: token.start,
                end: token.end,
                masked,
                taken: found.iter().any(|(span, _)| span.contains(&token.start)),
            }),
        }
    }
    if !chain.is_empty() {
        Chain {
            plain,
            groups: &mut chain,
            found,
        }
        .search();
    }
}

/// `xxxxxxx` or `***` beside digits or a dash.
fn is_mask(plain: &Plain<'_>, i: usize, token: &Token) -> bool {
    let text = plain.of(token);
    let masked = match token.kind {
        Kind::Letters => text.bytes().all(|b| matches!(b, b'x' | b'X')),
        Kind::Mark => text == "*" || text == "#",
        Kind::Digits | Kind::Space => false,
    };
    let beside = |token: Option<&Token>| {
        token.is_some_and(|t| t.kind == Kind::Digits || matches!(plain.of(t), "-" | "*" | "#"))
    };
    masked
        && (beside(i.checked_sub(1).and_then(|i| plain.tokens.get(i)))
            || beside(plain.tokens.get(i + 1)))
}

fn separates(between: &str) -> bool {
    between.chars().count() <= 3
        && between.chars().all(|c| {
            matches!(
                c,
                ' ' | '-' | '.' | '/' | '_' | '\'' | ',' | ':' | '(' | ')' | '+' | '|'
            ) || c.is_whitespace()
        })
}

/// Groups with nothing but separators between them.
pub(super) struct Chain<'a, 't> {
    pub(super) plain: &'a Plain<'t>,
    pub(super) groups: &'a mut [Group],
    found: &'a mut Vec<Found>,
}

impl Chain<'_, '_> {
    fn search(&mut self) {
        let digits: usize = self.groups.iter().map(Group::len).sum();
        if digits < 4 {
            return;
        }
        self.destroyed();
        if digits >= 7 || self.groups.iter().any(|g| g.masked) {
            self.each(Self::known_shape);
            self.set_aside();
            self.each(Self::split_anyhow);
        }
        self.after_a_keyword();
        self.each(Self::long);
    }

    /// Tries a rule at every group that no rule has taken yet.
    fn each(&mut self, rule: impl Fn(&mut Self, usize) -> Option<usize>) {
        let mut i = 0;
        while let Some(group) = self.groups.get(i) {
            i += if group.taken {
                1
            } else {
                rule(self, i).unwrap_or(1)
            };
        }
    }

    pub(super) fn group(&self, i: usize) -> Option<Group> {
        self.groups.get(i).copied()
    }

    pub(super) fn between(&self, i: usize) -> &str {
        match (self.groups.get(i), self.groups.get(i + 1)) {
            (Some(a), Some(b)) => self.plain.slice(a.end, b.start),
            _ => "",
        }
    }

    pub(super) fn digits(&self, i: usize) -> &str {
        self.groups
            .get(i)
            .map_or("", |g| self.plain.slice(g.start, g.end))
    }

    fn take(&mut self, first: usize, count: usize, code: Code) -> Option<usize> {
        let groups = self.groups.get_mut(first..first + count)?;
        let (mut start, end) = (groups.first()?.start, groups.last()?.end);
        for group in groups.iter_mut() {
            group.taken = true;
        }
        // The sign and the bracket belong to the number.
        let before = self.plain.text.get(..start)?;
        let trimmed = before.trim_end_matches(['+', '(']);
        start = trimmed.len();
        self.found.push((start..end, code));
        Some(count)
    }

    fn is_free(&self, i: usize, lengths: &[usize]) -> bool {
        self.groups.get(i..i + lengths.len()).is_some_and(|groups| {
            groups
                .iter()
                .zip(lengths)
                .all(|(g, &length)| !g.taken && !g.masked && g.len() == length)
        })
    }

    /// `CNIC 35202-12345`, `Mob: 5761234`, `A/C 123456`: the word says what the number is.
    fn after_a_keyword(&mut self) {
        let Some(first) = self.groups.first().copied() else {
            return;
        };
        let Some((named, least)) = keyword_of_number(self.plain, first.token) else {
            return;
        };
        if first.taken || self.date(0).is_some() {
            return;
        }
        let most = match named {
            Named::IdentityCard => 13,
            Named::Phone => 14,
            Named::Account => 24,
        };
        let (mut count, mut digits) = (0, 0);
        for (i, group) in self.groups.iter().enumerate() {
            let far = i > 0 && !matches!(self.between(i - 1), "-" | " " | "." | "/" | "_");
            if far || group.taken || digits + group.len() > most {
                break;
            }
            digits += group.len();
            count = i + 1;
        }
        if digits >= least {
            self.take(0, count, Code::P601);
        }
    }

    /// `3.52021E+12`: what a spreadsheet left of a long number.
    fn destroyed(&mut self) {
        for i in 0..self.groups.len() {
            let (Some(whole), Some(fraction)) = (self.group(i), self.group(i + 1)) else {
                return;
            };
            if whole.len() != 1 || !matches!(self.between(i), "." | ",") || fraction.len() < 2 {
                continue;
            }
            let rest = self.plain.slice(fraction.end, self.plain.text.len());
            let exponent = rest
                .trim_start()
                .strip_prefix(['e', 'E'])
                .map(|rest| rest.strip_prefix('+').unwrap_or(rest));
            let ten_to = |e: &&str| {
                e.starts_with('1') && e.as_bytes().get(1).is_some_and(u8::is_ascii_digit)
            };
            let Some(exponent) = exponent.filter(ten_to) else {
                continue;
            };
            let stop = self.plain.text.len() - exponent.len() + 2;
            for group in self.groups.iter_mut() {
                group.taken |= (whole.start..stop).contains(&group.start);
            }
            self.found.push((whole.start..stop, Code::E112));
        }
    }

    /// Shapes that nothing else has; how many groups were taken.
    fn known_shape(&mut self, i: usize) -> Option<usize> {
        let year = |text: &str| text.starts_with("19") || text.starts_with("20");
        let dashed = matches!(self.between(i), "-" | " ") && self.between(i) == self.between(i + 1);
        if self.is_free(i, &[5, 7, 1]) || (dashed && self.is_free(i, &[3, 2, 6])) {
            return self.take(i, 3, Code::P601);
        }
        if self.is_free(i, &[2, 6, 6, 1]) {
            return self.take(i, 4, Code::P601);
        }
        if self.is_free(i, &[4, 7]) && self.digits(i).starts_with("03") {
            return self.take(i, 2, Code::P601);
        }
        if self.is_free(i, &[4, 4, 4, 4]) && !(0..4).all(|k| year(self.digits(i + k))) {
            return self.take(i, 4, Code::P601);
        }
        let uan = |k: usize| self.digits(k) == "111";
        if self.is_free(i, &[3, 3, 3, 3]) && uan(i + 1) {
            return self.take(i, 4, Code::P601);
        }
        if self.is_free(i, &[3, 3, 3]) && uan(i) {
            return self.take(i, 3, Code::P601);
        }
        if self.is_free(i, &[5, 7]) && matches!(self.between(i), "-" | " " | ".") {
            let masked = self.groups.get(i + 2).is_some_and(|g| g.masked);
            return self.take(i, if masked { 3 } else { 2 }, Code::P601);
        }
        if let Some(count) = self.masked_shape(i) {
            return self.take(i, count, Code::P601);
        }
        None
    }

    /// An account or device number: long, and nothing else.
    fn long(&mut self, i: usize) -> Option<usize> {
        let group = self.group(i)?;
        let signed = self.plain.slice(0, group.start).trim_end().ends_with('+') && group.len() >= 9;
        let long =
            group.len() >= 10 && !self.is_amount(i) && !self.is_decimal(i) && !self.in_a_uuid(i);
        if group.masked || !(long || signed) {
            return None;
        }
        self.take(i, 1, Code::P601)
    }

    /// `35202-XXXXXXX-1`, `xxxxx-1234567-1`, `0300-***4567`: a part still tells district, sex or subscriber.
    fn masked_shape(&self, i: usize) -> Option<usize> {
        let shape: Vec<(usize, bool)> = self
            .groups
            .get(i..)?
            .iter()
            .take(3)
            .map(|g| (g.len(), g.masked))
            .collect();
        let dashed = |k: usize| matches!(self.between(i + k), "-" | " " | "");
        match shape.as_slice() {
            [(5, false), (_, true), (1, false), ..] | [(2.., true), (7, false), (1, _), ..]
                if dashed(0) && dashed(1) =>
            {
                Some(3)
            }
            [(5, false), (3.., true), ..] if dashed(0) => Some(2),
            [(4, false), (2.., true), (2.., false), ..]
                if self.digits(i).starts_with("03") && dashed(0) =>
            {
                Some(3)
            }
            [(4, false), (3.., true), ..] if self.digits(i).starts_with("03") && dashed(0) => {
                Some(2)
            }
            _ => None,
        }
    }

    /// A card or phone number whose digits are split in any way.
    fn split_anyhow(&mut self, i: usize) -> Option<usize> {
        let mut digits = String::with_capacity(16);
        let first = self.group(i)?;
        let plus = self.plain.slice(0, first.start).trim_end().ends_with('+');
        let mut best = None;
        for k in i..self.groups.len() {
            let group = self.group(k)?;
            let joined = k == i || self.splits(i, k - 1);
            if group.taken || group.masked || !joined || digits.len() + group.len() > 15 {
                break;
            }
            digits.push_str(self.digits(k));
            let count = k - i + 1;
            if whole_number(&digits) {
                return self.take(i, count, Code::P601);
            }
            if (plus && digits.len() >= 9) || self.landline(i, count, &digits) {
                best = Some(count);
            }
        }
        best.and_then(|count| self.take(i, count, Code::P601))
    }

    /// Whether the separator behind group `k` may split one number that began at group `first`.
    ///
    /// A dash between spaces also parts sentences: it splits a number only where every separator of it is one.
    fn splits(&self, first: usize, k: usize) -> bool {
        let between = self.between(k);
        let loose = between
            .chars()
            .all(|c| matches!(c, ' ' | '-' | '.' | '_' | '\'' | '(' | ')'));
        loose
            && (between.len() < 3 || between == self.between(first))
            && (self.between(first).len() < 3 || between == self.between(first))
    }

    /// `042-35761234`, `(051) 123 4567`: area code and subscriber, never a year behind a stroke.
    fn landline(&self, i: usize, count: usize, digits: &str) -> bool {
        let area = self.digits(i).len();
        let code = digits.starts_with('0')
            && digits
                .as_bytes()
                .get(1)
                .is_some_and(|b| (b'2'..=b'9').contains(b));
        let shape = match count {
            1 => true,
            _ => {
                (3..=5).contains(&area)
                    && (i..i + count - 1).all(|k| !self.between(k).contains('/'))
            }
        };
        let uan = count == 4
            && digits
                .get(area..)
                .is_some_and(|rest| rest.starts_with("111"));
        code && shape && ((9..=11).contains(&digits.len()) || (uan && digits.len() <= 13))
    }
}

/// Whether digits are a whole identity-card or mobile number.
fn whole_number(digits: &str) -> bool {
    let third = |prefix: &str| {
        digits
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with('3'))
    };
    match digits.len() {
        11 => digits.starts_with("03"),
        12 => third("92"),
        13 => digits.starts_with(|c| ('1'..='8').contains(&c)) || third("920"),
        14 => third("0092"),
        _ => false,
    }
}
