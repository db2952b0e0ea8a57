//! A column of texts in one piece of memory: no allocation a row.

/// Texts one after another, with where each ends; some of them absent.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    bytes: String,
    ends: Vec<u32>,
    present: Vec<bool>,
}

impl Texts {
    /// Adds a text, or none.
    pub(crate) fn push(&mut self, text: Option<&str>) {
        self.bytes.push_str(text.unwrap_or_default());
        let end = u32::try_from(self.bytes.len()).expect("a part's texts are far below 4 GiB");
        self.ends.push(end);
        self.present.push(text.is_some());
    }

    /// The text of a row.
    pub(crate) fn get(&self, row: usize) -> Option<&str> {
        let end = *self.ends.get(row)? as usize;
        let before = row.checked_sub(1).and_then(|before| self.ends.get(before));
        let start = before.map_or(0, |&end| end as usize);
        let present = *self.present.get(row)?;
        present.then(|| self.bytes.get(start..end)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_read_back_absent_ones_too() {
        let mut texts = Texts::default();
        for text in [Some("نقشہ"), None, Some(""), Some("map")] {
            texts.push(text);
        }
        let all: Vec<_> = (0..5).map(|row| texts.get(row)).collect();
        assert_eq!(all, [Some("نقشہ"), None, Some(""), Some("map"), None]);
    }
}
