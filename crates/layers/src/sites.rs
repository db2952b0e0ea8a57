//! Where districts and crossing points lie, for what names them and has no position of its own, and which districts there are.

use std::collections::BTreeMap;

use naqsha_model::{Metres, Point};

/// Positions of named places, each with how far the place may reach from it.
#[derive(Debug, Clone, Default)]
pub struct Sites {
    /// Districts by their names as resolved.
    pub districts: BTreeMap<String, (Point, Metres)>,
    /// Border crossing points by their ids.
    pub crossings: BTreeMap<String, (Point, Metres)>,
    /// Every district of the present vintage by its name, whether it is known where it lies or not.
    pub listed: BTreeMap<String, ListedDistrict>,
}

/// A district of the district table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedDistrict {
    /// Its code.
    pub code: String,
    /// Code of its province or territory.
    pub province: String,
}
