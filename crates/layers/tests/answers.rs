//! What every answer must hold, over a real store: nothing lost between resolutions, planted clusters found, noise left
//! alone, scopes kept, and the same question answered the same way.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod square;

use std::collections::BTreeMap;

use h3o::{CellIndex, LatLng, Resolution};
use jiff::Timestamp;
use jiff::civil::date;
use naqsha_analytics::StudyArea;
use naqsha_layers::{
    BoundingBox, Catalogue, Defaults, Keys, LayerError, LayerQuery, NamedArea, Page, Scope, Values,
};
use naqsha_model::{
    Adjacent, Agency, Basis, Category, ContentDigest, Incident, Location, Metres, Occurred, Point,
    Precision, RecordStage, Role,
};
use square::{areas, square, stored};
use tempfile::TempDir;

const ANALYST: Scope = Scope::of(Role::Analyst);

fn incident(row: u64, category: Category, location: Location) -> Incident {
    let (agency, stage) = (Agency::new("ANF").unwrap(), RecordStage::Fir);
    Incident {
        occurred: Occurred::on(date(2024, 3, 1 + i8::try_from(row % 28).unwrap())).ok(),
        location,
        content: ContentDigest::of(&[&row.to_string()]),
        ..Incident::bare(agency, stage, category, Timestamp::UNIX_EPOCH, row)
    }
}

fn located(lon: f64, lat: f64, uncertainty_m: f64) -> Location {
    let point = Point::new(lon, lat).unwrap();
    let mut location =
        Location::at_point(point, Metres::new(uncertainty_m).unwrap(), Precision::Point);
    location.basis = Basis::Seizure;
    location
}

async fn catalogue(incidents: Vec<Incident>) -> (TempDir, Catalogue) {
    let (dir, store) = stored(incidents).await;
    let mut areas = areas();
    let far = LatLng::new(53.8, -1.5).unwrap().to_cell(Resolution::Six);
    let far = StudyArea::from_cells(vec![far]).unwrap();
    areas.insert(NamedArea::new("far", "Far", Resolution::Seven, far));
    (dir, Catalogue::new(store, areas, Defaults::default()))
}

fn ask(catalogue: &Catalogue, layer: &str, pairs: &[(&str, &str)]) -> naqsha_layers::Answer {
    let query =
        LayerQuery::parse(catalogue.describe(layer).unwrap(), pairs.iter().copied()).unwrap();
    catalogue
        .answer(layer, &query, &ANALYST, &Page::ALL)
        .unwrap()
}

fn integers(answer: &naqsha_layers::Answer, name: &str) -> Vec<Option<i64>> {
    let column = answer
        .table
        .columns
        .iter()
        .find(|column| column.property.name == name)
        .unwrap();
    let Values::Integers(values) = &column.values else {
        panic!("{name} is not an integer column")
    };
    values.clone()
}

fn classes(answer: &naqsha_layers::Answer) -> BTreeMap<CellIndex, &'static str> {
    let column = answer
        .table
        .columns
        .iter()
        .find(|column| column.property.name == "class")
        .unwrap();
    let (Values::Choices(values), Keys::Cells(cells)) = (&column.values, &answer.table.keys) else {
        panic!("class is a choice over cells")
    };
    cells
        .iter()
        .copied()
        .zip(values.iter().map(|class| class.unwrap()))
        .collect()
}

