//! What a record weighs on a map: harm of what it cites, of reported records or of those that controls found; and what the
//! scan compares records with.

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
use naqsha_analytics::{Neighbours, Null, Sentence, gi_star};
use naqsha_layers::{
    Answer, Catalogue, Cited, Defaults, Deployment, Fact, Keys, LayerError, LayerQuery, Page,
    People, Population, Regions, Scope, Sentences, Values,
};
use naqsha_model::{
    Agency, Basis, Category, ContentDigest, DetectionMode, Incident, Location, Metres, Occurred,
    Offence, OffenceRole, Point, Precision, RecordStage, Role,
};
use square::{areas, stored};
use tempfile::TempDir;

/// Four places in a square of 0.4° around Lahore, kilometres apart.
const PLACES: [[f64; 2]; 4] = [[74.2, 31.4], [74.3, 31.5], [74.32, 31.5], [74.4, 31.6]];

fn record(row: u64, place: usize, cites: &[&str], detection: DetectionMode) -> Incident {
    let (agency, stage) = (Agency::new("ANF").unwrap(), RecordStage::Fir);
    let [lon, lat] = PLACES[place];
    let point = Point::new(lon, lat).unwrap();
    let mut location = Location::at_point(point, Metres::new(100.0).unwrap(), Precision::Point);
    location.basis = Basis::Occurrence;
    let offence = |(nth, section): (usize, &&str)| Offence {
        statute: "X-1".to_owned(),
        section: (*section).to_owned(),
        role: OffenceRole::Substantive,
        iccs: String::new(),
        principal: nth == 0,
        attempted: false,
        raw: None,
    };
    Incident {
        occurred: Occurred::on(date(2024, 3, 1)).ok(),
        location,
        offences: cites.iter().enumerate().map(offence).collect(),
        detection,
        content: ContentDigest::of(&[&row.to_string()]),
        ..Incident::bare(
            agency,
            stage,
            Category::HumanTrafficking,
            Timestamp::UNIX_EPOCH,
            row,
        )
    }
}

/// 40 thefts at the first place, three at the second that cite the graver section too, two without a sentence at the third, and
/// five that controls found at the last.
fn records() -> Vec<Incident> {
    let reported = DetectionMode::VictimReport;
    let kinds: [(usize, usize, &[&str], DetectionMode); 4] = [
        (40, 0, &["1"], reported),
        (3, 1, &["1", "2(a)"], DetectionMode::Unknown),
        (2, 2, &["9"], reported),
        (5, 3, &["1"], DetectionMode::BorderCheck),
    ];
    let all = kinds
        .iter()
        .flat_map(|kind| std::iter::repeat_n(kind, kind.0));
    (1..)
        .zip(all)
        .map(|(row, &(_, place, cites, detection))| record(row, place, cites, detection))
        .collect()
}

fn sentences() -> Sentences {
    let row = |section: &str, least_years, most_years| Cited {
        section: format!("X-1 {section}"),
        sentence: Sentence {
            least_years,
            most_years,
        },
        citation: String::new(),
        tag: "K".to_owned(),
    };
    // A quarter of four years is one; two stand as they are.
    Sentences::new(1, [row("1", None, 4.0), row("2", Some(2.0), 10.0)])
}

/// People at resolution 6: all in the cells of the four places.
fn population() -> Population {
    let people = [3_000.0, 1_000.0, 4_000.0, 2_000.0];
    let mut cells: BTreeMap<CellIndex, f64> = BTreeMap::new();
    for ([lon, lat], people) in PLACES.into_iter().zip(people) {
        let cell = LatLng::new(lat, lon).unwrap().to_cell(Resolution::Six);
        *cells.entry(cell).or_default() += people;
    }
    let people = cells
        .into_iter()
        .map(|(cell, people)| (cell, People::new(people).unwrap()));
    Population::new("2023", false, people).unwrap()
}

async fn catalogue(deployment: Deployment) -> (TempDir, Catalogue) {
    catalogue_of(records(), deployment).await
}

async fn catalogue_of(records: Vec<Incident>, deployment: Deployment) -> (TempDir, Catalogue) {
    let (dir, store) = stored(records).await;
    let catalogue = Catalogue::new(store, areas(), Defaults::default());
    (dir, catalogue.with_deployment(deployment))
}

fn weighing() -> Deployment {
    let peopled = Deployment::new(|| Ok(Some(population())), || Ok(Regions::default()));
    peopled.with_sentences(sentences())
}

