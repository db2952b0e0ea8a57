//! A service on the store, beside the commands: it has the ledger open all the time.

use std::fs;
use std::io::{Read as _, Write as _};
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

    /// Status line and body of the page of incidents.
    pub(crate) fn items(&self) -> Result<(String, String)> {
        let mut stream = TcpStream::connect(&self.address).context("connecting to the service")?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        write!(
            stream,
            "GET /collections/incidents/items?limit=1000 HTTP/1.0\r\nHost: {}\r\n\r\n",
            self.address
        )?;
        let mut answer = String::new();
        stream
            .read_to_string(&mut answer)
            .context("reading from the service")?;
        let (head, body) = answer
            .split_once("\r\n\r\n")
            .context("an answer without a body")?;
        Ok((
            head.lines().next().unwrap_or_default().to_owned(),
            body.to_owned(),
        ))
    }
}
