//! What a reader may see. The scope goes into every scan and every cache key; no answer exists without one.

use std::ops::Deref;

use h3o::Resolution;
use naqsha_model::{Agency, DayRange, Incident, Role};
use naqsha_store::{BatchRecord, Filter, Reader, Snapshot, Whose};

use crate::query::LayerQuery;

/// What somebody may see, as the scan uses it: the rules of a role and, where the role is held for an agency, which records.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope {
    role: Role,
    agency: Option<Agency>,
}

impl Scope {
    /// The scope of a role that is not held for an agency. One that is, as an uploader's, reads nothing without.
    pub const fn of(role: Role) -> Self {
        Self { role, agency: None }
    }

    /// The scope of a role of an agency.
    pub const fn of_agency(role: Role, agency: Agency) -> Self {
        Self {
            role,
            agency: Some(agency),
        }
    }

    /// Who is asking.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Whether layers that nobody released may be read. A partner reads released layers alone, and there is no release
    /// yet: its minimum counts hold for tables made once, not for questions that anyone may cut as he likes.
    pub const fn reads_unreleased(&self) -> bool {
        match self.role {
            Role::Analyst | Role::Operator => true,
            Role::Uploader | Role::Approver => self.agency.is_some(),
            Role::Public | Role::Partner | Role::Custodian | Role::Auditor => false,
        }
    }

    /// Finest resolution at which the place of any record is shown (domain rule: analysts see resolution 8, an agency its
    /// own points; the records of others that it reads it sees as an analyst does).
    pub const fn finest_record_resolution(&self) -> Resolution {
        if self.sees_points() {
            OF_POINTS
        } else {
            OF_CELLS
        }
    }

    /// Whether the exact points of records are shown, be it only of those of one's own agency.
    pub const fn sees_points(&self) -> bool {
        matches!(self.role, Role::Operator | Role::Uploader | Role::Approver)
    }

    /// Finest resolution at which the place of a record is shown.
    pub(crate) fn finest_of(&self, incident: &Incident) -> Resolution {
        if self.sees_point_of(incident) {
            OF_POINTS
        } else {
            OF_CELLS
        }
    }

    /// Whether the exact point of a record is shown.
    pub(crate) fn sees_point_of(&self, incident: &Incident) -> bool {
        let is_own = |agency| incident.agency.as_str() == agency;
        self.sees_points() && self.only_agency().is_none_or(is_own)
    }

    /// The agency that the role is held for, where it reads by what is that agency's and what is released to it.
    pub fn only_agency(&self) -> Option<&str> {
        self.reader_agency().map(Agency::as_str)
    }

    fn reader_agency(&self) -> Option<&Agency> {
        self.agency.as_ref().filter(|_| self.role.is_of_an_agency())
    }

    fn reader(&self) -> Option<Reader> {
        self.reader_agency().cloned().map(Reader::of)
    }

    /// Whether a record is one of those that are read.
    pub(crate) fn admits(&self, incident: &Incident) -> bool {
        self.reads_unreleased() && self.reader().is_none_or(|reader| reader.admits(incident))
    }

    /// The question with the row filter of the scope in it.
    pub(crate) fn narrow(&self, query: &LayerQuery) -> Narrowed {
        let (mut query, reader) = (query.clone(), self.reader());
        if reader.is_some() {
            // A cluster is of several agencies: which of its records counts would tell that another's is there.
            query.deduplicated = false;
        }
        Narrowed { query, reader }
    }

    /// The records that pass a filter in shares that are shown alike; none is in two of them.
    pub(crate) fn shares<'a>(&self, filter: &Filter<'a>) -> Vec<Share<'a>> {
        let Some(agency) = self.reader_agency() else {
            return vec![Share {
                filter: filter.clone(),
                finest: self.finest_record_resolution(),
            }];
        };
        let share = |(whose, finest)| Share {
            filter: Filter {
                reader: Some(Reader {
                    agency: agency.clone(),
                    whose,
                }),
                ..filter.clone()
            },
            finest,
        };
        [(Whose::Own, OF_POINTS), (Whose::Others, OF_CELLS)]
            .map(share)
            .into()
    }

    /// First and last day of what is read of some batches.
    pub(crate) fn days(
        &self,
        snapshot: &Snapshot,
        wanted: impl Fn(&BatchRecord) -> bool,
    ) -> Option<DayRange> {
        match self.reader() {
            _ if !self.reads_unreleased() => None,
            Some(reader) => snapshot.extent_days_read(&reader, wanted),
            None => snapshot.extent_days_of(wanted),
        }
    }

    /// Name of the rules applied, as the response member `policy` states it.
    pub const fn policy(&self) -> &'static str {
        self.role.code()
    }
}

/// Finest resolution of a record whose exact point is shown too, and of one that is shown as a cell.
const OF_POINTS: Resolution = Resolution::Nine;
const OF_CELLS: Resolution = Resolution::Eight;

