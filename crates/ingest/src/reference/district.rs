//! District names as bureaus write them to the districts of one vintage: aliases, renamings, splits, ambiguous codes.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use naqsha_model::Code;

use super::records;
use super::spelling::{compact, sound};
use crate::text::slug;

/// The vintage of the district table: codes, divisions, and what counts as split.
pub(crate) const DISTRICT_VINTAGE: &str = "2023";

/// A district of the table, by its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct DistrictId(u16);

/// A district.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct District {
    pub(crate) name: String,
    /// OCHA code of the vintage; a district that was cut up before it has none.
    pub(crate) code: Option<String>,
    /// OCHA code of the province or territory.
    pub(crate) province: String,
    /// The districts that a former district was cut into; none for a district of the vintage.
    parts: Vec<DistrictId>,
}

/// What a name resolved to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FoundDistrict<'a> {
    pub(crate) id: DistrictId,
    pub(crate) district: &'a District,
    /// W405 for a district renamed, split or cut up; W409 where only the sound of the name was right.
    pub(crate) remark: Option<Code>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    One(DistrictId, Option<Code>),
    /// Names of two districts that sound alike.
    Several,
}

/// All districts by all their names.
#[derive(Debug)]
pub(crate) struct Districts {
    all: Vec<District>,
    by_code: HashMap<String, DistrictId>,
    by_slug: HashMap<String, Known>,
    by_compact: HashMap<String, Known>,
    by_sound: HashMap<String, Known>,
}

impl Districts {
    /// Reads the table: current districts first, then those split off since, then those cut up before.
    pub(super) fn parse(table: &str) -> Self {
        let mut districts = Self {
            all: Vec::new(),
            by_code: HashMap::new(),
            by_slug: HashMap::new(),
            by_compact: HashMap::new(),
            by_sound: HashMap::new(),
        };
        for record in records(table) {
            districts.add(&record);
        }
        districts
    }

    /// Every one, in the order of the table.
    pub(super) fn all(&self) -> &[District] {
        &self.all
    }

    fn add(&mut self, record: &csv::StringRecord) {
        let field = |i| record.get(i).unwrap_or_default();
        let [name, kind, names, former, within] = [1, 4, 6, 7, 8].map(field);
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let parts: Vec<DistrictId> = within
            .split('|')
            .filter_map(|code| self.by_code.get(code).copied())
            .collect();
        let (id, remark) = if kind == "split" {
            let Some(&parent) = parts.first() else { return };
            (parent, Some(Code::W405))
        } else {
            let Ok(position) = u16::try_from(self.all.len()) else {
                return;
            };
            let id = DistrictId(position);
            if let Some(code) = some(field(0)) {
                self.by_code.insert(code, id);
            }
            self.all.push(District {
                name: name.to_owned(),
                code: some(field(0)),
                province: field(2).to_owned(),
                parts,
            });
            (id, (kind == "former").then_some(Code::W405))
        };
        for name in std::iter::once(name).chain(names.split('|')) {
            self.name(name, Known::One(id, remark));
        }
        for name in former.split('|') {
            let (name, _year) = name.split_once('@').unwrap_or((name, ""));
            self.name(name, Known::One(id, Some(Code::W405)));
        }
    }

    fn name(&mut self, name: &str, known: Known) {
        if name.is_empty() {
            return;
        }
        let compact = compact(name);
        put(&mut self.by_sound, sound(&compact), known);
        put(&mut self.by_compact, compact, known);
        put(&mut self.by_slug, slug(name), known);
    }

    /// The district of a name; `District` and `ضلع` around it do not matter.
    ///
    /// # Errors
    /// [`Code::E404`] for an unknown name; [`Code::E406`] for a name that two districts could have, and for an OCHA code
    /// without a vintage: older generations number other districts so. `PK603@2023` is a code with its vintage.
    pub(crate) fn find(&self, text: &str) -> Result<FoundDistrict<'_>, Code> {
        let slug = slug(text);
        let bare = slug
            .trim_start_matches("ضلع-")
            .trim_start_matches("district-")
            .trim_end_matches("-ضلع")
            .trim_end_matches("-district");
        if let Some(coded) = self.by_written_code(bare) {
            return coded;
        }
        if let Some(known) = self.by_slug.get(&slug).or_else(|| self.by_slug.get(bare)) {
            return self.found(*known, None);
        }
        let compact = compact(bare);
        if let Some(known) = self.by_compact.get(&compact) {
            return self.found(*known, None);
        }
        if compact.chars().count() < SHORTEST_BY_SOUND {
            return Err(Code::E404);
        }
        match self.by_sound.get(&sound(&compact)) {
            Some(known) => self.found(*known, Some(Code::W409)),
            None => Err(Code::E404),
        }
    }

    fn found(&self, known: Known, spelling: Option<Code>) -> Result<FoundDistrict<'_>, Code> {
        let Known::One(id, remark) = known else {
            return Err(Code::E406);
        };
        let remark = remark.or(spelling);
        Ok(FoundDistrict {
            id,
            district: self.get(id),
            remark,
        })
    }

    fn by_written_code(&self, slug: &str) -> Option<Result<FoundDistrict<'_>, Code>> {
        let (code, rest) = slug.split_once('-').unwrap_or((slug, ""));
        let digits = code.strip_prefix("pk")?;
        if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let id = self.by_code.get(&format!("PK{digits}")).copied();
        let named = (!rest.is_empty()).then(|| self.find(rest).ok()).flatten();
        Some(match (id, named) {
            (Some(id), None) if rest == DISTRICT_VINTAGE => self.found(Known::One(id, None), None),
            (Some(id), Some(named)) if named.id == id => Ok(named),
            _ => Err(Code::E406),
        })
    }

    /// The district of an OCHA code of the table's vintage.
    pub(crate) fn of_code(&self, code: &str) -> Option<DistrictId> {
        self.by_code.get(code).copied()
    }

    /// Districts that were cut up before the vintage, with the names of their parts.
    pub(super) fn former(&self) -> impl Iterator<Item = (&str, Vec<&str>)> {
        let cut_up = self.all.iter().filter(|of| !of.parts.is_empty());
        cut_up.map(|of| {
            let parts = of.parts.iter().map(|id| self.get(*id).name.as_str());
            (of.name.as_str(), parts.collect())
        })
    }

    /// A district of the table.
    pub(crate) fn get(&self, id: DistrictId) -> &District {
        self.all
            .get(usize::from(id.0))
            .expect("ids are made by this table only")
    }

    /// Whether a place known to lie in `inner` lies in `outer`: the same district, or a part of a former one.
    pub(crate) fn contains(&self, outer: DistrictId, inner: DistrictId) -> bool {
        outer == inner || self.get(outer).parts.contains(&inner)
    }
}

