//! What a cell's row of a layer says, in words and with the numbers of the row itself.

use h3o::CellIndex;

use crate::layers;
use crate::page::Answer;
use crate::table::{Keys, LayerTable, Metadata, Values};

/// Makes the sentence of a row; a layer that has one stands in the list of [`crate::layers`].
pub(crate) type Sentence = fn(&Row<'_>) -> String;

/// A row, by the names of its properties.
pub(crate) struct Row<'a> {
    table: &'a LayerTable,
    at: usize,
}

/// A cell explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The cell.
    pub cell: CellIndex,
    /// Why it has its class, or its value.
    pub sentence: String,
}

/// The layers whose cells are explained, in catalogue order.
pub fn explained() -> impl Iterator<Item = &'static str> {
    layers::SENTENCES.iter().map(|&(layer, _)| layer)
}

/// Explains the first row of an answer; none where its layer has no sentence or it has no row.
pub fn explain(answer: &Answer) -> Option<Explanation> {
    let at = *answer.rows.first()? as usize;
    let Keys::Cells(cells) = &answer.table.keys else {
        return None;
    };
    let id = answer.table.layer.id;
    let (_, sentence) = layers::SENTENCES.iter().find(|(layer, _)| *layer == id)?;
    let row = Row {
        table: &answer.table,
        at,
    };
    Some(Explanation {
        cell: *cells.get(at)?,
        sentence: sentence(&row),
    })
}

impl Row<'_> {
    pub(crate) const fn metadata(&self) -> &Metadata {
        &self.table.metadata
    }

    fn values(&self, name: &str) -> Option<&Values> {
        let mut columns = self.table.columns.iter();
        let column = columns.find(|column| column.property.name == name);
        debug_assert!(column.is_some(), "{name} is a property");
        Some(&column?.values)
    }

    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        match self.values(name)? {
            Values::Integers(values) => values[self.at],
            _ => None,
        }
    }

    /// A whole number with its thousands apart, or a dash.
    pub(crate) fn count(&self, name: &str) -> String {
        self.integer(name).map_or_else(dash, thousands)
    }

    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        match self.values(name)? {
            Values::Numbers(values) => values[self.at],
            _ => None,
        }
    }

    /// A real number to three digits, or a dash.
    pub(crate) fn rounded(&self, name: &str) -> String {
        self.number(name).map_or_else(dash, digits)
    }

    pub(crate) fn code(&self, name: &str) -> &'static str {
        match self.values(name) {
            Some(Values::Choices(values)) => values[self.at].unwrap_or("null"),
            _ => "null",
        }
    }

    /// `exact p 3e-7; q 0.0004 over 159,565 cells is at most alpha 0.05`.
    pub(crate) fn test(&self, of: &str) -> String {
        let m = self.metadata();
        let null = match m.null {
            Some("exact" | "binomial") => "exact",
            Some("mc") => "sampled",
            Some(_) | None => "approximate",
        };
        format!("{null} p {}; {}", self.rounded("p"), self.against_alpha(of))
    }

    /// `q 0.0004 over 159,565 cells is at most alpha 0.05`.
    pub(crate) fn against_alpha(&self, of: &str) -> String {
        let m = self.metadata();
        let alpha = m.alpha.unwrap_or_default();
        let side = match self.number("q") {
            Some(q) if q <= alpha => "at most",
            Some(_) | None => "above",
        };
        let tested = i64::try_from(m.tested.unwrap_or_default()).unwrap_or(i64::MAX);
        format!(
            "q {} over {} {of} is {side} alpha {}",
            self.rounded("q"),
            thousands(tested),
            digits(alpha)
        )
    }

    /// Why a row has no statistic.
    pub(crate) fn untested(&self) -> Option<&'static str> {
        match self.code("class") {
            "isolated" => {
                Some("it has no neighbour inside the study area and is not tested: isolated")
            }
            "insufficient_variation" => Some(
                "the map has too few records, or they vary too little, to test it: insufficient variation",
            ),
            _ => None,
        }
    }
}

fn dash() -> String {
    "–".to_owned()
}

/// A whole number with its thousands apart.
pub(crate) fn thousands(number: i64) -> String {
    let plain = number.unsigned_abs().to_string();
    let mut apart = String::new();
    for (at, digit) in plain.chars().enumerate() {
        if at > 0 && (plain.len() - at).is_multiple_of(3) {
            apart.push(',');
        }
        apart.push(digit);
    }
    if number < 0 {
        format!("−{apart}")
    } else {
        apart
    }
}

/// A real number to three digits that count: `0.0004`, `3e-7`, `12.5`, `1,240`.
pub(crate) fn digits(number: f64) -> String {
    let size = number.abs();
    if size >= 1_000.0 {
        #[expect(clippy::cast_possible_truncation, reason = "a huge number saturates")]
        return thousands(number.round() as i64);
    }
    let text = if size < 0.000_1 && size > 0.0 {
        let text = format!("{number:.2e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        format!("{}e{exponent}", trimmed(mantissa))
    } else if size < 1.0 {
        trimmed(&format!("{number:.*}", after_point(size))).to_owned()
    } else if size < 10.0 {
        trimmed(&format!("{number:.2}")).to_owned()
    } else {
        trimmed(&format!("{number:.1}")).to_owned()
    };
    text.replacen('-', if text.starts_with('-') { "−" } else { "-" }, 1)
}

/// Places after the point that show three digits of a number below one.
fn after_point(size: f64) -> usize {
    let mut places = 3;
    let mut limit = 0.1;
    while size < limit && places < 6 {
        limit /= 10.0;
        places += 1;
    }
    places
}

/// Without the zeros that end it.
fn trimmed(number: &str) -> &str {
    if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_keep_what_counts() {
        for (number, text) in [
            (0.0, "0"),
            (0.05, "0.05"),
            (3.0e-7, "3e-7"),
            (0.000_412_7, "0.000413"),
            (1.0, "1"),
            (2.149, "2.15"),
            (14.25, "14.2"),
            (-3.5, "−3.5"),
            (-2.0e-9, "−2e-9"),
            (159_565.4, "159,565"),
            (0.123_4, "0.123"),
        ] {
            assert_eq!(digits(number), text);
        }
        assert_eq!(
            [
                thousands(0),
                thousands(999),
                thousands(-1_000),
                thousands(1_234_567)
            ],
            ["0", "999", "−1,000", "1,234,567"]
        );
    }
}
