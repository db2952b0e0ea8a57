//! Whatever is written is read back, field by field, from a store that was closed in between.

use h3o::{LatLng, Resolution};
use jiff::Timestamp;
use naqsha_model::{
    Agency, Amount, Basis, Bearing, CaseReference, CategorySet, Circumstance, Code, Concealment,
    ContentDigest, Conversion, Country, Credibility, Currency, CyberType, Day, DayRange, Details,
    DetectionMode, Grading, Handling, HandlingCode, Incident, IncidentId, LinkageKey, Location,
    LocationMethod, Metres, NaturalKey, Occurred, Offence, OffenceRole, Offset, Point, Precision,
    Provenance, Province, RecordStage, Reliability, RouteNode, RouteRole, Seizure, Status,
    Substance, TfChannel, TimePrecision, Unit,
};
use naqsha_store::{BatchState, BatchTotals, Filter};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::{create, header, open, received_at, told, wait};

fn text() -> impl Strategy<Value = String> + Clone {
    "[a-zA-Z0-9()|;\\\\,\"\\n\u{627}\u{6af}\u{1F5FA} ]{0,12}"
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(0.1 + 0.2),
        Just(1e300),
        any::<u32>().prop_map(f64::from),
        -1e6..1e6
    ]
}

fn agency() -> impl Strategy<Value = Agency> {
    select(vec!["ANF", "FIA", "PUNJAB-POLICE"]).prop_map(|code| Agency::new(code).unwrap())
}

fn occurred() -> impl Strategy<Value = Occurred> {
    let instant = of((-2_000_000_000_000_i64..4_000_000_000_000)
        .prop_map(|ms| Timestamp::from_millisecond(ms).unwrap()));
    (
        any::<u16>(),
        any::<u16>(),
        select(TimePrecision::ALL),
        instant.clone(),
        instant,
    )
        .prop_map(|(a, b, precision, start, end)| Occurred {
            days: DayRange::new(Day(a.min(b)), Day(a.max(b))).unwrap(),
            precision,
            start,
            end,
        })
}

fn location() -> impl Strategy<Value = Location> {
    let known = (-180.0..=180.0, -90.0..=90.0, 0.0..100_000.0);
    let cell = of((-180.0..180.0, -90.0..90.0, 3_u8..=9));
    let codes = (
        select(Precision::ALL),
        select(Basis::ALL),
        select(LocationMethod::ALL),
    );
    (of(known), cell, codes, of(text()), of(text())).prop_map(
        |(known, cell, codes, district, place_text)| {
            let mut location = Location::area(codes.0);
            (location.basis, location.method) = (codes.1, codes.2);
            (location.district, location.place_text) = (district, place_text);
            location.restored(
                known.map(|(lon, lat, _)| Point::new(lon, lat).unwrap()),
                known.map(|(.., metres)| Metres::new(metres).unwrap()),
                cell.map(|(lon, lat, r)| {
                    LatLng::new(lat, lon)
                        .unwrap()
                        .to_cell(Resolution::try_from(r).unwrap())
                }),
            )
        },
    )
}

fn offence() -> impl Strategy<Value = Offence> {
    (
        text(),
        text(),
        select(OffenceRole::ALL),
        text(),
        any::<[bool; 2]>(),
        of(text()),
    )
        .prop_map(
            |(statute, section, role, iccs, [principal, attempted], raw)| Offence {
                statute,
                section,
                role,
                iccs,
                principal,
                attempted,
                raw,
            },
        )
}

fn seizure() -> impl Strategy<Value = Seizure> {
    let measured = (of(number()), of(select(Unit::ALL)), of(number()));
    let rest = (
        of(select(Conversion::ALL)),
        of(number()),
        of(any::<bool>()),
        of(select(Concealment::ALL)),
    );
    (select(Substance::ALL), measured, rest).prop_map(|(substance, measured, rest)| Seizure {
        substance,
        quantity: measured.0,
        unit: measured.1,
        kilograms: measured.2,
        conversion: rest.0,
        purity_percent: rest.1,
        forensic_report: rest.2,
        concealment: rest.3,
    })
}

