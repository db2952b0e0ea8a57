//! `naqsha serve`: the service.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use naqsha_http::{Intake, ServerSettings, UploadLimits};
use naqsha_intake::{Deployment, DeploymentError, Stage};
use naqsha_layers::{Catalogue, Role};
use naqsha_store::{STAGED, Store};
use tokio::net::{TcpListener, TcpSocket};

use super::free_space::available_bytes;
use super::{Context, print_line, profile};
use crate::clock;
use crate::exit::Refused;
use crate::tables::tables;
use crate::{deployment, reference, regions};

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long)]
    listen: Option<SocketAddr>,
}

const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);

pub(super) async fn run(context: &Context, args: ServeArgs) -> anyhow::Result<()> {
    let listen = args
        .listen
        .or(context.config.server.listen)
        .unwrap_or(DEFAULT_LISTEN);
    let anonymous_role = anonymous_role(context, listen)?;
    let store = context.open_store().await?;
    tokio::spawn(follow(store.clone()));
    tokio::spawn(merge(store.clone()));
    let store_of_uploads = store.clone();
    let catalogue = Catalogue::new(
        store,
        reference::located_areas(&context.data)?,
        context.config.defaults()?,
    )
    .with_deployment(regions::deployment(&context.data));
    let settings = ServerSettings {
        intake: Some(intake(context, store_of_uploads, listen)?),
        anonymous_role,
        public_url: context.config.server.public_url.clone(),
        cors_origins: context.config.server.cors_origins.clone(),
        start_nonce: u64::try_from(clock::now().as_nanosecond()).unwrap_or_default(),
        resident_bytes,
        spool: Some(context.data.clone()),
        ..ServerSettings::default()
    };
    let (listener, address) = bind(listen)?;
    let admin = match context.config.server.admin_listen {
        Some(listen) => Some(bind(listen)?),
        None => None,
    };
    announce(
        context,
        address,
        admin.as_ref().map(|(_, address)| *address),
    )?;
    let application = naqsha_http::application(Arc::new(catalogue), settings);
    if let Some((listener, _)) = admin {
        // It is asked to the last, also while the service drains.
        tokio::spawn(naqsha_http::serve(
            listener,
            application.admin,
            std::future::pending(),
        ));
    }
    tokio::spawn(application.uploads.look_after());
    naqsha_http::serve(listener, application.service, stopped())
        .await
        .context("serving")
}

/// Connections that may wait to be accepted: as many as are served at once, where the usual 128 resets the rest of a crowd.
const BACKLOG: u32 = 1_024;

fn bind(listen: SocketAddr) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let open = || -> std::io::Result<TcpListener> {
        let socket = if listen.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        // Else a service that was just stopped keeps its address for minutes.
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        socket.bind(listen)?;
        socket.listen(BACKLOG)
    };
    let listener = open().with_context(|| format!("listening on {listen}"))?;
    let address = listener.local_addr().context("reading the address")?;
    Ok((listener, address))
}

fn announce(
    context: &Context,
    address: SocketAddr,
    admin: Option<SocketAddr>,
) -> anyhow::Result<()> {
    let service = format!("http://{address}/");
    let admin = admin.map(|address| format!("http://{address}/"));
    let line = match (context.json, admin) {
        (true, None) => serde_json::json!({ "listening": service }).to_string(),
        (true, Some(admin)) => {
            serde_json::json!({ "listening": service, "admin": admin }).to_string()
        }
        (false, None) => format!("listening on {service}"),
        (false, Some(admin)) => format!("listening on {service}, metrics on {admin}metrics"),
    };
    print_line(&line)
}

/// What takes files over HTTP: the same profiles, reference data and secret as a command's.
fn intake(context: &Context, store: Store, listen: SocketAddr) -> anyhow::Result<Intake> {
    let staged = context.data.join(STAGED);
    let stage = Stage::at(&staged).with_context(|| format!("making {}", staged.display()))?;
    let error = |error: anyhow::Error| DeploymentError(format!("{error:#}"));
    let [of_profiles, of_reference, of_secret] = [(); 3].map(|()| context.data.clone());
    Ok(Intake {
        store,
        stage,
        deployment: Deployment {
            profiles: Arc::new(move || profile::all(&of_profiles).map_err(error)),
            reference: Arc::new(move || {
                let reference = deployment::reference(&of_reference).map_err(error)?;
                Ok(Arc::new(reference))
            }),
            secret: Arc::new(move || deployment::linkage_secret(&of_secret).map_err(error)),
            tables,
            now: clock::now,
            free_bytes: |folder| available_bytes(folder).ok(),
        },
        four_eyes: context.config.policy.four_eyes,
        without_key: listen.ip().is_loopback(),
        limits: UploadLimits {
            free_bytes: context.config.server.limits.free_bytes(),
            ..UploadLimits::default()
        },
    })
}

/// Keys do not exist yet, so a request without one is all there is. On loopback it is the operator's own analyst; on any
/// other address it is the public, unless the configuration says otherwise in so many words.
fn anonymous_role(context: &Context, listen: SocketAddr) -> anyhow::Result<Role> {
    match context.config.auth.anonymous_role {
        Some(role) => Ok(role.into()),
        None if listen.ip().is_loopback() => Ok(Role::Analyst),
        None => Err(Refused(format!(
            "{listen} is reachable from other machines and requests carry no keys yet: say who they are with [auth] \
             anonymous_role = \"public\" or \"analyst\" in naqsha.toml, or listen on a loopback address"
        ))
        .into()),
    }
}

/// How long what another command did may stay unseen: what it withdrew is to be gone within a second.
const FOLLOW_EVERY: Duration = Duration::from_millis(250);

/// Takes over what `naqsha ingest` and its like commit beside the service.
async fn follow(store: Store) {
    let mut ticks = tokio::time::interval(FOLLOW_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = store.refresh().await {
            let error = anyhow::Error::from(error);
            tracing::error!("looking for new batches: {error:#}");
        }
    }
}

/// Files that are left by themselves: a question looks into each of them.
const FILES_APART: usize = 8;

/// How often it is seen whether there are more.
const MERGE_EVERY: Duration = Duration::from_secs(1);

/// Merges what came, behind the answers: until it is done, they are given from what is there.
async fn merge(store: Store) {
    let mut ticks = tokio::time::interval(MERGE_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match store.merge(FILES_APART).await {
            Ok(true) => tracing::debug!("merged the indexes of files"),
            Ok(false) => {}
            // The service ends.
            Err(_interrupted) => return,
        }
    }
}

/// Memory of this process, as Linux tells it.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1 << 10)
}

/// Resolves at SIGTERM or Ctrl-C.
async fn stopped() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(error) => {
                tracing::error!(%error, "SIGTERM cannot be awaited; Ctrl-C still stops the service");
                std::future::pending::<()>().await;
            }
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        _ = interrupt => {}
        () = terminate => {}
    }
}
