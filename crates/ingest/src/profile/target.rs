//! Where a profile may send a value, with the way it is read: a closed set, checked when the profile is parsed.

use naqsha_model::{Circumstance, RouteRole};

/// Where a value goes, with the way it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    CaseNumber(NumberForm),
    /// The registry of police stations that the name is looked up in; none normalises the name only.
    Station(Option<String>),
    SourceId,
    Unit,
    Time(TimeTarget, TimeForm),
    TimePrecision,
    StatusAt,
    Sections {
        default_statute: String,
    },
    Category,
    Description {
        lower: bool,
    },
    Status,
    Detection,
    Place(PlaceTarget),
    Route(RouteRole, RoutePart),
    RouteMode,
    Money(MoneyTarget),
    Seizure(SeizurePart),
    Modus(ModusTarget),
    Count(CountTarget),
    AgeBand,
    Citizenship,
    GroupCode,
    Key(KeyTarget),
    CrossReference,
    Grading,
    HandlingCode,
    ReleasableTo,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberForm {
    Fir,
    Plain,
    /// The bureau's own reference is never stored in clear.
    Keyed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeTarget {
    OccurredStart,
    OccurredEnd,
    Occurred,
    Reported,
    Registered,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeForm {
    Date,
    DateTime,
    DateTimeRange,
    Month,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlaceTarget {
    Text,
    Province,
    District,
    Tehsil,
    Longitude,
    Latitude,
    /// Easting and northing in the profile's `[input] crs`.
    X,
    Y,
    LatLon,
    Uncertainty,
    Precision,
    Basis,
    Role,
    Country,
    BorderPoint,
    Beat,
    Offset,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RoutePart {
    District,
    Country,
    BorderPoint,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MoneyTarget {
    Amount,
    Frozen,
    FeePaid,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SeizurePart {
    Substance,
    Quantity,
    Unit,
    Purity,
    ForensicReport,
    Concealment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ModusTarget {
    TfStage,
    TfChannel,
    Exploitation,
    TipAct,
    ControlMeans,
    Recruiter,
    Patronage,
    SmugglingAbuse,
    CyberType,
    CyberRelation,
    Platform { lower: bool },
    Circumstance(Circumstance),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CountTarget {
    Victims,
    Female,
    Male,
    Transgender,
    SexUnknown,
    Minors,
    Arrested,
    Absconding,
    ForeignNationals,
}

/// What a keyed hash is the key of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyTarget {
    Person,
    Vehicle,
    Account,
}

impl KeyTarget {
    /// Reads `linkage.person_keys` and its like.
    pub(super) fn parse(to: &str) -> Option<Self> {
        Some(match to {
            "linkage.person_keys" => Self::Person,
            "linkage.vehicle_keys" => Self::Vehicle,
            "linkage.account_keys" => Self::Account,
            _ => return None,
        })
    }

    /// Whether a text can identify one at all. What is shorter than any identity card, passport or plate, or the same sign
    /// throughout, stands for "unknown"; hashed, all of its records would be one person's.
    pub(crate) fn identifies(self, text: &str) -> bool {
        let shortest = match self {
            Self::Person => 7,
            Self::Vehicle | Self::Account => 4,
        };
        let mut signs = text.chars().filter(|sign| sign.is_alphanumeric());
        let Some(first) = signs.next() else {
            return false;
        };
        let (count, differs) = signs.fold((1, false), |(count, differs), sign| {
            (count + 1, differs || sign != first)
        });
        count >= shortest && differs
    }
}

impl Action {
    /// Whether the value is kept as text: then personal data in it is redacted, and counted per column (P603).
    pub(crate) const fn keeps_text(&self) -> bool {
        matches!(
            self,
            Self::Place(PlaceTarget::Text | PlaceTarget::Beat | PlaceTarget::Tehsil)
                | Self::Description { .. }
                | Self::CaseNumber(NumberForm::Plain)
                | Self::Unit
                | Self::CrossReference
                | Self::Modus(ModusTarget::Platform { .. })
        )
    }

    /// Whether the deployment's secret is needed.
    pub(crate) const fn needs_secret(&self) -> bool {
        matches!(self, Self::Key(_) | Self::CaseNumber(NumberForm::Keyed))
    }
}

/// The target and reader that `to` and `transform` name.
pub(super) fn action(to: &str, transform: Option<&str>) -> Result<Action, String> {
    let (name, argument) = transform.map_or((None, None), |t| match t.split_once(':') {
        Some((name, argument)) => (Some(name), Some(argument.trim())),
        None => (Some(t), None),
    });
    let unfit = || format!("transform {transform:?} does not fit `{to}`");
    if let Some((target, default)) = time_target(to) {
        let form = match name {
            None => default,
            Some(name) => time_form(name),
        };
        return form
            .map(|form| Action::Time(target, form))
            .ok_or_else(unfit);
    }
    match (to, name) {
        ("sections", Some("sections")) => argument.map_or_else(
            || {
                Err(
                    "transform `sections` needs a default statute, as in `sections:PPC-1860`"
                        .to_owned(),
                )
            },
            |statute| {
                Ok(Action::Sections {
                    default_statute: statute.to_owned(),
                })
            },
        ),
        ("case.station", Some("station") | None) => {
            Ok(Action::Station(argument.map(str::to_owned)))
        }
        ("location.place_text", None) => {
            Err("`location.place_text` needs the transform `redact_pii`".to_owned())
        }
        (_, Some("hmac")) => keyed(to).ok_or_else(unfit),
        (_, None) if KeyTarget::parse(to).is_some() => {
            Err(format!("`{to}` needs the transform `hmac`"))
        }
        _ => of_record(to, name)
            .or_else(|| of_place(to, name))
            .or_else(|| of_route(to, name))
            .or_else(|| of_modus(to, name))
            .or_else(|| of_persons(to, name))
            .ok_or_else(|| match name {
                None => format!("`{to}` is not a target"),
                Some(_) => unfit(),
            }),
    }
}

fn time_target(to: &str) -> Option<(TimeTarget, Option<TimeForm>)> {
    Some(match to {
        "occurred.start" => (TimeTarget::OccurredStart, Some(TimeForm::Date)),
        "occurred.end" => (TimeTarget::OccurredEnd, Some(TimeForm::Date)),
        "occurred" => (TimeTarget::Occurred, None),
        "reported_at" => (TimeTarget::Reported, None),
        "registered_at" => (TimeTarget::Registered, None),
        _ => return None,
    })
}

fn time_form(name: &str) -> Option<TimeForm> {
    Some(match name {
        "date" => TimeForm::Date,
        "datetime" => TimeForm::DateTime,
        "datetime_range" => TimeForm::DateTimeRange,
        "month" => TimeForm::Month,
        _ => return None,
    })
}

fn keyed(to: &str) -> Option<Action> {
    if to == "case.number" {
        return Some(Action::CaseNumber(NumberForm::Keyed));
    }
    KeyTarget::parse(to).map(Action::Key)
}

fn of_record(to: &str, name: Option<&str>) -> Option<Action> {
    Some(match (to, name) {
        ("case.number", Some("fir_number")) => Action::CaseNumber(NumberForm::Fir),
        ("case.number", None) => Action::CaseNumber(NumberForm::Plain),
        ("source_id", None) => Action::SourceId,
        ("unit", None) => Action::Unit,
        ("occurred.precision", None) => Action::TimePrecision,
        ("category", None) => Action::Category,
        ("description", None | Some("lower" | "redact_pii")) => Action::Description {
            lower: name == Some("lower"),
        },
        ("status", None) => Action::Status,
        ("status_at", None | Some("date")) => Action::StatusAt,
        ("detection_mode", None) => Action::Detection,
        ("grading", Some("admiralty")) => Action::Grading,
        ("group_code", Some("proscribed_list_code")) => Action::GroupCode,
        ("handling.code", None) => Action::HandlingCode,
        ("handling.releasable_to", None) => Action::ReleasableTo,
        ("linkage.cross_refs", None | Some("redact_pii")) => Action::CrossReference,
        ("money.amount_pkr", Some("money")) => Action::Money(MoneyTarget::Amount),
        ("money.frozen_pkr", Some("money")) => Action::Money(MoneyTarget::Frozen),
        ("money.fee_paid_pkr", Some("money")) => Action::Money(MoneyTarget::FeePaid),
        ("seizures.substance", None) => Action::Seizure(SeizurePart::Substance),
        ("seizures.quantity", None | Some("number_unit")) => Action::Seizure(SeizurePart::Quantity),
        ("seizures.unit", None) => Action::Seizure(SeizurePart::Unit),
        ("seizures.purity_pct", None) => Action::Seizure(SeizurePart::Purity),
        ("seizures.forensic_report", None) => Action::Seizure(SeizurePart::ForensicReport),
        ("seizures.concealment", None) => Action::Seizure(SeizurePart::Concealment),
        _ => return None,
    })
}

fn of_place(to: &str, name: Option<&str>) -> Option<Action> {
    Some(Action::Place(match (to.strip_prefix("location.")?, name) {
        ("place_text", Some("redact_pii")) => PlaceTarget::Text,
        ("admin.province", None) => PlaceTarget::Province,
        ("admin.district", Some("district")) => PlaceTarget::District,
        ("admin.tehsil", None | Some("redact_pii")) => PlaceTarget::Tehsil,
        ("lon", None) => PlaceTarget::Longitude,
        ("lat", None) => PlaceTarget::Latitude,
        ("x", None) => PlaceTarget::X,
        ("y", None) => PlaceTarget::Y,
        ("point", Some("latlon")) => PlaceTarget::LatLon,
        ("uncertainty_m", None) => PlaceTarget::Uncertainty,
        ("precision", None) => PlaceTarget::Precision,
        ("basis", None) => PlaceTarget::Basis,
        ("role", None) => PlaceTarget::Role,
        ("country", None) => PlaceTarget::Country,
        ("border_point", None) => PlaceTarget::BorderPoint,
        ("beat", None) => PlaceTarget::Beat,
        ("offset_from_station", Some("distance_bearing")) => PlaceTarget::Offset,
        _ => return None,
    }))
}

fn of_route(to: &str, name: Option<&str>) -> Option<Action> {
    let rest = to.strip_prefix("route.")?;
    if rest == "mode" && name.is_none() {
        return Some(Action::RouteMode);
    }
    let (role, part) = rest.split_once('.')?;
    let role = RouteRole::parse(role).ok()?;
    let part = match (part, name) {
        ("district", Some("district")) => RoutePart::District,
        ("country", None) => RoutePart::Country,
        ("border_point", None) => RoutePart::BorderPoint,
        _ => return None,
    };
    Some(Action::Route(role, part))
}

fn of_modus(to: &str, name: Option<&str>) -> Option<Action> {
    let part = to.strip_prefix("modus.")?;
    if part == "platform" {
        return matches!(name, None | Some("lower")).then_some(Action::Modus(
            ModusTarget::Platform {
                lower: name.is_some(),
            },
        ));
    }
    if name.is_some() {
        return None;
    }
    Some(Action::Modus(match part {
        "tf_stage" => ModusTarget::TfStage,
        "tf_channel" => ModusTarget::TfChannel,
        "exploitation" => ModusTarget::Exploitation,
        "tip_act" => ModusTarget::TipAct,
        "control_means" => ModusTarget::ControlMeans,
        "recruiter" => ModusTarget::Recruiter,
        "patronage" => ModusTarget::Patronage,
        "smuggling_abuse" => ModusTarget::SmugglingAbuse,
        "cyber_type" => ModusTarget::CyberType,
        "cyber_relation" => ModusTarget::CyberRelation,
        circumstance => ModusTarget::Circumstance(Circumstance::parse(circumstance).ok()?),
    }))
}

fn of_persons(to: &str, name: Option<&str>) -> Option<Action> {
    if name.is_some() {
        return None;
    }
    Some(match to {
        "victims.count" => Action::Count(CountTarget::Victims),
        "victims.female" => Action::Count(CountTarget::Female),
        "victims.male" => Action::Count(CountTarget::Male),
        "victims.transgender" => Action::Count(CountTarget::Transgender),
        "victims.unknown" => Action::Count(CountTarget::SexUnknown),
        "victims.minors" => Action::Count(CountTarget::Minors),
        "victims.age_band" => Action::AgeBand,
        "victims.citizenship" => Action::Citizenship,
        "suspects.arrested" => Action::Count(CountTarget::Arrested),
        "suspects.absconding" => Action::Count(CountTarget::Absconding),
        "suspects.foreign_nationals" => Action::Count(CountTarget::ForeignNationals),
        _ => return None,
    })
}
