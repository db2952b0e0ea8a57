//! What is known of a place beyond its position, and routes from place to place.

use crate::coded::coded;

coded! {
    /// What a place is to the offence.
    PlaceRole, "place role" {
        /// Where goods are produced.
        Production = "production",
        /// Where they come from.
        Origin = "origin",
        /// Where they pass.
        Transit = "transit",
        /// Where they go.
        Destination = "destination",
        /// Where they are sold.
        Market = "market",
        /// Where persons are recruited.
        Recruitment = "recruitment",
        /// Where persons are exploited.
        Exploitation = "exploitation",
        /// Where funds are collected.
        Collection = "collection",
        /// Not known.
        Unknown = "unknown",
    }
}

coded! {
    /// One of eight directions.
    Bearing, "bearing" {
        /// North.
        North = "N",
        /// North-east.
        NorthEast = "NE",
        /// East.
        East = "E",
        /// South-east.
        SouthEast = "SE",
        /// South.
        South = "S",
        /// South-west.
        SouthWest = "SW",
        /// West.
        West = "W",
        /// North-west.
        NorthWest = "NW",
    }
}

impl Bearing {
    /// Degrees clockwise from north.
    pub fn degrees(self) -> f64 {
        f64::from(self.index()) * 45.0
    }
}

/// Distance and direction from the police station (column 4 of Form 24.5(1)).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Offset {
    /// Kilometres, not negative.
    pub km: f64,
    /// Direction, where one is stated.
    pub bearing: Option<Bearing>,
}

coded! {
    /// A province or territory, by OCHA code.
    Province, "province" {
        /// Azad Jammu and Kashmir, a territory.
        AzadKashmir = "PK1",
        /// Balochistan.
        Balochistan = "PK2",
        /// Gilgit-Baltistan, a territory.
        GilgitBaltistan = "PK3",
        /// Islamabad Capital Territory.
        Islamabad = "PK4",
        /// Khyber Pakhtunkhwa, the merged districts included.
        KhyberPakhtunkhwa = "PK5",
        /// Punjab.
        Punjab = "PK6",
        /// Sindh.
        Sindh = "PK7",
    }
}

/// ISO 3166-1 alpha-2 code of a country, two upper-case letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

impl Country {
    /// Pakistan.
    pub const PAKISTAN: Self = Self(*b"PK");

    /// Two upper-case letters, else `None`.
    pub fn new(code: &str) -> Option<Self> {
        match *code.as_bytes() {
            [a @ b'A'..=b'Z', b @ b'A'..=b'Z'] => Some(Self([a, b])),
            _ => None,
        }
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("two ASCII letters by construction")
    }
}

/// What is known of a place beyond its position.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlaceDetails {
    /// What the place is to the offence.
    pub role: Option<PlaceRole>,
    /// Country, where it is stated.
    pub country: Option<Country>,
    /// Province or territory.
    pub province: Option<Province>,
    /// OCHA code of the district, such as `PK603`.
    pub district_code: Option<String>,
    /// Tehsil, as resolved.
    pub tehsil: Option<String>,
    /// District in the source's own words, where it is not the resolved name.
    pub as_reported: Option<String>,
    /// Vintage of the district list that resolved it.
    pub vintage: Option<String>,
    /// Border crossing point, by its id in the registry.
    pub border_point: Option<String>,
    /// Distance to the nearest border, in kilometres.
    pub distance_to_border_km: Option<f64>,
    /// Distance and direction from the police station.
    pub offset: Option<Offset>,
    /// Beat of the police station.
    pub beat: Option<String>,
}

coded! {
    /// What a place is on a route.
    RouteRole, "route role" {
        /// Where it starts.
        Origin = "origin",
        /// Where it passes.
        Transit = "transit",
        /// Where a border is crossed.
        Crossing = "crossing",
        /// Where it ends.
        Destination = "destination",
    }
}

coded! {
    /// How a stretch of a route is travelled.
    TravelMode, "mode of travel" {
        /// By road.
        Road = "road",
        /// By rail.
        Rail = "rail",
        /// By air.
        Air = "air",
        /// By sea.
        Sea = "sea",
        /// On foot.
        Foot = "foot",
        /// By post or courier.
        PostCourier = "post_courier",
        /// Online.
        Online = "online",
        /// Not known.
        Unknown = "unknown",
    }
}

/// A place on a route; routes are in order of travel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteNode {
    /// What the place is on the route.
    pub role: RouteRole,
    /// Country.
    pub country: Option<Country>,
    /// District, as resolved.
    pub district: Option<String>,
    /// Border crossing point.
    pub border_point: Option<String>,
    /// How it is travelled from here.
    pub mode: Option<TravelMode>,
}

impl RouteNode {
    /// A place of which only its role is known.
    pub const fn new(role: RouteRole) -> Self {
        Self {
            role,
            country: None,
            district: None,
            border_point: None,
            mode: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_countries_are_upper_case_letters() {
        assert_eq!(Country::new("AF").as_ref().map(Country::as_str), Some("AF"));
        assert_eq!(Country::new("PK"), Some(Country::PAKISTAN));
        let refused = ["", "P", "pk", "PAK", "P1"];
        assert!(refused.iter().all(|code| Country::new(code).is_none()));
    }

    #[test]
    fn bearings_turn_clockwise_from_north() {
        assert!((Bearing::SouthEast.degrees() - 135.0).abs() < f64::EPSILON);
    }
}
