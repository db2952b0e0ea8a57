//! From the requests of the service to the audit log: gathered for a moment, so that many cost one sync.

use std::collections::HashMap;
use std::time::Duration;

use naqsha_http::{AuditRecord as Asked, AuditSink, Decision};
use naqsha_model::{Agency, AuditAction, AuditDecision, Role};
use naqsha_store::{AuditRecord, By, Store, StoreError};
use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use crate::clock;

/// Records that may wait: with more, data are refused.
const WAITING: usize = 65_536;
/// Records that are written together, equal ones being one.
const TOGETHER: usize = 4_096;
/// How long others are waited for after the first.
const GATHER: Duration = Duration::from_millis(100);
/// How often it is tried to write some, and how long apart. Where the disk is full or a server is away there is no end to it:
/// both pass by themselves, and those that wait are bounded.
const TRIES: u32 = 50;
const APART: Duration = Duration::from_millis(200);
/// Of so many failures that are alike, one is told.
const TOLD: u32 = 50;

/// How long the end of the program waits for the last of them.
const LAST: Duration = Duration::from_secs(15);

/// What writes them.
pub(crate) struct Recorder {
    stop: oneshot::Sender<()>,
    writing: JoinHandle<()>,
}

/// Where the service tells of requests; they are written behind it.
pub(crate) fn begin(store: Store) -> (AuditSink, Recorder) {
    let (sink, records) = AuditSink::new(WAITING);
    let (stop, stopped) = oneshot::channel();
    let writing = tokio::spawn(keep(store, records, stopped));
    (sink, Recorder { stop, writing })
}

impl Recorder {
    /// Writes what has been told; nothing is taken any more.
    pub(crate) async fn finish(self) {
        // It may have ended by itself, and has said so.
        let _ended = self.stop.send(());
        if timeout(LAST, self.writing).await.is_err() {
            tracing::error!("the last requests were not recorded in time");
        }
    }
}

/// Writes what comes. Ends, and so has every request for data refused, where the log takes no more.
async fn keep(store: Store, mut records: Receiver<Asked>, mut stopped: oneshot::Receiver<()>) {
    let mut came = Vec::new();
    let mut gathered = Gathered::default();
    let mut is_open = true;
    loop {
        let number = tokio::select! {
            number = records.recv_many(&mut came, TOGETHER) => number,
            _told = &mut stopped, if is_open => {
                is_open = false;
                records.close();
                continue;
            }
        };
        if number == 0 {
            return;
        }
        gathered.add(came.drain(..));
        let until = Instant::now() + GATHER;
        while is_open && gathered.told.len() < TOGETHER {
            let more = records.recv_many(&mut came, TOGETHER);
            match timeout_at(until, more).await {
                Ok(1..) => gathered.add(came.drain(..)),
                Ok(0) | Err(_) => break,
            }
        }
        let told = std::mem::take(&mut gathered).told;
        if let Err(error) = write(&store, &told).await {
            let error = anyhow::Error::from(error);
            tracing::error!("requests cannot be recorded, so data are refused: {error:#}");
            return;
        }
    }
}

/// Another program may hold the ledger for a moment, and a disk may be full for long: what came meanwhile is written once there
/// is space.
async fn write(store: &Store, told: &[AuditRecord]) -> Result<(), StoreError> {
    let (mut tries, mut failures) = (1, 0_u32);
    loop {
        let error = match store.audit(told).await {
            Ok(()) => return Ok(()),
            Err(StoreError::Stopped) => return Err(StoreError::Stopped),
            Err(error) => error,
        };
        if !error.is_full() && !error.is_away() {
            tries += 1;
            if tries > TRIES {
                return Err(error);
            }
        }
        if failures.is_multiple_of(TOLD) {
            tracing::warn!("recording requests: {:#}", anyhow::Error::from(error));
        }
        failures = failures.wrapping_add(1);
        tokio::time::sleep(APART).await;
    }
}

/// One record a request; one for equal ones of tiles, which a map asks for by the hundred, and of those that were told to come
/// back, which come by the thousand.
#[derive(Default)]
struct Gathered {
    told: Vec<AuditRecord>,
    /// Where the one is, by what makes requests equal.
    many: HashMap<Many, usize>,
}