/// Points of every uncertainty, some outside the square, some without a place.
fn mixed() -> Vec<Incident> {
    let mut incidents = Vec::new();
    for row in 1..=400_u64 {
        #[expect(clippy::cast_precision_loss, reason = "small")]
        let (a, b) = (
            (row * 37 % 400) as f64 / 400.0,
            (row * 91 % 397) as f64 / 397.0,
        );
        let uncertainty = [50.0, 400.0, 3_000.0, 25_000.0][usize::try_from(row % 4).unwrap()];
        let location = if row % 11 == 0 {
            Location::area(Precision::District)
        } else {
            located(74.0 + 0.6 * a, 31.25 + 0.5 * b, uncertainty)
        };
        let category = if row % 3 == 0 {
            Category::DrugTrafficking
        } else {
            Category::Adjacent(Adjacent::Smuggling)
        };
        incidents.push(incident(row, category, location));
    }
    incidents
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_and_excluded_add_up_to_the_same_at_every_resolution() {
    let (_dir, catalogue) = catalogue(mixed()).await;
    for layer in ["counts", "hotspots"] {
        for (category, expected) in [(None, 400), (Some("DT"), 133), (Some("ADJ"), 267)] {
            for resolution in ["3", "4", "5", "6", "7", "8", "9"] {
                let mut pairs = vec![("resolution", resolution)];
                pairs.extend(category.map(|code| ("category", code)));
                let answer = ask(&catalogue, layer, &pairs);
                let counted: i64 = integers(&answer, "n").into_iter().flatten().sum();
                let excluded = i64::try_from(answer.table.metadata.excluded.count()).unwrap();
                assert_eq!(counted + excluded, expected, "{layer} {pairs:?}");
                assert!(
                    answer.table.metadata.synthetic || counted == 0,
                    "{layer} {pairs:?}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_cluster_is_hot_and_spread_records_are_not() {
    let cells = square().cells(Resolution::Eight).unwrap();
    let spread = cells.iter().step_by(6).map(|&cell| LatLng::from(cell));
    let heart = LatLng::new(31.5, 74.3).unwrap().to_cell(Resolution::Eight);
    // One busy cell is no cluster: whose neighbour it is, is chance. Nineteen together are not.
    let planted = heart
        .grid_disk::<Vec<_>>(2)
        .into_iter()
        .flat_map(|cell| [LatLng::from(cell); 12]);
    let points: Vec<LatLng> = spread.chain(planted).collect();
    let incidents = points.iter().zip(1..).map(|(point, row)| {
        incident(
            row,
            Category::DrugTrafficking,
            located(point.lng(), point.lat(), 100.0),
        )
    });
    let (_dir, catalogue) = catalogue(incidents.collect()).await;
    let answer = ask(&catalogue, "hotspots", &[("resolution", "8")]);
    assert_eq!(
        answer.table.metadata.tested,
        Some(cells.len() as u64),
        "zero cells are tested"
    );
    let (core, reach): (Vec<CellIndex>, Vec<CellIndex>) = (heart.grid_disk(1), heart.grid_disk(3));
    for (cell, class) in classes(&answer) {
        assert!(class == "hot" || !core.contains(&cell), "{cell} is {class}");
        assert!(class != "hot" || reach.contains(&cell), "{cell} is {class}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn few_records_are_given_no_class() {
    let incidents =
        (1..=29).map(|row| incident(row, Category::DrugTrafficking, located(74.3, 31.5, 100.0)));
    let (_dir, catalogue) = catalogue(incidents.collect()).await;
    let answer = ask(&catalogue, "hotspots", &[]);
    assert!(
        classes(&answer)
            .values()
            .all(|&class| class == "insufficient_variation")
    );
    assert_eq!(answer.table.metadata.tested, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_without_a_place_is_elsewhere_where_its_batch_names_an_area_elsewhere() {
    let nowhere = vec![incident(
        1,
        Category::DrugTrafficking,
        Location::area(Precision::District),
    )];
    let (_dir, catalogue) = catalogue(nowhere).await;
    for (area, reason) in [("square", "no_location"), ("far", "outside_study_area")] {
        let answer = ask(&catalogue, "counts", &[("study_area", area)]);
        let reasons: Vec<_> = answer.table.metadata.excluded.reasons.iter().collect();
        assert_eq!(reasons, [(&reason, &1)], "{area}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_selects_features_and_never_changes_their_numbers() {
    let (_dir, catalogue) = catalogue(mixed()).await;
    let query = LayerQuery::default();
    let page = Page {
        bbox: Some(BoundingBox::new([74.2, 31.4, 74.3, 31.5]).unwrap()),
        ..Page::ALL
    };
    let all = catalogue
        .answer("hotspots", &query, &ANALYST, &Page::ALL)
        .unwrap();
    let some = catalogue
        .answer("hotspots", &query, &ANALYST, &page)
        .unwrap();
    assert!(some.matched > 0 && some.matched < all.matched);
    assert!(
        std::sync::Arc::ptr_eq(&some.table, &all.table),
        "one table answers both"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn analysts_see_no_points_and_the_public_sees_no_unreleased_layer() {
    let (_dir, catalogue) = catalogue(mixed()).await;
    let query = LayerQuery::default();
    let analyst = catalogue
        .answer("incidents", &query, &ANALYST, &Page::ALL)
        .unwrap();
    assert!(analyst.table.points.is_none());
    let column = analyst
        .table
        .columns
        .iter()
        .find(|column| column.property.name == "h3")
        .unwrap();
    let Values::Cells(cells) = &column.values else {
        panic!("h3 is a cell")
    };
    assert!(
        cells
            .iter()
            .flatten()
            .all(|cell| cell.resolution() <= Resolution::Eight)
    );
    let operator = catalogue
        .answer("incidents", &query, &Scope::of(Role::Operator), &Page::ALL)
        .unwrap();
    assert_eq!(operator.table.points.as_ref().map(Vec::len), Some(400));
    let public = catalogue
        .answer("counts", &query, &Scope::of(Role::Public), &Page::ALL)
        .unwrap_err();
    assert!(matches!(public, LayerError::UnknownLayer(_)), "{public}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_feature_is_the_row_of_the_whole_answer() {
    let (_dir, catalogue) = catalogue(mixed()).await;
    let query = LayerQuery::default();
    let all = catalogue
        .answer("hotspots", &query, &ANALYST, &Page::ALL)
        .unwrap();
    let Keys::Cells(cells) = &all.table.keys else {
        panic!("cells")
    };
    let one = catalogue
        .feature("hotspots", &cells[5].to_string(), &query, &ANALYST)
        .unwrap();
    assert_eq!(one.rows, [5]);
    for id in [
        "89283082803ffff",
        "87283082effffff",
        "no-cell",
        "01HZX3Q9ZK7YB2M4N6P8R0S2T4",
    ] {
        let missing = catalogue
            .feature("hotspots", id, &query, &ANALYST)
            .unwrap_err();
        assert!(
            matches!(missing, LayerError::UnknownFeature(_)),
            "{id}: {missing}"
        );
    }
    let records = catalogue
        .answer(
            "incidents",
            &query,
            &ANALYST,
            &Page {
                limit: 3,
                ..Page::ALL
            },
        )
        .unwrap();
    assert_eq!((records.rows.len(), records.matched), (3, 400));
    let Keys::Incidents(ids) = &records.table.keys else {
        panic!("incidents")
    };
    let record = catalogue
        .feature("incidents", &ids[2].to_string(), &query, &ANALYST)
        .unwrap();
    let Keys::Incidents(found) = &record.table.keys else {
        panic!("incidents")
    };
    assert_eq!(found[0], ids[2]);
}

fn said(answer: &naqsha_layers::Answer) -> Vec<Vec<String>> {
    let value = |values: &Values, row: usize| match values {
        Values::Integers(values) => format!("{:?}", values[row]),
        Values::Numbers(values) => format!("{:?}", values[row]),
        Values::Booleans(values) => format!("{:?}", values[row]),
        Values::Texts(values) => format!("{:?}", values[row]),
        Values::Choices(values) => format!("{:?}", values[row]),
        Values::Cells(values) => format!("{:?}", values[row]),
    };
    let row = |&row: &u32| {
        let columns = answer.columns();
        columns
            .map(|column| value(&column.values, row as usize))
            .collect()
    };
    answer.rows.iter().map(row).collect()
}

/// Columns are filled for the rows of a page, and all of them once somebody wants all: both say the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_says_of_its_rows_what_the_whole_table_says() {
    let incidents = (1..=300_u32).map(|row| {
        let (east, north) = (f64::from(row % 17), f64::from(row % 13));
        let place = located(74.2 + 0.01 * east, 31.4 + 0.01 * north, 100.0);
        incident(u64::from(row), Category::DrugTrafficking, place)
    });
    let (_dir, catalogue) = catalogue(incidents.collect()).await;
    for layer in ["hotspots", "clusters"] {
        let pairs = [("resolution", "8")];
        let query = LayerQuery::parse(catalogue.describe(layer).unwrap(), pairs).unwrap();
        let answer = |page: &Page| catalogue.answer(layer, &query, &ANALYST, page).unwrap();
        let box_of_some = BoundingBox::new([74.2, 31.42, 74.24, 31.46]).unwrap();
        let page = Page {
            bbox: Some(box_of_some),
            offset: 3,
            limit: 20,
            ..Page::ALL
        };
        let alone = answer(&page);
        let whole = answer(&Page::ALL);
        assert_eq!(alone.table.len(), 20);
        assert!(whole.table.len() > 1_000 && alone.matched < whole.matched);
        let counts = integers(&alone, "n");
        assert!(counts.iter().any(|n| n.unwrap() > 0), "{counts:?}");
        let whole = said(&whole);
        let rows = said(&alone);
        assert!(rows.iter().all(|row| whole.contains(row)), "{rows:?}");
        assert_eq!(said(&answer(&page)), rows, "the same once it is filled");
    }
}