/// Shorter names are not recognised by their sound: too many words sound like `Swat`.
const SHORTEST_BY_SOUND: usize = 5;

fn put(map: &mut HashMap<String, Known>, key: String, known: Known) {
    match map.entry(key) {
        Entry::Vacant(vacant) => {
            vacant.insert(known);
        }
        Entry::Occupied(mut held) => {
            let same =
                matches!((held.get(), known), (Known::One(a, _), Known::One(b, _)) if *a == b);
            if !same {
                held.insert(Known::Several);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reference;

    fn found(text: &str) -> String {
        let reference = Reference::embedded();
        match reference.districts.find(text) {
            Ok(found) => {
                let remark = found
                    .remark
                    .map(|code| format!(" {code}"))
                    .unwrap_or_default();
                let code = found.district.code.as_deref().unwrap_or("-");
                format!("{code} {}{remark}", found.district.name)
            }
            Err(code) => code.to_string(),
        }
    }

    #[test]
    fn spellings_scripts_and_order_of_words_do_not_matter() {
        for (text, district) in [
            ("D.G.Khan", "PK607 Dera Ghazi Khan"),
            ("ڈیرہ غازی خان", "PK607 Dera Ghazi Khan"),
            ("Muzaffar Garh", "PK623 Muzaffargarh"),
            ("ضلع لاہور", "PK617 Lahore"),
            ("District Lahore", "PK617 Lahore"),
            ("Karachi South", "PK721 South Karachi"),
            ("بہاول پور", "PK603 Bahawalpur"),
            ("Muzafargarh", "PK623 Muzaffargarh W409"),
            ("Qasoor", "PK614 Kasur W409"),
        ] {
            assert_eq!(found(text), district, "{text}");
        }
    }

    #[test]
    fn what_was_renamed_split_or_cut_up_says_so() {
        assert_eq!(found("Nawabshah"), "PK719 Shaheed Benazir Abad W405");
        assert_eq!(found("Keamari"), "PK729 West Karachi W405");
        assert_eq!(found("Khyber Agency"), "PK513 Khyber W405");
        assert_eq!(
            found("Chitral"),
            "- Chitral W405",
            "two districts since: the whole is kept"
        );
        let reference = Reference::embedded();
        let [whole, upper, swat] = ["Chitral", "Upper Chitral", "Swat"]
            .map(|name| reference.districts.find(name).unwrap().id);
        assert!(reference.districts.contains(whole, upper));
        assert!(!reference.districts.contains(whole, swat));
    }

    #[test]
    fn a_code_without_its_vintage_is_ambiguous() {
        assert_eq!(found("PK603"), "E406");
        assert_eq!(found("PK603@2023"), "PK603 Bahawalpur");
        assert_eq!(found("PK603 Bahawalpur"), "PK603 Bahawalpur");
        assert_eq!(found("PK603 Lahore"), "E406");
        assert_eq!(found("Atlantis"), "E404");
    }

    #[test]
    fn every_district_of_the_vintage_has_its_code_and_no_name_is_of_two() {
        let reference = Reference::embedded();
        let current = reference.districts.all.iter().filter(|d| d.code.is_some());
        assert_eq!(current.count(), 160);
        let several = |map: &HashMap<String, Known>| -> Vec<String> {
            let both = map.iter().filter(|(_, known)| **known == Known::Several);
            both.map(|(name, _)| name.clone()).collect()
        };
        assert_eq!(several(&reference.districts.by_slug), Vec::<String>::new());
        assert_eq!(
            several(&reference.districts.by_compact),
            Vec::<String>::new()
        );
        for record in records(super::super::DISTRICTS).filter(|record| &record[4] == "current") {
            let [code, name, ocha, key] = [0, 1, 2, 3].map(|column| record.get(column).unwrap());
            assert!(code.starts_with(ocha), "{record:?}");
            let province = reference
                .provinces
                .division(key)
                .map(|(_, province)| province);
            assert!(province == Some(ocha) || name == "Lehri", "{record:?}");
        }
    }
}