/// What makes requests equal of which there are many: who asked for what, and what came of it.
#[derive(PartialEq, Eq, Hash)]
struct Many {
    subject: Option<String>,
    role: Option<Role>,
    agency: Option<Agency>,
    resource: String,
    decision: Decision,
    status: u16,
    version: Option<u64>,
}

impl Gathered {
    fn add(&mut self, came: impl Iterator<Item = Asked>) {
        for mut asked in came {
            let is_one_of_many = is_tile(&asked) || [409, 429, 503].contains(&asked.status);
            if !is_one_of_many {
                self.told.push(record(asked, false));
                continue;
            }
            let many = Many {
                subject: asked.subject.take(),
                role: asked.role,
                agency: asked.agency.take(),
                resource: std::mem::take(&mut asked.resource),
                decision: asked.decision,
                status: asked.status,
                version: asked.data_version,
            };
            if let Some(known) = self.many.get(&many).and_then(|&at| self.told.get_mut(at)) {
                known.times = known.times.saturating_add(1);
                continue;
            }
            asked.subject.clone_from(&many.subject);
            asked.agency.clone_from(&many.agency);
            asked.resource.clone_from(&many.resource);
            self.many.insert(many, self.told.len());
            self.told.push(record(asked, true));
        }
    }
}

fn is_tile(asked: &Asked) -> bool {
    ["{z}/", "{matrix}/"]
        .iter()
        .any(|part| asked.resource.contains(part))
}

fn record(asked: Asked, is_one_of_many: bool) -> AuditRecord {
    let (method, _) = asked.resource.split_once(' ').unwrap_or_default();
    let at = match &asked.object {
        Some(object) if !is_one_of_many => format!("{method} {object}"),
        _ => asked.resource.clone(),
    };
    AuditRecord {
        at: clock::now(),
        action: action(&asked),
        by: By {
            subject: asked.subject.unwrap_or_else(|| "unknown".to_owned()),
            agency: asked.agency,
            role: asked.role.unwrap_or(Role::Public),
            purpose: None,
            request: (!is_one_of_many).then_some(asked.request),
        },
        resource: format!("{at} {}", asked.status),
        rows: asked.rows.filter(|_| !is_one_of_many),
        decision: match asked.decision {
            // What a key may do at all may not be for this one's agency.
            Decision::Allowed if asked.status == 403 => AuditDecision::Denied,
            Decision::Allowed => AuditDecision::Allowed,
            Decision::Denied | Decision::Unknown => AuditDecision::Denied,
        },
        version: asked.data_version.unwrap_or_default(),
        times: 1,
    }
}

fn action(asked: &Asked) -> AuditAction {
    match asked.action {
        _ if asked.decision == Decision::Unknown => AuditAction::Authenticate,
        "read" if asked.resource.contains("/downloads/") => AuditAction::Download,
        "read" => AuditAction::Read,
        "compute" => AuditAction::Compute,
        "upload" => AuditAction::Upload,
        "keep" => AuditAction::Keep,
        _ => AuditAction::Describe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(resource: &str, object: Option<&str>, request: &str) -> Asked {
        Asked {
            request: request.to_owned(),
            subject: Some("key:k1".to_owned()),
            role: Some(Role::Analyst),
            agency: None,
            action: "read",
            resource: resource.to_owned(),
            object: object.map(str::to_owned),
            decision: Decision::Allowed,
            status: 200,
            rows: Some(7),
            data_version: Some(3),
        }
    }

    #[test]
    fn every_request_has_a_record_and_equal_tiles_have_one() {
        let tile = "GET /xyz/{layer}/{z}/{x}/{file}";
        let items = "GET /collections/{collection}/items";
        let object = Some("/collections/counts/items");
        let mut gathered = Gathered::default();
        gathered.add(
            [
                asked(tile, Some("/xyz/counts/1/0/0.mvt"), "a"),
                asked(items, object, "b"),
                asked(tile, Some("/xyz/counts/1/0/1.mvt"), "c"),
                asked(items, object, "d"),
            ]
            .into_iter(),
        );
        let seen: Vec<(&str, u32, Option<&str>)> = gathered
            .told
            .iter()
            .map(|of| (of.resource.as_str(), of.times, of.by.request.as_deref()))
            .collect();
        let page = "GET /collections/counts/items 200";
        let expected = [
            ("GET /xyz/{layer}/{z}/{x}/{file} 200", 2, None),
            (page, 1, Some("b")),
            (page, 1, Some("d")),
        ];
        assert_eq!(seen, expected);
    }
}
