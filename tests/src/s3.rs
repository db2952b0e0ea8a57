//! An S3 server for tests: moto's, in a process of its own on a free port, ended with the tests however they end.
//!
//! The tests of `crates/store` have this file as a module of theirs too, so it knows nothing of this crate.

#![expect(
    clippy::panic,
    reason = "a test that cannot go on should stop and say why"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// The secret key that programs are given: to be found in nothing that a program says.
pub const SECRET: &str = "s3cret-key-of-the-tests";
/// The session token that programs are given, as secret as the key.
pub const TOKEN: &str = "s3cret-token-of-the-tests";

/// Serves until its input ends; says the port.
const SERVER: &str = "
import logging, sys
logging.getLogger('werkzeug').setLevel(logging.CRITICAL)
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
";

/// A running server; it ends with its last user.
#[derive(Debug)]
pub struct S3 {
    port: u16,
    /// The server ends when this is closed, so also when the tests are killed.
    stdin: Option<ChildStdin>,
    child: Child,
    buckets: AtomicU32,
}

impl S3 {
    /// The server that the tests of one executable share.
    ///
    /// # Errors
    /// Why there can be none: there is no Python with moto.
    ///
    /// # Panics
    /// Where there is one and the server does not start.
    pub fn shared() -> Result<Arc<Self>, String> {
        static RUNNING: Mutex<Weak<S3>> = Mutex::new(Weak::new());
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = running.upgrade() {
            return Ok(server);
        }
        let server = Arc::new(Self::start()?);
        *running = Arc::downgrade(&server);
        Ok(server)
    }

    /// A server of one's own, which may be ended: what it had is gone with it.
    ///
    /// # Errors
    /// Why there can be none: there is no Python with moto.
    ///
    /// # Panics
    /// Where there is one and the server does not start.
    pub fn start() -> Result<Self, String> {
        let python = python()?;
        let mut child = Command::new(python)
            .args(["-c", SERVER])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Python starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("stdout is a pipe");
        let said = BufReader::new(stdout).read_line(&mut line);
        let port = said.ok().and_then(|_| line.trim().parse().ok());
        Ok(Self {
            port: port.unwrap_or_else(|| panic!("the S3 server does not start: {line:?}")),
            stdin: child.stdin.take(),
            child,
            buckets: AtomicU32::new(0),
        })
    }

    /// A new, empty bucket; gives its name.
    ///
    /// # Panics
    /// Where it cannot be made.
    pub fn bucket(&self) -> String {
        let number = self.buckets.fetch_add(1, Ordering::Relaxed);
        let name = format!("naqsha-{number}");
        let (status, body) = self.request("PUT", &format!("/{name}"), b"");
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
        name
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The environment of a program that uses it.
    pub fn environment(&self) -> [(&'static str, String); 5] {
        environment(self.port)
    }

    /// The bytes of an object, none where there is none.
    ///
    /// # Panics
    /// Where the server fails.
    pub fn object(&self, bucket: &str, name: &str) -> Option<Vec<u8>> {
        match self.request("GET", &format!("/{bucket}/{name}"), b"") {
            (200, body) => Some(body),
            (404, _) => None,
            (status, _) => panic!("{status} for {name}"),
        }
    }

    /// Writes an object, as another program would.
    ///
    /// # Panics
    /// Where the server fails.
    pub fn put(&self, bucket: &str, name: &str, bytes: &[u8]) {
        let (status, _) = self.request("PUT", &format!("/{bucket}/{name}"), bytes);
        assert_eq!(status, 200, "{name}");
    }

    /// Removes an object, as another program would.
    ///
    /// # Panics
    /// Where the server fails.
    pub fn remove(&self, bucket: &str, name: &str) {
        let (status, _) = self.request("DELETE", &format!("/{bucket}/{name}"), b"");
        assert_eq!(status, 204, "{name}");
    }

    /// Names of the objects of a bucket that begin with a prefix, in order.
    ///
    /// # Panics
    /// Where the server fails.
    pub fn names(&self, bucket: &str, prefix: &str) -> Vec<String> {
        let path = format!("/{bucket}?list-type=2&prefix={prefix}");
        let (status, body) = self.request("GET", &path, b"");
        assert_eq!(status, 200);
        let body = String::from_utf8(body).expect("XML is text");
        let mut names: Vec<String> = body
            .split("<Key>")
            .skip(1)
            .filter_map(|rest| Some(rest.split_once("</Key>")?.0.to_owned()))
            .collect();
        names.sort();
        names
    }

    /// A request of somebody: this server does not compare signatures.
    fn request(&self, method: &str, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the server listens");
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/s3/aws4_request\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).expect("it reads");
        stream.write_all(body).expect("it reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it answers");
        let end = answer
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .expect("an answer has a head");
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        (status.expect("a status"), answer[end + 4..].to_vec())
    }
}

/// The environment of a program that uses the server on a port.
pub fn environment(port: u16) -> [(&'static str, String); 5] {
    [
        ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}")),
        ("AWS_REGION", "eu-central-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "key-of-the-tests".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
        ("AWS_SESSION_TOKEN", TOKEN.to_owned()),
    ]
}

impl Drop for S3 {
    fn drop(&mut self) {
        drop(self.stdin.take());
        drop(self.child.wait());
    }
}

/// A Python with moto: the one that the test command names, else the system's.
#[expect(
    clippy::disallowed_methods,
    reason = "the test command says which Python it prepared"
)]
fn python() -> Result<String, String> {
    let python = std::env::var("NAQSHA_PYTHON").unwrap_or_else(|_unset| "python3".to_owned());
    let imports = Command::new(&python)
        .args(["-c", "import moto.server"])
        .output();
    if imports.is_ok_and(|output| output.status.success()) {
        Ok(python)
    } else {
        Err("no Python with moto, which serves S3".to_owned())
    }
}
