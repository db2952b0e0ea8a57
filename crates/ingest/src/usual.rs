//! What is usual: a quantity beyond it is probably a slip of the pen or a sum, and is looked at again (W503).

use std::collections::BTreeMap;

use naqsha_model::Substance;

use crate::reference::records;

/// Quantities of a substance below which they do not tell what one in a thousand is.
const ENOUGH: usize = 1_000;

/// The largest seizures of each substance that are plausible at all, where an agency's own do not tell.
const LARGEST: &str = include_str!("../../../data/quantities/largest.csv");

/// The most of a substance that an agency usually seizes at once, in kilograms.
#[derive(Debug, Clone, PartialEq)]
pub struct UsualQuantities {
    most: BTreeMap<Substance, f64>,
}

impl Default for UsualQuantities {
    /// What is plausible of any agency.
    fn default() -> Self {
        let of = |record: csv::StringRecord| {
            let substance = Substance::parse(record.get(0)?).ok()?;
            Some((substance, record.get(1)?.parse().ok()?))
        };
        Self {
            most: records(LARGEST).filter_map(of).collect(),
        }
    }
}

impl UsualQuantities {
    /// Learns from what an agency seized before: the 99.9th percentile (nearest rank) of each substance of which there are a
    /// thousand quantities; for the others it stays with what is plausible of any agency.
    pub fn learned(history: impl IntoIterator<Item = (Substance, f64)>) -> Self {
        let mut quantities: BTreeMap<Substance, Vec<f64>> = BTreeMap::new();
        for (substance, kilograms) in history {
            quantities.entry(substance).or_default().push(kilograms);
        }
        let mut usual = Self::default();
        for (substance, mut kilograms) in quantities {
            if kilograms.len() < ENOUGH {
                continue;
            }
            // Nearest rank: no more than a thousandth of them lie above it.
            let rank = kilograms.len() - kilograms.len() / 1_000 - 1;
            let (_, most, _) = kilograms.select_nth_unstable_by(rank, f64::total_cmp);
            usual.most.insert(substance, *most);
        }
        usual
    }

    /// Whether so much of a substance is more than usual.
    pub(crate) fn is_exceeded(&self, substance: Substance, kilograms: f64) -> bool {
        self.most
            .get(&substance)
            .is_some_and(|&most| kilograms > most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousandth_of_what_an_agency_seized_was_more_than_usual() {
        let (heroin, opium) = (Substance::Heroin, Substance::Opium);
        let history = (1..=2_000).rev().map(|n| (heroin, f64::from(n)));
        let usual = UsualQuantities::learned(history.chain([(opium, 1.0)]));
        let exceeded = (1..=2_000).filter(|&n| usual.is_exceeded(heroin, f64::from(n)));
        assert_eq!(exceeded.collect::<Vec<_>>(), [1_999, 2_000]);
        assert!(!usual.is_exceeded(opium, 900.0), "one says nothing");
        assert!(usual.is_exceeded(opium, 900_000.0));
    }

    #[test]
    fn every_drug_has_a_largest_seizure() {
        let usual = UsualQuantities::default();
        let drugs = Substance::ALL
            .iter()
            .take_while(|&&substance| substance != Substance::Currency);
        for &drug in drugs {
            assert!(usual.is_exceeded(drug, 1e6), "{drug:?}");
            assert!(!usual.is_exceeded(drug, 1_000.0), "{drug:?}");
        }
    }
}
