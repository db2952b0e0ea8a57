//! Who asks, and what of the answer changes by it: keys, other agencies' records, jobs, caches, the audit log.

use std::sync::Arc;

use axum::http::Method;
use jiff::Timestamp;
use naqsha_http::{AccessKey, KeyRing, ServerSettings};
use naqsha_model::{Agency, Credential, Role};

use crate::fixture::{Fixture, INCIDENTS, Reply, commit_of, link, service_with};

/// Records of the second agency.
pub(crate) const OF_FIA: u64 = 7;
/// Who reads how many records.
const AGENCIES: [(&str, u64); 4] = [
    ("analyst", INCIDENTS + OF_FIA),
    ("anf", INCIDENTS),
    ("fia", OF_FIA),
    ("ctd", 0),
];

/// The key that goes by a name here.
pub(crate) fn credential(name: &str) -> Credential {
    let mut id = [0; 6];
    id.iter_mut()
        .zip(name.bytes())
        .for_each(|(to, from)| *to = from);
    Credential::new(id, [id[0]; 32])
}

fn key(name: &str, role: Role, agency: Option<&str>) -> AccessKey {
    AccessKey {
        id: credential(name).id().to_owned(),
        sha256: credential(name).sha256(),
        role,
        agency: agency.map(|code| Agency::new(code).unwrap()),
        networks: Vec::new(),
        certificate: None,
        expires_at: Timestamp::MAX,
        revoked: false,
    }
}

pub(crate) fn keys() -> Vec<AccessKey> {
    vec![
        key("partner", Role::Partner, Some("HRCP")),
        key("analyst", Role::Analyst, Some("NPB")),
        key("second", Role::Analyst, None),
        key("anf", Role::Uploader, Some("ANF")),
        key("fia", Role::Uploader, Some("FIA")),
        key("ctd", Role::Approver, Some("CTD")),
        key("custodian", Role::Custodian, Some("NPB")),
        key("auditor", Role::Auditor, Some("NPB")),
    ]
}

pub(crate) fn bearer(name: &str) -> String {
    format!("Bearer {}", credential(name).reveal())
}

/// The service for holders of keys, over records of two agencies.
pub(crate) async fn guarded(settings: ServerSettings) -> (Fixture, Arc<KeyRing>) {
    let ring = Arc::new(KeyRing::default());
    ring.replace(keys());
    let fixture = service_with(ServerSettings {
        keys: Arc::clone(&ring),
        now: || Timestamp::UNIX_EPOCH,
        ..settings
    })
    .await;
    commit_of(&fixture.store, "FIA", 9, 1..=OF_FIA).await;
    (fixture, ring)
}

