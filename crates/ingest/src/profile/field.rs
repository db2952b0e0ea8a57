//! What a profile's field does with a cell: a closed set of targets and readers, checked when the profile is parsed.

use std::collections::{BTreeMap, HashMap};

use naqsha_model::{
    AgeBand, Basis, Category, Code, Concealment, ControlMeans, Country, CyberRelation, CyberType,
    DetectionMode, Exploitation, Grading, HandlingCode, Metres, Patronage, PlaceRole, Precision,
    Province, Recruiter, SmugglingAbuse, Status, Substance, TfChannel, TfStage, TimePrecision,
    TipAct, TravelMode, Unit,
};

use super::format::{AlsoToml, FieldToml};
use super::target::{Action, ModusTarget, PlaceTarget, RoutePart, SeizurePart, action};
use crate::text::fold;
use crate::values::redact::blocked_header;

/// A constant that a field sets where it has a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Constant {
    Basis(Basis),
    Precision(Precision),
    Uncertainty(Metres),
    Role(PlaceRole),
    Country(Country),
    Category(Category),
    Detection(DetectionMode),
    TimePrecision(TimePrecision),
}

/// A closed map from the file's words to the profile's.
#[derive(Debug, Clone, Default)]
pub(crate) struct ValueMap {
    exact: HashMap<String, String>,
    folded: HashMap<String, String>,
}

impl ValueMap {
    pub(crate) fn new(entries: &BTreeMap<String, String>) -> Self {
        let folded = entries
            .iter()
            .map(|(from, to)| (fold(from), to.clone()))
            .collect();
        Self {
            exact: entries
                .iter()
                .map(|(from, to)| (from.clone(), to.clone()))
                .collect(),
            folded,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.exact.is_empty()
    }

    /// The mapped word; letter case, script variants and spaces do not matter.
    pub(crate) fn get(&self, text: &str) -> Option<&str> {
        self.exact
            .get(text)
            .or_else(|| self.folded.get(&fold(text)))
            .map(String::as_str)
    }
}

/// One field of a profile.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// Alternative headers; the first that the file has is read. `{name}` is a parameter.
    pub(crate) from: Vec<String>,
    /// Columns joined by a space, all of them needed.
    pub(crate) from_all: Vec<String>,
    pub(crate) action: Action,
    pub(crate) map: ValueMap,
    pub(crate) on_unmapped: Code,
    pub(crate) required: bool,
    /// The sign between several values in one cell.
    pub(crate) multi: Option<char>,
    pub(crate) const_if_blank: Option<String>,
    pub(crate) set: Vec<Constant>,
    pub(crate) also: Option<Box<Self>>,
}

fn separator(text: Option<&str>, to: &str) -> Result<Option<char>, String> {
    let Some(text) = text else { return Ok(None) };
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(sign), None) => Ok(Some(sign)),
        _ => Err(format!("field `{to}`: multi is one sign, not {text:?}")),
    }
}

impl Field {
    pub(super) fn parse(toml: FieldToml) -> Result<Self, String> {
        if toml.from.is_empty() == toml.from_all.is_empty() {
            return Err(format!(
                "field `{}` needs exactly one of `from` and `from_all`",
                toml.to
            ));
        }
        if let Some(blocked) = toml
            .from
            .iter()
            .chain(&toml.from_all)
            .find(|name| blocked_header(name))
        {
            return Err(format!(
                "column {blocked:?} is never taken: caste, religion and ethnicity have no field"
            ));
        }
        let action = action(&toml.to, toml.transform.as_deref())?;
        let map = checked_map(&action, &toml.map)?;
        let on_unmapped = match toml.on_unmapped.as_deref() {
            None | Some("E203") => Code::E203,
            Some("I901") => Code::I901,
            Some(other) => {
                return Err(format!(
                    "field `{}`: on_unmapped is E203 or I901, not {other:?}",
                    toml.to
                ));
            }
        };
        let set = toml
            .set
            .iter()
            .map(|(key, value)| constant(key, value))
            .collect::<Result<_, _>>()?;
        let also = toml
            .also
            .as_ref()
            .map(|also| Self::also(also).map(Box::new))
            .transpose()?;
        Ok(Self {
            from: toml.from,
            from_all: toml.from_all,
            action,
            map,
            on_unmapped,
            required: toml.required,
            multi: separator(toml.multi.as_deref(), &toml.to)?,
            const_if_blank: toml.const_if_blank,
            set,
            also,
        })
    }

    fn also(toml: &AlsoToml) -> Result<Self, String> {
        let action = action(&toml.to, toml.transform.as_deref())?;
        let map = checked_map(&action, &toml.map)?;
        Ok(Self {
            from: Vec::new(),
            from_all: Vec::new(),
            action,
            map,
            on_unmapped: Code::E203,
            required: false,
            multi: None,
            const_if_blank: None,
            set: Vec::new(),
            also: None,
        })
    }
}

/// Refuses a map whose values the target could never take.
fn checked_map(action: &Action, entries: &BTreeMap<String, String>) -> Result<ValueMap, String> {
    for value in entries.values() {
        if !takes(action, value)? {
            return Err(format!("{value:?} is not a value of {action:?}"));
        }
    }
    Ok(ValueMap::new(entries))
}

