//! What files and requests hold does nothing: an address in it is asked by nobody, a formula in it is a text, a tag in it is
//! no page.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::net::{TcpListener, TcpStream};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use naqsha_tests::server::Server;
use naqsha_tests::street::HEADER;
use naqsha_tests::workbook::{ROWS, SHEET, SHEET_END, workbook};
use serde_json::{Value, json};

/// Listens where nobody is to call.
struct Canary(TcpListener);

impl Canary {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn address(&self) -> String {
        format!("http://{}/canary", self.0.local_addr().unwrap())
    }

    /// How many have called since this was last asked.
    fn calls(&self) -> usize {
        // Whoever was about to call has done so by then.
        std::thread::sleep(std::time::Duration::from_millis(300));
        std::iter::from_fn(|| self.0.accept().ok()).count()
    }

    /// Nobody has called, and a call would have been heard.
    fn assert_silent(&self, after: &str) {
        assert_eq!(self.calls(), 0, "{after} calls somebody");
        let _call = TcpStream::connect(self.0.local_addr().unwrap()).unwrap();
        assert_eq!(self.calls(), 1, "a call is heard");
    }
}

const POINTS: &str =
    "profile=open.generic-points&set.lon=lon&set.lat=lat&set.date=when&set.category=DT";

/// Workbooks that would have their reader fetch something, each with whether it is taken.
fn workbooks(at: &str) -> Vec<(&'static str, Vec<u8>, u16)> {
    let root = "<worksheet";
    let prolog = |declared: &str| SHEET.replace(root, &format!("{declared}{root}"));
    let rows = |cell: &str| ROWS.replace("<t>2024-05-06</t>", &format!("<t>2024-05-06{cell}</t>"));
    let of_sheet =
        |declared: &str, cell: &str| workbook((&prolog(declared), &rows(cell), 1, SHEET_END), &[]);
    let general = format!("<!DOCTYPE x [<!ENTITY e SYSTEM \"{at}\">]>");
    let parameter = format!("<!DOCTYPE x [<!ENTITY % e SYSTEM \"{at}\"> %e;]>");
    let outside = format!("<!DOCTYPE x SYSTEM \"{at}\">");
    let public = format!("<!doctype x PUBLIC \"-//X//EN\" \"{at}\">");
    let style = format!("<?xml-stylesheet type=\"text/xsl\" href=\"{at}\"?>");
    let formula = ROWS.replace(
        "<c r=\"A2\"><v>67.1</v></c>",
        &format!("<c r=\"A2\"><f>WEBSERVICE(\"{at}\")</f><v>67.1</v></c>"),
    );
    let link = format!(
        "<?xml version=\"1.0\"?><Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
         <Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLinkPath\" \
         Target=\"{at}\" TargetMode=\"External\"/></Relationships>"
    );
    let book = "<?xml version=\"1.0\"?><externalLink xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
                xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><externalBook r:id=\"rId1\"/></externalLink>";
    let strings = format!("<?xml version=\"1.0\"?>{general}<sst><si><t>&e;</t></si></sst>");
    let sound = (SHEET, ROWS, 1, SHEET_END);
    let utf16: String = prolog(&general).chars().flat_map(|c| [c, '\0']).collect();
    vec![
        ("an entity", of_sheet(&general, "&e;"), 422),
        (
            "an entity of the declaration",
            of_sheet(&parameter, ""),
            422,
        ),
        ("an outside declaration", of_sheet(&outside, ""), 422),
        ("a public declaration", of_sheet(&public, ""), 422),
        (
            "another encoding",
            workbook((&utf16, ROWS, 1, SHEET_END), &[]),
            422,
        ),
        (
            "an entity of the strings",
            workbook(sound, &[("xl/sharedStrings.xml", &strings, "", 0, "")]),
            422,
        ),
        ("a stylesheet", of_sheet(&style, ""), 201),
        (
            "a formula",
            workbook((SHEET, &formula, 1, SHEET_END), &[]),
            201,
        ),
        (
            "another workbook",
            workbook(
                (SHEET, &ROWS.replace("67.1", "67.2"), 1, SHEET_END),
                &[
                    ("xl/externalLinks/externalLink1.xml", book, "", 0, ""),
                    (
                        "xl/externalLinks/_rels/externalLink1.xml.rels",
                        &link,
                        "",
                        0,
                        "",
                    ),
                    ("xl/worksheets/_rels/sheet1.xml.rels", &link, "", 0, ""),
                ],
            ),
            201,
        ),
    ]
}

