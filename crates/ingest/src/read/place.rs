//! Places in a draft: stations, districts, provinces, coordinates, nodes of a route.

use naqsha_model::{Basis, Bearing, Code, Offset, PlaceRole, Precision, Province, RouteRole};

use super::RowReader;
use super::take::{country, kept_text, member, node};
use crate::draft::Draft;
use crate::profile::{PlaceTarget, RoutePart, metres};
use crate::reference::DISTRICT_VINTAGE;
use crate::values::number::distance_bearing;
use crate::values::position::{coordinate, position};
use crate::values::redact::redact;

impl RowReader<'_> {
    /// Resolves the station of a row; the district beside it may have been read after it.
    pub(super) fn settle_station(&self, agency: Option<&str>, draft: &mut Draft) {
        let Some((column, text)) = draft.written_station.take() else {
            return;
        };
        let agency = agency.unwrap_or(self.profile.agency().as_str());
        let (stations, districts) = (&self.reference.stations, &self.reference.districts);
        let stated = draft.district_id;
        let found = draft
            .recalled()
            .stations(stated)
            .of(&text, || stations.find(agency, &text, stated, districts));
        match found {
            Ok(named) => {
                if let Some(remark) = named.remark {
                    draft.blame(remark, column);
                    draft.fixed.push((column, text.replace("ٹھانہ", "تھانہ")));
                }
                draft.station = Some(named.key.clone());
                draft.named_station = Some(named);
            }
            Err(code) => draft.blame(code, column),
        }
    }

    pub(super) fn take_place(
        &self,
        target: PlaceTarget,
        column: usize,
        text: &str,
        draft: &mut Draft,
    ) -> Result<(), Code> {
        match target {
            PlaceTarget::Text => draft.place_text = Some(kept_text(column, text, draft)),
            PlaceTarget::District => self.take_district(column, text, draft)?,
            PlaceTarget::Province => {
                let code = self.reference.provinces.find(text).ok_or(Code::E104)?;
                draft.details().place.province = Some(member::<Province>(code)?);
            }
            PlaceTarget::Tehsil => {
                let tehsil = kept_text(column, text, draft);
                draft.details().place.tehsil = Some(tehsil);
            }
            PlaceTarget::Longitude => draft.longitude = Some(self.coordinate(text)?),
            PlaceTarget::Latitude => draft.latitude = Some(self.coordinate(text)?),
            PlaceTarget::X => draft.x = Some(self.coordinate(text)?),
            PlaceTarget::Y => draft.y = Some(self.coordinate(text)?),
            PlaceTarget::LatLon => {
                let at = position(text)?;
                (draft.longitude, draft.latitude) = (Some(at.lon), Some(at.lat));
            }
            PlaceTarget::Uncertainty => {
                draft.uncertainty = Some(metres(text).map_err(|_text| Code::E501)?);
            }
            PlaceTarget::Precision => draft.precision = Some(member::<Precision>(text)?),
            PlaceTarget::Basis => draft.basis = Some(member::<Basis>(text)?),
            PlaceTarget::Role => draft.details().place.role = Some(member::<PlaceRole>(text)?),
            PlaceTarget::Country => draft.details().place.country = Some(country(text)?),
            PlaceTarget::BorderPoint => draft.details().place.border_point = Some(text.to_owned()),
            PlaceTarget::Beat => {
                let beat = kept_text(column, text, draft);
                draft.details().place.beat = Some(beat);
            }
            // A place without a distance is common; nothing is missing then.
            PlaceTarget::Offset => {
                if let Some((km, bearing)) = distance_bearing(text) {
                    let bearing = Bearing::parse(bearing).ok();
                    draft.details().place.offset = Some(Offset { km, bearing });
                }
            }
        }
        Ok(())
    }

    fn take_district(&self, column: usize, text: &str, draft: &mut Draft) -> Result<(), Code> {
        let districts = &self.reference.districts;
        let (id, remark) = draft.recalled().districts.of(text, || {
            districts.find(text).map(|found| (found.id, found.remark))
        })?;
        let district = districts.get(id);
        if let Some(remark) = remark {
            draft.blame(remark, column);
            draft.fixed.push((column, district.name.clone()));
        }
        draft.district = Some(district.name.clone());
        draft.district_id = Some(id);
        let place = &mut draft.details().place;
        place.province = Province::parse(&district.province).ok();
        place.district_code.clone_from(&district.code);
        place.vintage = Some(DISTRICT_VINTAGE.to_owned());
        if text != district.name {
            place.as_reported = Some(redact(text).text.into_owned());
        }
        Ok(())
    }

    pub(super) fn take_route(
        &self,
        role: RouteRole,
        part: RoutePart,
        text: &str,
        draft: &mut Draft,
    ) -> Result<(), Code> {
        let district = match part {
            RoutePart::District => Some(self.reference.districts.find(text)?),
            _ => None,
        };
        let node = node(role, draft);
        match part {
            RoutePart::District => {
                node.district = district.map(|found| found.district.name.clone());
            }
            RoutePart::Country => node.country = Some(country(text)?),
            RoutePart::BorderPoint => {
                let known = self.reference.border_points.find(text);
                node.border_point = Some(known.map_or(text, |point| &point.id).to_owned());
            }
        }
        Ok(())
    }

    fn coordinate(&self, text: &str) -> Result<f64, Code> {
        coordinate(text, self.profile.decimal_comma)
    }
}
