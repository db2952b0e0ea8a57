//! What attackers try on servers of maps: to walk out of a folder, to have their words come back as a page, to reach past
//! a guard by another spelling, to make a small request a large work. Each is tried on every path that there is.

use naqsha_tests::collections::COLLECTIONS;
use naqsha_tests::server::Server;
use serde_json::Value;

/// Words that would run, or break out, if they came back in a page, a header or a quoted attribute.
const WORDS: [&str; 8] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'-alert(1)-'",
    "javascript:alert(1)",
    "<svg/onload=alert(1)>",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "x\r\nSet-Cookie: a=b",
    "' OR 1=1; DROP TABLE incidents --",
];
/// Ways out of a folder.
const WALKS: [&str; 10] = [
    "../../../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "..%252f..%252fetc%252fpasswd",
    "%2e%2e/%2e%2e/etc/passwd",
    "....//....//etc/passwd",
    "..%5c..%5cwindows%5cwin.ini",
    "%c0%ae%c0%ae/etc/passwd",
    "..%00/etc/passwd",
    "/etc/passwd",
    "file:///etc/passwd",
];

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Every path of the description, its variables set to what there is.
fn paths(server: &Server) -> Vec<(String, Vec<String>)> {
    let api = server.json("/api");
    let paths = api["paths"].as_object().expect("paths");
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for (path, operations) in paths {
        let names = operations["get"]["parameters"]
            .as_array()
            .into_iter()
            .flatten();
        let name = |parameter: &Value| {
            let reference = parameter["$ref"]
                .as_str()
                .and_then(|path| path.rsplit('/').next());
            let is_query = parameter["in"] == "query" || reference.is_some();
            is_query.then(|| parameter["name"].as_str().or(reference).map(str::to_owned))?
        };
        found.push((path.clone(), names.filter_map(name).collect()));
    }
    assert!(found.len() > 100, "{} paths", found.len());
    found
}

/// A path with its variables set to `word`, or to what there is.
fn with_variables(path: &str, word: Option<&str>) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').expect("a variable is closed");
        let usual = match name {
            "tileMatrixSetId" => "WebMercatorQuad",
            "layerId" | "styleId" => "counts",
            "h3" | "featureId" => "8542c8cbfffffff",
            _ => "0",
        };
        out += before;
        out += word.unwrap_or(usual);
        rest = after;
    }
    out + rest
}

/// No answer to a hostile request is a fault, a page with its words in it, or a header of its making.
fn assert_harmless(server: &Server, address: &str, word: &str) {
    let reply = server.get(address);
    assert!(reply.status < 500, "{address}: {}", reply.status);
    assert_eq!(
        reply.header("x-content-type-options"),
        "nosniff",
        "{address}"
    );
    assert_eq!(reply.header("set-cookie"), "", "{address}");
    if reply.header("content-type").starts_with("text/html") {
        let page = String::from_utf8_lossy(&reply.body);
        assert!(!page.contains(word), "{address} gives back {word}");
        assert!(
            !page.contains("<script>alert")
                && !page.contains("<img src=x")
                && !page.contains("<svg/onload"),
            "{address}"
        );
    }
}

#[test]
fn words_of_a_request_never_come_back_as_a_page() {
    let server = Server::over_both_samples();
    let mut tried = 0;
    for (path, names) in paths(&server) {
        // Each collection has the same code behind its paths.
        if COLLECTIONS
            .iter()
            .any(|id| path.contains(&format!("/{id}")) && *id != "counts")
        {
            continue;
        }
        for (at, word) in WORDS.iter().enumerate() {
            let word_in_path = with_variables(&path, Some(&encoded(word)));
            assert_harmless(&server, &word_in_path, word);
            // A name of their own, a value of each parameter (by turns), and either with a page asked for.
            let plain = with_variables(&path, None);
            assert_harmless(
                &server,
                &format!("{plain}?f=html&{}=1", encoded(word)),
                word,
            );
            tried += 2;
            for name in names.iter().skip(at % 2).step_by(2) {
                let page = if name == "f" { "" } else { "f=html&" };
                assert_harmless(
                    &server,
                    &format!("{plain}?{page}{}={}", encoded(name), encoded(word)),
                    word,
                );
                tried += 1;
            }
        }
    }
    assert!(tried > 1_000, "{tried} requests");
}

