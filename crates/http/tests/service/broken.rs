//! Words that are nearly right, for properties of what reads them: any bytes, the words of a language in any order, and
//! something valid that was broken in some places. `NAQSHA_CASES` says how many, `NAQSHA_SEED` which.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, Uri};
use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use tokio::runtime::Runtime;

use crate::fixture::{Fixture, Reply, asked};

/// Cases of a property in a plain `cargo test`.
const FEW: u32 = 300;
/// Longest that any answer may take here: in the dev profile, beside other tests.
const LONGEST: Duration = Duration::from_secs(5);

/// A language: some of what is valid in it, and words that mean something to who reads it.
#[derive(Debug, Clone)]
pub(crate) struct Language {
    valid: Vec<String>,
    words: Vec<String>,
}

/// Words that no reader of any language should fall over.
const ANYWHERE: [&str; 10] = [
    "\u{0}",
    "\t",
    "\u{e9}",
    "\u{202e}",
    "\u{fffd}",
    "e\u{301}",
    "لاہور",
    "٣",
    "１",
    "𝕏",
];

impl Language {
    pub(crate) fn new<'t>(
        valid: impl IntoIterator<Item = &'t str>,
        words: impl IntoIterator<Item = &'t str>,
    ) -> Self {
        let owned = |text: &str| text.replace('·', " ");
        Self {
            valid: valid.into_iter().map(owned).collect(),
            words: words.into_iter().chain(ANYWHERE).map(owned).collect(),
        }
    }

    /// Reads what is valid, a text a line, and after a line of dashes the words; `·` is a blank at an end of one.
    pub(crate) fn read(text: &str) -> Self {
        let (valid, words) = text.split_once("\n----\n").unwrap();
        Self::new(valid.lines(), words.lines())
    }

    /// Something that whoever reads the language has to cope with.
    pub(crate) fn broken(&self) -> impl Strategy<Value = Vec<u8>> + use<> {
        let words = vec(select(self.words.clone()), 0..40);
        let edited = (select(self.valid.clone()), vec(edit(&self.words), 0..6));
        prop_oneof![
            1 => vec(any::<u8>(), 0..200),
            2 => words.prop_map(|words| words.concat().into_bytes()),
            6 => edited.prop_map(|(text, edits)| edits.iter().fold(text.into_bytes(), changed)),
        ]
    }
}

/// One place in which a text is changed.
#[derive(Debug, Clone)]
enum Edit {
    Drop(Index, Index),
    Repeat(Index, Index, usize),
    Put(Index, Vec<u8>),
    Change(Index, u8),
}

fn edit(words: &[String]) -> impl Strategy<Value = Edit> + use<> {
    let at = any::<Index>;
    let word = select(words.to_vec()).prop_map(String::into_bytes);
    prop_oneof![
        (at(), at()).prop_map(|(from, to)| Edit::Drop(from, to)),
        (at(), at(), prop_oneof![4 => 2_usize..4, 1 => Just(200)])
            .prop_map(|(from, to, times)| Edit::Repeat(from, to, times)),
        (at(), prop_oneof![3 => word, 1 => vec(any::<u8>(), 1..8)])
            .prop_map(|(place, bytes)| Edit::Put(place, bytes)),
        (at(), any::<u8>()).prop_map(|(place, byte)| Edit::Change(place, byte)),
    ]
}

/// Longest text that edits make: addresses of more than 16 KiB are refused before anything is read of them.
const LONGEST_TEXT: usize = 12 << 10;

fn changed(mut text: Vec<u8>, edit: &Edit) -> Vec<u8> {
    let length = text.len();
    let range = |from: &Index, to: &Index| {
        let (from, to) = (from.index(length + 1), to.index(length + 1));
        from.min(to)..from.max(to)
    };
    match edit {
        Edit::Drop(from, to) => drop(text.drain(range(from, to))),
        Edit::Repeat(from, to, times) => {
            let range = range(from, to);
            let most = LONGEST_TEXT / range.len().max(1);
            let more = text[range.clone()].repeat((*times).min(most));
            text.splice(range, more);
        }
        Edit::Put(place, bytes) => {
            let place = place.index(length + 1);
            text.splice(place..place, bytes.iter().copied());
        }
        Edit::Change(place, byte) if length > 0 => text[place.index(length)] = *byte,
        Edit::Change(..) => {}
    }
    text.truncate(LONGEST_TEXT);
    text
}

/// What cannot stand in an address as it is.
const UNFIT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A text as a part of an address: what has a meaning there keeps it, `%` included.
pub(crate) fn in_address(text: &[u8]) -> String {
    percent_encode(text, UNFIT).to_string()
}

/// A text as a value of an address, which has no meaning there.
pub(crate) fn as_value(text: &[u8]) -> String {
    percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Panics of any thread: those of the service's own come back as answers.
static PANICS: AtomicUsize = AtomicUsize::new(0);

static COUNTED: LazyLock<()> = LazyLock::new(|| {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // Those of tests beside this one are not the service's.
        let is_of_a_test = panic
            .location()
            .is_some_and(|at| at.file().contains("tests/service"));
        PANICS.fetch_add(usize::from(!is_of_a_test), Ordering::Relaxed);
        usual(panic);
    }));
});

