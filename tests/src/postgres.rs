//! A private PostgreSQL cluster for tests: on a free port, in a scratch folder, ended with the tests however they end.
//!
//! The tests of `crates/store` have this file as a module of theirs too, so it knows nothing of this crate.

#![expect(
    clippy::panic,
    reason = "a test that cannot go on should stop and say why"
)]

use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The password of the cluster's owner: to be found in nothing that a program says.
pub const PASSWORD: &str = "s3cret-of-the-tests";

/// Where Debian puts the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";
const STARTED_WITHIN: Duration = Duration::from_mins(1);

/// A running cluster; it ends with its last user.
#[derive(Debug)]
pub struct Cluster {
    programs: PathBuf,
    port: u16,
    /// The server ends when this is closed, so also when the tests are killed.
    stdin: Option<ChildStdin>,
    child: Child,
    databases: AtomicU32,
    _folder: TempDir,
}

impl Cluster {
    /// The cluster that the tests of one executable share.
    ///
    /// # Errors
    /// Why there can be none: PostgreSQL is not installed.
    ///
    /// # Panics
    /// Where PostgreSQL is installed and does not start.
    pub fn shared() -> Result<Arc<Self>, String> {
        static RUNNING: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
        let programs = programs()?;
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cluster) = running.upgrade() {
            return Ok(cluster);
        }
        let cluster = Arc::new(Self::start(programs));
        *running = Arc::downgrade(&cluster);
        Ok(cluster)
    }

    fn start(programs: PathBuf) -> Self {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let owner = owner();
        if let Some((user, group)) = owner {
            chown(folder.path(), Some(user), Some(group)).expect("a folder to give away");
        }
        let (data, password) = (folder.path().join("data"), folder.path().join("password"));
        std::fs::write(&password, PASSWORD).expect("a file for the password");
        // Sorting that is not by bytes, as many a server has it.
        let output = as_owner(&programs.join("initdb"), owner)
            .arg("--pgdata")
            .arg(&data)
            .arg("--pwfile")
            .arg(&password)
            .args(["--username=naqsha", "--auth=scram-sha-256", "--no-sync"])
            .args(["--encoding=UTF8", "--locale=C.UTF-8"])
            .args(["--locale-provider=icu", "--icu-locale=en"])
            .output()
            .expect("initdb starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "initdb: {stderr}");
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        // The shell waits for the end of its input, which also a killed test brings about, and takes the server along.
        let script = "\"$@\" </dev/null & server=$!; cat; kill -QUIT $server; wait $server";
        let mut child = as_owner(Path::new("/bin/sh"), owner)
            .args(["-c", script, "sh"])
            .arg(programs.join("postgres"))
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string()])
            .args(["-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories="])
            .args(["-c", "synchronous_commit=off"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell starts");
        let cluster = Self {
            programs,
            port,
            stdin: child.stdin.take(),
            child,
            databases: AtomicU32::new(0),
            _folder: folder,
        };
        let patience = Instant::now() + STARTED_WITHIN;
        while !cluster.psql("postgres", "SELECT 1").status.success() {
            assert!(Instant::now() < patience, "PostgreSQL does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        cluster
    }

    /// A new, empty database; gives its name.
    ///
    /// # Panics
    /// Where it cannot be made.
    pub fn database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("naqsha_{number}");
        self.execute("postgres", &format!("CREATE DATABASE {name}"));
        name
    }

    /// The address of a database, with the password.
    pub fn url(&self, database: &str) -> String {
        let port = self.port;
        format!("postgres://naqsha:{PASSWORD}@127.0.0.1:{port}/{database}")
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs statements with PostgreSQL's own client; gives what they answer, a row a line.
    ///
    /// # Panics
    /// Where one fails.
    pub fn execute(&self, database: &str, sql: &str) -> String {
        let answer = self.try_execute(database, sql);
        answer.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Runs statements with PostgreSQL's own client; gives what they answer, a row a line.
    ///
    /// # Errors
    /// What the client says where one fails.
    pub fn try_execute(&self, database: &str, sql: &str) -> Result<String, String> {
        let output = self.psql(database, sql);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(text(&output.stderr))
        }
    }

    fn psql(&self, database: &str, sql: &str) -> Output {
        let mut child = Command::new(self.programs.join("psql"))
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string()])
            .args(["-U", "naqsha", "-d", database])
            .args(["-v", "ON_ERROR_STOP=1", "-qAtX"])
            .env("PGPASSWORD", PASSWORD)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("psql starts");
        let mut stdin = child.stdin.take().expect("stdin is a pipe");
        // Where no connection is made psql ends without reading; its status says so.
        drop(stdin.write_all(sql.as_bytes()));
        drop(stdin);
        child.wait_with_output().expect("psql ends")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.stdin.take());
        drop(self.child.wait());
    }
}

/// The folder of PostgreSQL's programs: the one that the test command names, else the newest of the system.
#[expect(
    clippy::disallowed_methods,
    reason = "the test command says which PostgreSQL it prepared"
)]
fn programs() -> Result<PathBuf, String> {
    if let Ok(folder) = std::env::var("NAQSHA_POSTGRES") {
        return Ok(PathBuf::from(folder));
    }
    let version = |path: &PathBuf| -> Option<u32> { path.file_name()?.to_str()?.parse().ok() };
    std::fs::read_dir(VERSIONS)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("bin/initdb").exists())
        .max_by_key(version)
        .map(|path| path.join("bin"))
        .ok_or_else(|| "PostgreSQL's server is not installed".to_owned())
}

/// User and group that the server runs as where the tests run as root, which the server refuses.
fn owner() -> Option<(u32, u32)> {
    let id = |args: &[&str]| -> Option<u32> {
        let output = Command::new("id").args(args).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    if id(&["-u"]) != Some(0) {
        return None;
    }
    let of = |user| Some((id(&["-u", user])?, id(&["-g", user])?));
    of("postgres").or_else(|| of("nobody"))
}

fn as_owner(program: &Path, owner: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    // Where the tests are, the server's user may not be allowed to look.
    command.current_dir("/");
    if let Some((user, group)) = owner {
        command.uid(user).gid(group);
    }
    command
}
