//! A column of texts in one piece of memory: no allocation a row.

/// Texts one after another, with where each ends; some of them absent. A column that has none costs nothing.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    rows: usize,
    bytes: String,
    /// Empty as long as no text is present, else one a row.
    ends: Vec<u32>,
    /// Empty as long as all or none are present.
    present: Vec<bool>,
}

impl Texts {
    /// Adds a text, or none.
    pub(crate) fn push(&mut self, text: Option<&str>) {
        let before = self.rows;
        self.rows += 1;
        let Some(text) = text else {
            if let Some(&end) = self.ends.last() {
                self.present.resize(before, true);
                self.ends.push(end);
                self.present.push(false);
            }
            return;
        };
        if self.ends.len() < before {
            self.ends.resize(before, 0);
            self.present.resize(before, false);
        }
        self.bytes.push_str(text);
        let end = u32::try_from(self.bytes.len()).expect("a part's texts are far below 4 GiB");
        self.ends.push(end);
        if !self.present.is_empty() {
            self.present.push(true);
        }
    }

    /// The text of a row.
    pub(crate) fn get(&self, row: usize) -> Option<&str> {
        let end = *self.ends.get(row)? as usize;
        let before = row.checked_sub(1).and_then(|before| self.ends.get(before));
        let start = before.map_or(0, |&end| end as usize);
        let present = self.present.get(row).is_none_or(|&present| present);
        present.then(|| self.bytes.get(start..end)).flatten()
    }

    /// Whether no text is present.
    pub(crate) fn holds_nothing(&self) -> bool {
        self.ends.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_read_back_absent_ones_too() {
        for pushed in [
            vec![Some("نقشہ"), None, Some(""), Some("map"), None],
            vec![None, None, Some(""), Some("map")],
            vec![None, None],
            vec![Some("a"), Some("b")],
        ] {
            let mut texts = Texts::default();
            for &text in &pushed {
                texts.push(text);
            }
            let all: Vec<_> = (0..pushed.len()).map(|row| texts.get(row)).collect();
            assert_eq!(all, pushed);
            assert_eq!(texts.holds_nothing(), pushed.iter().all(Option::is_none));
        }
    }
}
