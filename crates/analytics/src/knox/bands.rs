//! Bands of distance and of time.

/// Which end of a band belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Closed {
    /// [a, b): from the lower edge to below the upper one.
    #[default]
    Left,
    /// (a, b], the first one [a, b].
    Right,
}

/// Consecutive bands between ascending edges; the last edge may be infinite.
#[derive(Debug, Clone, PartialEq)]
pub struct Bands {
    edges: Vec<f64>,
    closed: Closed,
}

/// Edges that make no bands.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum BandsError {
    /// Fewer than two edges.
    #[error("bands need at least two edges")]
    TooFew,
    /// An edge is negative, not a number, or infinite before the last.
    #[error("{0} is not an edge of a band")]
    Invalid(f64),
    /// An edge is not above the one before it.
    #[error("the edge {0} is not above the one before it")]
    NotAscending(f64),
}

impl Bands {
    /// # Errors
    /// [`BandsError`].
    ///
    /// ```
    /// use naqsha_analytics::{Bands, Closed};
    /// let days = Bands::new(vec![0.0, 7.0, 14.0, f64::INFINITY], Closed::Left)?;
    /// assert_eq!((days.of(6.9), days.of(7.0), days.of(1e9)), (Some(0), Some(1), Some(2)));
    /// # Ok::<(), naqsha_analytics::BandsError>(())
    /// ```
    pub fn new(edges: Vec<f64>, closed: Closed) -> Result<Self, BandsError> {
        if edges.len() < 2 {
            return Err(BandsError::TooFew);
        }
        let finite = &edges[..edges.len() - 1];
        let last = edges[edges.len() - 1];
        if let Some(edge) = finite
            .iter()
            .find(|edge| !(edge.is_finite() && **edge >= 0.0))
        {
            return Err(BandsError::Invalid(*edge));
        }
        if last.is_nan() {
            return Err(BandsError::Invalid(last));
        }
        if let Some(pair) = edges.windows(2).find(|pair| pair[1] <= pair[0]) {
            return Err(BandsError::NotAscending(pair[1]));
        }
        Ok(Self { edges, closed })
    }

    /// How many bands there are.
    pub fn count(&self) -> usize {
        self.edges.len() - 1
    }

    /// The band of a value, if any: none below the first edge and beyond the last.
    pub fn of(&self, value: f64) -> Option<usize> {
        let below = self.slot(value);
        (1..self.edges.len()).contains(&below).then(|| below - 1)
    }

    /// 0 below the first edge, then one more for each band.
    pub(super) fn slot(&self, value: f64) -> usize {
        let passed = |edge: &&f64| match self.closed {
            Closed::Left => **edge <= value,
            Closed::Right => **edge < value,
        };
        // Bands are few: a walk is quicker than a search.
        let passed = self.edges.iter().take_while(passed).count();
        let at_first = self.closed == Closed::Right && value.total_cmp(&self.edges[0]).is_eq();
        if at_first { 1 } else { passed }
    }

    /// From which value on each edge is passed: a value is in the slot of as many as it has passed.
    pub(super) fn least(&self) -> impl Iterator<Item = f64> {
        self.edges.iter().enumerate().map(|(at, edge)| {
            // The first edge belongs to the first band, whichever end the others have.
            if self.closed == Closed::Right && at > 0 {
                edge.next_up()
            } else {
                *edge
            }
        })
    }

    /// The largest finite edge.
    pub(super) fn reach(&self) -> f64 {
        let last = self.edges[self.edges.len() - 1];
        if last.is_finite() {
            last
        } else {
            self.edges[self.edges.len() - 2]
        }
    }

    /// Whether the last band has no end.
    pub(super) fn endless(&self) -> bool {
        self.edges[self.edges.len() - 1].is_infinite()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_belong_to_one_band_only() {
        let edges = vec![0.0, 1.0, 5.0];
        let left = Bands::new(edges.clone(), Closed::Left).unwrap();
        let right = Bands::new(edges, Closed::Right).unwrap();
        let of = |bands: &Bands| [0.0, 0.5, 1.0, 1.5, 5.0, 6.0].map(|value| bands.of(value));
        assert_eq!(of(&left), [Some(0), Some(0), Some(1), Some(1), None, None]);
        assert_eq!(
            of(&right),
            [Some(0), Some(0), Some(0), Some(1), Some(1), None]
        );
        let later = Bands::new(vec![2.0, f64::INFINITY], Closed::Right).unwrap();
        assert_eq!(
            [1.0, 2.0, 3.0].map(|value| later.of(value)),
            [None, Some(0), Some(0)]
        );
    }

    #[test]
    fn a_value_is_in_the_slot_of_as_many_edges_as_it_reaches() {
        for closed in [Closed::Left, Closed::Right] {
            let bands = Bands::new(vec![0.5, 1.0, 5.0, f64::INFINITY], closed).unwrap();
            for value in [0.0, 0.4, 0.5, 0.6, 1.0, 1.0_f64.next_up(), 5.0, 1e300] {
                let passed = bands.least().filter(|least| *least <= value).count();
                assert_eq!(passed, bands.slot(value), "{closed:?} {value}");
            }
        }
    }

    #[test]
    fn edges_that_make_no_bands_are_refused() {
        let build = |edges: &[f64]| Bands::new(edges.to_vec(), Closed::Left).unwrap_err();
        assert_eq!(build(&[0.0]), BandsError::TooFew);
        assert_eq!(build(&[-1.0, 1.0]), BandsError::Invalid(-1.0));
        assert_eq!(
            build(&[0.0, f64::INFINITY, f64::INFINITY]),
            BandsError::Invalid(f64::INFINITY)
        );
        assert_eq!(build(&[0.0, 2.0, 2.0]), BandsError::NotAscending(2.0));
    }
}
