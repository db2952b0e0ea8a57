//! Reference data, embedded at this one place: gazetteer, statute sections, district names and aliases.

use std::collections::{BTreeMap, BTreeSet};

mod border;
mod boundaries;
mod district;
mod gazetteer;
mod in_force;
mod province;
mod sites;
mod spelling;
mod station;
mod statutes;

pub(crate) use border::{BorderPoint, BorderPoints};
pub use boundaries::{Boundaries, BoundaryError, BoundaryLevel};

pub(crate) use district::{DISTRICT_VINTAGE, DistrictId, Districts};
pub(crate) use gazetteer::{Found, Gazetteer, Place, Scope};
pub(crate) use in_force::Standing;
pub(crate) use province::Provinces;
pub(crate) use station::{NamedStation, StationKind, Stations};
pub(crate) use statutes::Statutes;

use crate::text::slug;

const PLACES: &str = include_str!("../../../data/gazetteer/pk_places.csv");
const SECTIONS: &str = include_str!("../../../data/statutes/sections.csv");
const IN_FORCE: &str = include_str!("../../../data/statutes/in_force.csv");
const AGENCIES: &str = include_str!("../../../data/agencies/agencies.csv");
const PLACE_DISTRICTS: &str = include_str!("../../../data/gazetteer/pk_place_districts.csv");
const DISTRICTS: &str = include_str!("../../../data/districts/districts.csv");
const STATIONS: &str = include_str!("../../../data/stations/stations.csv");
const COMMON_STATION_NAMES: &str = include_str!("../../../data/stations/common_names.csv");
const BORDER_POINTS: &str = include_str!("../../../data/border-points/border_points.csv");
const DIVISIONS: &str = include_str!("../../../data/districts/divisions.csv");
const PROVINCES: &str = include_str!("../../../data/districts/provinces.csv");

/// Gazetteer, statutes and aliases.
#[derive(Debug)]
pub struct Reference {
    pub(crate) gazetteer: Gazetteer,
    pub(crate) statutes: Statutes,
    pub(crate) districts: Districts,
    agencies: BTreeSet<String>,
    /// Agencies that apply the acts of the federation in every province.
    federal: BTreeSet<String>,
    /// Codes of proscribed organisations by folded name, as the deployment lists them.
    proscribed: BTreeMap<String, String>,
    pub(crate) provinces: Provinces,
    pub(crate) stations: Stations,
    pub(crate) border_points: BorderPoints,
    /// A deployer's boundaries, at most one set for each level.
    boundaries: Vec<Boundaries>,
}

impl Reference {
    /// The reference data that ships with the program; building its indexes takes some milliseconds.
    pub fn embedded() -> Self {
        let districts = Districts::parse(DISTRICTS);
        let provinces = Provinces::parse(PROVINCES, DIVISIONS);
        let gazetteer = Gazetteer::parse(PLACES, PLACE_DISTRICTS, &districts, &provinces);
        Self {
            stations: Stations::parse(STATIONS, COMMON_STATION_NAMES, &districts),
            border_points: BorderPoints::parse(BORDER_POINTS, &districts, |name| {
                gazetteer.is_name(name)
            }),
            boundaries: Vec::new(),
            gazetteer,
            statutes: Statutes::parse(SECTIONS, IN_FORCE),
            federal: records(AGENCIES)
                .filter(|record| record.get(2) == Some("federal"))
                .filter_map(|record| record.get(0).map(str::to_owned))
                .collect(),
            agencies: records(AGENCIES)
                .filter_map(|record| record.get(0).map(str::to_owned))
                .collect(),
            proscribed: BTreeMap::new(),
            districts,
            provinces,
        }
    }
}

