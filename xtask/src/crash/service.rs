//! A service on the store, beside the commands: it has the ledger open all the time.

use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;

use super::check::shown;
use super::program::{Program, Running};

/// A running service on the store.
#[derive(Debug)]
pub(crate) struct Service {
    _running: Running,
    address: String,
}

impl Service {
    /// Starts one on a free port, and waits until it listens.
    pub(crate) fn start(program: &Program, store: &Path) -> Result<Self> {
        let config = program.scratch().join("service.toml");
        fs::write(&config, "[auth]\nanonymous_role = \"analyst\"\n")?;
        let config = config.display().to_string();
        let words = ["--config", &config, "serve", "--listen", "127.0.0.1:0"];
        let mut running = program.start(store, &words)?;
        let moment = Instant::now() + Duration::from_mins(1);
        while Instant::now() < moment {
            if let Ok(said) = serde_json::from_str::<Value>(&running.printed()?) {
                let url = said["listening"].as_str().unwrap_or_default();
                let address = url
                    .trim_start_matches("http://")
                    .trim_end_matches('/')
                    .to_owned();
                return Ok(Self {
                    _running: running,
                    address,
                });
            }
            if let Some(answer) = running.finished_by(Instant::now() + Duration::from_millis(20))? {
                anyhow::bail!("the service does not start: {}", shown(&answer));
            }
        }
        anyhow::bail!("the service does not start in a minute")
    }

    /// Status and body of the page of incidents.
    ///
    /// # Errors
    /// Where no whole answer comes.
    pub(crate) fn items(&self) -> Result<(u16, Vec<u8>)> {
        let reply = self.ask("GET", "/collections/incidents/items?limit=1000", &[], &[])?;
        let reply = reply.context("the service does not answer")?;
        Ok((reply.status, reply.body))
    }

    /// Sends a request, on a connection of its own; none where no whole answer comes, for the service may have been killed.
    ///
    /// # Errors
    /// Where an answer takes longer than half a minute: it hangs.
    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Option<Reply>> {
        let mut request = format!("{method} {path} HTTP/1.0\r\nHost: {}\r\n", self.address);
        for (name, value) in headers {
            request.extend([name, ": ", value, "\r\n"]);
        }
        let length = body.len().to_string();
        request.extend(["Content-Length: ", &length, "\r\n\r\n"]);
        let mut bytes = request.into_bytes();
        bytes.extend_from_slice(body);
        match self.exchange(&bytes) {
            Ok(answer) => Ok(Reply::read(&answer)),
            Err(error) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()) => {
                Err(error).with_context(|| format!("{method} {path} is not answered"))
            }
            Err(_cut) => Ok(None),
        }
    }

    fn exchange(&self, request: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.write_all(request)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer)
    }
}

/// A whole answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// None where it is cut off.
    fn read(answer: &[u8]) -> Option<Self> {
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&answer[..end]).ok()?;
        let body = &answer[end + 4..];
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse().ok())?
        });
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let is_whole = length.is_none_or(|length: usize| length == body.len());
        is_whole.then(|| Self {
            status,
            body: body.to_vec(),
        })
    }
}
