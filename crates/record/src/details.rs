//! The rare parts of an incident as JSON, both ways: what a store writes into one column.

use naqsha_model::{
    AgeBand, Amount, Category, Currency, Day, Details, LinkBasis, Linkage, LinkageKey,
    LinkedCategory, Money, Occurred, PlaceDetails, RouteNode, Suspects, Victims,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::location::{PlaceRecord, RouteNodeRecord, country};
use crate::member::Member;
use crate::modus::ModusRecord;
use crate::time::{TimeRecord, day};

/// A value that the model refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a value of the incident")]
pub struct Unfit(pub(crate) String);

/// The rare parts of an incident; parts it does not have are left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DetailsRecord {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) registered: Option<TimeRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status_at: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) linked_categories: Vec<LinkedRecord>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) place: PlaceRecord,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) route: Vec<RouteNodeRecord>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) money: MoneyRecord,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) modus: ModusRecord,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) victims: VictimsRecord,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) suspects: SuspectsRecord,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group_code: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) linkage: LinkageRecord,
}

pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A category that an incident also touches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkedRecord {
    /// `TF`, `DT`, `HT`, `CY` or an adjacent crime such as `ADJ/SM`.
    category: String,
    basis: Member<LinkBasis>,
}

/// Money involved.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MoneyRecord {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    amount_pkr: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[A-Z]{3}$"))]
    currency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    amount: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    frozen_pkr: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    fee_paid_pkr: Option<f64>,
}

/// Victims: counts only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct VictimsRecord {
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    female: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    male: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transgender: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minors: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    age_band: Option<Member<AgeBand>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[A-Z]{2}$"))]
    citizenship: Option<String>,
}

/// Suspects: counts only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SuspectsRecord {
    #[serde(skip_serializing_if = "Option::is_none")]
    arrested: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    absconding: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    foreign_nationals: Option<u32>,
}

/// Keyed hashes that link records, 32 hexadecimal digits each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LinkageRecord {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = "^[0-9a-f]{32}$")))]
    person_keys: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = "^[0-9a-f]{32}$")))]
    vehicle_keys: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = "^[0-9a-f]{32}$")))]
    account_keys: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(length(max = 60)))]
    cross_refs: Vec<String>,
}

impl DetailsRecord {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        is_default(self)
    }

    /// The same without what links persons, vehicles and accounts.
    #[must_use]
    pub fn without_linkage_keys(self) -> Self {
        let linkage = LinkageRecord {
            cross_refs: self.linkage.cross_refs,
            ..LinkageRecord::default()
        };
        Self { linkage, ..self }
    }

    /// The same without anything that links it to other records.
    #[must_use]
    pub fn without_linkage(self) -> Self {
        Self {
            linkage: LinkageRecord::default(),
            ..self
        }
    }
}

impl From<&Details> for DetailsRecord {
    fn from(details: &Details) -> Self {
        let date = |day: Day| day.date().to_string();
        Self {
            registered: details.registered.map(TimeRecord::from),
            status_at: details.status_at.map(date),
            linked_categories: details.linked.iter().map(LinkedRecord::from).collect(),
            place: PlaceRecord::from(&details.place),
            route: details.route.iter().map(RouteNodeRecord::from).collect(),
            money: MoneyRecord::from(details.money),
            modus: ModusRecord::from(&details.modus),
            victims: VictimsRecord::from(&details.victims),
            suspects: SuspectsRecord {
                arrested: details.suspects.arrested,
                absconding: details.suspects.absconding,
                foreign_nationals: details.suspects.foreign_nationals,
            },
            group_code: details.group_code.clone(),
            linkage: LinkageRecord::from(&details.linkage),
        }
    }
}

impl TryFrom<DetailsRecord> for Details {
    type Error = Unfit;

    fn try_from(record: DetailsRecord) -> Result<Self, Unfit> {
        let suspects = record.suspects;
        Ok(Self {
            registered: record.registered.map(Occurred::try_from).transpose()?,
            status_at: record.status_at.as_deref().map(day).transpose()?,
            linked: record
                .linked_categories
                .into_iter()
                .map(LinkedCategory::try_from)
                .collect::<Result<_, _>>()?,
            place: PlaceDetails::try_from(record.place)?,
            route: record
                .route
                .into_iter()
                .map(RouteNode::try_from)
                .collect::<Result<_, _>>()?,
            money: Money::try_from(record.money)?,
            modus: record.modus.into(),
            victims: Victims::try_from(record.victims)?,
            suspects: Suspects {
                arrested: suspects.arrested,
                absconding: suspects.absconding,
                foreign_nationals: suspects.foreign_nationals,
            },
            group_code: record.group_code,
            linkage: Linkage::try_from(record.linkage)?,
        })
    }
}

