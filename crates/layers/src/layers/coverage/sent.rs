//! What each agency sent: its records by district and month, and the months that it stated.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use naqsha_model::DayRange;
use naqsha_store::{Filter, Reported};

use super::month::Month;
use crate::error::LayerError;
use crate::layer::Question;
use crate::layers::tally::filter;
use crate::table::Excluded;

/// What was reported to one version, of one kind of records: it is in the records themselves, and read once.
pub(crate) type Reports = Arc<Vec<Reported>>;

/// About how much memory that takes.
pub(crate) fn bytes_of(reports: &Reports) -> u32 {
    // A name of a profile and of a district are some 16 bytes each.
    let bytes = size_of_val(reports.as_slice()) + 32 * reports.len();
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// What tells that an agency reported about a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Evidence {
    /// Records of the month.
    Records,
    /// Its statement alone: a batch's period, or a nil return.
    Statement,
}

impl Evidence {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Statement => "statement",
        }
    }
}

/// What one agency sent.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// Records asked about, by district and month.
    pub(super) matching: BTreeMap<(Option<String>, Month), u64>,
    /// Records of any kind.
    pub(super) by_month: BTreeMap<Month, u64>,
    /// Months that are stated wholly.
    pub(super) stated: BTreeSet<Month>,
    /// Districts that it ever reported about.
    pub(super) districts: BTreeSet<String>,
}

impl Sent {
    pub(super) fn evidence(&self, month: Month) -> Option<Evidence> {
        if self.by_month.contains_key(&month) {
            Some(Evidence::Records)
        } else {
            self.stated.contains(&month).then_some(Evidence::Statement)
        }
    }

    /// The months that it reported about.
    pub(super) fn months(&self) -> impl Iterator<Item = Month> {
        self.by_month.keys().chain(&self.stated).copied()
    }
}

/// What all agencies of a question sent, and the records of it that no row can have.
#[derive(Debug, Default)]
pub(super) struct AllSent {
    pub(super) agencies: BTreeMap<Arc<str>, Sent>,
    pub(super) excluded: Excluded,
    pub(super) synthetic: bool,
}

/// An agency's profiles that report what is asked about: those that have sent such records, or none at all yet.
struct Profiles<'r> {
    silent: BTreeSet<(&'r str, &'r str)>,
}

impl<'r> Profiles<'r> {
    fn of(reported: &'r [Reported]) -> Self {
        let mut matching: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for of in reported {
            *matching.entry((&of.agency, &of.profile)).or_default() += of.matching;
        }
        let silent = matching.into_iter().filter(|&(_, matching)| matching == 0);
        Self {
            silent: silent.map(|(profile, _)| profile).collect(),
        }
    }

    fn report(&self, agency: &str, profile: &str) -> bool {
        let profile = profile.split('@').next().unwrap_or_default();
        !self.silent.contains(&(agency, profile))
    }
}

impl AllSent {
    /// Reads what was sent. `lies_in` says of a district whether it is one of the study area.
    pub(super) fn of(
        question: &Question<'_>,
        lies_in: impl Fn(&str) -> bool,
    ) -> Result<Self, LayerError> {
        // Whether an agency reported is not a matter of the days and agencies asked about.
        let asked = Filter {
            days: None,
            agencies: None,
            ..filter(question.query)
        };
        // One version may be asked as reported or with one record of each cluster.
        let key = format!(
            "{}|{}|{asked:?}",
            question.snapshot.version(),
            question.query.deduplicated
        );
        let read = || {
            let reported = question.snapshot.reported(&asked);
            reported.map(Arc::new).map_err(LayerError::from)
        };
        let reported = question.reports.try_get_with(key, read);
        let reported = reported.map_err(Arc::unwrap_or_clone)?;
        let profiles = Profiles::of(&reported);
        let mut all = Self::default();
        for of in reported.iter().filter(|of| is_asked(question, &of.agency)) {
            all.add(question, of, &profiles, &lies_in);
        }
        all.state(question, &profiles);
        Ok(all)
    }

    fn add(
        &mut self,
        question: &Question<'_>,
        of: &Reported,
        profiles: &Profiles<'_>,
        lies_in: &impl Fn(&str) -> bool,
    ) {
        self.excluded.matched += of.matching;
        let mut exclude = |reason| {
            if of.matching > 0 {
                *self.excluded.reasons.entry(reason).or_default() += of.matching;
            }
        };
        if !is_near(question, of.study_area.as_deref()) {
            return exclude("outside_study_area");
        }
        if !profiles.report(&of.agency, &of.profile) {
            return;
        }
        let Some(month) = of.month.map(Month::new) else {
            return exclude("no_month");
        };
        let sent = self.agencies.entry(Arc::clone(&of.agency)).or_default();
        *sent.by_month.entry(month).or_default() += of.records;
        // What an agency sends about another area tells that it reports, but is no row.
        if let Some(district) = &of.district {
            if !lies_in(district) {
                return exclude("outside_study_area");
            }
            sent.districts.insert(district.clone());
        }
        if of.matching > 0 {
            let place = (of.district.clone(), month);
            *sent.matching.entry(place).or_default() += of.matching;
            self.synthetic |= of.synthetic;
        }
    }

    /// Adds the months that agencies stated.
    fn state(&mut self, question: &Question<'_>, profiles: &Profiles<'_>) {
        let mut ranges: BTreeMap<Arc<str>, Vec<DayRange>> = BTreeMap::new();
        let mut state = |agency: &str, profile: &str, days: Option<DayRange>| {
            if is_asked(question, agency) && profiles.report(agency, profile) {
                ranges.entry(Arc::from(agency)).or_default().extend(days);
            }
        };
        for batch in question.snapshot.batches() {
            if is_near(question, batch.study_area.as_deref()) {
                let period = batch.manifest.as_ref().and_then(|stated| stated.period);
                state(batch.agency.as_str(), &batch.profile, period);
                state(batch.agency.as_str(), &batch.profile, batch.replaces);
            }
        }
        for nil in question.snapshot.nil_returns() {
            state(nil.agency.as_str(), &nil.profile, Some(nil.period));
        }
        for (agency, ranges) in ranges {
            let stated = Month::whole(ranges);
            if !stated.is_empty() {
                let sent = self.agencies.entry(agency).or_default();
                sent.stated.extend(stated);
            }
        }
    }
}

/// Who reads for an agency is told of that agency alone: the records that another released to it do not say what the other
/// reported.
fn is_asked(question: &Question<'_>, agency: &str) -> bool {
    let asked = question.query.agencies.as_deref();
    let own = question.scope.only_agency();
    asked.is_none_or(|codes| codes.iter().any(|code| code == agency))
        && own.is_none_or(|own| own == agency)
}

/// Whether a batch that names a study area may be about the one asked about.
fn is_near(question: &Question<'_>, named: Option<&str>) -> bool {
    let theirs = named.and_then(|name| question.areas.get(name).ok()?.bounds());
    let near = theirs.zip(question.area.bounds());
    near.is_none_or(|(theirs, asked)| theirs.overlaps(&asked))
}