impl Reference {
    /// Adds the deployment's list of proscribed organisations: names with the codes that stand for them.
    #[must_use]
    pub fn with_proscribed<'n>(
        mut self,
        list: impl IntoIterator<Item = (&'n str, &'n str)>,
    ) -> Self {
        let folded = list
            .into_iter()
            .map(|(name, code)| (slug(name), code.to_owned()));
        self.proscribed.extend(folded);
        self
    }

    /// The code of a proscribed organisation: a code as it is, a name as the deployment's list has it. A name that is not
    /// in the list has no code, and is never kept.
    pub(crate) fn group_code(&self, text: &str) -> Option<String> {
        let text = text.trim();
        let fits = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-';
        let is_code = (2..=24).contains(&text.len())
            && text.bytes().all(fits)
            && text.bytes().any(|b| b.is_ascii_digit());
        if is_code {
            return Some(text.to_owned());
        }
        self.proscribed.get(&slug(text)).cloned()
    }

    /// Whether an agency of this code is known, so that a record can be released to it.
    pub(crate) fn knows_agency(&self, code: &str) -> bool {
        self.agencies.contains(code)
    }

    /// Whether an agency applies federal law in every province, as ANF does after a province passed its own act.
    pub(crate) fn is_federal(&self, agency: &str) -> bool {
        self.federal.contains(agency)
    }
}

/// A unit of a deployer's boundaries.
#[derive(Debug, Clone, Copy)]
pub struct BoundaryUnit<'a> {
    /// Its name as the file has it.
    pub name: &'a str,
    /// The name that records have of the district that it is or lies in; `None` where it is not known.
    pub district: Option<&'a str>,
    /// Its polygons, in degrees.
    pub shape: &'a geo::MultiPolygon<f64>,
}

/// A deployer's table that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct TableError {
    line: u64,
    reason: String,
}

impl TableError {
    fn new(line: u64, reason: impl Into<String>) -> Self {
        Self {
            line,
            reason: reason.into(),
        }
    }
}

impl Reference {
    /// Adds a deployer's table of police stations.
    ///
    /// Columns `agency` and `name`, and any of `id`, `urdu`, `aliases` (separated by `|`), `kind` (`territorial`, `circle`),
    /// `district`, `lat`, `lon` (degrees), `uncertainty_m` (100 where none is given).
    ///
    /// # Errors
    /// [`TableError`] with the line of the first fault.
    pub fn with_stations(mut self, table: &str) -> Result<Self, TableError> {
        self.stations.extend(table, &self.districts)?;
        Ok(self)
    }

    /// Adds boundaries; those of a level replace earlier ones of the same level.
    ///
    /// District boundaries also decide in which district the places of the gazetteer lie.
    #[must_use]
    pub fn with_boundaries(mut self, boundaries: Boundaries) -> Self {
        if boundaries.level() == BoundaryLevel::District {
            self.gazetteer
                .place_in(|point| boundaries.district_at(point));
        }
        self.boundaries
            .retain(|held| held.level() != boundaries.level());
        self.boundaries.push(boundaries);
        self
    }

    /// The units of a level of the deployer's boundaries, in the order of the file; none where none were brought.
    pub fn units(&self, level: BoundaryLevel) -> Vec<BoundaryUnit<'_>> {
        let Some(boundaries) = self.boundaries(level) else {
            return Vec::new();
        };
        let districts = self.boundaries(BoundaryLevel::District);
        let unit = |(name, is, inside, shape)| {
            let lies_in = || districts?.district_at(inside?);
            let district = Option::or_else(is, lies_in);
            BoundaryUnit {
                name,
                district: district.map(|id| self.districts.get(id).name.as_str()),
                shape,
            }
        };
        boundaries.units().map(unit).collect()
    }

    /// The name that records have of a district, by any of its names; `None` where the district table knows none, or
    /// several.
    pub fn district_name(&self, text: &str) -> Option<&str> {
        let found = self.districts.find(text).ok()?;
        Some(&found.district.name)
    }

    /// Districts that were cut up before the vintage of the table, with the names of their parts.
    pub fn former_districts(&self) -> impl Iterator<Item = (&str, Vec<&str>)> {
        self.districts.former()
    }

    /// The boundaries of a level.
    pub(crate) fn boundaries(&self, level: BoundaryLevel) -> Option<&Boundaries> {
        self.boundaries.iter().find(|held| held.level() == level)
    }
}

/// Records of an embedded table; a row that is not one is left out, and the tests count them.
pub(crate) fn records(table: &str) -> impl Iterator<Item = csv::StringRecord> {
    csv::Reader::from_reader(table.as_bytes())
        .into_records()
        .filter_map(Result::ok)
}
