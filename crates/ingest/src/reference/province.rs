//! Provinces, territories and divisions as bureaus write them.

use std::collections::HashMap;

use super::records;
use super::spelling::compact;

/// Provinces and territories by their names, and by the first-order codes of GeoNames.
#[derive(Debug)]
pub(crate) struct Provinces {
    by_name: HashMap<String, String>,
    by_geonames: HashMap<String, String>,
    /// Divisions of the district table's vintage, with their province.
    divisions: HashMap<String, (String, String)>,
}

impl Provinces {
    pub(super) fn parse(provinces: &str, divisions: &str) -> Self {
        let mut by_name = HashMap::new();
        let mut by_geonames = HashMap::new();
        for record in records(provinces) {
            let field = |i| record.get(i).unwrap_or_default();
            let code = field(0).to_owned();
            by_geonames.insert(field(4).to_owned(), code.clone());
            let names = field(5).split('|').chain([field(0), field(1), field(3)]);
            for name in names {
                by_name.insert(compact(name), code.clone());
            }
        }
        let divisions = records(divisions)
            .flat_map(|record| {
                let field = |i| record.get(i).unwrap_or_default();
                let division = (field(0).to_owned(), field(1).to_owned());
                [field(0), field(2)].map(|name| (compact(name), division.clone()))
            })
            .collect();
        Self {
            by_name,
            by_geonames,
            divisions,
        }
    }

    /// The OCHA code of a province or territory: `KPK`, `NWFP`, `خیبر پختونخوا` and `PK-KP` are `PK5`.
    pub(crate) fn find(&self, text: &str) -> Option<&str> {
        let compact = compact(text);
        let bare = compact
            .trim_end_matches("province")
            .trim_start_matches("صوبہ");
        self.by_name
            .get(&compact)
            .or_else(|| self.by_name.get(bare))
            .map(String::as_str)
    }

    /// The OCHA code of a first-order division of GeoNames.
    pub(crate) fn of_geonames(&self, admin1: &str) -> Option<&str> {
        self.by_geonames.get(admin1).map(String::as_str)
    }

    /// Name and province of a division; `Division` and `ڈویژن` behind it do not matter.
    pub(crate) fn division(&self, text: &str) -> Option<(&str, &str)> {
        let compact = compact(text);
        let bare = compact
            .trim_end_matches("division")
            .trim_end_matches("ڈویژن");
        let (name, province) = self.divisions.get(bare)?;
        Some((name, province))
    }
}

#[cfg(test)]
mod tests {
    use crate::Reference;

    #[test]
    fn provinces_are_known_by_every_name_they_had() {
        let reference = Reference::embedded();
        for name in [
            "KPK",
            "KP",
            "N.W.F.P.",
            "NWFP",
            "Khyber Pakhtunkhwa",
            "خیبر پختونخوا",
            "PK-KP",
            "FATA",
        ] {
            assert_eq!(reference.provinces.find(name), Some("PK5"), "{name}");
        }
        assert_eq!(reference.provinces.find("Punjab Province"), Some("PK6"));
        assert_eq!(reference.provinces.find("Capital"), Some("PK4"));
        assert_eq!(reference.provinces.find("Bavaria"), None);
    }

    #[test]
    fn thirty_seven_divisions_lie_in_their_provinces() {
        let reference = Reference::embedded();
        assert_eq!(
            reference.provinces.division("Hazara Division"),
            Some(("Hazara", "PK5"))
        );
        let names: std::collections::HashSet<_> = reference
            .provinces
            .divisions
            .values()
            .map(|(name, province)| (name, province))
            .collect();
        assert_eq!(names.len(), 37);
    }
}
