//! Which way over the border the routes of records lead, cell by cell.

use h3o::{CellIndex, Resolution};
use naqsha_model::{Country, Incident, RouteNode, RouteRole};

use crate::error::LayerError;
use crate::layer::Question;
use crate::layers::records;

/// Records that one answer reads: routes are in the records themselves, not in the index.
const RECORD_LIMIT: usize = 200_000;

/// Which way a route leads, as seen from inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// From abroad, and not to abroad as far as is stated.
    Inbound,
    /// To abroad, and not from abroad as far as is stated.
    Outbound,
    /// From abroad to abroad.
    Through,
}

/// Records of some cells by direction; those whose route states neither end abroad are in none.
pub(super) struct Directions {
    /// In the order of the cells asked about.
    pub(super) inbound: Vec<u64>,
    pub(super) outbound: Vec<u64>,
    pub(super) through: Vec<u64>,
}

impl Directions {
    /// The directions of a question's records in some ascending cells; `None` where more records match than one answer reads.
    ///
    /// *Cost*: reads every record that matches, some 5 µs each.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) fn of(
        question: &Question<'_>,
        cells: &[CellIndex],
        resolution: Resolution,
    ) -> Result<Option<Self>, LayerError> {
        let places = records::counted(question)?;
        if places.len() > RECORD_LIMIT {
            return Ok(None);
        }
        let none = || vec![0; cells.len()];
        let mut found = Self {
            inbound: none(),
            outbound: none(),
            through: none(),
        };
        records::each(question, &places, |incident| {
            let cell = incident.location.cell();
            let home = cell.and_then(|cell| cell.parent(resolution));
            let at = home.and_then(|home| cells.binary_search(&home).ok());
            if let (Some(at), Some(direction)) = (at, direction(incident)) {
                found.counts(direction)[at] += 1;
            }
        })?;
        Ok(Some(found))
    }

    const fn counts(&mut self, direction: Direction) -> &mut Vec<u64> {
        match direction {
            Direction::Inbound => &mut self.inbound,
            Direction::Outbound => &mut self.outbound,
            Direction::Through => &mut self.through,
        }
    }
}

/// Which way a record's route leads, where it states an end abroad.
fn direction(incident: &Incident) -> Option<Direction> {
    let route = &incident.details.as_ref()?.route;
    let is_abroad = |role: RouteRole| {
        let mut ends = route.iter().filter(|node: &&RouteNode| node.role == role);
        let stated = ends.find_map(|node| node.country);
        stated.is_some_and(|country| country != Country::PAKISTAN)
    };
    match (
        is_abroad(RouteRole::Origin),
        is_abroad(RouteRole::Destination),
    ) {
        (true, false) => Some(Direction::Inbound),
        (false, true) => Some(Direction::Outbound),
        (true, true) => Some(Direction::Through),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use naqsha_model::{Agency, Category, RecordStage};

    use super::*;

    fn record(ends: &[(RouteRole, &str)]) -> Incident {
        let agency = Agency::new("ANF").unwrap();
        let (stage, category) = (RecordStage::Fir, Category::DrugTrafficking);
        let mut incident = Incident::bare(agency, stage, category, Timestamp::UNIX_EPOCH, 1);
        let node = |&(role, country): &(RouteRole, &str)| RouteNode {
            country: Some(Country::new(country).unwrap()),
            ..RouteNode::new(role)
        };
        incident.details_mut().route = ends.iter().map(node).collect();
        incident
    }

    #[test]
    fn a_route_leads_in_out_or_through_as_its_stated_ends_lie_abroad() {
        use RouteRole::{Destination, Origin, Transit};
        for (ends, expected) in [
            (
                &[(Origin, "AF"), (Destination, "PK")][..],
                Some(Direction::Inbound),
            ),
            (&[(Origin, "AF")], Some(Direction::Inbound)),
            (
                &[(Origin, "PK"), (Destination, "AE")],
                Some(Direction::Outbound),
            ),
            (&[(Destination, "AE")], Some(Direction::Outbound)),
            (
                &[(Origin, "AF"), (Destination, "AE")],
                Some(Direction::Through),
            ),
            (&[(Origin, "PK"), (Destination, "PK")], None),
            (&[(Transit, "AF")], None),
            (&[], None),
        ] {
            assert_eq!(direction(&record(ends)), expected, "{ends:?}");
        }
    }
}
