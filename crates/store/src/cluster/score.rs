//! How probably two records of different agencies are one matter: a pure function of the two.
//!
//! domain.md §7.4. Blocking first (same category and substance family, at most two days and fifteen kilometres apart, or the
//! same district or border point), then a sum of weights, in hundredths: exact, so that the thresholds are too.

use std::collections::BTreeSet;

use naqsha_model::{
    CaseReference, Category, DayRange, Incident, LinkageKey, Point, RecordStage, Substance, Unit,
};

/// From this score on two records are linked.
pub(crate) const LINKED: u8 = 70;
/// From this score on somebody should look.
pub(crate) const REVIEW: u8 = 45;

/// Days between two records that may still be one matter.
const DAYS_APART: u16 = 2;
/// A record known to more days than these is not compared: a month would meet everything.
const DAYS_KNOWN: u16 = 3;
/// Kilometres between two records that may still be one matter.
const KM_APART: f64 = 15.0;

/// Whether a record can reach a review at all: without goods, keys or references two records share too little.
pub(crate) fn is_telling(incident: &Incident) -> bool {
    let linkage = incident.details.as_deref().map(|details| &details.linkage);
    let links = linkage.is_some_and(|linkage| {
        !(linkage.person_keys.is_empty()
            && linkage.vehicle_keys.is_empty()
            && linkage.cross_refs.is_empty())
    });
    links || !incident.seizures.is_empty()
}

/// What of a record is compared.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Features {
    pub agency: String,
    pub category: Category,
    pub stage: RecordStage,
    pub days: DayRange,
    pub border_point: Option<String>,
    pub district: Option<String>,
    pub point: Option<Point>,
    /// Seizures: substance, amount, and whether that is kilograms; one entry a substance.
    pub seized: Vec<(Substance, Measure)>,
    /// Keys of persons and vehicles.
    pub keys: BTreeSet<LinkageKey>,
    pub cross_refs: Vec<String>,
    pub case: Option<CaseReference>,
}

/// An amount, comparable with another of the same unit only.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Measure {
    pub amount: f64,
    /// `None`: kilograms.
    pub unit: Option<Unit>,
}

/// A score with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Score {
    /// In hundredths.
    pub hundredths: u8,
    pub basis: Vec<&'static str>,
}

impl Features {
    /// What is compared of a record, `None` where it can be no duplicate of another agency's: complaints and inquiries are
    /// stages of a matter and not repeats of it, and a record without a day meets nothing.
    pub(crate) fn of(incident: &Incident) -> Option<Self> {
        if matches!(
            incident.stage,
            RecordStage::Complaint | RecordStage::Inquiry
        ) {
            return None;
        }
        let days = incident.when()?.days;
        if days.last().0 - days.first().0 >= DAYS_KNOWN {
            return None;
        }
        let details = incident.details.as_deref();
        let linkage = details.map(|details| &details.linkage);
        let keys = linkage.map(|linkage| linkage.person_keys.iter().chain(&linkage.vehicle_keys));
        Some(Self {
            agency: incident.agency.as_str().to_owned(),
            category: incident.category,
            stage: incident.stage,
            days,
            border_point: details.and_then(|details| details.place.border_point.clone()),
            district: incident.location.district.clone(),
            point: incident.location.point(),
            seized: seized(incident),
            keys: keys.into_iter().flatten().copied().collect(),
            cross_refs: linkage.map_or_else(Vec::new, |linkage| linkage.cross_refs.clone()),
            case: incident.case.clone(),
        })
    }

    /// Families of what was seized.
    fn families(&self) -> BTreeSet<u8> {
        self.seized
            .iter()
            .map(|&(substance, _)| family(substance))
            .collect()
    }

    /// Rank for being the record that counts, lowest first: the agency that prosecutes such cases, one that seized, others.
    pub(crate) fn rank(&self) -> u8 {
        let prosecutes = PROSECUTING.iter().any(|&(category, agency)| {
            category == self.category
                && (self.agency == agency || self.agency.starts_with(&format!("{agency}-")))
        });
        match self.stage {
            _ if prosecutes => 0,
            RecordStage::Seizure => 1,
            _ => 2,
        }
    }
}

