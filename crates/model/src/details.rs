//! The parts of an incident that most records do not have, kept apart so that those records stay small.

use crate::coded::coded;
use crate::{Category, Country, Day, Modus, Occurred, PlaceDetails, RouteNode};

coded! {
    /// On what a link to another category rests.
    LinkBasis, "link basis" {
        /// A section of it is cited too.
        SectionCited = "section_cited",
        /// The agency states it.
        AgencyStated = "agency_stated",
        /// A person, vehicle or account is shared.
        SharedEntity = "shared_entity",
        /// An analyst confirmed it.
        AnalystConfirmed = "analyst_confirmed",
    }
}

/// A category that an incident also touches; it is counted once, as its own category.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkedCategory {
    /// The other category.
    pub category: Category,
    /// On what the link rests.
    pub basis: LinkBasis,
}

/// An amount of money: not negative, finite.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Amount(f64);

impl Amount {
    /// Checks an amount; `None` where it is negative or not a number.
    pub fn new(amount: f64) -> Option<Self> {
        (amount >= 0.0 && amount.is_finite()).then_some(Self(amount))
    }

    /// The amount.
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// ISO 4217 code of a currency, three upper-case letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Three upper-case letters, else `None`.
    pub fn new(code: &str) -> Option<Self> {
        let bytes: [u8; 3] = code.as_bytes().try_into().ok()?;
        bytes
            .iter()
            .all(u8::is_ascii_uppercase)
            .then_some(Self(bytes))
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("three ASCII letters by construction")
    }
}

/// Money involved; nothing is converted without a dated rate.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Money {
    /// Rupees.
    pub amount_pkr: Option<Amount>,
    /// An amount in another currency.
    pub foreign: Option<(Amount, Currency)>,
    /// Rupees frozen.
    pub frozen_pkr: Option<Amount>,
    /// Rupees paid as a fee, by migrants to smugglers.
    pub fee_paid_pkr: Option<Amount>,
}

coded! {
    /// Ages of victims, in bands wide enough to hide one.
    AgeBand, "age band" {
        /// Up to 8 years.
        To8 = "0-8",
        /// 9 to 17 years.
        To17 = "9-17",
        /// 18 to 29 years.
        To29 = "18-29",
        /// 30 years and more.
        From30 = "30+",
        /// Several bands.
        Mixed = "mixed",
        /// Not known.
        Unknown = "unknown",
    }
}

/// Victims: counts only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Victims {
    /// All of them.
    pub count: Option<u32>,
    /// Female.
    pub female: Option<u32>,
    /// Male.
    pub male: Option<u32>,
    /// Transgender.
    pub transgender: Option<u32>,
    /// Sex not known.
    pub unknown: Option<u32>,
    /// Below 18 years.
    pub minors: Option<u32>,
    /// Age band.
    pub age_band: Option<AgeBand>,
    /// Citizenship.
    pub citizenship: Option<Country>,
}

impl Victims {
    /// Whether a victim below 18 years is stated.
    pub fn has_minor(&self) -> bool {
        self.minors.is_some_and(|n| n > 0)
            || matches!(self.age_band, Some(AgeBand::To8 | AgeBand::To17))
    }
}

/// Suspects: counts only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suspects {
    /// Arrested.
    pub arrested: Option<u32>,
    /// Absconding.
    pub absconding: Option<u32>,
    /// Foreign nationals among them.
    pub foreign_nationals: Option<u32>,
}

/// 128 bits of a keyed hash (HMAC-SHA-256) of an identity number, plate or account; without the deployment's secret it
/// leads to nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkageKey(pub u128);

impl LinkageKey {
    /// Reads 32 lower-case hex digits, else `None`.
    pub fn parse(hex: &str) -> Option<Self> {
        let fits = hex.len() == 32 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        fits.then(|| u128::from_str_radix(hex, 16).ok().map(Self))
            .flatten()
    }
}

impl std::fmt::Display for LinkageKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// By what a record may be linked to others, without saying whom it is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Linkage {
    /// Persons.
    pub person_keys: Vec<LinkageKey>,
    /// Vehicles.
    pub vehicle_keys: Vec<LinkageKey>,
    /// Accounts, wallets, phones.
    pub account_keys: Vec<LinkageKey>,
    /// Case numbers of other agencies, such as `ANF PS-MULTAN 12/2024`; at most 60 letters each.
    pub cross_refs: Vec<String>,
}

/// The parts of an incident that most records do not have.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Details {
    /// When the case was registered.
    pub registered: Option<Occurred>,
    /// On which day it got its status.
    pub status_at: Option<Day>,
    /// Other categories it touches.
    pub linked: Vec<LinkedCategory>,
    /// The place, beyond its position.
    pub place: PlaceDetails,
    /// The route, in order of travel.
    pub route: Vec<RouteNode>,
    /// Money involved.
    pub money: Money,
    /// How it was committed.
    pub modus: Modus,
    /// Victims, counts only.
    pub victims: Victims,
    /// Suspects, counts only.
    pub suspects: Suspects,
    /// Code of a proscribed organisation in the deployment's list; never its name.
    pub group_code: Option<String>,
    /// Keys that link records.
    pub linkage: Linkage,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_currencies_are_upper_case_letters() {
        assert_eq!(
            Currency::new("USD").as_ref().map(Currency::as_str),
            Some("USD")
        );
        assert!(Currency::new("US").is_none());
    }

    #[test]
    fn amounts_are_not_negative() {
        assert_eq!(Amount::new(1.5).map(Amount::get), Some(1.5));
        assert!(
            [-1.0, f64::NAN, f64::INFINITY]
                .iter()
                .all(|&n| Amount::new(n).is_none())
        );
    }

    #[test]
    fn a_linkage_key_reads_back() {
        let key = LinkageKey(0x0123);
        assert_eq!(LinkageKey::parse(&key.to_string()), Some(key));
        assert!(LinkageKey::parse("0F").is_none());
        assert!(
            LinkageKey::parse(&"F".repeat(32)).is_none(),
            "upper case is not how it is written"
        );
    }
}