fn ask(catalogue: &Catalogue, layer: &str, pairs: &[(&str, &str)]) -> Result<Answer, LayerError> {
    let layer = catalogue.describe(layer).unwrap();
    let query = LayerQuery::parse(layer, pairs.iter().copied()).unwrap();
    catalogue.answer(layer.id, &query, &Scope::of(Role::Analyst), &Page::ALL)
}

fn numbers(answer: &Answer, name: &str) -> Vec<Option<f64>> {
    let mut columns = answer.table.columns.iter();
    let column = columns.find(|column| column.property.name == name).unwrap();
    match &column.values {
        Values::Numbers(values) => values.clone(),
        #[expect(clippy::cast_precision_loss, reason = "small counts")]
        Values::Integers(values) => values.iter().map(|value| value.map(|v| v as f64)).collect(),
        _ => panic!("{name} is not a column of numbers"),
    }
}

fn sum(values: &[Option<f64>]) -> f64 {
    values.iter().flatten().sum()
}

fn fact(answer: &Answer, name: &str) -> Fact {
    let mut facts = answer.table.metadata.statistics.iter();
    facts.find(|(of, _)| *of == name).unwrap().1.clone()
}

fn close(found: f64, expected: f64) {
    assert!((found / expected - 1.0).abs() < 1e-12, "{found} {expected}");
}

