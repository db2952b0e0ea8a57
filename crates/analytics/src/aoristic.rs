//! Aoristic weights: an event of which only a stretch of time is known counts in every step that it may have been in.

/// An event between two instants; the second is the end, exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// When it may have happened at the earliest, in seconds or any other whole unit.
    pub from: i64,
    /// When it had happened at the latest, in the same unit; `None` where it is not known.
    pub to: Option<i64>,
}

/// Events by step of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Aoristic {
    /// The weight of each step, in events; they add up to the number of events.
    pub weights: Vec<f64>,
    /// Events, by position, that count wholly in the step they begin in because their end is unknown or before it.
    pub unspread: Vec<usize>,
}

/// Why weights cannot be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AoristicError {
    /// There is no step, or one does not end after it begins.
    #[error("edge {0} of the steps does not come after the one before it")]
    Edges(usize),
    /// An event reaches out of the steps.
    #[error("event {0} reaches out of the steps")]
    Outside(usize),
}

/// Spreads each event over the steps between `edges` (step i is [edgeᵢ, edgeᵢ₊₁)), as much to each as it has of the
/// stretch in which the event may have happened: overlap / (t₁ − t₀).
///
/// *Edge cases*: an event whose end is its beginning is in one step; one whose end is unknown or before its beginning counts
/// wholly in the step it begins in, and is listed. *Cost*: O(n log n + m) for m pairs of an event and a step it reaches.
/// Events are summed in their own order, so that the order of the list changes no digit.
///
/// # Errors
/// [`AoristicError`].
///
/// # References
/// Ratcliffe & `McCullagh` 1998, <https://doi.org/10.1080/136588198241644>; Ratcliffe 2000,
/// <https://doi.org/10.1080/136588100424963>.
///
/// ```
/// use naqsha_analytics::{Span, aoristic};
/// // A car is left at 22 and found broken into at 6: two of eight hours are of the first day.
/// let night = Span { from: 22, to: Some(30) };
/// assert_eq!(aoristic(&[night], &[0, 24, 48])?.weights, [0.25, 0.75]);
/// # Ok::<(), naqsha_analytics::AoristicError>(())
/// ```
pub fn aoristic(events: &[Span], edges: &[i64]) -> Result<Aoristic, AoristicError> {
    if edges.len() < 2 {
        return Err(AoristicError::Edges(edges.len()));
    }
    if let Some(at) = edges.windows(2).position(|pair| pair[0] >= pair[1]) {
        return Err(AoristicError::Edges(at + 1));
    }
    let (first, last) = (edges[0], edges[edges.len() - 1]);
    let outside = |event: &Span| {
        event.from < first || event.from >= last || event.to.is_some_and(|to| to > last)
    };
    if let Some(at) = events.iter().position(outside) {
        return Err(AoristicError::Outside(at));
    }
    let is_unspread = |event: &Span| event.to.is_none_or(|to| to < event.from);
    let mut order: Vec<Span> = events.to_vec();
    order.sort_unstable();
    let mut weights = vec![0.0; edges.len() - 1];
    for event in &order {
        let begins = edges.partition_point(|edge| *edge <= event.from) - 1;
        match event.to {
            Some(to) if to > event.from => {
                let steps = edges.windows(2).enumerate().skip(begins);
                for (step, pair) in steps.take_while(|(_, pair)| pair[0] < to) {
                    let overlap = pair[1].min(to) - pair[0].max(event.from);
                    weights[step] += share(overlap, to - event.from);
                }
            }
            Some(_) | None => weights[begins] += 1.0,
        }
    }
    Ok(Aoristic {
        weights,
        unspread: (0..events.len())
            .filter(|&at| is_unspread(&events[at]))
            .collect(),
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "stretches of time in seconds are below 2^53"
)]
fn share(part: i64, whole: i64) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const EDGES: [i64; 4] = [0, 10, 20, 50];

    fn span(from: i64, to: Option<i64>) -> Span {
        Span { from, to }
    }

    #[test]
    fn moments_and_ends_that_are_unknown_or_before_the_beginning_are_in_one_step() {
        let events = [
            span(10, Some(10)),
            span(19, None),
            span(30, Some(5)),
            span(0, Some(10)),
        ];
        let found = aoristic(&events, &EDGES).unwrap();
        assert_eq!(found.weights, [1.0, 2.0, 1.0]);
        assert_eq!(found.unspread, [1, 2]);
    }

    #[test]
    fn the_order_of_events_changes_no_digit_and_weights_add_up() {
        let mut events: Vec<Span> = (0..50)
            .map(|at| span(at * 7 % 50, Some((at * 7 % 50 + at * 3 % 17).min(50))))
            .collect();
        let found = aoristic(&events, &EDGES).unwrap();
        assert!((found.weights.iter().sum::<f64>() - 50.0).abs() < 1e-12);
        events.reverse();
        assert_eq!(aoristic(&events, &EDGES).unwrap().weights, found.weights);
    }

    #[test]
    fn events_and_edges_that_do_not_fit_are_refused() {
        let refused = |event, edges: &[i64]| aoristic(&[event], edges).unwrap_err();
        assert_eq!(refused(span(-1, None), &EDGES), AoristicError::Outside(0));
        assert_eq!(refused(span(50, None), &EDGES), AoristicError::Outside(0));
        assert_eq!(
            refused(span(5, Some(51)), &EDGES),
            AoristicError::Outside(0)
        );
        assert_eq!(
            refused(span(5, None), &[0, 10, 10]),
            AoristicError::Edges(2)
        );
        assert_eq!(refused(span(5, None), &[0]), AoristicError::Edges(1));
    }
}
