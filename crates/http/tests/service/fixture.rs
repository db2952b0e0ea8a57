//! A store with 60 incidents around Lahore, the router over it, and requests to the router.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use h3o::{CellIndex, LatLng, Resolution};
use http_body_util::BodyExt as _;
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan as _};
use naqsha_analytics::StudyArea;
use naqsha_http::{Application, ServerSettings, application};
use naqsha_layers::{Catalogue, Defaults, LabelledPlace, NamedArea, StudyAreas};
use naqsha_model::{
    Agency, Basis, BatchDigest, Category, ContentDigest, Incident, Location, Metres, Occurred,
    Point, Precision, RecordStage, Role,
};
use naqsha_store::{BatchHeader, BatchState, BatchTotals, OnChange, Store};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt as _;

pub(crate) const LAHORE: [f64; 2] = [74.3587, 31.5204];
/// Incidents in the store.
pub(crate) const INCIDENTS: u64 = 60;
/// Every collection, in catalogue order.
pub(crate) const COLLECTIONS: [&str; 15] = [
    "incidents",
    "counts",
    "hotspots",
    "clusters",
    "rates",
    "density",
    "emerging",
    "change",
    "near-repeat",
    "linkages",
    "scan",
    "border",
    "flows",
    "forecast",
    "coverage",
];
/// Words that must come out escaped, in every format.
pub(crate) const DESCRIPTION: &str = "=hash <script>alert(\"1\")</script>, نقشہ";

/// The incidents are spread over thirteen whole months: the first is on 2023-03-01, the last on 2024-03-31.
fn day(row: u64) -> Date {
    let nth = (row - 1).min(INCIDENTS - 1) * 396 / (INCIDENTS - 1);
    date(2023, 3, 1).saturating_add(i64::try_from(nth).unwrap().days())
}

fn incident(agency: &str, row: u64) -> Incident {
    let step = |n: u64| f64::from(u32::try_from(n).unwrap()) * 0.011;
    let point = Point::new(LAHORE[0] + step(row % 5), LAHORE[1] + step(row % 3)).unwrap();
    let mut location = Location::at_point(point, Metres::new(100.0).unwrap(), Precision::Street);
    location.basis = Basis::Seizure;
    let (agency, stage) = (Agency::new(agency).unwrap(), RecordStage::Fir);
    let category = if row.is_multiple_of(2) {
        Category::DrugTrafficking
    } else {
        Category::Cybercrime
    };
    Incident {
        occurred: Occurred::on(day(row)).ok(),
        location,
        description: Some(DESCRIPTION.to_owned()),
        content: ContentDigest::of(&[&row.to_string()]),
        ..Incident::bare(agency, stage, category, Timestamp::UNIX_EPOCH, row)
    }
}

/// Commits a batch of `rows` incidents.
pub(crate) async fn commit(store: &Store, digest: u8, rows: std::ops::RangeInclusive<u64>) {
    commit_of(store, "ANF", digest, rows).await;
}

/// Commits a batch of `rows` incidents of an agency.
pub(crate) async fn commit_of(
    store: &Store,
    agency: &str,
    digest: u8,
    rows: std::ops::RangeInclusive<u64>,
) {
    commit_changed(store, agency, digest, rows, |_row, _incident| ()).await;
}

/// The same of incidents that are changed first, and take the place of those that the agency sent before under their keys.
pub(crate) async fn commit_changed(
    store: &Store,
    agency: &str,
    digest: u8,
    rows: std::ops::RangeInclusive<u64>,
    change: impl Fn(u64, &mut Incident),
) {
    let header = BatchHeader {
        digest: BatchDigest::new([digest; 32]),
        profile: "test@1".to_owned(),
        agency: Agency::new(agency).unwrap(),
        file_name: "test.csv".to_owned(),
        received_at: Timestamp::UNIX_EPOCH,
        synthetic: true,
        study_area: Some("lahore".to_owned()),
        on_change: OnChange::Revise,
        replaces: None,
        manifest: None,
    };
    let mut writer = store.begin(header).await.unwrap();
    let changed = |row| {
        let mut incident = incident(agency, row);
        change(row, &mut incident);
        incident
    };
    let incidents: Vec<Incident> = rows.map(changed).collect();
    let accepted = incidents.len() as u64;
    writer.push(incidents).unwrap();
    writer
        .commit(
            BatchTotals {
                rows: accepted,
                accepted,
                ..BatchTotals::default()
            },
            BatchState::Live,
        )
        .await
        .unwrap();
}

/// The service over a store.
pub(crate) struct Fixture {
    _dir: TempDir,
    pub(crate) store: Store,
    pub(crate) router: Router,
    admin: Router,
}

