//! Reference data, embedded at this one place: gazetteer, statute sections, district names and aliases.

mod district;
mod gazetteer;
mod statutes;

pub(crate) use district::Districts;
pub(crate) use gazetteer::{Found, Gazetteer, Place};
pub(crate) use statutes::Statutes;

const PLACES: &str = include_str!("../../../data/gazetteer/pk_places.csv");
const SECTIONS: &str = include_str!("../../../data/statutes/sections.csv");
const DISTRICT_ALIASES: &str = include_str!("../../../data/aliases/district.csv");
const DISTRICT_NAMES: &str = include_str!("../../../data/aliases/district_names.csv");

/// Gazetteer, statutes and aliases.
#[derive(Debug)]
pub struct Reference {
    pub(crate) gazetteer: Gazetteer,
    pub(crate) statutes: Statutes,
    pub(crate) districts: Districts,
}

impl Reference {
    /// The reference data that ships with the program; building its indexes takes some milliseconds.
    pub fn embedded() -> Self {
        Self {
            gazetteer: Gazetteer::parse(PLACES),
            statutes: Statutes::parse(SECTIONS),
            districts: Districts::parse(DISTRICT_NAMES, DISTRICT_ALIASES),
        }
    }
}

/// Records of an embedded table; a row that is not one is left out, and the tests count them.
fn records(table: &str) -> impl Iterator<Item = csv::StringRecord> {
    csv::Reader::from_reader(table.as_bytes())
        .into_records()
        .filter_map(Result::ok)
}
