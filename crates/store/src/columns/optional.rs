//! A column of numbers, some of them absent: one that has none costs nothing.

/// Values with which of them are present. A column begins without values, and most stay so or have all of them.
#[derive(Debug)]
pub(crate) struct Optional<V> {
    rows: usize,
    /// Empty as long as no value is present, else one a row.
    values: Vec<V>,
    /// Empty as long as all or none are present.
    present: Vec<bool>,
}

// Derived, it would ask for a default value.
impl<V> Default for Optional<V> {
    fn default() -> Self {
        Self {
            rows: 0,
            values: Vec::new(),
            present: Vec::new(),
        }
    }
}

/// What a column holds.
pub(crate) enum Filled<'c, V> {
    /// No value.
    Nothing,
    /// A value in each row.
    All(&'c [V]),
    /// Values, and which of them are present.
    Some(&'c [V], &'c [bool]),
}

impl<V: Copy + Default> Optional<V> {
    /// Adds a value, or none.
    #[inline]
    pub(crate) fn push(&mut self, value: Option<V>) {
        match value {
            Some(value) => {
                if self.values.len() < self.rows {
                    self.values.resize(self.rows, V::default());
                    self.present.resize(self.rows, false);
                }
                self.values.push(value);
                if !self.present.is_empty() {
                    self.present.push(true);
                }
            }
            None if !self.values.is_empty() => {
                self.present.resize(self.rows, true);
                self.values.push(V::default());
                self.present.push(false);
            }
            None => {}
        }
        self.rows += 1;
    }

    /// The value of a row.
    pub(crate) fn get(&self, row: usize) -> Option<V> {
        let value = *self.values.get(row)?;
        self.present
            .get(row)
            .is_none_or(|&present| present)
            .then_some(value)
    }

    /// What the column holds.
    pub(crate) fn filled(&self) -> Filled<'_, V> {
        match (self.values.as_slice(), self.present.as_slice()) {
            ([], _) => Filled::Nothing,
            (values, []) => Filled::All(values),
            (values, present) => Filled::Some(values, present),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_back(pushed: &[Option<u16>]) -> Vec<Option<u16>> {
        let mut column = Optional::default();
        for &value in pushed {
            column.push(value);
        }
        (0..pushed.len()).map(|row| column.get(row)).collect()
    }

    #[test]
    fn values_read_back_wherever_the_absent_ones_stand() {
        for pushed in [
            vec![None, None],
            vec![Some(1), Some(0)],
            vec![None, Some(2), Some(3)],
            vec![Some(4), None, None, Some(5)],
            vec![None, Some(0), None],
        ] {
            assert_eq!(read_back(&pushed), pushed);
        }
    }

    #[test]
    fn a_column_says_when_it_holds_nothing_or_everything() {
        let mut column = Optional::default();
        assert!(matches!(column.filled(), Filled::Nothing));
        column.push(Some(7_u8));
        assert!(matches!(column.filled(), Filled::All([7])));
        column.push(None);
        assert!(matches!(
            column.filled(),
            Filled::Some([7, 0], [true, false])
        ));
    }
}