pub(crate) async fn as_key(service: &Fixture, id: &str, uri: &str) -> Reply {
    let authorization = bearer(id);
    let headers = [("authorization", authorization.as_str())];
    service.send(Method::GET, uri, &headers).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_sees_its_own_records_by_every_way_that_counts_them() {
    let (service, _) = guarded(ServerSettings::default()).await;
    for (id, expected) in AGENCIES {
        let json = async |uri: &str| {
            let reply = as_key(&service, id, uri).await;
            assert_eq!(reply.status, 200, "{id} {uri}");
            reply.json()
        };
        let items = json("/collections/incidents/items?limit=1000").await;
        assert_eq!(items["numberMatched"], expected, "{id}");
        let agencies = items["features"].as_array().unwrap().iter();
        let agencies = agencies.map(|feature| feature["properties"]["agency"].as_str().unwrap());
        let own = id.to_uppercase();
        assert!(
            id == "analyst" || agencies.clone().all(|agency| agency == own),
            "{id}"
        );
        // Asking for another's by name is asking for nothing.
        let others = json("/collections/incidents/items?agency=FIA&filter=agency='FIA'").await;
        let of_fia = if ["analyst", "fia"].contains(&id) {
            OF_FIA
        } else {
            0
        };
        assert_eq!(others["numberMatched"], of_fia, "{id}");
        let rows = json("/collections/incidents/aggregate?group_by=agency").await;
        let rows = rows["rows"].as_array().unwrap();
        let n: u64 = rows.iter().map(|row| row["n"].as_u64().unwrap()).sum();
        assert_eq!(n, expected, "{id}: {rows:?}");
        let counts = json("/collections/counts/items?limit=10000&n_min=1").await;
        let on_map = counts["features"].as_array().unwrap().iter();
        let on_map: u64 = on_map
            .map(|cell| cell["properties"]["n"].as_u64().unwrap())
            .sum();
        let excluded = counts["naqsha"]["excluded"]["count"].as_u64().unwrap();
        assert_eq!(on_map + excluded, expected, "{id}");
        let sums = json("/xyz/incidents/4/11/6.geojson").await;
        let sums = sums["features"].as_array().into_iter().flatten();
        let sums: u64 = sums
            .filter_map(|cell| cell["properties"]["n"].as_u64())
            .sum();
        assert_eq!(sums, expected, "{id}");
        let service_count = "/arcgis/rest/services/crime/FeatureServer/incidents/query?where=1%3D1&returnCountOnly=true&f=json";
        assert_eq!(json(service_count).await["count"], expected, "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_is_told_of_no_other_by_files_changes_and_coverage() {
    let (service, _) = guarded(ServerSettings::default()).await;
    for (id, expected) in AGENCIES {
        let json = async |uri: &str| as_key(&service, id, uri).await.json();
        let changes = json("/collections/incidents/changes?limit=5").await;
        let returned = changes["numberReturned"].as_u64().unwrap();
        assert!(
            returned <= expected && (returned > 0) == (expected > 0),
            "{id}"
        );
        let file = as_key(&service, id, "/downloads/incidents.ndjson.zst").await;
        let lines = zstd::decode_all(file.body.as_slice()).unwrap();
        let lines = lines
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty());
        assert_eq!(lines.count() as u64, expected, "{id}");
        let coverage = json("/collections/coverage/items?limit=1000")
            .await
            .to_string();
        let named = ["ANF", "FIA"].map(|code| coverage.contains(&format!("\"agency\":\"{code}\"")));
        assert!(
            id == "analyst" || named.iter().all(|&named| !named) || named[usize::from(id == "fia")],
            "{id}"
        );
        assert!(
            id == "analyst" || !named[usize::from(id != "fia")],
            "{id} is told of another"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_of_another_agency_is_not_there_and_ones_own_has_its_point() {
    let (service, _) = guarded(ServerSettings::default()).await;
    let all = as_key(
        &service,
        "analyst",
        "/collections/incidents/items?limit=1000",
    )
    .await
    .json();
    let features = all["features"].as_array().unwrap();
    let of = |agency: &str| {
        let found = features
            .iter()
            .find(|feature| feature["properties"]["agency"] == agency);
        found.unwrap()["id"].as_str().unwrap().to_owned()
    };
    for (id, own, other) in [("anf", of("ANF"), of("FIA")), ("fia", of("FIA"), of("ANF"))] {
        let mine = as_key(&service, id, &format!("/collections/incidents/items/{own}")).await;
        assert_eq!(mine.status, 200);
        assert_eq!(
            mine.json()["geometry"]["type"],
            "Point",
            "exact points of one's own"
        );
        let theirs = as_key(
            &service,
            id,
            &format!("/collections/incidents/items/{other}"),
        )
        .await;
        let absent = format!("/collections/incidents/items/{}", "0".repeat(26));
        let absent = as_key(&service, id, &absent).await;
        let words = |reply: &Reply| {
            let mut problem = reply.problem(404);
            problem["instance"] = serde_json::Value::Null;
            problem
        };
        assert_eq!(words(&theirs), words(&absent), "as if it were not there");
    }
    let cell = as_key(
        &service,
        "analyst",
        &format!("/collections/incidents/items/{}", of("ANF")),
    )
    .await;
    assert_eq!(
        cell.json()["geometry"]["type"],
        "Polygon",
        "an analyst sees cells"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_no_good_is_unknown_in_the_same_words_whatever_is_wrong() {
    let (service, ring) = guarded(ServerSettings::default()).await;
    let mut all = keys();
    all[1].expires_at = Timestamp::UNIX_EPOCH;
    all[2].revoked = true;
    all[3].networks = vec!["10.0.0.0/8".parse().unwrap()];
    ring.replace(all);
    let mut told = Vec::new();
    for authorization in [
        bearer("analyst"),
        bearer("second"),
        bearer("anf"),
        bearer("nobody"),
        format!(
            "Bearer {}",
            Credential::new(*b"fia\0\0\0", [1; 32]).reveal()
        ),
        "Bearer eyJhbGciOiJub25lIn0.e30.".to_owned(),
        "Basic dXNlcjpwYXNz".to_owned(),
        "Negotiate abc".to_owned(),
    ] {
        for uri in [
            "/collections/incidents/items",
            "/collections",
            "/no/such/thing",
            "/api",
        ] {
            let headers = [("authorization", authorization.as_str())];
            let reply = service.send(Method::GET, uri, &headers).await;
            let mut problem = reply.problem(401);
            problem["instance"] = serde_json::Value::Null;
            let challenges = reply.headers.get_all("www-authenticate").iter();
            let challenges: Vec<_> = challenges
                .map(|value| value.to_str().unwrap().to_owned())
                .collect();
            assert_eq!(
                challenges,
                [
                    "Bearer realm=\"naqsha\"",
                    "Basic realm=\"naqsha\", charset=\"UTF-8\""
                ]
            );
            told.push(problem);
        }
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    // No dialog in the middle of a map.
    let headers = [("authorization", "Bearer x"), ("sec-fetch-mode", "cors")];
    let reply = service.send(Method::GET, "/collections", &headers).await;
    assert_eq!(reply.headers.get_all("www-authenticate").iter().count(), 1);
    let probe = [("authorization", "Bearer x")];
    assert_eq!(
        service.send(Method::GET, "/healthz", &probe).await.status,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_away_is_gone_with_the_next_request() {
    let (service, ring) = guarded(ServerSettings::default()).await;
    let tile = "/xyz/counts/6/45/26.mvt";
    let warm = as_key(&service, "analyst", tile).await;
    assert_eq!(warm.status, 200);
    assert!(warm.header("cache-control").starts_with("private"));
    assert!(warm.header("vary").contains("Authorization"));
    let tag = warm.header("etag").to_owned();
    service.get(tile).await.problem(401);
    as_key(&service, "custodian", tile).await.problem(403);
    let theirs = as_key(&service, "fia", tile).await;
    assert_ne!(theirs.body, warm.body, "kept for analysts alone");
    assert_ne!(theirs.header("etag"), tag);
    ring.replace(
        keys()
            .into_iter()
            .filter(|key| key.id != credential("analyst").id())
            .collect(),
    );
    let authorization = bearer("analyst");
    let headers = [
        ("authorization", authorization.as_str()),
        ("if-none-match", tag.as_str()),
    ];
    service.send(Method::GET, tile, &headers).await.problem(401);
    let mut demoted = keys();
    demoted[1].role = Role::Partner;
    ring.replace(demoted);
    as_key(&service, "analyst", tile).await.problem(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_its_starters() {
    let (service, _) = guarded(ServerSettings::default()).await;
    let authorization = bearer("analyst");
    let headers = [
        ("authorization", authorization.as_str()),
        ("prefer", "respond-async"),
    ];
    let body = r#"{"inputs": {}}"#.to_owned();
    let started = service
        .send_body(Method::POST, "/processes/counts/execution", &headers, body)
        .await;
    assert_eq!(started.status, 201);
    let job = started.json()["jobID"].as_str().unwrap().to_owned();
    assert_eq!(
        as_key(&service, "analyst", &format!("/jobs/{job}"))
            .await
            .status,
        200
    );
    assert_eq!(
        as_key(&service, "analyst", "/jobs").await.json()["jobs"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        as_key(&service, "second", "/jobs").await.json()["jobs"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    for part in ["", "/results", "/errors", "/events"] {
        let theirs = as_key(&service, "second", &format!("/jobs/{job}{part}")).await;
        let absent = as_key(
            &service,
            "second",
            &format!("/jobs/{}{part}", "0".repeat(32)),
        )
        .await;
        assert_eq!(
            theirs.problem(404)["detail"],
            absent.problem(404)["detail"],
            "{part}"
        );
    }
    let second = bearer("second");
    let headers = [("authorization", second.as_str())];
    service
        .send(Method::DELETE, &format!("/jobs/{job}"), &headers)
        .await
        .problem(404);
    assert_eq!(
        as_key(&service, "analyst", &format!("/jobs/{job}"))
            .await
            .status,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_in_the_address_counts_where_it_may_and_is_in_no_link() {
    let key = credential("analyst");
    let token = key.reveal();
    let secret = token.rsplit('_').next().unwrap();
    let uri = format!("/collections/incidents/items?limit=2&token={token}&stage=fir");
    let (service, _) = guarded(ServerSettings::default()).await;
    service.get(&uri).await.problem(401);
    let (service, _) = guarded(ServerSettings {
        query_token: true,
        ..ServerSettings::default()
    })
    .await;
    let reply = service.get(&uri).await;
    assert_eq!(reply.status, 200);
    let text = String::from_utf8(reply.body.clone()).unwrap();
    assert!(!text.contains(secret) && !format!("{:?}", reply.headers).contains(secret));
    let next = link(&reply.json(), "next", "application/geo+json")
        .unwrap()
        .to_owned();
    assert!(
        next.contains("limit=2") && next.contains("stage=fir"),
        "{next}"
    );
    let other = service
        .get("/collections/incidents/items?limit=2&stage=fir")
        .await;
    other.problem(401);
    service
        .get("/collections/incidents/items?token=nq_61_00")
        .await
        .problem(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_is_public_to_the_public_and_private_to_who_is_known() {
    let (service, _) = guarded(ServerSettings::default()).await;
    assert_eq!(
        service.get("/collections").await.header("cache-control"),
        "public, max-age=60"
    );
    let known = as_key(&service, "partner", "/collections").await;
    assert_eq!(known.header("cache-control"), "private, max-age=60");
    let interval =
        |document: &serde_json::Value| document["extent"]["temporal"]["interval"].clone();
    let of = async |id: &str| as_key(&service, id, "/collections/counts").await.json();
    assert_eq!(
        interval(&of("partner").await),
        serde_json::json!([[null, null]])
    );
    assert_ne!(interval(&of("anf").await), interval(&of("fia").await));
    assert_eq!(
        of("ctd").await["extent"]["temporal"]["interval"],
        serde_json::json!([[null, null]])
    );
    let policy = as_key(&service, "fia", "/policy").await.json();
    assert_eq!(
        (&policy["your_role"], &policy["your_agency"]),
        (&"uploader".into(), &"FIA".into())
    );
}
