//! Names of persons: beside a relation marker, behind an honorific, behind the word for a party of a case.

use super::numbers::Found;
use super::plain::{Kind, Plain, Token};
use super::words::{is_given_name, is_honorific, is_party, is_place, is_stop, is_title};
use naqsha_model::Code;

/// Notes every name that one of the rules shows.
pub(super) fn find(plain: &Plain<'_>, found: &mut Vec<Found>) {
    let text = Words::new(plain);
    for i in 0..text.all.len() {
        if let Some((last, sides)) = text.marker(i) {
            let first = text.names_before(i, if sides.left { LEFT } else { 0 });
            let end = text.names_after(last, sides.right);
            // "w/o" is also "without".
            let enough = !matches!(text.word(i), "w" | "c")
                || (end > last
                    && (text.mixed || (first..=end).any(|k| is_given_name(text.word(k)))));
            if (first < i || end > last) && enough {
                found.push((text.span(first, end), Code::P602));
            }
        } else {
            let names = text.names_led_by(i);
            if names > 0 {
                let first = if is_title(text.word(i)) { i } else { i + 1 };
                found.push((text.span(first, i + names), Code::P602));
            }
        }
    }
    aliases(&text, found);
}

/// Names before a marker, at most.
const LEFT: usize = 4;

/// Where the names of a marker stand.
struct Sides {
    left: bool,
    /// Names after it, at most.
    right: usize,
}

/// The words of a text, without what stands between them.
struct Words<'a, 't> {
    plain: &'a Plain<'t>,
    all: Vec<(Token, String)>,
    /// Whether capitals tell names from other words.
    mixed: bool,
}

impl<'a, 't> Words<'a, 't> {
    fn new(plain: &'a Plain<'t>) -> Self {
        let words: Vec<(Token, String)> = plain
            .tokens
            .iter()
            .filter(|token| token.kind == Kind::Letters)
            .map(|token| (*token, plain.of(token).to_lowercase()))
            .collect();
        let upper = plain.text.bytes().filter(u8::is_ascii_uppercase).count();
        let lower = plain.text.bytes().filter(u8::is_ascii_lowercase).count();
        Self {
            plain,
            all: words,
            mixed: upper > 0 && lower > upper,
        }
    }

    fn word(&self, i: usize) -> &str {
        self.all.get(i).map_or("", |(_, word)| word.as_str())
    }

    fn gap(&self, i: usize) -> &str {
        match (self.all.get(i), self.all.get(i + 1)) {
            (Some((a, _)), Some((b, _))) => self.plain.slice(a.end, b.start),
            _ => "\n",
        }
    }

    fn span(&self, first: usize, last: usize) -> std::ops::Range<usize> {
        let start = self.all.get(first).map_or(0, |(token, _)| token.start);
        let end = self.all.get(last).map_or(start, |(token, _)| token.end);
        start..end
    }

    /// Whether a relation marker begins at word `i`: its last word and its sides.
    fn marker(&self, i: usize) -> Option<(usize, Sides)> {
        let both = Sides {
            left: true,
            right: 3,
        };
        let left = Sides {
            left: true,
            right: 0,
        };
        let of = |k: usize| self.word(i + k) == "of" && self.gap(i + k - 1) == " ";
        let stroke =
            || self.word(i + 1) == "o" && self.gap(i).trim() == "/" && self.gap(i).len() <= 3;
        match self.word(i) {
            "s" | "d" | "w" | "c" | "h" if stroke() => Some((i + 1, both)),
            "r" if stroke() => Some((i + 1, left)),
            "son" | "daughter" | "wife" | "widow" | "husband" if of(1) => Some((i + 1, both)),
            "resident" if of(1) => Some((i + 1, left)),
            "alias" | "urf" | "عرف" => Some((i, both)),
            "ولد" | "بنت" | "زوجہ" | "بیوہ" | "دختر" | "پسر" | "ولدیت" => {
                Some((i, both))
            }
            "سکنہ" | "ساکن" => Some((i, left)),
            "قوم" | "ذات" | "caste" => Some((
                i,
                Sides {
                    left: false,
                    right: 1,
                },
            )),
            _ => None,
        }
    }

    /// The first of the names before word `i`.
    fn names_before(&self, i: usize, most: usize) -> usize {
        let mut first = i;
        while first > 0 && i - first < most && self.joins(first - 1) && self.is_name(first - 1) {
            first -= 1;
        }
        first
    }

    /// The last of the names after word `i`.
    fn names_after(&self, i: usize, most: usize) -> usize {
        let mut last = i;
        while last - i < most
            && (self.joins(last) || (last == i && self.leads(last)))
            && self.is_name(last + 1)
        {
            last += 1;
        }
        last
    }

    fn joins(&self, i: usize) -> bool {
        let gap = self.gap(i);
        gap.len() <= 2 && gap.chars().all(|c| matches!(c, ' ' | '.' | '-' | '\''))
    }

    /// `s/o. Rasool`, `alias: Kala`, `alias "Kala"`.
    fn leads(&self, i: usize) -> bool {
        let gap = self.gap(i);
        gap.len() <= 4
            && gap
                .chars()
                .all(|c| matches!(c, ' ' | '.' | ':' | '-' | '"' | '\'' | '(' | '“' | '”'))
    }

    fn is_name(&self, i: usize) -> bool {
        let Some((token, word)) = self.all.get(i) else {
            return false;
        };
        let capital = !self.mixed
            || !word.is_ascii()
            || self
                .plain
                .of(token)
                .starts_with(|c: char| c.is_ascii_uppercase());
        capital && !is_stop(word) && self.marker(i).is_none()
    }

    /// How many names follow an honorific, a title or the word for a party at word `i`.
    fn names_led_by(&self, i: usize) -> usize {
        let word = self.word(i);
        let names = |most| self.names_after(i, most) - i;
        let given = |count: usize| (1..=count).any(|k| is_given_name(self.word(i + k)));
        let place = |count: usize| {
            let next = self.joins(i + count) && is_place(self.word(i + count + 1));
            next || (1..=count).any(|k| is_place(self.word(i + k)))
        };
        if is_honorific(word) {
            let count = names(3);
            return if place(count) { 0 } else { count };
        }
        if is_party(word) {
            let count = names(3);
            return if given(count) && !place(count) {
                count
            } else {
                0
            };
        }
        if is_title(word) && (self.mixed || !word.is_ascii()) {
            let count = names(3);
            let enough = count >= 2 && given(2);
            let led = i > 0 && self.joins(i - 1) && is_place(self.word(i - 1));
            return if enough && !place(count) && !led {
                count
            } else {
                0
            };
        }
        0
    }
}

/// `Aslam @ Kala`: the sign that police records write for "alias".
fn aliases(text: &Words<'_, '_>, found: &mut Vec<Found>) {
    for i in 0..text.all.len() {
        let gap = text.gap(i);
        if gap.trim() != "@" || gap.len() > 3 {
            continue;
        }
        let (first, last) = (text.names_before(i + 1, 0), text.names_after(i, 0));
        let left = if text.is_name(i) {
            text.names_before(i, LEFT - 1)
        } else {
            first
        };
        let right = if text.is_name(i + 1) {
            text.names_after(i + 1, 1)
        } else {
            last
        };
        // Where a place stands on one side, the sign means "at".
        let at = !text.is_name(i)
            || !text.is_name(i + 1)
            || (text.joins(right) && is_place(text.word(right + 1)));
        if !at && left <= i {
            found.push((text.span(left, right), Code::P602));
        }
    }
}
