//! Police stations by agency: the shipped circles and anti-narcotics stations, a deployer's own table, and the names that a
//! station has in so many districts that the district must be said.

use std::collections::{HashMap, HashSet};

use naqsha_model::{Code, Metres, Point};

use super::district::{DistrictId, Districts};
use super::spelling::{compact, sound};
use super::{TableError, records};
use crate::text::{slug, words};

/// What a station answers for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StationKind {
    /// The area around it.
    Territorial,
    /// A division or a whole province: a "police station" in law only.
    Circle,
}

/// A station of the registry.
#[derive(Debug, Clone)]
pub(crate) struct Station {
    pub(crate) id: String,
    pub(crate) kind: StationKind,
    pub(crate) district: Option<DistrictId>,
    /// OCHA code of the province.
    pub(crate) province: Option<String>,
    /// Where it stands, and how surely; only a deployer's table says so.
    pub(crate) site: Option<(Point, Metres)>,
}

/// A station of the registry, by its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StationId(usize);

/// A station as a row names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedStation {
    /// What the case number is counted under: one station has one, however it is spelt.
    pub(crate) key: String,
    /// The name alone, without what says that it is a station.
    pub(crate) name: String,
    pub(crate) registered: Option<StationId>,
    /// W409 where the spelling was corrected.
    pub(crate) remark: Option<Code>,
}

/// All stations.
#[derive(Debug, Default)]
pub(crate) struct Stations {
    all: Vec<Station>,
    /// By agency and compact name.
    by_name: HashMap<(String, String), Vec<StationId>>,
    /// Positions, by the bits of longitude and latitude.
    sites: HashSet<(u64, u64)>,
    /// Canonical name by the compact form of every spelling of a name that many districts have.
    common: HashMap<String, String>,
    common_by_sound: HashMap<String, String>,
}

/// Uncertainty of a position in a deployer's table that states none: a building and its yard.
const BUILDING_M: f64 = 100.0;

impl Stations {
    pub(super) fn parse(stations: &str, common: &str, districts: &Districts) -> Self {
        let mut all = Self::default();
        for record in records(stations) {
            let field = |i| record.get(i).unwrap_or_default();
            let [
                agency,
                id,
                name,
                urdu,
                aliases,
                kind,
                district,
                _division,
                province,
            ] = [0, 1, 2, 3, 4, 5, 6, 7, 8].map(field);
            let station = Station {
                id: id.to_owned(),
                kind: if kind == "circle" {
                    StationKind::Circle
                } else {
                    StationKind::Territorial
                },
                district: districts.of_code(district),
                province: Some(province.to_owned()),
                site: None,
            };
            all.add(
                agency,
                station,
                [name, urdu].into_iter().chain(aliases.split('|')),
            );
        }
        for record in records(common) {
            let field = |i| record.get(i).unwrap_or_default();
            for name in [field(0)]
                .into_iter()
                .chain(field(1).split('|'))
                .chain(field(2).split('|'))
            {
                let compact = compact(name);
                if !compact.is_empty() {
                    all.common_by_sound
                        .insert(sound(&compact), field(0).to_owned());
                    all.common.insert(compact, field(0).to_owned());
                }
            }
        }
        all
    }

