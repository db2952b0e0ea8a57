//! The service under test: the real program on a free port over the data that ship.

#![expect(
    clippy::panic,
    reason = "a test that cannot go on should stop and say why"
)]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde_json::Value;
use tempfile::TempDir;

use crate::program::naqsha;

/// One real month, as a profile and a file of the repository.
const WEST_YORKSHIRE: [(&str, &str); 1] = [(
    "open.police-uk",
    "west-yorkshire/2018-07-west-yorkshire-street.csv.gz",
)];
/// What the demo loads: the synthetic sample of Pakistan, and the real month.
const BOTH: [(&str, &str); 6] = [
    ("anf.seizure", "pakistan/anf.seizure-001.csv"),
    ("ctd.tf", "pakistan/ctd.tf-001.csv"),
    ("punjab.fir", "pakistan/punjab.fir-001.csv"),
    (
        "fia.cyber.complaint",
        "pakistan/fia.cyber.complaint-001.xlsx",
    ),
    ("ngo.victim_support", "pakistan/ngo.victim_support-001.xlsx"),
    WEST_YORKSHIRE[0],
];
/// How the demo is configured.
const BOTH_CONFIG: &str = "[auth]\nanonymous_role = \"analyst\"\n\n[analysis]\nstudy_area = \"pakistan\"\n\n\
                           [server]\nadmin_listen = \"127.0.0.1:0\"\n";
const LARGEST_ANSWER: u64 = 256 << 20;

/// Tests read as an analyst without a key, unless their configuration says who they are.
fn open_to_analysts(config: &Path) {
    let text = std::fs::read_to_string(config).unwrap_or_default();
    if !text.contains("[auth]") {
        let text = format!("{text}\n[auth]\nanonymous_role = \"analyst\"\n");
        std::fs::write(config, text).expect("a configuration");
    }
}

/// A running service; it ends with its last user.
#[derive(Debug)]
pub struct Server {
    child: Child,
    base: String,
    /// The operator's listener, where the configuration asks for one.
    admin: Option<String>,
    agent: ureq::Agent,
    store: Store,
    _dir: Option<TempDir>,
}

/// A response, read whole.
#[derive(Debug)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Whether the version on the wire was HTTP/1.1.
    pub http_1_1: bool,
    headers: Vec<(String, String)>,
    /// The body, content coding undone.
    pub body: Vec<u8>,
}

impl Reply {
    /// A header by its lower-case name; empty where absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// Where it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }
}

impl Server {
    /// The service over the month of West Yorkshire, shared by the tests of one executable.
    ///
    /// # Panics
    /// Where the program does not ingest the sample or does not come up.
    pub fn shared() -> Arc<Self> {
        static RUNNING: Mutex<Weak<Server>> = Mutex::new(Weak::new());
        running(&RUNNING, || Self::start("", &WEST_YORKSHIRE))
    }

    /// The service over both samples in one store, configured as the demo is, shared by the tests of one executable.
    ///
    /// # Panics
    /// Where the program does not ingest the samples or does not come up.
    pub fn over_both_samples() -> Arc<Self> {
        static RUNNING: Mutex<Weak<Server>> = Mutex::new(Weak::new());
        running(&RUNNING, || Self::start(BOTH_CONFIG, &BOTH))
    }

    /// A service of its own over the month of West Yorkshire, with the operator's listener.
    pub fn with_metrics() -> Self {
        let config = "[server]\nadmin_listen = \"127.0.0.1:0\"\n";
        Self::start(config, &WEST_YORKSHIRE)
    }

    /// The same with a configuration.
    pub fn with_config(config: &str) -> Self {
        Self::start(config, &WEST_YORKSHIRE)
    }

    /// A service of its own over a store without a batch.
    pub fn over_nothing() -> Self {
        Self::start("", &[])
    }

    /// The same with a configuration.
    pub fn over_nothing_with(config: &str) -> Self {
        Self::start(config, &[])
    }

    /// A service of its own over a store without a batch, with the ledger on a server.
    pub fn over_nothing_on(ledger: &str) -> Self {
        Self::start(&format!("[store]\nledger = \"{ledger}\"\n"), &[])
    }

    /// A service of its own over a store that is there.
    ///
    /// # Panics
    /// Where the program does not come up.
    pub fn over(config: &Path, data: &Path) -> Self {
        Self::over_with(config, data, &[])
    }

