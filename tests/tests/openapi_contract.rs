//! The OpenAPI document against the real program: a generator of requests made from the document finds no failure of the
//! server, no answer that the document does not declare, and no method that is refused without saying which are allowed.

#![expect(
    clippy::panic,
    reason = "a test that cannot go on should stop and say why"
)]

use naqsha_tests::server::Server;
use naqsha_tests::skip::python;

/// What schemathesis looks for in each answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,\
                      response_headers_conformance,unsupported_method,allow_header_conformance";
/// Layers that cost seconds to compute anew for each of some hundred questions, in a build for tests; they are made of
/// the same parts as the others.
const SLOW: &str =
    "near-repeat|linkages|scan|forecast|emerging|change|rates|density|border|flows|clusters";

#[test]
fn requests_made_from_the_document_find_no_fault() {
    let test = "requests_made_from_the_document_find_no_fault";
    // The generator's own bounds of bodies meet a fault of Python 3.11 (python/cpython#106905), so that searches are only
    // asked at random.
    let searches = "/search$";
    let without = format!("/({SLOW})(/|$|\\.)|{searches}");
    let most = [
        "--exclude-path-regex",
        &without,
        "--phases",
        "coverage,fuzzing",
    ];
    let only = format!("/collections/(counts|hotspots|incidents){searches}");
    let rest = ["--include-path-regex", &only, "--phases", "fuzzing"];
    for (arguments, least) in [(most, 1_000), (rest, 3)] {
        let Some(cases) = asked(test, &arguments) else {
            return;
        };
        assert!(cases >= least, "{cases} requests");
    }
}

/// How many requests were made, all of them answered as the document says.
fn asked(test: &str, arguments: &[&str]) -> Option<u32> {
    let mut python = python(test, "schemathesis")?;
    let server = Server::shared();
    let folder = tempfile::tempdir().expect("a folder");
    // Keys made at random are refused, and of the operation nothing is learnt.
    let plain = "hooks = \"hooks.py\"\n[generation]\nwith-security-parameters = false\n";
    // A part of a file is any bytes.
    let hooks = "import schemathesis\nschemathesis.serializer.alias('application/offset+octet-stream', 'application/octet-stream')\n";
    std::fs::write(folder.path().join("hooks.py"), hooks).expect("its hooks");
    std::fs::write(folder.path().join("schemathesis.toml"), plain).expect("its configuration");
    let output = python
        .current_dir(folder.path())
        .args(["-m", "schemathesis.cli", "run"])
        .arg(format!("{}/api", server.base()))
        .args(["--checks", CHECKS, "--max-examples", "3"])
        .args(["--seed", "20261128", "--workers", "1", "--no-color"])
        .args(arguments)
        .output()
        .expect("schemathesis runs");
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}");
    let cases = report.lines().find_map(|line| {
        let (generated, rest) = line.trim().split_once(" generated")?;
        rest.contains("passed")
            .then(|| generated.parse::<u32>().ok())?
    });
    Some(cases.unwrap_or_else(|| panic!("no count of cases in {report}")))
}