    fn add<'n>(&mut self, agency: &str, station: Station, names: impl Iterator<Item = &'n str>) {
        let id = StationId(self.all.len());
        if let Some((point, _)) = station.site {
            self.sites
                .insert((point.lon().to_bits(), point.lat().to_bits()));
        }
        self.all.push(station);
        for name in names {
            let name = compact(&name_words(name).concat());
            if name.is_empty() {
                continue;
            }
            let held = self.by_name.entry((agency.to_owned(), name)).or_default();
            if !held.contains(&id) {
                held.push(id);
            }
        }
    }

    /// Adds a deployer's table: `agency,name` and any of `id,urdu,aliases,kind,district,lat,lon,uncertainty_m`.
    ///
    /// # Errors
    /// [`TableError`] with the line and what is wrong with it; nothing of the table is then taken.
    pub(super) fn extend(
        &mut self,
        table: &str,
        districts: &Districts,
    ) -> Result<usize, TableError> {
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(table.as_bytes());
        let header = reader
            .headers()
            .map_err(|e| TableError::new(1, e.to_string()))?
            .clone();
        let column = |name: &str| {
            header
                .iter()
                .position(|h| h.trim_start_matches('\u{feff}') == name)
        };
        let (Some(agency), Some(name)) = (column("agency"), column("name")) else {
            return Err(TableError::new(
                1,
                "the columns `agency` and `name` are needed",
            ));
        };
        let mut read = Vec::new();
        for record in reader.into_records() {
            let record = record.map_err(|e| {
                TableError::new(e.position().map_or(0, csv::Position::line), e.to_string())
            })?;
            let line = record.position().map_or(0, csv::Position::line);
            let field = |name: &str| column(name).and_then(|i| record.get(i)).unwrap_or_default();
            let required = |i: usize| record.get(i).filter(|text| !text.is_empty());
            let (Some(agency), Some(name)) = (required(agency), required(name)) else {
                return Err(TableError::new(line, "agency or name is empty"));
            };
            let station = deployed(agency, name, &field, districts)
                .map_err(|reason| TableError::new(line, reason))?;
            read.push((
                agency.to_owned(),
                station,
                format!("{name}|{}|{}", field("urdu"), field("aliases")),
            ));
        }
        let count = read.len();
        for (agency, station, names) in read {
            self.add(&agency, station, names.split('|'));
        }
        Ok(count)
    }

    /// A station of the registry.
    pub(crate) fn get(&self, id: StationId) -> &Station {
        self.all
            .get(id.0)
            .expect("ids are made by this registry only")
    }

    /// The station that a cell names, in the stated district where one is stated.
    ///
    /// # Errors
    /// [`Code::E101`] where no name is left without `PS`, `Thana` and the like; [`Code::E406`] for a name that stands for
    /// several stations and no district tells which.
    pub(crate) fn find(
        &self,
        agency: &str,
        text: &str,
        stated: Option<DistrictId>,
        districts: &Districts,
    ) -> Result<NamedStation, Code> {
        let misspelt = words(text)
            .iter()
            .any(|word| word == "ٹھانہ")
            .then_some(Code::W409);
        let words = name_words(text);
        if words.is_empty() {
            return Err(Code::E101);
        }
        let plain = |remark| NamedStation {
            key: words.join("-"),
            name: words.join(" "),
            registered: None,
            remark,
        };
        if let Some(id) = self.registered(agency, &words.concat(), stated, districts)? {
            return Ok(NamedStation {
                key: self.get(id).id.clone(),
                registered: Some(id),
                ..plain(misspelt)
            });
        }
        let Some((common, by_sound, district)) = self.common_name(&words, districts) else {
            return Ok(plain(misspelt));
        };
        let Some(district) = district.or(stated) else {
            return Err(Code::E406);
        };
        if stated.is_some_and(|stated| !districts.contains(stated, district)) {
            return Ok(plain(misspelt));
        }
        let key = format!("{}-{}", slug(common), slug(&districts.get(district).name));
        Ok(NamedStation {
            key,
            name: common.to_owned(),
            registered: None,
            remark: misspelt.or(by_sound.then_some(Code::W409)),
        })
    }

    /// Whether this very point is where a station stands.
    pub(crate) fn stands_at(&self, point: Point) -> bool {
        self.sites
            .contains(&(point.lon().to_bits(), point.lat().to_bits()))
    }

    fn registered(
        &self,
        agency: &str,
        name: &str,
        stated: Option<DistrictId>,
        districts: &Districts,
    ) -> Result<Option<StationId>, Code> {
        let Some(held) = self.by_name.get(&(agency.to_owned(), compact(name))) else {
            return Ok(None);
        };
        let fits = |id: &&StationId| {
            let station = self.get(**id);
            let (Some(stated), Some(district)) = (stated, station.district) else {
                return true;
            };
            station.kind == StationKind::Circle || districts.contains(stated, district)
        };
        match held.iter().filter(fits).collect::<Vec<_>>().as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(**one)),
            _ => Err(Code::E406),
        }
    }

    /// A name of many districts, whether it was known by its sound only, and the district written behind it.
    fn common_name(
        &self,
        words: &[String],
        districts: &Districts,
    ) -> Option<(&str, bool, Option<DistrictId>)> {
        let known = |words: &[String]| {
            let compact = compact(&words.concat());
            let exact = self.common.get(&compact).map(|name| (name.as_str(), false));
            exact.or_else(|| {
                let name = self.common_by_sound.get(&sound(&compact))?;
                (compact.chars().count() >= SHORTEST_BY_SOUND).then_some((name.as_str(), true))
            })
        };
        if let Some((name, by_sound)) = known(words) {
            return Some((name, by_sound, None));
        }
        (1..words.len()).rev().find_map(|at| {
            let (name, district) = words.split_at(at);
            let (name, by_sound) = known(name)?;
            let found = districts.find(&district.join(" ")).ok()?;
            // The Saddar of Kot Addu is not the Saddar of Muzaffargarh, of which Kot Addu was a part.
            let same = found.remark.is_none();
            same.then_some((name, by_sound, Some(found.id)))
        })
    }
}

