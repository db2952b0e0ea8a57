//! Where districts and crossing points lie, for routes: their ends are named and have no position of their own.

use std::collections::BTreeMap;

use naqsha_model::{Metres, Point};

/// Positions of named places, each with how far the place may reach from it.
#[derive(Debug, Clone, Default)]
pub struct Sites {
    /// Districts by their names as resolved.
    pub districts: BTreeMap<String, (Point, Metres)>,
    /// Border crossing points by their ids.
    pub crossings: BTreeMap<String, (Point, Metres)>,
}