#[test]
fn nothing_in_a_workbook_is_fetched() {
    let (server, canary) = (Server::over_nothing(), Canary::new());
    for (name, file, status) in workbooks(&canary.address()) {
        let reply = server.upload(POINTS, name, &file);
        let text = String::from_utf8_lossy(&reply.body);
        assert_eq!(reply.status, status, "{name}: {text}");
        if status == 422 {
            assert_eq!(reply.json()["code"], "B908", "{name}: {text}");
        }
    }
    canary.assert_silent("a workbook");
}

#[test]
fn no_address_in_a_feature_is_asked() {
    let (server, canary) = (Server::over_nothing(), Canary::new());
    let at = canary.address();
    let feature = json!({
        "type": "Feature", "geometry": { "type": "Point", "coordinates": [67.0, 30.2] },
        "properties": { "when": "2024-05-06", "lon": 67.0, "lat": 30.2, "photo": at, "$ref": at },
        "links": [{ "href": at, "rel": "describedby" }],
    });
    let collection = json!({
        "type": "FeatureCollection", "$schema": at, "@context": at, "conformsTo": [at],
        "crs": { "type": "link", "properties": { "href": at, "type": "proj4" } },
        "links": [{ "href": at, "rel": "next" }], "features": [feature],
    });
    // Taken or refused, with a reason either way.
    for (key, file) in [("a", collection), ("b", feature)] {
        let reply = server.upload(POINTS, key, file.to_string().as_bytes());
        assert!(reply.status < 500, "{key}: {}", reply.status);
    }
    canary.assert_silent("GeoJSON");
}

#[test]
fn no_address_in_a_request_is_asked() {
    let (server, canary) = (Server::over_nothing(), Canary::new());
    let at = canary.address();
    let encoded = percent_encoding::utf8_percent_encode(&at, percent_encoding::NON_ALPHANUMERIC);
    for query in [
        "crs",
        "bbox-crs",
        "filter-crs",
        "filter",
        "cursor",
        "study_area",
        "f",
        "profile",
        "callback",
        "url",
    ] {
        for path in [
            "/collections/counts/items",
            "/styles/counts",
            "/dggs/H3/zones",
            "/downloads/counts.fgb",
        ] {
            let reply = server.get(&format!("{path}?{query}={encoded}"));
            assert!(reply.status < 500, "{path} {query}: {}", reply.status);
        }
    }
    for header in [
        "referer",
        "origin",
        "x-forwarded-host",
        "forwarded",
        "link",
        "x-original-url",
        "host",
    ] {
        let reply = server.get_with("/collections", &[(header, &at)]);
        assert!(reply.status < 500, "{header}: {}", reply.status);
    }
    let inputs = [
        json!({ "inputs": { "study_area": { "href": at } } }),
        json!({ "inputs": {}, "subscriber": { "successUri": at, "failedUri": at } }),
        json!({ "inputs": {}, "process": at }),
        json!({ "op": "=", "args": [{ "property": "n" }, { "href": at, "$ref": at }] }),
    ];
    for body in inputs {
        let body = body.to_string();
        for (path, kind) in [
            ("/processes/counts/execution", "application/json"),
            ("/collections/counts/search", "application/json"),
        ] {
            for prefer in ["respond-async", "return=minimal"] {
                let headers = [("content-type", kind), ("prefer", prefer)];
                let reply = server.send("POST", path, &headers, body.as_bytes());
                assert!(reply.status < 500, "{path} {body}: {}", reply.status);
            }
        }
    }
    canary.assert_silent("a request");
}

/// A token that says itself where its key is, of an issuer that does not answer or of one that nobody trusts.
#[test]
fn an_address_in_a_token_is_not_asked_for_keys() {
    let canary = Canary::new();
    let at = canary.address();
    let nobody = {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", free.local_addr().unwrap())
    };
    let server = Server::over_nothing_with(&format!(
        "[auth]\nanonymous_role = \"public\"\n[auth.oidc]\nissuer = \"{nobody}\"\naudience = \"naqsha\"\n"
    ));
    let part = |value: &Value| BASE64.encode(value.to_string());
    let mut headers = vec![json!({ "alg": "none", "typ": "at+jwt", "jku": at })];
    for algorithm in ["ES256", "RS256", "EdDSA"] {
        for member in ["jku", "x5u", "kid", "jwk", "x5c", "crit", "iss"] {
            let mut header = json!({ "alg": algorithm, "typ": "at+jwt", "kid": "one" });
            header[member] = match member {
                "jwk" => json!({ "kty": "EC", "crv": "P-256", "x5u": at }),
                "x5c" | "crit" => json!([at]),
                _ => at.clone().into(),
            };
            headers.push(header);
        }
    }
    for header in headers {
        for issuer in [&nobody, &at] {
            let claims = json!({ "iss": issuer, "aud": "naqsha", "sub": "a", "role": "analyst", "jku": at,
                "iat": 1_796_000_000, "nbf": 1_796_000_000, "exp": 1_796_000_600 });
            let token = format!(
                "{}.{}.{}",
                part(&header),
                part(&claims),
                BASE64.encode([1; 64])
            );
            let authorization = format!("Bearer {token}");
            let headers = [("authorization", authorization.as_str())];
            let reply = server.get_with("/collections", &headers);
            assert_eq!(reply.status, 401, "{header}");
        }
    }
    canary.assert_silent("a token");
}

