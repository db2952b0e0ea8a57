//! What a profile's field does with a cell: a closed set of targets and readers, checked when the profile is parsed.

use std::collections::{BTreeMap, HashMap};

use naqsha_model::{
    Basis, Category, Code, DetectionMode, Metres, Precision, Status, TimePrecision,
};

use super::format::{AlsoToml, FieldToml};
use crate::text::fold;

/// Where a value goes, with the way it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    CaseNumber(NumberForm),
    Station,
    SourceId,
    Unit,
    Time(TimeTarget, TimeForm),
    TimePrecision,
    Sections {
        default_statute: String,
    },
    PlaceText,
    District,
    Longitude,
    Latitude,
    LatLon,
    Uncertainty,
    Precision,
    Category,
    Modus {
        lower: bool,
    },
    Status,
    /// Read and checked, part of the content digest, not kept: the canonical incident has no place for it yet.
    Checked(CheckedForm),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberForm {
    Fir,
    Plain,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeTarget {
    OccurredStart,
    OccurredEnd,
    Occurred,
    Reported,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeForm {
    Date,
    DateTime,
    DateTimeRange,
    Month,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CheckedForm {
    Text,
    Money,
    Distance,
    Grading,
}

/// A constant that a field sets where it has a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Constant {
    Basis(Basis),
    Precision(Precision),
    Uncertainty(Metres),
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
    pub(crate) const_if_blank: Option<String>,
    pub(crate) set: Vec<Constant>,
    pub(crate) also: Option<Box<Self>>,
}

impl Field {
    pub(super) fn parse(toml: FieldToml) -> Result<Self, String> {
        if toml.from.is_empty() == toml.from_all.is_empty() {
            return Err(format!(
                "field `{}` needs exactly one of `from` and `from_all`",
                toml.to
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
            const_if_blank: None,
            set: Vec::new(),
            also: None,
        })
    }
}

/// Refuses a map whose values the target could never take.
fn checked_map(action: &Action, entries: &BTreeMap<String, String>) -> Result<ValueMap, String> {
    for value in entries.values() {
        let fits = match action {
            Action::Category => Category::parse(value).is_ok(),
            Action::Precision => Precision::parse(value).is_ok(),
            Action::TimePrecision => TimePrecision::parse(value).is_ok(),
            Action::Uncertainty => metres(value).is_ok(),
            Action::Status => Status::parse(value).is_ok(),
            Action::Unit | Action::Modus { .. } => true,
            _ => return Err(format!("a map does not fit {action:?}")),
        };
        if !fits {
            return Err(format!("{value:?} is not a value of {action:?}"));
        }
    }
    Ok(ValueMap::new(entries))
}

fn action(to: &str, transform: Option<&str>) -> Result<Action, String> {
    let (name, argument) = transform.map_or((None, None), |t| match t.split_once(':') {
        Some((name, argument)) => (Some(name), Some(argument)),
        None => (Some(t), None),
    });
    let unfit = || {
        Err(format!(
            "transform {transform:?} does not fit `{to}` in this build"
        ))
    };
    let time = |target, default: Option<TimeForm>| {
        let form = match name {
            Some("date") => Some(TimeForm::Date),
            Some("datetime") => Some(TimeForm::DateTime),
            Some("datetime_range") => Some(TimeForm::DateTimeRange),
            Some("month") => Some(TimeForm::Month),
            None => default,
            Some(_) => None,
        };
        form.map_or_else(unfit, |form| Ok(Action::Time(target, form)))
    };
    Ok(match (to, name) {
        ("case.number", Some("fir_number")) => Action::CaseNumber(NumberForm::Fir),
        ("case.number", None) => Action::CaseNumber(NumberForm::Plain),
        ("case.station", Some("station") | None) => Action::Station,
        ("source_id", None) => Action::SourceId,
        ("unit", None) => Action::Unit,
        ("occurred.start", _) => return time(TimeTarget::OccurredStart, Some(TimeForm::Date)),
        ("occurred.end", _) => return time(TimeTarget::OccurredEnd, Some(TimeForm::Date)),
        ("occurred", _) => return time(TimeTarget::Occurred, None),
        ("reported_at", _) => return time(TimeTarget::Reported, None),
        ("occurred.precision", None) => Action::TimePrecision,
        ("sections", Some("sections")) => match argument {
            Some(statute) => Action::Sections {
                default_statute: statute.to_owned(),
            },
            None => {
                return Err(
                    "transform `sections` needs a default statute, as in `sections:PPC-1860`"
                        .to_owned(),
                );
            }
        },
        ("location.place_text", Some("redact_pii")) => Action::PlaceText,
        ("location.place_text", None) => {
            return Err("`location.place_text` needs the transform `redact_pii`".to_owned());
        }
        ("location.admin.district", Some("district")) => Action::District,
        ("location.lon", None) => Action::Longitude,
        ("location.lat", None) => Action::Latitude,
        ("location.point", Some("latlon")) => Action::LatLon,
        ("location.uncertainty_m", None) => Action::Uncertainty,
        ("location.precision", None) => Action::Precision,
        ("category", None) => Action::Category,
        ("status", None) => Action::Status,
        ("money.amount_pkr", Some("money")) => Action::Checked(CheckedForm::Money),
        ("location.offset_from_station", Some("distance_bearing")) => {
            Action::Checked(CheckedForm::Distance)
        }
        ("location.beat", None) => Action::Checked(CheckedForm::Text),
        ("grading", Some("admiralty")) => Action::Checked(CheckedForm::Grading),
        (modus, None | Some("lower" | "redact_pii"))
            if modus == "description" || modus.starts_with("modus.") =>
        {
            Action::Modus {
                lower: name == Some("lower"),
            }
        }
        (_, None) => return Err(format!("`{to}` is not a target of this build")),
        _ => return unfit(),
    })
}

fn constant(key: &str, value: &str) -> Result<Constant, String> {
    let unknown = |e: naqsha_model::UnknownCode| e.to_string();
    Ok(match key {
        "location.basis" => Constant::Basis(Basis::parse(value).map_err(unknown)?),
        "location.precision" => Constant::Precision(Precision::parse(value).map_err(unknown)?),
        "location.uncertainty_m" => Constant::Uncertainty(metres(value)?),
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