/// Who prosecutes what; a code stands for its units too (`CTD` for `CTD-PUNJAB`).
const PROSECUTING: [(Category, &str); 6] = [
    (Category::DrugTrafficking, "ANF"),
    (Category::TerrorFinancing, "CTD"),
    (Category::HumanTrafficking, "FIA"),
    (Category::Cybercrime, "NCCIA"),
    (Category::Cybercrime, "FIA"),
    (Category::TerrorFinancing, "FIA"),
];

/// The score of two records, `None` where blocking keeps them apart.
pub(crate) fn score(left: &Features, right: &Features) -> Option<Score> {
    if !may_be_one(left, right) {
        return None;
    }
    let mut score = Score {
        hundredths: 0,
        basis: Vec::new(),
    };
    let mut add = |holds: bool, weight: u8, basis| {
        if holds {
            score.hundredths += weight;
            score.basis.push(basis);
        }
    };
    let ratio = worst_ratio(left, right);
    add(ratio.is_some_and(|ratio| ratio <= 0.05), 35, "quantity_5");
    add(
        ratio.is_some_and(|ratio| ratio > 0.05 && ratio <= 0.15),
        20,
        "quantity_15",
    );
    add(
        refers(left, right) || refers(right, left),
        40,
        "cross_reference",
    );
    add(!left.keys.is_disjoint(&right.keys), 30, "shared_key");
    add(
        same(left.border_point.as_ref(), right.border_point.as_ref()),
        15,
        "border_point",
    );
    add(
        left.days == right.days && left.days.first() == left.days.last(),
        10,
        "same_day",
    );
    Some(score)
}

fn may_be_one(left: &Features, right: &Features) -> bool {
    let (goods_left, goods_right) = (left.families(), right.families());
    let families = if goods_left.is_empty() || goods_right.is_empty() {
        // A reference or a key may lead to a record that lists no goods.
        true
    } else {
        !goods_left.is_disjoint(&goods_right)
    };
    left.agency != right.agency
        && left.category == right.category
        && families
        && left.days.first().0 <= right.days.last().0.saturating_add(DAYS_APART)
        && right.days.first().0 <= left.days.last().0.saturating_add(DAYS_APART)
        && (same(left.border_point.as_ref(), right.border_point.as_ref())
            || same(left.district.as_ref(), right.district.as_ref())
            || left
                .point
                .zip(right.point)
                .is_some_and(|(a, b)| kilometres(a, b) <= KM_APART))
}

fn same<T: PartialEq>(left: Option<&T>, right: Option<&T>) -> bool {
    left.is_some() && left == right
}

/// Great-circle distance on a sphere of 6,371 km.
fn kilometres(a: Point, b: Point) -> f64 {
    let (lat_a, lat_b) = (a.lat().to_radians(), b.lat().to_radians());
    let north = ((lat_b - lat_a) / 2.0).sin().powi(2);
    let east = ((b.lon() - a.lon()).to_radians() / 2.0).sin().powi(2);
    2.0 * 6_371.0
        * (north + lat_a.cos() * lat_b.cos() * east)
            .sqrt()
            .min(1.0)
            .asin()
}

/// Amounts by substance; kilograms where they are known.
fn seized(incident: &Incident) -> Vec<(Substance, Measure)> {
    let mut sums: Vec<(Substance, Measure)> = Vec::new();
    for line in &incident.seizures {
        let measure = match (line.kilograms, line.quantity) {
            (Some(amount), _) => Measure { amount, unit: None },
            (None, Some(amount)) if line.unit.is_some() => Measure {
                amount,
                unit: line.unit,
            },
            _ => continue,
        };
        let known = sums
            .iter_mut()
            .find(|(substance, sum)| *substance == line.substance && sum.unit == measure.unit);
        match known {
            Some((_, sum)) => sum.amount += measure.amount,
            None => sums.push((line.substance, measure)),
        }
    }
    sums
}

