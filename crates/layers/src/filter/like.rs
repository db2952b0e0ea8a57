//! Patterns of texts: `%`, `_` and `\`.

/// A pattern, ready to be tried.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pattern {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Any,
    One,
    This(char),
}

impl Pattern {
    /// Reads a pattern; a backslash at the end stands for itself.
    pub(super) fn new(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut chars = text.chars();
        while let Some(char) = chars.next() {
            let part = match char {
                '%' => Part::Any,
                '_' => Part::One,
                '\\' => Part::This(chars.next().unwrap_or('\\')),
                other => Part::This(other),
            };
            // Several of them in a row fit what one does.
            if part != Part::Any || parts.last() != Some(&Part::Any) {
                parts.push(part);
            }
        }
        Self { parts }
    }

    /// Whether the whole text fits. Cost: at most the product of both lengths; nothing is remembered but the last `%`.
    pub(super) fn fits(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut at, mut part) = (0, 0);
        // Where to go on from when what follows the last `%` did not fit.
        let mut again: Option<(usize, usize)> = None;
        while at < text.len() {
            match self.parts.get(part) {
                Some(Part::Any) => {
                    again = Some((at, part));
                    part += 1;
                    continue;
                }
                Some(Part::One) => {
                    at += 1;
                    part += 1;
                    continue;
                }
                Some(Part::This(char)) if *char == text[at] => {
                    at += 1;
                    part += 1;
                    continue;
                }
                _ => {}
            }
            let Some((from, any)) = again else {
                return false;
            };
            again = Some((from + 1, any));
            at = from + 1;
            part = any + 1;
        }
        self.parts
            .get(part..)
            .is_some_and(|rest| rest.iter().all(|part| *part == Part::Any))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same by trying every way.
    fn slow(parts: &[Part], text: &[char]) -> bool {
        match parts.split_first() {
            None => text.is_empty(),
            Some((Part::Any, rest)) => (0..=text.len()).any(|skip| slow(rest, &text[skip..])),
            Some((Part::One, rest)) => !text.is_empty() && slow(rest, &text[1..]),
            Some((Part::This(char), rest)) => text.first() == Some(char) && slow(rest, &text[1..]),
        }
    }

    #[test]
    fn patterns_fit_as_every_way_of_trying_says() {
        let patterns = [
            "", "%", "_", "a%", "%a", "%a%", "a_b", "%ab%ba%", "_%_", "a%b%a", "%%", "ab", r"\%%",
            r"a\",
        ];
        let texts = [
            "", "a", "b", "ab", "ba", "aab", "abba", "abab", "aabbaba", "%", "%x", "بa", r"a\",
        ];
        let mut fitting = 0;
        for pattern in patterns {
            for text in texts {
                let made = Pattern::new(pattern);
                let chars: Vec<char> = text.chars().collect();
                let wanted = slow(&made.parts, &chars);
                assert_eq!(made.fits(text), wanted, "{pattern:?} {text:?}");
                fitting += u32::from(wanted);
            }
        }
        assert!(fitting > 40, "{fitting}");
        assert!(Pattern::new("cy%").fits("cyber") && !Pattern::new("cy%").fits("Cyber"));
    }

    #[test]
    fn a_hostile_pattern_takes_no_more_than_the_product_of_lengths() {
        let pattern = Pattern::new(&"%a".repeat(1_000));
        assert!(!pattern.fits(&"a".repeat(999)));
        assert!(pattern.fits(&"a".repeat(1_000)));
    }
}