/// The service for an analyst.
pub(crate) async fn service() -> Fixture {
    service_with(ServerSettings {
        anonymous_role: Role::Analyst,
        ..ServerSettings::default()
    })
    .await
}

pub(crate) async fn service_with(settings: ServerSettings) -> Fixture {
    let fixture = without_records(settings).await;
    commit(&fixture.store, 7, 1..=INCIDENTS).await;
    fixture
}

/// The service over a store that holds nothing yet.
pub(crate) async fn without_records(settings: ServerSettings) -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(&dir.path().join("store")).await.unwrap();
    let centre = LatLng::new(LAHORE[1], LAHORE[0])
        .unwrap()
        .to_cell(Resolution::Seven);
    let cells: Vec<CellIndex> = centre.grid_disk(8);
    let place = LabelledPlace {
        name: "Lahore".to_owned(),
        name_ur: Some("لاہور".to_owned()),
        lon: LAHORE[0],
        lat: LAHORE[1],
        population: 6_310_888,
    };
    let area = NamedArea::new(
        "lahore",
        "Lahore",
        Resolution::Seven,
        StudyArea::from_cells(cells).unwrap(),
    );
    let mut areas = StudyAreas::default();
    areas.insert(area.with_places(vec![place]));
    let defaults = Defaults {
        study_area: Some("lahore".to_owned()),
        ..Defaults::default()
    };
    let catalogue = Catalogue::new(store.clone(), areas, defaults);
    let Application { service, admin, .. } = application(Arc::new(catalogue), settings);
    Fixture {
        _dir: dir,
        store,
        router: service,
        admin,
    }
}

/// A response, read whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Checks that this is a problem document of a status, and returns it.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16) -> Value {
        assert_eq!(
            self.status.as_u16(),
            status,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.header("etag"), "", "refusals carry no entity tag");
        assert_eq!(
            self.header("access-control-allow-origin"),
            "*",
            "pages may read errors too"
        );
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert!(
            problem["instance"]
                .as_str()
                .unwrap()
                .starts_with("urn:uuid:")
        );
        problem
    }
}

impl Fixture {
    pub(crate) async fn send(&self, method: Method, uri: &str, headers: &[(&str, &str)]) -> Reply {
        self.send_body(method, uri, headers, String::new()).await
    }

    pub(crate) async fn send_body(
        &self,
        method: Method,
        uri: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .header("host", "maps.example.org");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        asked(&self.router, request.body(Body::from(body)).unwrap()).await
    }

    /// A number of the operator's listener.
    pub(crate) async fn counter(&self, name: &str) -> u64 {
        let request = Request::get("/metrics").body(Body::empty()).unwrap();
        let text = String::from_utf8(asked(&self.admin, request).await.body).unwrap();
        let mut lines = text.lines().filter_map(|line| line.split_once(' '));
        let (_, value) = lines.find(|(of, _)| *of == name).unwrap();
        value.parse().unwrap()
    }

    pub(crate) async fn get(&self, uri: &str) -> Reply {
        self.send(Method::GET, uri, &[]).await
    }

    /// Follows an absolute link of the service.
    pub(crate) async fn follow(&self, href: &str) -> Reply {
        self.get(href.strip_prefix("http://maps.example.org").unwrap_or(href))
            .await
    }

    /// A document that must be there.
    #[track_caller]
    pub(crate) fn json(&self, uri: &str) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        async move {
            let reply = self.get(uri).await;
            assert_eq!(
                reply.status,
                200,
                "{uri} at {caller}: {}",
                String::from_utf8_lossy(&reply.body)
            );
            reply.json()
        }
    }
}

pub(crate) async fn asked(router: &Router, request: Request<Body>) -> Reply {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    Reply {
        status: parts.status,
        headers: parts.headers,
        body,
    }
}

/// The target of the link with a relation and a type.
pub(crate) fn link<'a>(document: &'a Value, rel: &str, media_type: &str) -> Option<&'a str> {
    let links = document["links"].as_array()?;
    links
        .iter()
        .find(|link| link["rel"] == rel && link["type"] == media_type)?["href"]
        .as_str()
}

/// A Python with a module, or `None` after saying that a test is skipped. `NAQSHA_PYTHON` names another than `python3`.
#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the tests says which Python has the modules"
)]
pub(crate) fn python(test: &str, module: &str) -> Option<std::process::Command> {
    let program = std::env::var("NAQSHA_PYTHON").unwrap_or_else(|_unset| "python3".to_owned());
    let imports = std::process::Command::new(&program)
        .args(["-c", &format!("import {module}")])
        .output();
    if imports.is_ok_and(|output| output.status.success()) {
        return Some(std::process::Command::new(program));
    }
    println!("SKIPPED {test}: no Python with {module}");
    None
}