/// Some of the rare parts; the others are of the same shapes.
fn details() -> impl Strategy<Value = Details> {
    let place = (
        text(),
        of(0.0..1e4),
        of(select(Bearing::ALL)),
        of(select(Province::ALL)),
    );
    let modus = (
        vec(select(TfChannel::ALL), 0..4),
        of(select(CyberType::ALL)),
        of(any::<bool>()),
    );
    let rest = (
        of(occurred()),
        of(0.0..1e12),
        of(any::<u32>()),
        vec(any::<u128>().prop_map(LinkageKey), 0..3),
        vec(select(RouteRole::ALL), 0..3),
    );
    (place, modus, rest).prop_map(|(place, modus, rest)| {
        let mut details = Details {
            registered: rest.0,
            ..Details::default()
        };
        details.place.beat = Some(place.0);
        details.place.offset = place.1.map(|km| Offset {
            km,
            bearing: place.2,
        });
        details.place.province = place.3;
        details.place.country = Some(Country::PAKISTAN);
        details.modus.tf_channel = modus.0.into_iter().collect();
        details.modus.cyber_type = modus.1;
        if let Some(present) = modus.2 {
            details
                .modus
                .circumstances
                .state(Circumstance::Darkweb, present);
        }
        details.money.amount_pkr = rest.1.and_then(Amount::new);
        details.money.foreign = rest.1.and_then(Amount::new).zip(Currency::new("USD"));
        details.victims.count = rest.2;
        details.linkage.person_keys = rest.3;
        details.route = rest.4.into_iter().map(RouteNode::new).collect();
        details
    })
}

fn case() -> impl Strategy<Value = CaseReference> {
    (text(), of(any::<i16>()), of(text())).prop_map(|(number, year, station)| CaseReference {
        number,
        year,
        station,
    })
}

fn incident() -> impl Strategy<Value = Incident> {
    let who = (
        agency(),
        of(text()),
        select(RecordStage::ALL),
        select(CategorySet::ALL.iter().collect::<Vec<_>>()),
    );
    let what = (
        vec(offence(), 0..3),
        of(case()),
        vec(seizure(), 0..3),
        select(DetectionMode::ALL),
    );
    let place_and_time = (of(occurred()), of(occurred()), location());
    let handling = (select(HandlingCode::ALL), vec(text(), 0..3));
    let rest = (
        of(text()),
        of(select(Status::ALL)),
        any::<u128>(),
        vec(select(Code::ALL), 0..3),
        (select(Reliability::ALL), select(Credibility::ALL)),
        of(details()),
    );
    (who, what, place_and_time, handling, rest).prop_map(
        |(who, what, (occurred, reported, location), handling, rest)| Incident {
            unit: who.1,
            offences: what.0,
            case: what.1,
            occurred,
            reported,
            location,
            seizures: what.2,
            detection: what.3,
            handling: Handling {
                code: handling.0,
                releasable_to: handling.1,
                public_embargo_until: reported.map(|time| time.days.first()),
            },
            grading: Grading {
                reliability: rest.4.0,
                credibility: rest.4.1,
            },
            description: rest.0,
            status: rest.1,
            details: rest.5.map(Box::new),
            content: ContentDigest(rest.2),
            provenance: Provenance {
                row: 0,
                warnings: rest.3,
            },
            ..Incident::bare(who.0, who.2, who.3, received_at(), 0)
        },
    )
}

/// Rows are unique in a file, and so are natural keys; every third record has none.
fn numbered(mut incidents: Vec<Incident>) -> Vec<Incident> {
    for (row, incident) in (1..).zip(&mut incidents) {
        incident.provenance.row = row;
        incident.natural_key = (row % 3 > 0).then_some(NaturalKey(u128::MAX / u128::from(row)));
        if incident.natural_key.is_none() {
            // Nothing is compared with it, so no digest is kept.
            incident.content = ContentDigest(0);
        }
    }
    incidents
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_field_reads_back_from_a_reopened_store(incidents in vec(incident(), 1..60)) {
        let incidents = numbered(incidents);
        let folder = tempfile::tempdir().unwrap();
        let store = create(folder.path());
        let mut writer = wait(store.begin(header(1))).unwrap();
        prop_assert_eq!(writer.push(incidents.clone()).unwrap(), []);
        let totals = BatchTotals {
            rows: 100, accepted: 60, warned: 7, rejected: 30, duplicate: 6, skipped: 4,
            codes: [(Code::E301, 30), (Code::I901, 4)].into(),
        };
        let committed = wait(writer.commit(totals.clone(), BatchState::Live)).unwrap();
        prop_assert_eq!(&committed.batch.totals, &totals);
        let before = told(&store.snapshot());
        drop(store);

        let snapshot = open(folder.path()).snapshot();
        prop_assert!(told(&snapshot) == before, "a reopened store tells the same");
        prop_assert_eq!(snapshot.batches(), [committed.batch]);
        let mut read = snapshot.rows(&Filter::default(), 0, usize::MAX).unwrap().rows;
        read.sort_by_key(|stored| stored.incident.provenance.row);
        prop_assert_eq!(read.len(), incidents.len());
        for (stored, written) in read.iter().zip(&incidents) {
            prop_assert_eq!(&stored.incident, written);
            let id = IncidentId::new(
                u64::try_from(received_at().as_millisecond()).unwrap(), &stored.batch, written.provenance.row);
            prop_assert_eq!(stored.id, id);
            let alone = snapshot.incident(id).unwrap();
            prop_assert_eq!(alone.as_ref(), Some(stored));
        }
    }
}