/// A service that is asked for what is broken.
pub(crate) struct Tried {
    pub(crate) runtime: Runtime,
    pub(crate) service: Fixture,
    good: AtomicUsize,
    refused: AtomicUsize,
}

impl Tried {
    pub(crate) fn new(service: impl Future<Output = Fixture>) -> Self {
        LazyLock::force(&COUNTED);
        let runtime = Runtime::new().unwrap();
        let service = runtime.block_on(service);
        Self {
            runtime,
            service,
            good: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
        }
    }

    /// Asks, and sees that the answer comes in time, without a panic, and is no failure; a refusal says what it is. None where
    /// the words fit into no address or header.
    pub(crate) fn ask(
        &self,
        method: &Method,
        address: &str,
        headers: &[(&str, &[u8])],
        body: &[u8],
    ) -> Result<Option<Reply>, TestCaseError> {
        let Ok(uri) = address.parse::<Uri>() else {
            return Ok(None);
        };
        let mut request = Request::new(Body::from(body.to_vec()));
        (*request.method_mut(), *request.uri_mut()) = (method.clone(), uri);
        let host = HeaderValue::from_static("maps.example.org");
        request.headers_mut().insert("host", host);
        for &(name, value) in headers {
            let Ok(value) = HeaderValue::from_bytes(value) else {
                return Ok(None);
            };
            let name: axum::http::HeaderName = name.parse().unwrap();
            request.headers_mut().append(name, value);
        }
        let (panics, began) = (PANICS.load(Ordering::Relaxed), Instant::now());
        let reply = self.runtime.block_on(asked(&self.service.router, request));
        let (took, told) = (began.elapsed(), format!("{method} {address}"));
        let fail = |why: String| Err(TestCaseError::fail(format!("{told}: {why}")));
        if PANICS.load(Ordering::Relaxed) != panics {
            return fail("a panic".to_owned());
        }
        if took > LONGEST {
            return fail(format!("answered after {took:?}"));
        }
        match reply.status.as_u16() {
            500.. => return fail(format!("{} {}", reply.status, lossy(&reply.body))),
            400.. => {
                if let Err(why) = coded(&reply) {
                    return fail(format!("{why}: {}", lossy(&reply.body)));
                }
                self.refused.fetch_add(1, Ordering::Relaxed);
            }
            _ => drop(self.good.fetch_add(1, Ordering::Relaxed)),
        }
        Ok(Some(reply))
    }

    /// Counts an answer of status 200 that tells of a mistake.
    pub(crate) fn count_refusal(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether a property holds, whatever comes. Some of what came must have been understood and some refused: a generator
    /// that makes only one of both tries nothing.
    pub(crate) fn holds<S: Strategy>(
        &self,
        strategy: &S,
        holds: impl Fn(&Self, S::Value) -> Result<(), TestCaseError>,
    ) {
        let (cases, seed) = (number("NAQSHA_CASES", FEW), number("NAQSHA_SEED", 1));
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&seed.to_le_bytes());
        let config = Config {
            cases,
            failure_persistence: None,
            max_shrink_iters: 2_000,
            ..Config::default()
        };
        let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let tried = TestRunner::new_with_rng(config, random).run(strategy, |of| holds(self, of));
        let counts = [&self.good, &self.refused].map(|count| count.load(Ordering::Relaxed));
        println!("seed {seed}, {cases} cases: {counts:?} understood and refused");
        if let Err(error) = tried {
            panic!("seed {seed}: {error}");
        }
        assert!(counts.iter().all(|&count| count > 0), "{counts:?}");
    }
}

/// Whether a refusal is a problem document that names its kind.
fn coded(reply: &Reply) -> Result<(), &'static str> {
    if reply.header("content-type") != "application/problem+json" {
        return Err("no problem document");
    }
    let problem: serde_json::Value =
        serde_json::from_slice(&reply.body).map_err(|_not_json| "no JSON")?;
    if problem["status"] != reply.status.as_u16() {
        return Err("another status within");
    }
    let text = |name: &str| problem[name].as_str().unwrap_or_default();
    if text("type").is_empty() || text("type") == "about:blank" || text("title").is_empty() {
        return Err("no kind");
    }
    if reply.status == 400 && text("type") == "/problems/bad-parameter" {
        let errors = problem["errors"].as_array().map_or(&[][..], Vec::as_slice);
        let named = |error: &serde_json::Value| {
            error["parameter"].is_string()
                && error["detail"].as_str().is_some_and(|d| !d.is_empty())
        };
        if errors.is_empty() || !errors.iter().all(named) {
            return Err("a mistake without a name");
        }
    }
    Ok(())
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().take(600).collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the test says how much of it"
)]
fn number(variable: &str, usual: u32) -> u32 {
    std::env::var(variable).map_or(usual, |text| text.parse().unwrap())
}
