//! Batches, seeded incidents and the naive filter that answers are compared with.

use std::path::Path;
use std::sync::LazyLock;

use h3o::{CellIndex, LatLng, Resolution};
use jiff::Timestamp;
use naqsha_model::{
    Agency, Basis, BatchDigest, Category, CategorySet, ContentDigest, Day, DayRange, HandlingCode,
    Incident, NaturalKey, Occurred, RecordStage, TimePrecision,
};
use naqsha_store::{
    Act, BatchHeader, BatchState, BatchTotals, Committed, Filter, OnChange, Page, Snapshot, Store,
    StoreError, StoredIncident, Whose,
};

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Runtime::new().unwrap());

pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    RUNTIME.block_on(future)
}

pub(crate) fn create(dir: &Path) -> Store {
    wait(Store::create(dir)).unwrap()
}

pub(crate) fn open(dir: &Path) -> Store {
    wait(Store::open(dir)).unwrap()
}

pub(crate) fn received_at() -> Timestamp {
    "2026-01-05T06:07:08.123456789Z".parse().unwrap()
}

pub(crate) fn digest(number: u8) -> BatchDigest {
    BatchDigest::new([number; 32])
}

pub(crate) fn header(number: u8) -> BatchHeader {
    BatchHeader {
        digest: digest(number),
        profile: "anf.seizure@1.0.0".to_owned(),
        agency: Agency::new("ANF").unwrap(),
        file_name: format!("seizures-{number}.csv"),
        received_at: received_at(),
        synthetic: number.is_multiple_of(2),
        study_area: Some("pakistan".to_owned()),
        on_change: OnChange::Report,
        replaces: None,
        manifest: None,
    }
}

pub(crate) fn totals(accepted: usize) -> BatchTotals {
    BatchTotals {
        rows: accepted as u64,
        accepted: accepted as u64,
        ..BatchTotals::default()
    }
}

/// The same header for a batch that revises.
pub(crate) fn revising(number: u8) -> BatchHeader {
    BatchHeader {
        on_change: OnChange::Revise,
        ..header(number)
    }
}

pub(crate) fn act(reason: &str) -> Act {
    Act {
        actor: "officer".to_owned(),
        reason: reason.to_owned(),
        at: received_at(),
    }
}

/// Every current record, in the order of the pages.
pub(crate) fn everything(snapshot: &Snapshot) -> Page {
    snapshot.rows(&Filter::default(), 0, usize::MAX).unwrap()
}

/// Keys and contents of all that is current, ascending.
pub(crate) fn contents(snapshot: &Snapshot) -> Vec<(Option<u128>, u128)> {
    let page = everything(snapshot);
    let of = |stored: &StoredIncident| {
        let incident = &stored.incident;
        (incident.natural_key.map(|key| key.0), incident.content.0)
    };
    let mut found: Vec<_> = page.rows.iter().map(of).collect();
    found.sort_unstable();
    found
}

/// Writes a whole batch; none of its incidents may be a repeat.
pub(crate) fn commit(store: &Store, header: BatchHeader, incidents: Vec<Incident>) -> Committed {
    let totals = totals(incidents.len());
    let mut writer = wait(store.begin(header)).unwrap();
    assert_eq!(writer.push(incidents).unwrap(), []);
    wait(writer.commit(totals, BatchState::Live)).unwrap()
}

pub(crate) fn begin_error(store: &Store, header: BatchHeader) -> StoreError {
    wait(store.begin(header)).map(drop).unwrap_err()
}

/// `SplitMix64`: small, seeded, the same everywhere.
#[derive(Clone)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn pick<T: Copy>(&mut self, members: &[T]) -> T {
        members[usize::try_from(self.below(members.len() as u64)).unwrap()]
    }
}

/// A plain incident in a row of its file; without a key nothing is compared, so there is no digest.
pub(crate) fn incident(row: u64) -> Incident {
    let (agency, drugs) = (Agency::new("ANF").unwrap(), Category::DrugTrafficking);
    Incident::bare(agency, RecordStage::Fir, drugs, received_at(), row)
}

pub(crate) fn keyed(row: u64, key: u128, content: u128) -> Incident {
    let (natural_key, content) = (Some(NaturalKey(key)), ContentDigest(content));
    Incident {
        natural_key,
        content,
        ..incident(row)
    }
}

pub(crate) fn on_day(mut incident: Incident, day: u16) -> Incident {
    incident.occurred = Some(days(day, day));
    incident
}

pub(crate) fn in_cell(mut incident: Incident, cell: CellIndex) -> Incident {
    incident.location = incident.location.restored(None, None, Some(cell));
    incident
}