/// Records whose place is shown as finely.
#[derive(Debug, Clone)]
pub(crate) struct Share<'a> {
    pub(crate) filter: Filter<'a>,
    pub(crate) finest: Resolution,
}

/// A question with the row filter of a scope in it: nothing else is asked of a snapshot.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Narrowed {
    query: LayerQuery,
    reader: Option<Reader>,
}

impl Narrowed {
    /// Who reads, where only some records are read.
    pub(crate) const fn reader(&self) -> Option<&Reader> {
        self.reader.as_ref()
    }
}

impl Deref for Narrowed {
    type Target = LayerQuery;

    fn deref(&self) -> &LayerQuery {
        &self.query
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use naqsha_model::{Category, HandlingCode, RecordStage};

    fn agency(code: &str) -> Agency {
        Agency::new(code).unwrap()
    }

    fn record(owner: &str, code: HandlingCode, recipients: &[&str]) -> Incident {
        let (received, drugs) = (Timestamp::UNIX_EPOCH, Category::DrugTrafficking);
        let mut incident = Incident::bare(agency(owner), RecordStage::Fir, drugs, received, 1);
        incident.handling.code = code;
        incident.handling.releasable_to = recipients.iter().copied().map(str::to_owned).collect();
        incident
    }

    #[test]
    fn an_agency_reads_its_own_records_and_those_that_name_it_and_may() {
        use HandlingCode::{Conditional, Permitted};
        let all = [
            (record("ANF", Permitted, &[]), [true, false, false, true]),
            (
                record("ANF", Conditional, &["FIA"]),
                [true, false, false, true],
            ),
            (
                record("ANF", Permitted, &["NACTA", "FIA"]),
                [true, true, false, true],
            ),
            (
                record("FIA", Permitted, &["ANF"]),
                [true, true, false, true],
            ),
            (
                record("FIA", Permitted, &["ANF-N", "AN"]),
                [false, true, false, true],
            ),
            (
                record("NPB", Permitted, &["CTD"]),
                [false, false, true, true],
            ),
        ];
        let readers = [
            Scope::of_agency(Role::Uploader, agency("ANF")),
            Scope::of_agency(Role::Approver, agency("FIA")),
            Scope::of_agency(Role::Uploader, agency("CTD")),
            Scope::of_agency(Role::Analyst, agency("NPB")),
        ];
        let nobody = [Role::Public, Role::Partner, Role::Custodian, Role::Auditor]
            .map(|role| Scope::of_agency(role, agency("ANF")));
        for (record, expected) in all {
            assert_eq!(
                readers.clone().map(|of| of.admits(&record)),
                expected,
                "{record:?}"
            );
            assert!(!nobody.iter().any(|scope| scope.admits(&record)));
        }
    }

    #[test]
    fn the_point_of_another_agencys_record_is_shown_to_none_but_the_operator() {
        let shared = record("FIA", HandlingCode::Permitted, &["ANF"]);
        let own = record("ANF", HandlingCode::Permitted, &["FIA"]);
        for (scope, points) in [
            (
                Scope::of_agency(Role::Uploader, agency("ANF")),
                [true, false],
            ),
            (
                Scope::of_agency(Role::Approver, agency("FIA")),
                [false, true],
            ),
            (Scope::of(Role::Operator), [true, true]),
            (Scope::of(Role::Analyst), [false, false]),
        ] {
            assert_eq!([&own, &shared].map(|of| scope.sees_point_of(of)), points);
            let finest = points.map(|point| if point { OF_POINTS } else { OF_CELLS });
            assert_eq!([&own, &shared].map(|of| scope.finest_of(of)), finest);
        }
    }

    #[test]
    fn the_agencies_of_a_question_stay_and_who_reads_is_added() {
        let query = LayerQuery {
            agencies: Some(vec!["FIA".to_owned()]),
            deduplicated: true,
            ..LayerQuery::default()
        };
        let own = Scope::of_agency(Role::Uploader, agency("ANF")).narrow(&query);
        assert_eq!(own.agencies, query.agencies);
        assert_eq!(own.reader(), Some(&Reader::of(agency("ANF"))));
        assert!(!own.deduplicated, "a cluster is of several agencies");
        let analyst = Scope::of_agency(Role::Analyst, agency("NPB")).narrow(&query);
        assert_eq!(analyst.reader(), None, "an analyst's agency is no filter");
        assert!(analyst.deduplicated);
    }

    #[test]
    fn who_reads_no_incidents_reads_none_of_an_agency_either() {
        for role in Role::ALL {
            let read = [Scope::of(*role), Scope::of_agency(*role, agency("ANF"))];
            let expected = match role {
                Role::Analyst | Role::Operator => [true, true],
                Role::Uploader | Role::Approver => [false, true],
                Role::Public | Role::Partner | Role::Custodian | Role::Auditor => [false, false],
            };
            assert_eq!(
                read.map(|scope| scope.reads_unreleased()),
                expected,
                "{role:?}"
            );
        }
    }
}
