//! The place beyond its position, and routes, as JSON.

use naqsha_model::{
    Bearing, Country, Offset, PlaceDetails, PlaceRole, Province, RouteNode, RouteRole, TravelMode,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::details::Unfit;
use crate::member::Member;

/// What is known of a place beyond its position.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PlaceRecord {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<Member<PlaceRole>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[A-Z]{2}$"))]
    pub(crate) country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) province: Option<Member<Province>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^PK[1-7][0-9]{2}$"))]
    pub(crate) district_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tehsil: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) as_reported: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) vintage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) border_point: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub(crate) distance_to_border_km: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) offset_from_station: Option<OffsetRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) beat: Option<String>,
}

/// Distance and direction from the police station.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OffsetRecord {
    #[schemars(range(min = 0.0))]
    km: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bearing: Option<Member<Bearing>>,
}

/// A place on a route, in order of travel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RouteNodeRecord {
    role: Member<RouteRole>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[A-Z]{2}$"))]
    country: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    district: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    border_point: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mode: Option<Member<TravelMode>>,
}

impl From<&PlaceDetails> for PlaceRecord {
    fn from(place: &PlaceDetails) -> Self {
        Self {
            role: place.role.map(Member),
            country: place.country.map(|c| c.as_str().to_owned()),
            province: place.province.map(Member),
            district_code: place.district_code.clone(),
            tehsil: place.tehsil.clone(),
            as_reported: place.as_reported.clone(),
            vintage: place.vintage.clone(),
            border_point: place.border_point.clone(),
            distance_to_border_km: place.distance_to_border_km,
            offset_from_station: place.offset.map(|offset| OffsetRecord {
                km: offset.km,
                bearing: offset.bearing.map(Member),
            }),
            beat: place.beat.clone(),
        }
    }
}

impl TryFrom<PlaceRecord> for PlaceDetails {
    type Error = Unfit;

    fn try_from(record: PlaceRecord) -> Result<Self, Unfit> {
        Ok(Self {
            role: record.role.map(|m| m.0),
            country: record.country.as_deref().map(country).transpose()?,
            province: record.province.map(|m| m.0),
            district_code: record.district_code,
            tehsil: record.tehsil,
            as_reported: record.as_reported,
            vintage: record.vintage,
            border_point: record.border_point,
            distance_to_border_km: record.distance_to_border_km,
            offset: record.offset_from_station.map(|offset| Offset {
                km: offset.km,
                bearing: offset.bearing.map(|m| m.0),
            }),
            beat: record.beat,
        })
    }
}

impl From<&RouteNode> for RouteNodeRecord {
    fn from(node: &RouteNode) -> Self {
        Self {
            role: Member(node.role),
            country: node.country.map(|c| c.as_str().to_owned()),
            district: node.district.clone(),
            border_point: node.border_point.clone(),
            mode: node.mode.map(Member),
        }
    }
}

impl TryFrom<RouteNodeRecord> for RouteNode {
    type Error = Unfit;

    fn try_from(record: RouteNodeRecord) -> Result<Self, Unfit> {
        Ok(Self {
            role: record.role.0,
            country: record.country.as_deref().map(country).transpose()?,
            district: record.district,
            border_point: record.border_point,
            mode: record.mode.map(|m| m.0),
        })
    }
}

pub(crate) fn country(code: &str) -> Result<Country, Unfit> {
    Country::new(code).ok_or_else(|| Unfit(code.to_owned()))
}