/// The largest relative difference of the substances that both seized, `None` where there is none to compare: mixed loads
/// compare per substance.
fn worst_ratio(left: &Features, right: &Features) -> Option<f64> {
    let mut worst = None;
    for (substance, ours) in &left.seized {
        let theirs = right
            .seized
            .iter()
            .find(|(other, measure)| other == substance && measure.unit == ours.unit);
        if let Some((_, theirs)) = theirs {
            let larger = ours.amount.max(theirs.amount);
            let ratio = if larger > 0.0 {
                (ours.amount - theirs.amount).abs() / larger
            } else {
                0.0
            };
            worst = Some(f64::max(worst.unwrap_or(0.0), ratio));
        }
    }
    worst
}

/// Whether a reference of one names the other's agency and case: the agency's code, and number and year beside each other.
fn refers(from: &Features, to: &Features) -> bool {
    let Some(case) = &to.case else { return false };
    let Some(year) = case.year else { return false };
    let number = words(&case.number);
    let years = [format!("{year:04}"), format!("{:02}", year.rem_euclid(100))];
    from.cross_refs.iter().any(|text| {
        let text = words(text);
        let named = words(&to.agency).iter().all(|word| text.contains(word));
        let numbered = text.windows(number.len() + 1).any(|window| match window {
            [digits @ .., last] => digits == number.as_slice() && years.contains(last),
            [] => false,
        });
        named && numbered
    })
}

fn words(text: &str) -> Vec<String> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_uppercase)
        .collect()
}

/// Substances that are taken for one another, or travel together.
fn family(substance: Substance) -> u8 {
    match substance {
        Substance::Heroin | Substance::Opium | Substance::Morphine | Substance::PoppyStraw => 0,
        Substance::CannabisResin | Substance::CannabisHerb => 1,
        Substance::Methamphetamine | Substance::Amphetamine | Substance::Mdma => 2,
        Substance::AceticAnhydride
        | Substance::HydrochloricAcid
        | Substance::Ephedrine
        | Substance::OtherPrecursor => 3,
        Substance::Psychotropic | Substance::Tramadol => 4,
        Substance::Arms | Substance::Ammunition | Substance::Explosives => 5,
        other => 16 + other.index(),
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "each record has one line")]
mod tests {
    use super::*;
    use naqsha_model::Day;

    fn record(agency: &str) -> Features {
        let kg = |amount| Measure { amount, unit: None };
        Features {
            agency: agency.to_owned(),
            category: Category::DrugTrafficking,
            stage: RecordStage::Seizure,
            days: DayRange::new(Day(45_000), Day(45_000)).unwrap(),
            border_point: Some("TORKHAM".to_owned()),
            district: Some("Khyber".to_owned()),
            point: None,
            seized: vec![(Substance::Heroin, kg(20.0))],
            keys: BTreeSet::new(),
            cross_refs: Vec::new(),
            case: Some(CaseReference {
                number: "12".to_owned(),
                year: Some(2024),
                station: None,
            }),
        }
    }

    fn total(change: impl Fn(&mut Features)) -> Option<u8> {
        let mut other = record("CUSTOMS");
        change(&mut other);
        let (one, two) = (score(&record("ANF"), &other), score(&other, &record("ANF")));
        assert_eq!(one, two, "both ways");
        one.map(|score| score.hundredths)
    }

