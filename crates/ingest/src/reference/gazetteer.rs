//! Populated places by name in running text. A name that two places share is ambiguous, never guessed.

use std::collections::HashMap;

use naqsha_model::{Metres, Point};

use super::district::{DistrictId, Districts};
use super::province::Provinces;
use super::records;
use super::spelling::{compact, compact_word, sound};
use crate::text::words;

/// A populated place.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) name: String,
    /// The name in Arabic script, where the gazetteer has one.
    pub(crate) urdu: Option<String>,
    pub(crate) point: Point,
    pub(crate) population: u64,
    /// First-order division of GeoNames.
    pub(crate) admin1: String,
    /// OCHA code of its province or territory.
    pub(crate) province: Option<String>,
    /// The district it lies in, where that is sure.
    pub(crate) district: Option<DistrictId>,
}

impl Place {
    /// The radius of the built-up area, so of what its name alone can tell: at least 2 km.
    pub(crate) fn uncertainty(&self) -> Metres {
        #[expect(clippy::cast_precision_loss, reason = "populations are far below 2^52")]
        let square_km = self.population as f64 / RESIDENTS_PER_SQUARE_KM;
        let radius_m = (square_km / std::f64::consts::PI).sqrt() * 1000.0;
        Metres::new(radius_m.max(SMALLEST_TOWN_M)).expect("a square root is not negative")
    }
}

/// Density of the built-up area of large Pakistani cities, in round numbers.
const RESIDENTS_PER_SQUARE_KM: f64 = 15_000.0;
const SMALLEST_TOWN_M: f64 = 2_000.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Primary,
    Alternative,
}

#[derive(Debug)]
struct Name {
    words: Vec<String>,
    rank: Rank,
    places: Vec<usize>,
}

/// What a text names.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Found<'a> {
    /// No known place.
    Nothing,
    /// One place.
    One(&'a Place),
    /// Two places that are equally good, or one of which it is not sure that it lies in the stated area.
    Ambiguous,
    /// Only places outside the stated area.
    Elsewhere,
}

/// The area that a row states beside a place's name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Scope<'a> {
    pub(crate) district: Option<DistrictId>,
    /// OCHA code of the province.
    pub(crate) province: Option<&'a str>,
}

/// How a place lies to a stated area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Inside,
    NotSure,
    Outside,
}

/// Places indexed by the first word of their names.
#[derive(Debug)]
pub(crate) struct Gazetteer {
    places: Vec<Place>,
    names: HashMap<String, Vec<Name>>,
    /// Places by the sound of their names, for names of at least [`SHORTEST_BY_SOUND`] letters.
    sounds: HashMap<String, Vec<usize>>,
    /// Places by their centre, in hundred-thousandths of a degree.
    centres: HashMap<(i64, i64), usize>,
}

/// A point in hundred-thousandths of a degree: about a metre, and what the gazetteer is rounded to.
#[expect(clippy::cast_possible_truncation, reason = "at most 1.8e7")]
fn metre(point: Point) -> (i64, i64) {
    let whole = |degrees: f64| (degrees * 1e5).round() as i64;
    (whole(point.lon()), whole(point.lat()))
}

/// Shorter sounds are too many words'.
const SHORTEST_BY_SOUND: usize = 6;
/// Words of the longest name that is looked up by its sound.
const WORDS_BY_SOUND: usize = 4;