    /// The same with more variables in its environment.
    ///
    /// # Panics
    /// Where the program does not come up.
    pub fn over_with(config: &Path, data: &Path, environment: &[(&'static str, String)]) -> Self {
        let store = Store {
            config: config.to_owned(),
            data: data.to_owned(),
            environment: environment.to_vec(),
        };
        Self::serve(store, None)
    }

    /// Takes the real month with a command beside the service.
    ///
    /// # Panics
    /// Where the command fails.
    pub fn ingest_west_yorkshire(&self) {
        self.store.ingest(WEST_YORKSHIRE[0]);
    }

    /// Runs another command on the same store beside the service; gives what it says.
    ///
    /// # Panics
    /// Where the command fails, or says no JSON.
    pub fn beside(&self, args: &[&str]) -> Value {
        let said = self.store.run(args);
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said:?}"))
    }

    fn start(config: &str, files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().expect("a scratch folder");
        let store = Store {
            config: dir.path().join("naqsha.toml"),
            data: dir.path().join("store"),
            environment: Vec::new(),
        };
        std::fs::write(&store.config, config).expect("a configuration");
        store.run(&["init"]);
        for &file in files {
            store.ingest(file);
        }
        Self::serve(store, Some(dir))
    }

    fn serve(store: Store, dir: Option<TempDir>) -> Self {
        open_to_analysts(&store.config);
        let (child, base, admin) = started(&store);
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        Self {
            child,
            base,
            admin,
            agent,
            store,
            _dir: dir,
        }
    }

    /// What addresses start with, without a trailing slash.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Asks for a path, or for an absolute address of the service.
    ///
    /// # Panics
    /// Where no answer comes.
    pub fn get(&self, address: &str) -> Reply {
        self.get_with(address, &[])
    }

    /// The same, saying which media types are accepted.
    ///
    /// # Panics
    /// Where no answer comes.
    pub fn get_accepting(&self, address: &str, accept: &str) -> Reply {
        self.get_with(address, &[("accept", accept)])
    }

    /// The same with headers.
    ///
    /// # Panics
    /// Where no answer comes.
    pub fn get_with(&self, address: &str, headers: &[(&str, &str)]) -> Reply {
        let address = self.absolute(address);
        let mut request = self.agent.get(&address);
        for &(name, value) in headers {
            request = request.header(name, value);
        }
        let response = request.call();
        read(response.unwrap_or_else(|error| panic!("{address}: {error}")))
    }

    /// Asks for the headers alone.
    ///
    /// # Panics
    /// Where no answer comes.
    pub fn head(&self, address: &str) -> Reply {
        let address = self.absolute(address);
        let response = self.agent.head(&address).call();
        read(response.unwrap_or_else(|error| panic!("{address}: {error}")))
    }

    fn absolute(&self, address: &str) -> String {
        if address.starts_with('/') {
            format!("{}{address}", self.base)
        } else {
            address.to_owned()
        }
    }

    /// Sends a form.
    ///
    /// # Panics
    /// Where no answer comes.
    pub fn post(&self, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let mut response = self
            .agent
            .post(format!("{}{path}", self.base))
            .send_form(form.iter().copied())
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        let body = response
            .body_mut()
            .with_config()
            .limit(LARGEST_ANSWER)
            .read_to_vec()
            .expect("a whole body");
        let value = serde_json::from_slice(&body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&body)));
        (response.status().as_u16(), value)
    }

    /// Sends a request with a body and headers; none where the connection is cut before an answer.
    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl ureq::AsSendBody,
    ) -> Option<Reply> {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(self.absolute(path));
        for &(name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(body).ok()?;
        self.agent.run(request).ok().and_then(try_read)
    }

    /// Sends a request with a body and headers.
    ///
    /// # Panics
    /// Where no answer comes.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let reply = self.try_send(method, path, headers, body);
        reply.unwrap_or_else(|| panic!("{method} {path}: no answer"))
    }

    /// Sends a file to be taken, under an idempotency key; `query` names the profile and more.
    ///
    /// # Panics
    /// Where no answer comes.
    pub fn upload(&self, query: &str, key: &str, file: &[u8]) -> Reply {
        let path = format!("/collections/incidents/batches?{query}");
        self.send("POST", &path, &[("idempotency-key", key)], file)
    }

    /// Kills the service, as a crash would.
    pub fn kill(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// Kills the service where it still runs, and starts it again on the same store.
    ///
    /// # Panics
    /// Where it does not come up.
    pub fn restart(&mut self) {
        self.kill();
        let (child, base, admin) = started(&self.store);
        (self.child, self.base, self.admin) = (child, base, admin);
    }

    /// Number of the service's process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Folder of the store.
    pub fn data(&self) -> &Path {
        &self.store.data
    }

    /// What the operator's listener tells.
    ///
    /// # Panics
    /// Where there is none.
    pub fn metrics(&self) -> Reply {
        let admin = self.admin.as_deref().expect("an operator's listener");
        self.get(&format!("{admin}/metrics"))
    }

    /// How many requests were answered, by the template of their route and the class of their status such as `2xx`.
    ///
    /// # Panics
    /// Where there is no operator's listener.
    pub fn answered(&self) -> BTreeMap<(String, String), u64> {
        let text = String::from_utf8(self.metrics().body).expect("UTF-8");
        let mut answered = BTreeMap::new();
        for line in text.lines() {
            let Some(rest) = line.strip_prefix("naqsha_http_request_duration_seconds_count{")
            else {
                continue;
            };
            let label = |name: &str| {
                let (_, rest) = rest.split_once(&format!("{name}=\""))?;
                Some(rest.split_once('"')?.0.to_owned())
            };
            let last = rest.rsplit(' ').next();
            let count: Option<u64> = last.and_then(|count| count.parse().ok());
            if let (Some(route), Some(status), Some(count)) =
                (label("route"), label("status"), count)
            {
                *answered.entry((route, status)).or_default() += count;
            }
        }
        answered
    }

    /// A JSON document that must be there.
    ///
    /// # Panics
    /// Where it is not.
    pub fn json(&self, address: &str) -> Value {
        let reply = self.get(address);
        assert_eq!(
            reply.status,
            200,
            "{address}: {}",
            String::from_utf8_lossy(&reply.body)
        );
        reply.json()
    }
}