#[tokio::test(flavor = "multi_thread")]
async fn harm_of_reported_records_and_of_those_found_are_never_added() {
    let (_dir, catalogue) = catalogue(weighing()).await;
    for layer in ["hotspots", "clusters", "density"] {
        let counted = ask(&catalogue, layer, &[]).unwrap();
        assert!(numbers(&counted, "harm_days").iter().all(Option::is_none));
        let harm = ask(&catalogue, layer, &[("weight", "harm")]).unwrap();
        // 40 at a quarter of four years, three at the graver section's least of two.
        close(
            sum(&numbers(&harm, "harm_days")),
            40.0 * 365.0 + 3.0 * 730.0,
        );
        assert_eq!(fact(&harm, "harm_records"), Fact::Count(43));
        assert_eq!(fact(&harm, "harm_records_unweighted"), Fact::Count(2));
        assert_eq!(fact(&harm, "harm_records_proactive"), Fact::Count(5));
        let least = Fact::Number(Some(3.0 * 730.0));
        assert_eq!(fact(&harm, "harm_days_if_least"), least);
        let half = Fact::Number(Some(40.0 * 730.0 + 3.0 * 1_825.0));
        assert_eq!(fact(&harm, "harm_days_if_half"), half);
        let found = ask(&catalogue, layer, &[("weight", "harm_proactive")]).unwrap();
        close(sum(&numbers(&found, "harm_days")), 5.0 * 365.0);
        assert_eq!(fact(&found, "harm_records_reported"), Fact::Count(45));
        // Numbers of records stay those of all, whatever they weigh.
        for answer in [&harm, &found] {
            assert_eq!(numbers(answer, "n"), numbers(&counted, "n"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn statistics_are_of_days_and_densities_add_up_to_them() {
    let (_dir, catalogue) = catalogue(weighing()).await;
    let hot = ask(&catalogue, "hotspots", &[("weight", "harm")]).unwrap();
    assert_eq!(hot.table.metadata.null, Some("mc"));
    let days: Vec<f64> = numbers(&hot, "harm_days").into_iter().flatten().collect();
    let Keys::Cells(cells) = &hot.table.keys else {
        panic!("features are cells")
    };
    let graph = Neighbours::from_grid_disk(cells, 1).unwrap();
    let rows = gi_star(&days, &graph, Null::Normal).unwrap();
    let expected: Vec<f64> = rows.iter().map(|row| row.outcome.unwrap().z).collect();
    for (found, expected) in numbers(&hot, "z").into_iter().zip(expected) {
        assert!((found.unwrap() - expected).abs() < 1e-12);
    }
    // Five records are too few to test, though they weigh more than thirty.
    let few = ask(&catalogue, "hotspots", &[("weight", "harm_proactive")]).unwrap();
    assert!(numbers(&few, "z").iter().all(Option::is_none));
    let density = ask(&catalogue, "density", &[("weight", "harm")]).unwrap();
    let areas = numbers(&density, "area_km2");
    let mass: f64 = numbers(&density, "density")
        .iter()
        .zip(&areas)
        .map(|(density, area)| density.unwrap() * area.unwrap())
        .sum();
    let total = 40.0 * 365.0 + 3.0 * 730.0;
    assert!((mass / total - 1.0).abs() < 0.01, "{mass}");
    // At least two records are held by the cells of the first three places, whatever those weigh.
    let held = ask(
        &catalogue,
        "hotspots",
        &[("weight", "harm"), ("n_min", "2")],
    )
    .unwrap();
    assert_eq!(held.table.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_harm_does_not_go_together_with_is_refused() {
    let refused =
        |catalogue: &Catalogue, pairs: &[(&str, &str)]| match ask(catalogue, "hotspots", pairs)
            .unwrap_err()
        {
            LayerError::Parameters(errors) => errors[0].parameter.clone(),
            error => panic!("{error}"),
        };
    let (_dir, weighed) = catalogue(weighing()).await;
    let exact = [("weight", "harm"), ("null", "exact")];
    assert_eq!(refused(&weighed, &exact), "null");
    let (_dir, without) = catalogue(Deployment::default()).await;
    assert_eq!(refused(&without, &[("weight", "harm")]), "weight");
}

/// Records of two categories over sixteen places and four weeks that have nothing to do with each other.
fn scattered() -> Vec<Incident> {
    let scattered = |row: u64| {
        let at = |many: u64, factor: u64| u32::try_from(row * factor % 101 % many).unwrap();
        let [lon, lat] = [
            74.2 + 0.03 * f64::from(at(4, 17)),
            31.4 + 0.03 * f64::from(at(4, 29)),
        ];
        let mut record = record(row, 0, &[], DetectionMode::Unknown);
        let point = Point::new(lon, lat).unwrap();
        record.location = Location::at_point(point, Metres::new(100.0).unwrap(), Precision::Point);
        record.location.basis = Basis::Occurrence;
        let day = i8::try_from(1 + at(28, 41)).unwrap();
        record.occurred = Occurred::on(date(2024, 3, day)).ok();
        if at(5, 7) < 2 {
            record.category = Category::DrugTrafficking;
        }
        record
    };
    (1..=300).map(scattered).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn tests_of_pairs_of_events_and_of_categories_keep_their_level_on_shuffled_maps() {
    let (_dir, catalogue) = catalogue_of(scattered(), Deployment::default()).await;
    for layer in ["near-repeat", "linkages"] {
        let plain = ask(&catalogue, layer, &[]).unwrap();
        assert_eq!(plain.table.metadata.calibration, None);
        let asked = [("calibrate", "true"), ("seed", "5")];
        let answer = ask(&catalogue, layer, &asked).unwrap();
        let found = answer.table.metadata.calibration.unwrap();
        assert!(
            found.shuffles >= 20 && found.tested >= 300,
            "{layer}: {found:?}"
        );
        // Four standard errors of some hundred independent tests above 0.05 would be 0.09.
        assert!(
            found.share_p_05 > 0.0 && found.share_p_05 < 0.09,
            "{layer}: {found:?}"
        );
        assert!(found.rejected_bh * 50 < found.tested, "{layer}: {found:?}");
        let again = ask(&catalogue, layer, &asked).unwrap();
        assert_eq!(again.table.metadata.calibration, Some(found));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_compares_records_with_people_where_a_population_is_there() {
    let (_dir, peopled) = catalogue(weighing()).await;
    let asked = [("model", "poisson"), ("category", "HT")];
    let by_people = ask(&peopled, "scan", &asked).unwrap();
    let word = |word: &str| Fact::Word(Some(word.to_owned()));
    assert_eq!(fact(&by_people, "denominator"), word("population"));
    assert_eq!(fact(&by_people, "population_vintage"), word("2023"));
    assert_eq!(fact(&by_people, "people"), Fact::Number(Some(10_000.0)));
    // No finer than the population, and only where people live.
    assert_eq!(by_people.table.metadata.resolution, Some(Resolution::Six));
    // Kulldorff's ratio by hand, for every cluster that is told.
    let column = |name| numbers(&by_people, name);
    let (observed, expected, llr) = (column("observed"), column("expected"), column("llr"));
    assert!(!llr.is_empty());
    for row in 0..llr.len() {
        let (c, e) = (observed[row].unwrap(), expected[row].unwrap());
        let outside = if c < 50.0 {
            (50.0 - c) * ((50.0 - c) / (50.0 - e)).ln()
        } else {
            0.0
        };
        close(llr[row].unwrap(), c * (c / e).ln() + outside);
        // Thousands of people, at five records a thousand.
        assert!((e / 5.0 - (e / 5.0).round()).abs() < 1e-9, "{e}");
    }
    let (_dir, without) = catalogue(Deployment::default()).await;
    let by_area = ask(&without, "scan", &asked).unwrap();
    assert_eq!(fact(&by_area, "denominator"), word("area"));
    let people = [("model", "poisson"), ("denominator", "population")];
    let asked = ask(&without, "scan", &people);
    assert!(matches!(asked, Err(LayerError::Parameters(_))));
}