impl Gazetteer {
    pub(super) fn parse(
        table: &str,
        place_districts: &str,
        districts: &Districts,
        provinces: &Provinces,
    ) -> Self {
        let in_district: HashMap<String, DistrictId> = records(place_districts)
            .filter_map(|record| {
                Some((
                    record.get(0)?.to_owned(),
                    districts.of_code(record.get(1)?)?,
                ))
            })
            .collect();
        let mut gazetteer = Self {
            places: Vec::new(),
            names: HashMap::new(),
            sounds: HashMap::new(),
            centres: HashMap::new(),
        };
        for record in records(table) {
            let field = |i| record.get(i).unwrap_or_default();
            let (Ok(lat), Ok(lon)) = (field(2).parse(), field(3).parse()) else {
                continue;
            };
            let Ok(point) = Point::new(lon, lat) else {
                continue;
            };
            let alternatives: Vec<&str> = field(6)
                .split('|')
                .map(str::trim)
                .filter(|name| is_name(name))
                .collect();
            let urdu = alternatives
                .iter()
                .find(|name| name.contains(|c: char| matches!(c, '\u{600}'..='\u{6ff}')));
            let index = gazetteer.places.len();
            gazetteer.centres.insert(metre(point), index);
            gazetteer.places.push(Place {
                name: field(1).to_owned(),
                urdu: urdu.map(|&name| name.to_owned()),
                point,
                population: field(4).parse().unwrap_or(0),
                admin1: field(5).to_owned(),
                province: provinces.of_geonames(field(5)).map(str::to_owned),
                district: in_district.get(field(0)).copied(),
            });
            gazetteer.add(field(1), Rank::Primary, index);
            for name in alternatives {
                gazetteer.add(name, Rank::Alternative, index);
            }
        }
        gazetteer
    }

    /// Says anew in which district each place lies, as a deployer's boundaries have it; `None` where they do not say.
    pub(super) fn place_in(&mut self, district_at: impl Fn(Point) -> Option<DistrictId>) {
        for place in &mut self.places {
            place.district = district_at(place.point).or(place.district);
        }
    }

    fn add(&mut self, name: &str, rank: Rank, place: usize) {
        let words = words(name);
        let Some(first) = words.first() else { return };
        let names = self.names.entry(first.clone()).or_default();
        match names
            .iter_mut()
            .find(|known| known.words == words && known.rank == rank)
        {
            Some(known) if known.places.contains(&place) => {}
            Some(known) => known.places.push(place),
            None => names.push(Name {
                words,
                rank,
                places: vec![place],
            }),
        }
        let sound = sound(&compact(name));
        if sound.chars().count() >= SHORTEST_BY_SOUND {
            let places = self.sounds.entry(sound).or_default();
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }

    /// All places, in the order of the table.
    pub(crate) fn places(&self) -> &[Place] {
        &self.places
    }

    /// Whether some place has exactly this name.
    pub(crate) fn is_name(&self, name: &str) -> bool {
        self.named(&words(name)).next().is_some()
    }

    /// The one place inside a stated area that has exactly this name.
    pub(crate) fn exactly(
        &self,
        name: &str,
        scope: Scope<'_>,
        districts: &Districts,
    ) -> Option<&Place> {
        let words = words(name);
        let mut inside = self
            .named(&words)
            .filter(|place| side(place, scope, districts) == Side::Inside);
        let one = inside.next()?;
        inside.all(|other| other.point == one.point).then_some(one)
    }

    fn named<'a, 'w>(
        &'a self,
        words: &'w [String],
    ) -> impl Iterator<Item = &'a Place> + use<'a, 'w> {
        let names = words.first().and_then(|first| self.names.get(first));
        let names = names
            .into_iter()
            .flatten()
            .filter(move |name| name.words == words);
        names
            .flat_map(|name| &name.places)
            .filter_map(|&index| self.places.get(index))
    }

    /// The place whose centre this very point is, to a metre.
    pub(crate) fn centred_at(&self, point: Point) -> Option<&Place> {
        self.centres
            .get(&metre(point))
            .and_then(|&index| self.places.get(index))
    }