/// Beginnings by which spreadsheets know a formula, those of East Asian versions too.
const SIGNS: [&str; 10] = ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"];
const TAG: &str = "<script>alert(1)</script>";

/// Street crime of which each row has a formula in its texts, and one a tag.
fn formulas() -> Vec<u8> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(HEADER.trim_end().split(',')).unwrap();
    for (row, sign) in SIGNS.iter().enumerate() {
        let cell = format!("{sign}HYPERLINK(A1)|{TAG}");
        let id = format!("{cell}{row}");
        let row = [
            &id, "2018-07", &cell, &cell, "-1.55", "53.80", &cell, &cell, &cell, "Drugs", &cell,
            &cell,
        ];
        out.write_record(row).unwrap();
    }
    out.into_inner().unwrap()
}

/// No cell of a CSV is a formula; gives how many there are.
fn assert_no_formula(name: &str, bytes: &[u8]) -> usize {
    let text = std::str::from_utf8(bytes).unwrap();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut cells = 0;
    for record in reader.records() {
        for cell in &record.unwrap() {
            let is_formula = SIGNS.iter().any(|sign| cell.starts_with(sign));
            assert!(
                !is_formula || cell.parse::<f64>().is_ok(),
                "{name}: {cell:?}"
            );
            cells += 1;
        }
    }
    cells
}

#[test]
fn no_csv_of_ours_has_a_formula_and_no_page_a_tag_of_a_file() {
    let server = Server::over_nothing();
    let headers = [
        ("idempotency-key", "formulas"),
        (
            "content-disposition",
            "attachment; filename=\"=1<script>alert(1)</script>.csv\"",
        ),
    ];
    let path = "/collections/incidents/batches?profile=open.police-uk";
    let taken = server.send("POST", path, &headers, &formulas());
    let told = String::from_utf8_lossy(&taken.body).into_owned();
    assert_eq!(taken.status, 201, "{told}");
    assert_eq!(taken.json()["state"], "live", "{told}");
    let job = taken.json()["job"].as_str().unwrap().to_owned();
    let report = server.get(&format!("/jobs/{job}/report.csv"));
    assert_eq!(report.status, 200);
    assert!(String::from_utf8_lossy(&report.body).contains("'=HYPERLINK"));
    assert!(assert_no_formula("report", &report.body) > 100);
    for address in [
        "/collections/incidents/items?f=csv",
        "/collections/incidents/items?f=csv-bom",
        "/collections/counts/items?f=csv",
        "/collections/incidents/aggregate?group_by=agency,category,subtype&f=csv",
        "/dggs/H3/zones/851946dbfffffff/data?f=csv",
    ] {
        let reply = server.get(address);
        assert_eq!(reply.status, 200, "{address}");
        assert!(assert_no_formula(address, &reply.body) > 4, "{address}");
    }
    let out = server.data().join("out.csv");
    let to = out.to_str().unwrap();
    server.beside(&["export", "incidents", "--format", "csv", "--out", to]);
    assert!(assert_no_formula("export", &std::fs::read(&out).unwrap()) > 40);

    // The file's name, and what its rows say, are in documents and never in a page.
    let batches = server.get("/collections/incidents/batches");
    assert_eq!(batches.header("content-type"), "application/json");
    let first = server.json("/collections/incidents/items?limit=1");
    let id = first["features"][0]["id"].as_str().unwrap();
    for address in [
        "/collections/incidents/items?f=html".to_owned(),
        format!("/collections/incidents/items/{id}?f=html"),
        "/collections/counts/items?f=html".to_owned(),
        "/collections/incidents/aggregate?group_by=agency&f=html".to_owned(),
        "/upload.html".to_owned(),
    ] {
        let reply = server.get(&address);
        assert_eq!(reply.status, 200, "{address}");
        assert!(
            reply.header("content-type").starts_with("text/html"),
            "{address}"
        );
        assert!(
            !String::from_utf8_lossy(&reply.body).contains("<script>alert"),
            "{address}"
        );
        let policy = reply.header("content-security-policy");
        assert!(
            !policy.is_empty() && !policy.contains("unsafe-inline' 'unsafe"),
            "{address}: {policy}"
        );
    }
}
