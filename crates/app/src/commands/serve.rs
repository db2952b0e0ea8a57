//! `naqsha serve`: the service.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use naqsha_http::{
    AccessKey, ConnectionLimits, Intake, Issuer, KeyRing, ServerSettings, UploadLimits,
};
use naqsha_intake::{Deployment, DeploymentError, Stage};
use naqsha_layers::Catalogue;
use naqsha_store::{AccessKeys, STAGED, Store};
use tokio::net::{TcpListener, TcpSocket};

use super::free_space::available_bytes;
use super::{Context, audit, print_line, profile, tls};
use crate::clock;
use crate::exit::Usage;
use crate::tables::tables;
use crate::{deployment, recording, reference, regions};

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
    let store = context.open_store().await?;
    let keys = Arc::new(KeyRing::default());
    hand_over(&store.access_keys(), &keys);
    tokio::spawn(follow(store.clone(), Arc::clone(&keys)));
    tokio::spawn(merge(store.clone()));
    tokio::spawn(audit::keep_signing(
        store.clone(),
        audit::checkpoints(context)?,
    ));
    let store_of_service = store.clone();
    let catalogue = Catalogue::new(
        store,
        reference::located_areas(&context.data)?,
        context.config.defaults()?,
    )
    .with_deployment(regions::deployment(&context.data));
    let (sink, recorder) = recording::begin(store_of_service.clone());
    let settings = ServerSettings {
        audit: Some(sink),
        intake: Some(intake(context, store_of_service, listen)?),
        keys,
        ..settings(context)?
    };
    let tls = tls::begin(context.config.server.tls.as_ref())?;
    let limits = connection_limits(context);
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
    let served = naqsha_http::serve_within(limits, tls, listener, application.service, stopped())
        .await
        .context("serving");
    recorder.finish().await;
    served
}

/// What the configuration says of the service, beside what is built in.
fn settings(context: &Context) -> anyhow::Result<ServerSettings> {
    let (server, auth) = (&context.config.server, &context.config.auth);
    let builtin = ServerSettings::default();
    let mut limits = builtin.limits.clone();
    if let Some(requests) = server.limits.requests_per_minute {
        limits.requests_per_minute = requests;
    }
    if let Some(waiting) = server.limits.waiting {
        limits.waiting = waiting;
    }
    let issuer = auth.oidc.as_ref();
    let issuer = issuer.map(|of| Issuer::new(&of.issuer, &of.audience));
    let issuer = issuer
        .transpose()
        .map_err(|error| Usage(format!("[auth.oidc]: {error}")))?;
    Ok(ServerSettings {
        anonymous_role: auth.anonymous_role.into(),
        query_token: auth.query_token,
        trusted_proxies: server.trusted_proxies.clone(),
        now: clock::now,
        public_url: server.public_url.clone(),
        cors_origins: server.cors_origins.clone(),
        start_nonce: u64::try_from(clock::now().as_nanosecond()).unwrap_or_default(),
        resident_bytes,
        spool: Some(context.data.clone()),
        issuer: issuer.map(Arc::new),
        limits,
        ..builtin
    })
}

/// Limits of connections. A proxy's are those of many, and not counted.
fn connection_limits(context: &Context) -> ConnectionLimits {
    let server = &context.config.server;
    let mut limits = ConnectionLimits::default();
    if let Some(connections) = server.limits.connections {
        limits.connections = connections;
    }
    if let Some(connections) = server.limits.connections_per_address {
        limits.connections_per_address = connections;
    }
    limits.uncounted.extend(&server.trusted_proxies);
    limits
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
    let scheme = if context.config.server.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let service = format!("{scheme}://{address}/");
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

/// How long what another command did may stay unseen: what it withdrew is to be gone within a second.
const FOLLOW_EVERY: Duration = Duration::from_millis(250);

/// Takes over what `naqsha ingest`, `naqsha key` and their like commit beside the service.
async fn follow(store: Store, keys: Arc<KeyRing>) {
    let mut known = store.access_keys();
    let mut ticks = tokio::time::interval(FOLLOW_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = store.refresh().await {
            let error = anyhow::Error::from(error);
            tracing::error!("looking for new batches: {error:#}");
        }
        let current = store.access_keys();
        if !Arc::ptr_eq(&known, &current) {
            hand_over(&current, &keys);
            known = current;
        }
    }
}

/// Makes the store's keys those that the service takes.
fn hand_over(known: &AccessKeys, keys: &KeyRing) {
    let taken = known.iter().map(|known| AccessKey {
        id: known.key.id.clone(),
        sha256: known.key.sha256,
        role: known.key.role,
        agency: known.key.agency.clone(),
        networks: known.key.networks.clone(),
        certificate: known.key.certificate,
        expires_at: known.key.expires_at,
        revoked: known.revoked.is_some(),
    });
    keys.replace(taken.collect());
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
