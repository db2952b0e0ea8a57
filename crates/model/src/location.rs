//! Where an incident happened, and how surely: a cell is never finer than the uncertainty supports.

use h3o::{CellIndex, LatLng};

use crate::coded::coded;
use crate::units::{Metres, finest_resolution};

coded! {
    /// What the place of a record is the place of.
    Basis, "location basis" {
        /// Where the offence happened.
        Occurrence = "occurrence",
        /// Where goods were seized.
        Seizure = "seizure",
        /// Where a person was exploited.
        Exploitation = "exploitation",
        /// Where the victim lives.
        VictimResidence = "victim_residence",
        /// Where a server or account sits.
        ServerOrAccount = "server_or_account",
        /// The police station that registered the case: never a place of occurrence.
        RegisteringStation = "registering_station",
        /// A border crossing point.
        BorderPoint = "border_point",
        /// Outside Pakistan.
        Abroad = "abroad",
        /// Not stated.
        Unknown = "unknown",
    }
}

coded! {
    /// How finely a place is known, from fine to coarse.
    Precision, "location precision" {
        /// A surveyed or GPS point.
        Point = "point",
        /// A street, or a published anonymous map point.
        Street = "street",
        /// A village, town or neighbourhood.
        Locality = "locality",
        /// The area of a police station.
        StationArea = "station_area",
        /// A tehsil.
        Tehsil = "tehsil",
        /// A district.
        District = "district",
        /// A province or territory.
        Province = "province",
        /// A country.
        Country = "country",
        /// No place at all.
        None = "none",
    }
}

coded! {
    /// How the place was found.
    LocationMethod, "location method" {
        /// A GPS fix.
        Gps = "gps",
        /// A point given by the agency.
        AgencyPoint = "agency_point",
        /// A place name found in the gazetteer.
        Gazetteer = "gazetteer",
        /// Distance and bearing from a police station.
        DistanceBearing = "distance_bearing",
        /// The centroid of a police station.
        StationCentroid = "station_centroid",
        /// The centroid of an administrative area.
        AdminCentroid = "admin_centroid",
        /// Not located.
        None = "none",
    }
}

/// A WGS 84 position in degrees, inside ±180 and ±90.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    lon: f64,
    lat: f64,
}

/// A position outside the ranges of longitude and latitude, or not a number.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("longitude {lon}, latitude {lat} is not on the globe")]
pub struct PointOutOfRange {
    /// Longitude as given.
    pub lon: f64,
    /// Latitude as given.
    pub lat: f64,
}

impl Point {
    /// Checks a position: **longitude first**, degrees.
    ///
    /// # Errors
    /// [`PointOutOfRange`] for NaN and for values outside ±180 and ±90.
    pub fn new(lon: f64, lat: f64) -> Result<Self, PointOutOfRange> {
        if (-180.0..=180.0).contains(&lon) && (-90.0..=90.0).contains(&lat) {
            Ok(Self { lon, lat })
        } else {
            Err(PointOutOfRange { lon, lat })
        }
    }

    /// Longitude in degrees.
    pub const fn lon(self) -> f64 {
        self.lon
    }

    /// Latitude in degrees.
    pub const fn lat(self) -> f64 {
        self.lat
    }

    /// The same position for h3o, which takes latitude first: the only axis swap of the program.
    pub fn to_lat_lng(self) -> LatLng {
        LatLng::new(self.lat, self.lon).expect("both coordinates are finite by construction")
    }
}

/// Place, uncertainty and the cell they support.
#[derive(Debug, Clone, PartialEq)]
pub struct Location {
    /// What the place is the place of.
    pub basis: Basis,
    /// How the place was found.
    pub method: LocationMethod,
    /// Name of the district as resolved, if any.
    pub district: Option<String>,
    /// The place in the bureau's words, personal data removed.
    pub place_text: Option<String>,
    precision: Precision,
    point: Option<Point>,
    uncertainty: Option<Metres>,
    cell: Option<CellIndex>,
}

impl Location {
    /// A place known to a point with an uncertainty: its cell is the one at the finest resolution supported.
    ///
    /// A precision coarser than a tehsil has no cell: its "point" is a centroid, and is not kept.
    pub fn at_point(point: Point, uncertainty: Metres, precision: Precision) -> Self {
        let mut location = Self::area(precision);
        if precision <= Precision::Tehsil {
            location.method = LocationMethod::AgencyPoint;
            location.point = Some(point);
            location.uncertainty = Some(uncertainty);
            location.cell = finest_resolution(uncertainty).map(|r| point.to_lat_lng().to_cell(r));
        }
        location
    }

    /// A place known only as an area (or not at all): no point, no cell.
    pub const fn area(precision: Precision) -> Self {
        Self {
            basis: Basis::Unknown,
            method: LocationMethod::None,
            district: None,
            place_text: None,
            precision,
            point: None,
            uncertainty: None,
            cell: None,
        }
    }

    /// A location read back from storage, where the point may have been withheld.
    ///
    /// The cell is kept as stored; it was derived by [`Self::at_point`] when the record was accepted.
    #[must_use]
    pub fn restored(
        mut self,
        point: Option<Point>,
        uncertainty: Option<Metres>,
        cell: Option<CellIndex>,
    ) -> Self {
        (self.point, self.uncertainty, self.cell) = (point, uncertainty, cell);
        self
    }

    /// How finely the place is known.
    pub const fn precision(&self) -> Precision {
        self.precision
    }

    /// The position, where one is known.
    pub const fn point(&self) -> Option<Point> {
        self.point
    }

    /// The radius within which the place lies.
    pub const fn uncertainty(&self) -> Option<Metres> {
        self.uncertainty
    }

    /// The cell at the finest resolution (3 to 9) that the uncertainty supports.
    pub const fn cell(&self) -> Option<CellIndex> {
        self.cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longitude_comes_first_and_ranges_are_checked() {
        assert!(Point::new(74.0, 31.0).is_ok());
        assert!(Point::new(31.0, 94.0).is_err());
        assert!(Point::new(f64::NAN, 0.0).is_err());
    }

    #[test]
    fn a_district_never_becomes_a_cell() {
        let centroid = Point::new(71.93, 30.3).unwrap();
        let location =
            Location::at_point(centroid, Metres::new(100.0).unwrap(), Precision::District);
        assert_eq!((location.point(), location.cell()), (None, None));
    }

    #[test]
    fn the_cell_is_as_coarse_as_the_uncertainty() {
        let town = Point::new(71.93, 30.3).unwrap();
        let location = Location::at_point(town, Metres::new(2_000.0).unwrap(), Precision::Locality);
        assert_eq!(location.cell().unwrap().to_string(), "8642410d7ffffff");
    }
}