    /// The place with the longest name in a text; a place's own name goes before another's by-name.
    pub(crate) fn find(&self, text: &str) -> Found<'_> {
        self.find_by_name(&words(text), |_place| Side::Inside)
    }

    /// The place in a stated area with the longest name in a text: in it, namesakes elsewhere do not count.
    ///
    /// Where no name is spelt as the gazetteer has it, one that sounds like a place inside the area is that place; then
    /// the second value is true.
    pub(crate) fn find_within(
        &self,
        text: &str,
        scope: Scope<'_>,
        districts: &Districts,
    ) -> (Found<'_>, bool) {
        let text = words(text);
        let side = |place: &Place| side(place, scope, districts);
        let found = self.find_by_name(&text, side);
        let stated = scope.district.is_some() || scope.province.is_some();
        if stated && matches!(found, Found::Nothing) {
            return (self.find_by_sound(&text, side), true);
        }
        (found, false)
    }

    fn find_by_name(&self, text: &[String], side: impl Fn(&Place) -> Side) -> Found<'_> {
        let mut best = Best::default();
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let Some(name) = self.longest_at(rest) else {
                at += 1;
                continue;
            };
            at += name.words.len();
            // The Kohat Road of Peshawar is not in Kohat.
            if text.get(at).is_some_and(|next| is_road(next)) {
                continue;
            }
            let length = name.words.iter().map(|word| word.chars().count()).sum();
            for &index in &name.places {
                if let Some(place) = self.places.get(index) {
                    best.offer(side(place), length, index);
                }
            }
        }
        best.choose(&self.places)
    }

    fn find_by_sound(&self, text: &[String], side: impl Fn(&Place) -> Side) -> Found<'_> {
        let mut best = Best::default();
        let compact: Vec<String> = text.iter().map(|word| compact_word(word)).collect();
        for at in 0..text.len() {
            for length in 1..=WORDS_BY_SOUND.min(text.len() - at) {
                let end = at + length;
                let sound = sound(&compact.get(at..end).unwrap_or_default().concat());
                let places = self.sounds.get(&sound).map_or(&[][..], Vec::as_slice);
                if text.get(end).is_some_and(|next| is_road(next)) {
                    continue;
                }
                for &index in places {
                    if let Some(place) = self.places.get(index)
                        && side(place) == Side::Inside
                    {
                        best.offer(Side::Inside, sound.chars().count(), index);
                    }
                }
            }
        }
        best.choose(&self.places)
    }

    fn longest_at(&self, text: &[String]) -> Option<&Name> {
        let names = self.names.get(text.first()?)?;
        names
            .iter()
            .filter(|name| text.starts_with(&name.words))
            .min_by_key(|name| (std::cmp::Reverse(name.words.len()), name.rank))
    }
}

/// The best candidates of a text: inside the area before not sure before outside, then the longest name.
#[derive(Debug, Default)]
struct Best {
    held: Option<(Side, usize)>,
    places: Vec<usize>,
}

impl Best {
    fn offer(&mut self, side: Side, length: usize, place: usize) {
        let rank = |(side, length): (Side, usize)| (side as u8, std::cmp::Reverse(length));
        match self.held.map(|held| rank(held).cmp(&rank((side, length)))) {
            Some(std::cmp::Ordering::Less) => {}
            Some(std::cmp::Ordering::Equal) => {
                if !self.places.contains(&place) {
                    self.places.push(place);
                }
            }
            Some(std::cmp::Ordering::Greater) | None => {
                self.held = Some((side, length));
                self.places.clear();
                self.places.push(place);
            }
        }
    }

    fn choose(self, places: &[Place]) -> Found<'_> {
        match (self.held, self.places.as_slice()) {
            (None, _) => Found::Nothing,
            (Some((Side::Outside, _)), _) => Found::Elsewhere,
            (Some((Side::Inside, _)), [one]) => places.get(*one).map_or(Found::Nothing, Found::One),
            _ => Found::Ambiguous,
        }
    }
}