    #[test]
    fn the_weights_are_those_of_the_table() {
        assert_eq!(
            total(|_| {}),
            Some(60),
            "quantity .35, border point .15, same day .1"
        );
        assert_eq!(
            total(|other| other.seized[0].1.amount = 19.0),
            Some(60),
            "exactly 5% less"
        );
        assert_eq!(
            total(|other| other.seized[0].1.amount = 18.0),
            Some(45),
            "within 15%: .2"
        );
        assert_eq!(
            total(|other| other.seized[0].1.amount = 16.0),
            Some(25),
            "too different"
        );
        assert_eq!(total(|other| other.border_point = None), Some(45));
        let two_days = DayRange::new(Day(45_002), Day(45_002)).unwrap();
        assert_eq!(total(|other| other.days = two_days), Some(50));
        let handed_over = "handed over to PS ANF Peshawar vide FIR 12/24";
        assert_eq!(
            total(|other| other.cross_refs.push(handed_over.to_owned())),
            Some(100)
        );
        let key = LinkageKey(7);
        let mut ours = record("ANF");
        ours.keys.insert(key);
        let mut theirs = record("CUSTOMS");
        theirs.keys.insert(key);
        let shared = score(&ours, &theirs).unwrap();
        assert_eq!(shared.hundredths, 90);
        assert_eq!(
            shared.basis,
            ["quantity_5", "shared_key", "border_point", "same_day"]
        );
    }

    #[test]
    fn blocking_keeps_apart_what_cannot_be_one() {
        let days = |first| DayRange::new(Day(first), Day(first)).unwrap();
        assert_eq!(
            total(|other| other.agency = "ANF".to_owned()),
            None,
            "one agency"
        );
        assert_eq!(
            total(|other| other.category = Category::HumanTrafficking),
            None
        );
        assert_eq!(total(|other| other.days = days(45_003)), None, "three days");
        assert_eq!(
            total(|other| other.days = days(44_997)),
            None,
            "three days before"
        );
        assert_eq!(
            total(|other| other.seized[0].0 = Substance::CannabisResin),
            None,
            "another family"
        );
        let elsewhere = |other: &mut Features| {
            other.border_point = None;
            other.district = Some("Quetta".to_owned());
        };
        assert_eq!(total(elsewhere), None);
        let mut near = record("CUSTOMS");
        elsewhere(&mut near);
        near.point = Point::new(71.0, 34.1).ok();
        let mut ours = record("ANF");
        ours.point = Point::new(71.1, 34.1).ok();
        assert!(score(&ours, &near).is_some(), "9 km");
        ours.point = Point::new(71.2, 34.1).ok();
        assert_eq!(score(&ours, &near), None, "18 km");
    }

    #[test]
    fn mixed_loads_compare_per_substance_and_units_do_not_mix() {
        let kg = |amount| Measure { amount, unit: None };
        assert_eq!(
            total(|other| other.seized.push((Substance::CannabisResin, kg(400.0)))),
            Some(60)
        );
        let mut ours = record("ANF");
        ours.seized.push((Substance::CannabisResin, kg(40.0)));
        let mut theirs = record("CUSTOMS");
        theirs.seized.push((Substance::CannabisResin, kg(30.0)));
        assert_eq!(
            score(&ours, &theirs).unwrap().hundredths,
            25,
            "the worst of them counts"
        );
        let litres = Measure {
            amount: 20.0,
            unit: Some(Unit::Litre),
        };
        assert_eq!(
            total(|other| other.seized[0].1 = litres),
            Some(25),
            "no amount to compare"
        );
    }

    #[test]
    fn a_reference_names_agency_number_and_year() {
        let refers_by = |text: &str| {
            let mut from = record("CUSTOMS");
            from.cross_refs.push(text.to_owned());
            refers(&from, &record("ANF"))
        };
        assert!(refers_by("ANF PS-MULTAN 12/2024") && refers_by("anf 12/24"));
        for other in [
            "ANF 112/2024",
            "ANF 12/2023",
            "FIA 12/2024",
            "ANF 12",
            "ANF 2024/12",
        ] {
            assert!(!refers_by(other), "{other}");
        }
    }

    #[test]
    fn the_agency_that_prosecutes_counts_before_the_one_that_seized() {
        let rank = |agency: &str, stage| {
            Features {
                stage,
                ..record(agency)
            }
            .rank()
        };
        assert_eq!(rank("ANF", RecordStage::Fir), 0);
        assert_eq!(rank("ANF-RD-KP", RecordStage::Seizure), 0);
        assert_eq!(rank("ANFAL", RecordStage::Seizure), 1);
        assert_eq!(rank("PUNJAB-POLICE", RecordStage::Fir), 2);
    }
}
