//! A square of 0.4° around Lahore, about 1,400 km², and a store of one batch about it.

use h3o::Resolution;
use jiff::Timestamp;
use naqsha_analytics::StudyArea;
use naqsha_layers::{NamedArea, StudyAreas};
use naqsha_model::{Agency, BatchDigest, Incident};
use naqsha_store::{BatchHeader, BatchState, BatchTotals, OnChange, Store};
use tempfile::TempDir;

pub(crate) fn square() -> StudyArea {
    let ring = geo::LineString::from(vec![
        (74.1, 31.3),
        (74.5, 31.3),
        (74.5, 31.7),
        (74.1, 31.7),
        (74.1, 31.3),
    ]);
    StudyArea::from_polygons(geo::MultiPolygon(vec![geo::Polygon::new(ring, Vec::new())])).unwrap()
}

/// The study areas of a deployment that has the square alone.
pub(crate) fn areas() -> StudyAreas {
    let mut areas = StudyAreas::default();
    areas.insert(NamedArea::new(
        "square",
        "Square",
        Resolution::Seven,
        square(),
    ));
    areas
}

pub(crate) async fn stored(incidents: Vec<Incident>) -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(&dir.path().join("store")).await.unwrap();
    let header = BatchHeader {
        digest: BatchDigest::new([7; 32]),
        profile: "test@1".to_owned(),
        agency: Agency::new("ANF").unwrap(),
        file_name: "test.csv".to_owned(),
        received_at: Timestamp::UNIX_EPOCH,
        synthetic: true,
        study_area: Some("square".to_owned()),
        on_change: OnChange::Report,
        replaces: None,
        manifest: None,
    };
    let mut writer = store.begin(header).await.unwrap();
    let accepted = incidents.len() as u64;
    assert_eq!(writer.push(incidents).unwrap(), Vec::new());
    let totals = BatchTotals {
        rows: accepted,
        accepted,
        ..BatchTotals::default()
    };
    writer.commit(totals, BatchState::Live).await.unwrap();
    (dir, store)
}