fn days(first: u16, last: u16) -> Occurred {
    let days = DayRange::new(Day(first), Day(last)).unwrap();
    Occurred {
        days,
        precision: TimePrecision::Day,
        start: None,
        end: None,
    }
}

/// Whom a record may be released to: mostly nobody; in any order, some twice.
fn recipients(random: &mut Random) -> Vec<String> {
    let named = random.below(5).saturating_sub(1);
    let code = |_| random.pick(&["ANF", "FIA", "NCCIA", "A|N;F"]).to_owned();
    (0..named).map(code).collect()
}

/// An incident anywhere that is difficult: in a city, next to a pentagon, coarse, or nowhere; with any time.
pub(crate) fn scattered(random: &mut Random, row: u64) -> Incident {
    let mut incident = incident(row);
    incident.category = random.pick(&CategorySet::ALL.iter().collect::<Vec<_>>());
    incident.stage = random.pick(RecordStage::ALL);
    incident.location.basis = random.pick(Basis::ALL);
    incident.handling.code = random.pick(HandlingCode::ALL);
    incident.handling.releasable_to = recipients(random);
    if random.below(4) > 0 {
        let first = 40_000 + u16::try_from(random.below(400)).unwrap();
        let time = Some(days(
            first,
            first + u16::try_from(random.below(3) * 15).unwrap(),
        ));
        *if random.below(3) > 0 {
            &mut incident.occurred
        } else {
            &mut incident.reported
        } = time;
    }
    let resolution = Resolution::try_from(u8::try_from(3 + random.below(7)).unwrap()).unwrap();
    match random.below(10) {
        0 => incident,
        1..=4 => {
            let pentagon = resolution
                .pentagons()
                .nth(usize::try_from(random.below(12)).unwrap())
                .unwrap();
            let around = pentagon.grid_disk::<Vec<_>>(2);
            in_cell(incident, random.pick(&around))
        }
        _ => {
            let degrees = |random: &mut Random| {
                f64::from(u32::try_from(random.below(1_000)).unwrap()) / 1_000.0
            };
            let place = LatLng::new(31.0 + degrees(random), 74.0 + degrees(random)).unwrap();
            in_cell(incident, place.to_cell(resolution))
        }
    }
}

pub(crate) fn passes(incident: &Incident, filter: &Filter<'_>) -> bool {
    let cell = incident.location.cell();
    filter.categories.contains_index(incident.category.index())
        && filter
            .stages
            .as_ref()
            .is_none_or(|stages| stages.contains(&incident.stage))
        && filter
            .bases
            .as_ref()
            .is_none_or(|bases| bases.contains(&incident.location.basis))
        && filter
            .precisions
            .as_ref()
            .is_none_or(|precisions| precisions.contains(&incident.location.precision()))
        && filter
            .handlings
            .as_ref()
            .is_none_or(|handlings| handlings.contains(&incident.handling.code))
        && filter.reader.as_ref().is_none_or(|reader| {
            let (agency, handling) = (reader.agency.to_string(), &incident.handling);
            let own = incident.agency == reader.agency;
            let released = handling.code.code() == "P" && handling.releasable_to.contains(&agency);
            match reader.whose {
                Whose::All => own || released,
                Whose::Own => own,
                Whose::Others => released && !own,
            }
        })
        && filter
            .agencies
            .as_ref()
            .is_none_or(|agencies| agencies.iter().any(|a| a == incident.agency.as_str()))
        && filter.days.is_none_or(|days| {
            incident.when().map_or(!filter.only_within_days, |when| {
                let (first, last) = (when.days.first(), when.days.last());
                if filter.only_within_days {
                    days.first() <= first && last <= days.last()
                } else {
                    when.days.intersects(days)
                }
            })
        })
        && filter.area.is_none_or(|area| {
            cell.map_or(area.unlocated, |cell| {
                (area.contains)(cell.parent(area.finest).unwrap_or(cell))
            })
        })
}

/// Everything a snapshot tells, for comparing two of them.
pub(crate) fn told(snapshot: &Snapshot) -> impl PartialEq + std::fmt::Debug + use<> {
    let cubes: Vec<_> = (0..=9)
        .map(|r| Resolution::try_from(r).unwrap())
        .map(|resolution| {
            let query = naqsha_store::CubeQuery {
                resolution,
                filter: Filter::default(),
                counted_bases: None,
            };
            snapshot.cube(&query)
        })
        .collect();
    let page = snapshot.rows(&Filter::default(), 0, usize::MAX).unwrap();
    (
        snapshot.version(),
        snapshot.batches().to_vec(),
        snapshot.live(),
        snapshot.extent_days(),
        cubes,
        page,
    )
}
