//! Neighbours in space and time: a graph over the steps of every unit.

use super::Neighbours;

impl Neighbours {
    /// The graph over `steps` steps of every unit; step t of unit i is unit i·steps + t.
    ///
    /// A step is linked to its unit's neighbours at the same step and the one before, and to its own unit at the one
    /// before, with the largest weight of the row. A unit without neighbours stays without.
    pub(crate) fn over_steps(&self, steps: usize) -> Self {
        let mut offsets = Vec::with_capacity(self.len() * steps + 1);
        offsets.push(0);
        let mut targets = Vec::with_capacity((2 * self.links() + self.len()) * steps);
        let mut weights = self.weights.as_ref().map(|_| Vec::new());
        let bin = |unit: usize, step: usize| u32::try_from(unit * steps + step).unwrap_or(u32::MAX);
        for unit in 0..self.len() {
            let own = self
                .weighted(unit)
                .map(|link| link.1)
                .fold(0.0_f64, f64::max);
            let mut row: Vec<(usize, f64)> = self.weighted(unit).collect();
            let at = row.partition_point(|link| link.0 < unit);
            if !row.is_empty() {
                row.insert(at, (unit, own));
            }
            for step in 0..steps {
                for (other, weight) in &row {
                    let earlier = step.checked_sub(1).map(|before| bin(*other, before));
                    let same = (*other != unit).then(|| bin(*other, step));
                    for target in earlier.into_iter().chain(same) {
                        targets.push(target);
                        if let Some(weights) = &mut weights {
                            weights.push(*weight);
                        }
                    }
                }
                offsets.push(targets.len());
            }
        }
        Self {
            offsets,
            targets,
            weights,
            truncated: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_sees_the_one_before_and_never_the_next() {
        let graph = Neighbours::from_links(3, &[(0, 1, 2.0), (1, 0, 1.0), (1, 2, 3.0)]).unwrap();
        let cube = graph.over_steps(3);
        assert_eq!(cube.len(), 9);
        // Unit 1 at step 2: unit 0 at 1 and 2, itself at 1, unit 2 at 1 and 2.
        assert_eq!(cube.of(5), [1, 2, 4, 7, 8]);
        assert_eq!(
            cube.weights_of(5),
            Some([1.0, 1.0, 3.0, 3.0, 3.0].as_slice())
        );
        assert_eq!(cube.of(3), [0, 6]);
        assert_eq!(cube.degree(8), 0);
    }
}