impl From<&LinkedCategory> for LinkedRecord {
    fn from(linked: &LinkedCategory) -> Self {
        Self {
            category: full_code(linked.category),
            basis: Member(linked.basis),
        }
    }
}

/// `DT`, or `ADJ/SM`.
pub(crate) fn full_code(category: Category) -> String {
    match category.subtype() {
        None => category.code().to_owned(),
        Some(subtype) => format!("{}/{subtype}", category.code()),
    }
}

impl TryFrom<LinkedRecord> for LinkedCategory {
    type Error = Unfit;

    fn try_from(record: LinkedRecord) -> Result<Self, Unfit> {
        Ok(Self {
            category: Category::parse(&record.category).map_err(|e| Unfit(e.value))?,
            basis: record.basis.0,
        })
    }
}

impl From<Money> for MoneyRecord {
    fn from(money: Money) -> Self {
        let rupees = |amount: Option<Amount>| amount.map(Amount::get);
        Self {
            amount_pkr: rupees(money.amount_pkr),
            currency: money.foreign.map(|(_, c)| c.as_str().to_owned()),
            amount: money.foreign.map(|(amount, _)| amount.get()),
            frozen_pkr: rupees(money.frozen_pkr),
            fee_paid_pkr: rupees(money.fee_paid_pkr),
        }
    }
}

impl TryFrom<MoneyRecord> for Money {
    type Error = Unfit;

    fn try_from(record: MoneyRecord) -> Result<Self, Unfit> {
        let amount = |n: f64| Amount::new(n).ok_or_else(|| Unfit(n.to_string()));
        let rupees = |n: Option<f64>| n.map(amount).transpose();
        Ok(Self {
            amount_pkr: rupees(record.amount_pkr)?,
            foreign: match (record.amount, record.currency) {
                (Some(n), Some(code)) => {
                    Some((amount(n)?, Currency::new(&code).ok_or(Unfit(code))?))
                }
                (None, None) => None,
                (n, code) => return Err(Unfit(format!("{n:?} {code:?}"))),
            },
            frozen_pkr: rupees(record.frozen_pkr)?,
            fee_paid_pkr: rupees(record.fee_paid_pkr)?,
        })
    }
}

impl From<&Victims> for VictimsRecord {
    fn from(victims: &Victims) -> Self {
        Self {
            count: victims.count,
            female: victims.female,
            male: victims.male,
            transgender: victims.transgender,
            unknown: victims.unknown,
            minors: victims.minors,
            age_band: victims.age_band.map(Member),
            citizenship: victims.citizenship.map(|c| c.as_str().to_owned()),
        }
    }
}

impl TryFrom<VictimsRecord> for Victims {
    type Error = Unfit;

    fn try_from(record: VictimsRecord) -> Result<Self, Unfit> {
        Ok(Self {
            count: record.count,
            female: record.female,
            male: record.male,
            transgender: record.transgender,
            unknown: record.unknown,
            minors: record.minors,
            age_band: record.age_band.map(|m| m.0),
            citizenship: record.citizenship.as_deref().map(country).transpose()?,
        })
    }
}

impl From<&Linkage> for LinkageRecord {
    fn from(linkage: &Linkage) -> Self {
        let hex = |keys: &[LinkageKey]| keys.iter().map(ToString::to_string).collect();
        Self {
            person_keys: hex(&linkage.person_keys),
            vehicle_keys: hex(&linkage.vehicle_keys),
            account_keys: hex(&linkage.account_keys),
            cross_refs: linkage.cross_refs.clone(),
        }
    }
}

impl TryFrom<LinkageRecord> for Linkage {
    type Error = Unfit;

    fn try_from(record: LinkageRecord) -> Result<Self, Unfit> {
        let keys = |list: Vec<String>| {
            list.into_iter()
                .map(|hex| LinkageKey::parse(&hex).ok_or(Unfit(hex)))
                .collect::<Result<_, _>>()
        };
        Ok(Self {
            person_keys: keys(record.person_keys)?,
            vehicle_keys: keys(record.vehicle_keys)?,
            account_keys: keys(record.account_keys)?,
            cross_refs: record.cross_refs,
        })
    }
}