/// Whether a target takes a value as a map's result; an error where it takes no map at all.
fn takes(action: &Action, value: &str) -> Result<bool, String> {
    Ok(match action {
        Action::Category => Category::parse(value).is_ok(),
        Action::TimePrecision => TimePrecision::parse(value).is_ok(),
        Action::Status => Status::parse(value).is_ok(),
        Action::Detection => DetectionMode::parse(value).is_ok(),
        Action::RouteMode => TravelMode::parse(value).is_ok(),
        Action::AgeBand => AgeBand::parse(value).is_ok(),
        Action::HandlingCode => HandlingCode::parse(value).is_ok(),
        Action::Citizenship
        | Action::Place(PlaceTarget::Country)
        | Action::Route(_, RoutePart::Country) => Country::new(value).is_some(),
        Action::Place(PlaceTarget::Precision) => Precision::parse(value).is_ok(),
        Action::Place(PlaceTarget::Basis) => Basis::parse(value).is_ok(),
        Action::Place(PlaceTarget::Role) => PlaceRole::parse(value).is_ok(),
        Action::Place(PlaceTarget::Province) => Province::parse(value).is_ok(),
        Action::Place(PlaceTarget::Uncertainty) => metres(value).is_ok(),
        Action::Seizure(SeizurePart::Substance) => Substance::parse(value).is_ok(),
        Action::Seizure(SeizurePart::Unit) => Unit::parse(value).is_ok(),
        Action::Seizure(SeizurePart::Concealment) => Concealment::parse(value).is_ok(),
        Action::Seizure(SeizurePart::ForensicReport)
        | Action::Modus(ModusTarget::Circumstance(_)) => truth(value).is_some(),
        Action::Modus(target) => takes_modus(*target, value),
        Action::Grading => Grading::parse(value).is_some(),
        Action::Unit
        | Action::Description { .. }
        | Action::GroupCode
        | Action::ReleasableTo
        | Action::Place(
            PlaceTarget::Text
            | PlaceTarget::District
            | PlaceTarget::Tehsil
            | PlaceTarget::BorderPoint,
        )
        | Action::Route(..)
        | Action::Station(_) => true,
        _ => return Err(format!("a map does not fit {action:?}")),
    })
}

fn takes_modus(target: ModusTarget, value: &str) -> bool {
    match target {
        ModusTarget::TfStage => TfStage::parse(value).is_ok(),
        ModusTarget::TfChannel => TfChannel::parse(value).is_ok(),
        ModusTarget::Exploitation => Exploitation::parse(value).is_ok(),
        ModusTarget::TipAct => TipAct::parse(value).is_ok(),
        ModusTarget::ControlMeans => ControlMeans::parse(value).is_ok(),
        ModusTarget::Recruiter => Recruiter::parse(value).is_ok(),
        ModusTarget::Patronage => Patronage::parse(value).is_ok(),
        ModusTarget::SmugglingAbuse => SmugglingAbuse::parse(value).is_ok(),
        ModusTarget::CyberType => CyberType::parse(value).is_ok(),
        ModusTarget::CyberRelation => CyberRelation::parse(value).is_ok(),
        ModusTarget::Platform { .. } => true,
        ModusTarget::Circumstance(_) => truth(value).is_some(),
    }
}

/// Yes or no as people write it.
pub(crate) fn truth(text: &str) -> Option<bool> {
    Some(match fold(text).as_str() {
        "yes" | "y" | "true" | "1" | "ہاں" | "جی ہاں" | "given" | "consented" => true,
        "no" | "n" | "false" | "0" | "نہیں" | "نہ" | "refused" | "withheld" => false,
        _ => return None,
    })
}

fn constant(key: &str, value: &str) -> Result<Constant, String> {
    let unknown = |e: naqsha_model::UnknownCode| e.to_string();
    Ok(match key {
        "location.basis" => Constant::Basis(Basis::parse(value).map_err(unknown)?),
        "location.precision" => Constant::Precision(Precision::parse(value).map_err(unknown)?),
        "location.uncertainty_m" => Constant::Uncertainty(metres(value)?),
        "location.role" => Constant::Role(PlaceRole::parse(value).map_err(unknown)?),
        "location.country" => Constant::Country(
            Country::new(value).ok_or_else(|| format!("{value:?} is not a country code"))?,
        ),
        "category" => Constant::Category(Category::parse(value).map_err(unknown)?),
        "detection_mode" => Constant::Detection(DetectionMode::parse(value).map_err(unknown)?),
        "occurred.precision" => {
            Constant::TimePrecision(TimePrecision::parse(value).map_err(unknown)?)
        }
        _ => return Err(format!("`set` does not know `{key}`")),
    })
}

pub(crate) fn metres(text: &str) -> Result<Metres, String> {
    let number: f64 =
        fast_float2::parse(text).map_err(|_float| format!("{text:?} is not a number of metres"))?;
    Metres::new(number).map_err(|e| e.to_string())
}