/// Starts the service on a store; gives its addresses too.
fn started(store: &Store) -> (Child, String, Option<String>) {
    let mut child = store
        .command()
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("stdout is a pipe");
    BufReader::new(stdout)
        .read_line(&mut line)
        .expect("a line on stdout");
    let said: Value =
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
    let address = |name: &str| Some(said[name].as_str()?.trim_end_matches('/').to_owned());
    let base = address("listening").expect("an address");
    (child, base, address("admin"))
}

fn read(response: ureq::http::Response<ureq::Body>) -> Reply {
    try_read(response).expect("a whole body")
}

fn try_read(mut response: ureq::http::Response<ureq::Body>) -> Option<Reply> {
    let body = response
        .body_mut()
        .with_config()
        .limit(LARGEST_ANSWER)
        .read_to_vec()
        .ok()?;
    let text = |value: &ureq::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    Some(Reply {
        status: response.status().as_u16(),
        http_1_1: response.version() == ureq::http::Version::HTTP_11,
        headers: response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect(),
        body,
    })
}

impl Drop for Server {
    fn drop(&mut self) {
        // A child that has ended by itself cannot be killed, and that is what is wanted.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The running service of a slot, or a new one in it.
fn running(slot: &Mutex<Weak<Server>>, start: impl FnOnce() -> Server) -> Arc<Server> {
    let mut running = slot.lock().unwrap_or_else(PoisonError::into_inner);
    running.upgrade().unwrap_or_else(|| {
        let server = Arc::new(start());
        *running = Arc::downgrade(&server);
        server
    })
}

#[derive(Debug)]
struct Store {
    config: PathBuf,
    data: PathBuf,
    environment: Vec<(&'static str, String)>,
}

impl Store {
    fn command(&self) -> Command {
        let mut command = naqsha();
        command.arg("--json").arg("--config").arg(&self.config);
        command.arg("--data").arg(&self.data);
        command.envs(self.environment.iter().cloned());
        command
    }

    fn ingest(&self, (profile, file): (&str, &str)) {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/sample");
        let file = samples.join(file);
        let file = file.to_str().expect("a UTF-8 path");
        self.run(&["ingest", "--profile", profile, file]);
    }

    fn run(&self, args: &[&str]) -> String {
        let output = self
            .command()
            .args(args)
            .output()
            .expect("the program runs");
        assert!(
            output.status.success(),
            "{args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}