#[test]
fn no_spelling_of_a_path_leads_out_of_it() {
    let server = Server::over_both_samples();
    for (path, _) in paths(&server) {
        if !path.contains('{')
            || COLLECTIONS
                .iter()
                .any(|id| path.contains(&format!("/{id}")) && *id != "counts")
        {
            continue;
        }
        for walk in WALKS {
            let address = with_variables(&path, Some(walk));
            let reply = server.get(&address);
            assert!(
                (400..500).contains(&reply.status) || is_esri_refusal(&reply.body),
                "{address}: {}",
                reply.status
            );
            assert!(
                !String::from_utf8_lossy(&reply.body).contains("root:"),
                "{address}"
            );
        }
    }
    for walk in WALKS {
        for from in ["/", "/assets/", "/xyz/", "/styles/", "/collections/"] {
            let reply = server.get(&format!("{from}{walk}"));
            assert!(
                !String::from_utf8_lossy(&reply.body).contains("root:"),
                "{from}{walk}"
            );
        }
    }
}

fn is_esri_refusal(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|told| told["error"]["code"].is_u64())
}

#[test]
fn tiles_beyond_reason_are_refused_at_once() {
    let server = Server::over_both_samples();
    let huge = [
        "23",
        "64",
        "255",
        "256",
        "4294967295",
        "18446744073709551616",
        "99999999999999999999999999",
        "-1",
        "1e9",
        "NaN",
        "0x10",
        "%D9%A3",
        "%F0%9F%92%A9",
        "",
    ];
    let mut refused = 0;
    for number in huge {
        for path in [
            format!("/xyz/hotspots/{number}/0/0.mvt"),
            format!("/xyz/hotspots/5/{number}/0.mvt"),
            format!("/xyz/hotspots/5/0/{number}.mvt"),
            format!("/collections/hotspots/tiles/WebMercatorQuad/{number}/0/0"),
            format!("/collections/hotspots/tiles/WebMercatorQuad/5/{number}/0"),
            format!("/tiles/WebMercatorQuad/5/0/{number}"),
        ] {
            // 23 is a column of zoom 5.
            if number == "23" && !path.contains("/23/0/0") {
                continue;
            }
            let status = server.get(&path).status;
            assert!(status == 404 || status == 400, "{path}: {status}");
            refused += 1;
        }
    }
    assert!(refused > 70, "{refused}");
}

#[test]
fn a_public_reader_gets_numbers_by_no_path() {
    let server = Server::with_config("[auth]\nanonymous_role = \"public\"\n");
    let api = server.json("/api");
    let guarded = |path: &&String| {
        path.contains("/items")
            || path.contains("tileCol")
            || path.contains("/{z}/")
            || path.contains("/explain")
            || path.ends_with("/query")
    };
    let mut tried = 0;
    let described = api["paths"].as_object().expect("paths").keys();
    for path in described.filter(guarded) {
        let plain = with_variables(path, None);
        let (start, end) = plain.split_at(1);
        let spellings = [
            plain.clone(),
            format!("{plain}/"),
            format!("{plain}?f=json"),
            format!("{plain}?f=html"),
            format!("{start}/{end}"),
            plain.replacen('/', "/%2e/", 1),
            plain.to_uppercase(),
        ];
        for spelling in spellings {
            let reply = server.get(&spelling);
            assert!(
                (400..500).contains(&reply.status) || is_esri_refusal(&reply.body),
                "{spelling}: {}",
                reply.status
            );
            tried += 1;
        }
    }
    assert!(tried > 400, "{tried}");
    let service = server.json("/arcgis/rest/services/crime/FeatureServer?f=json");
    assert_eq!(service["layers"], Value::Array(Vec::new()));
}