const SHORTEST_BY_SOUND: usize = 5;

/// What says that a name is a station's.
const STATION_WORDS: [&str; 7] = [
    "ps",
    "thana",
    "تھانہ",
    "ٹھانہ",
    "station",
    "police",
    "پولیس",
];

fn deployed<'f>(
    agency: &str,
    name: &str,
    field: &impl Fn(&str) -> &'f str,
    districts: &Districts,
) -> Result<Station, String> {
    let stated = |name: &str| Some(field(name)).filter(|text| !text.is_empty());
    let number = |name: &'static str| {
        let parsed = stated(name).map(|text| {
            text.parse::<f64>()
                .map_err(|_e| format!("{name} {text:?} is not a number"))
        });
        parsed.transpose()
    };
    let district = stated("district")
        .map(|text| match districts.of_code(text) {
            Some(id) => Ok(id),
            None => districts
                .find(text)
                .map(|found| found.id)
                .map_err(|code| format!("district {text:?}: {code}")),
        })
        .transpose()?;
    let site = match (number("lon")?, number("lat")?) {
        (None, None) => None,
        (Some(lon), Some(lat)) => {
            let point = Point::new(lon, lat).map_err(|e| e.to_string())?;
            let metres = Metres::new(number("uncertainty_m")?.unwrap_or(BUILDING_M))
                .map_err(|e| e.to_string())?;
            Some((point, metres))
        }
        _ => return Err("lon and lat are needed together".to_owned()),
    };
    let kind = match stated("kind") {
        None | Some("territorial") => StationKind::Territorial,
        Some("circle") => StationKind::Circle,
        Some(other) => return Err(format!("kind is territorial or circle, not {other:?}")),
    };
    let place = district
        .map(|id| format!("-{}", slug(&districts.get(id).name)))
        .unwrap_or_default();
    let id = stated("id").map_or_else(
        || format!("{}{place}", slug(&name_words(name).join(" "))),
        str::to_owned,
    );
    Ok(Station {
        id: format!("{}/{id}", agency.to_lowercase()),
        kind,
        district,
        province: district.map(|id| districts.get(id).province.clone()),
        site,
    })
}

/// The words of a station's name without `PS`, `P.S.`, `Thana` and the like.
fn name_words(text: &str) -> Vec<String> {
    let mut words = words(text);
    if let [p, s, ..] = words.as_slice()
        && (p.as_str(), s.as_str()) == ("p", "s")
    {
        words.drain(..2);
    }
    words.retain(|word| !STATION_WORDS.contains(&word.as_str()));
    words
}

#[cfg(test)]
mod tests;