fn side(place: &Place, scope: Scope<'_>, districts: &Districts) -> Side {
    let district = scope.district.map(|stated| districts.get(stated));
    let province = district.map(|d| d.province.as_str()).or(scope.province);
    if let (Some(stated), Some(known)) = (province, place.province.as_deref())
        && stated != known
    {
        return Side::Outside;
    }
    match (scope.district, place.district) {
        (None, _) => Side::Inside,
        (Some(_), None) => Side::NotSure,
        (Some(stated), Some(known)) if districts.contains(stated, known) => Side::Inside,
        (Some(_), Some(_)) => Side::Outside,
    }
}

fn is_road(word: &str) -> bool {
    matches!(word, "road" | "rd" | "روڈ" | "سڑک")
}

/// Whether an alternative is a name: not an airport code, not a fragment.
fn is_name(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let arabic = text.contains(|c: char| matches!(c, '\u{600}'..='\u{6ff}'));
    if arabic {
        letters >= 3
    } else {
        letters >= 5 && text.starts_with(char::is_uppercase)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reference;

    fn found(text: &str) -> String {
        match Reference::embedded().gazetteer.find(text) {
            Found::One(place) => place.name.clone(),
            Found::Nothing => "-".to_owned(),
            Found::Ambiguous => "ambiguous".to_owned(),
            Found::Elsewhere => "elsewhere".to_owned(),
        }
    }

    fn found_in(text: &str, district: &str) -> String {
        let reference = Reference::embedded();
        let scope = Scope {
            district: Some(reference.districts.find(district).unwrap().id),
            province: None,
        };
        match reference
            .gazetteer
            .find_within(text, scope, &reference.districts)
        {
            (Found::One(place), false) => place.name.clone(),
            (Found::One(place), true) => format!("{}?", place.name),
            (Found::Nothing, _) => "-".to_owned(),
            (Found::Ambiguous, _) => "ambiguous".to_owned(),
            (Found::Elsewhere, _) => "elsewhere".to_owned(),
        }
    }

    #[test]
    fn the_stated_district_decides_between_namesakes_and_is_never_left() {
        assert_eq!(found_in("Sahiwal", "Sargodha"), "Sahiwal");
        assert_eq!(found_in("Sahiwal", "Sahiwal"), "Sahiwal");
        assert_eq!(found_in("between Lahore and Multan", "Multan"), "Multan");
        assert_eq!(found_in("Turbat", "Lahore"), "elsewhere");
        assert_eq!(found_in("bazaar of Jaranwalla", "Faisalabad"), "Jaranwala?");
        assert_eq!(found_in("bazaar of Jaranwalla", "Lahore"), "-");
    }

    #[test]
    fn a_road_is_not_the_town_it_leads_to() {
        assert_eq!(found("Kohat Road"), "-");
        assert_eq!(found("کوہاٹ روڈ"), "-");
        assert_eq!(found("Raiwind Road, Lahore"), "Lahore");
    }

    #[test]
    fn every_row_of_the_gazetteer_is_a_place() {
        let rows = super::super::PLACES.lines().count() - 1;
        assert_eq!(Reference::embedded().gazetteer.places().len(), rows);
        assert!(rows > 500);
    }

    #[test]
    fn the_longest_name_wins_and_two_equal_ones_are_ambiguous() {
        assert_eq!(found("Kohat Road, Peshawar"), "Peshawar");
        assert_eq!(found("near bus stand Dera Ghazi Khan"), "Dera Ghazi Khan");
        assert_eq!(found("کوئٹہ"), "Quetta");
        assert_eq!(found("between Lahore and Multan"), "ambiguous");
        assert_eq!(found("Sahiwal"), "ambiguous", "two towns of that name");
        assert_eq!(
            found("Bahawalpur"),
            "Bahawalpur",
            "its own name, not another's by-name"
        );
        assert_eq!(found("an unnamed village"), "-");
    }

    #[test]
    fn a_town_is_known_to_at_least_two_kilometres() {
        for place in Reference::embedded().gazetteer.places() {
            assert!(place.uncertainty().get() >= 2_000.0);
        }
    }
}
