//! The certificates of the service and what judges those of its clients, read anew when their files change.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use naqsha_http::{ClientCertificates, Tls};

use crate::config::TlsFiles;
use crate::exit::Usage;

/// How often it is seen whether a file has changed: a certificate that was revoked is good for no longer.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What the files hold.
#[derive(PartialEq, Eq)]
struct Read {
    cert: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
    client_crl: Option<Vec<u8>>,
}

/// What speaks TLS as the configuration says, and goes on doing so by what its files hold then. None where there are none.
pub(super) fn begin(files: Option<&TlsFiles>) -> anyhow::Result<Option<Tls>> {
    let Some(files) = files else {
        return Ok(None);
    };
    if files.client_ca.is_none() && (files.client_required || files.client_crl.is_some()) {
        let why = "[server] tls: client_required and client_crl need client_ca, the authorities that vouch for clients";
        return Err(Usage(why.to_owned()).into());
    }
    let read = Read::from(files)?;
    let tls = read.speaks(files.client_required)?;
    tokio::spawn(follow(files.clone(), read, tls.clone()));
    Ok(Some(tls))
}

/// Looks at the files now and then. What cannot be used is told, and what was read before goes on.
async fn follow(files: TlsFiles, mut known: Read, tls: Tls) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let of = files.clone();
        let read = tokio::task::spawn_blocking(move || Read::from(&of)).await;
        let read = match read {
            Ok(Ok(read)) if read == known => continue,
            Ok(Ok(read)) => read,
            Ok(Err(error)) => {
                tracing::error!("[server] tls: {error:#}");
                continue;
            }
            // The service ends.
            Err(_interrupted) => return,
        };
        match read.speaks(files.client_required) {
            Ok(renewed) => {
                tls.renew(&renewed);
                tracing::info!("the files of [server] tls have changed and were read anew");
            }
            // A file may be half written: it is looked at again once it has changed.
            Err(error) => tracing::error!("[server] tls goes on as it was: {error:#}"),
        }
        known = read;
    }
}

impl Read {
    fn from(files: &TlsFiles) -> anyhow::Result<Self> {
        let read = |path: &Path| {
            std::fs::read(path).with_context(|| format!("reading {}", path.display()))
        };
        Ok(Self {
            cert: read(&files.cert)?,
            key: read(&files.key)?,
            client_ca: files.client_ca.as_deref().map(read).transpose()?,
            client_crl: files.client_crl.as_deref().map(read).transpose()?,
        })
    }

    fn speaks(&self, required: bool) -> anyhow::Result<Tls> {
        let clients = self.client_ca.as_deref();
        let clients = clients.map(|authorities| ClientCertificates {
            authorities,
            revoked: self.client_crl.as_deref(),
            required,
        });
        Tls::new(&self.cert, &self.key, clients).context("[server] tls")
    }
}
