//! A prefix of an S3 bucket: objects put whole, read, listed and removed. It knows nothing of what is in them.
//!
//! The callers are threads that may block, some of them within a runtime; requests run on a runtime of the bucket's own, so
//! that none of its callers' can be waiting for itself. Each request has a time limit and is repeated a few times; a server
//! that kept somebody waiting in vain is then left alone for some seconds, so that not everybody who asks waits as long.

use std::collections::HashMap;
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, Checksum};
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientConfigKey, Error, ObjectStore as _, ObjectStoreExt as _, PutMode,
    PutPayload, RetryConfig,
};
use tokio::runtime::Runtime;

use crate::StoreError;
use crate::files_at::S3Url;

/// After this a request is given up: a part has a few MiB, so a line of a megabit a second is fast enough.
const ANSWERED_WITHIN: &str = "60s";
const CONNECTED_WITHIN: &str = "5s";
/// Somebody waits for what is read, and keeps others waiting: a server that says nothing for so long is given up sooner.
const READ_WITHIN: &str = "5s";
/// A request that failed on the way, or for which the server was too busy, is made again so many times.
const REPEATS: usize = 4;
const REPEATS_OF_READING: usize = 1;
/// A request is not made again once this has passed since it was first made.
const REPEATED_WITHIN: Duration = Duration::from_mins(1);

/// Who waited longer than this in vain keeps others from it,
const SLOW: Duration = Duration::from_secs(5);
/// for so long.
const LEFT_ALONE: Duration = Duration::from_secs(10);
/// Threads that read many objects: more than are read at once wait for the network, and each has a part in memory.
const READERS: usize = 4;

/// Where instances of a cloud are asked for credentials when the environment has none.
const INSTANCES: &str = "169.254.169.254";

/// A prefix of a bucket.
pub(crate) struct Bucket {
    store: AmazonS3,
    /// The same for reading objects.
    reading: AmazonS3,
    url: S3Url,
    /// Lengths by name as of the last [`Bucket::look`]; what was put since is not in it.
    seen: Mutex<HashMap<String, u64>>,
    /// Until when the server is left alone, and why.
    resting: Mutex<Option<(Instant, String)>>,
    readers: rayon::ThreadPool,
    /// Taken when the bucket is dropped, which may be within another runtime.
    runtime: Option<Runtime>,
}

/// An object that was read.
pub(crate) struct Object {
    pub length: u64,
    /// Empty where the object is longer than the reader wanted it.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Bucket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Bucket").field(&self.url).finish()
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Why a request failed, in words that hold neither a credential nor what the server said besides its code.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Why(String);

impl Bucket {
    /// Makes ready for requests; makes none.
    pub(crate) fn new(url: &S3Url) -> Result<Self, StoreError> {
        let unusable = |why: String| failed("use", url.to_string(), why);
        // Where the program has chosen another for all of it, that one is taken.
        drop(rustls::crypto::ring::default_provider().install_default());
        if is_open_to_others(url) && url.setting("AWS_ALLOW_HTTP") != Some("true") {
            let why =
                "its endpoint is another machine without TLS; AWS_ALLOW_HTTP=true allows that";
            return Err(unusable(why.to_owned()));
        }
        let build = |builder: AmazonS3Builder| {
            let store = builder.build();
            store.map_err(|error| unusable(told(&error)))
        };
        let store = build(builder(url, REPEATS, ANSWERED_WITHIN))?;
        let reading = build(builder(url, REPEATS_OF_READING, READ_WITHIN))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("bucket")
            .enable_all()
            .build();
        let readers = rayon::ThreadPoolBuilder::new()
            .num_threads(READERS)
            .thread_name(|_| "bucket-reader".to_owned())
            .build();
        Ok(Self {
            store,
            reading,
            url: url.clone(),
            seen: Mutex::default(),
            resting: Mutex::default(),
            readers: readers.map_err(|error| unusable(error.to_string()))?,
            runtime: Some(runtime.map_err(|error| unusable(error.to_string()))?),
        })
    }

    /// The whole name of an object, to people.
    pub(crate) fn url_of(&self, name: &str) -> String {
        format!("{}/{name}", self.url)
    }

    /// Writes an object; durable when this returns. One of this name is written over.
    pub(crate) fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        let (store, path) = (self.store.clone(), self.path(name));
        let put = async move { store.put(&path, PutPayload::from(bytes)).await.map(drop) };
        self.wait(put)
            .map_err(|error| self.failed("write", name, &error))
    }

    /// Writes an object unless one of this name is there, which is no error: who asks reads it back.
    pub(crate) fn put_new(&self, name: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        let (store, path) = (self.store.clone(), self.path(name));
        let put = async move {
            let payload = PutPayload::from(bytes);
            store.put_opts(&path, payload, PutMode::Create.into()).await
        };
        match self.wait(put) {
            Ok(_) | Err(Error::AlreadyExists { .. }) => Ok(()),
            Err(error) => Err(self.failed("write", name, &error)),
        }
    }

    /// Reads an object that should have `expected` bytes, none where there is no such object.
    pub(crate) fn get(&self, name: &str, expected: u64) -> Result<Option<Object>, StoreError> {
        let (store, path) = (self.reading.clone(), self.path(name));
        let get = async move {
            let found = store.get(&path).await?;
            let length = found.meta.size;
            let bytes = if length > expected {
                Vec::new()
            } else {
                found.bytes().await?.into()
            };
            Ok(Object { length, bytes })
        };
        self.found(name, self.wait(get))
    }

    /// Looks at all objects of a folder at once.
    pub(crate) fn look(&self, folder: &str) -> Result<(), StoreError> {
        let listed = self.list(folder)?;
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = listed;
        Ok(())
    }

    /// Length of an object in bytes, none where there is no such object: as it was seen, else by a request.
    pub(crate) fn length(&self, name: &str) -> Result<Option<u64>, StoreError> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&length) = seen.get(name) {
            return Ok(Some(length));
        }
        drop(seen);
        let (store, path) = (self.reading.clone(), self.path(name));
        let head = async move { store.head(&path).await.map(|meta| meta.size) };
        self.found(name, self.wait(head))
    }

    /// Names, relative to the prefix, and lengths of the objects of a folder. A request a thousand.
    pub(crate) fn list(&self, folder: &str) -> Result<HashMap<String, u64>, StoreError> {
        let (store, path) = (self.store.clone(), self.path(folder));
        let list = async move { store.list_with_delimiter(Some(&path)).await };
        let listed = self
            .wait(list)
            .map_err(|error| self.failed("list", folder, &error))?;
        let named = listed.objects.into_iter().filter_map(|object| {
            let file = object.location.filename()?;
            Some((format!("{folder}/{file}"), object.size))
        });
        Ok(named.collect())
    }

    /// Removes an object; one that is gone already is no error.
    pub(crate) fn remove(&self, name: &str) -> Result<(), StoreError> {
        let (store, path) = (self.store.clone(), self.path(name));
        match self.wait(async move { store.delete(&path).await }) {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed("remove", name, &error)),
        }
    }

    fn path(&self, name: &str) -> Path {
        if self.url.prefix.is_empty() {
            Path::from(name)
        } else {
            Path::from(format!("{}/{name}", self.url.prefix))
        }
    }

    /// Runs work whose parallel parts wait for the server on threads that nobody else needs.
    pub(crate) fn in_parallel<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.readers.install(work)
    }

    /// Runs requests and waits for the end of them, on a thread that may block.
    fn wait<T: Send + 'static>(
        &self,
        requests: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let unanswered = |source: String| Error::Generic {
            store: "S3",
            source: source.into(),
        };
        if let Some(why) = self.left_alone() {
            return Err(unanswered(why));
        }
        let began = Instant::now();
        let (tell, answer) = mpsc::sync_channel(1);
        if let Some(runtime) = &self.runtime {
            // Nobody is told where nobody waits any more.
            runtime.spawn(async move { drop(tell.send(requests.await)) });
        }
        let answer = answer.recv();
        let answer = answer.unwrap_or_else(|source| Err(unanswered(source.to_string())));
        if let Err(error @ Error::Generic { .. }) = &answer
            && began.elapsed() > SLOW
        {
            let resting = Some((Instant::now() + LEFT_ALONE, told(error)));
            *self.resting.lock().unwrap_or_else(PoisonError::into_inner) = resting;
        }
        answer
    }

    /// Why the server is not asked now, where it is not.
    fn left_alone(&self) -> Option<String> {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        match resting.as_ref() {
            Some((until, why)) if *until > Instant::now() => Some(why.clone()),
            _ => {
                *resting = None;
                None
            }
        }
    }

    /// A bucket that is not there is not an object that is missing.
    fn found<T>(&self, name: &str, found: Result<T, Error>) -> Result<Option<T>, StoreError> {
        match found {
            Ok(found) => Ok(Some(found)),
            Err(error @ Error::NotFound { .. })
                if code_in(&error.to_string()) != Some("NoSuchBucket") =>
            {
                Ok(None)
            }
            Err(error) => Err(self.failed("read", name, &error)),
        }
    }

    fn failed(&self, action: &'static str, name: &str, error: &Error) -> StoreError {
        failed(action, self.url_of(name), told(error))
    }
}

fn failed(action: &'static str, object: String, why: String) -> StoreError {
    StoreError::Object {
        action,
        object,
        source: Box::new(Why(why)),
    }
}

fn builder(url: &S3Url, repeats: usize, silent_for: &str) -> AmazonS3Builder {
    let client = AmazonS3ConfigKey::Client;
    let mut builder = AmazonS3Builder::new()
        .with_config(client(ClientConfigKey::Timeout), ANSWERED_WITHIN)
        .with_config(client(ClientConfigKey::ConnectTimeout), CONNECTED_WITHIN)
        .with_config(client(ClientConfigKey::ReadTimeout), silent_for)
        .with_config(client(ClientConfigKey::AllowHttp), "true")
        // The server compares what it got with this before it acknowledges.
        .with_checksum_algorithm(Checksum::SHA256)
        // Not every server has the request that removes many.
        .with_disable_bulk_delete(true)
        .with_retry(RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: repeats,
            retry_timeout: REPEATED_WITHIN,
        });
    for (name, value) in url.settings.iter() {
        if let Ok(key) = name.to_ascii_lowercase().parse() {
            builder = builder.with_config(key, value);
        }
    }
    builder.with_bucket_name(&url.bucket)
}

/// Whether incidents would cross a network in clear.
fn is_open_to_others(url: &S3Url) -> bool {
    let endpoint = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"]
        .into_iter()
        .find_map(|name| url.setting(name));
    let Some(host) = endpoint.and_then(|endpoint| endpoint.strip_prefix("http://")) else {
        return false;
    };
    let (host, _) = host.split_once('/').unwrap_or((host, ""));
    let host = host.rsplit_once(':').map_or(host, |(host, _port)| host);
    let is_here = host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    !is_here
}

/// What went wrong: the server's code where it gave one, else the innermost cause.
fn told(error: &Error) -> String {
    let whole = error.to_string();
    if whole.contains(INSTANCES) {
        return "there are no credentials: neither AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY, nor an instance's"
            .to_owned();
    }
    if let Some(code) = code_in(&whole) {
        return format!("the server says {code}");
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    // Behind a status is what the server said besides; it may say a credential.
    let cause = cause.to_string();
    let mut parts = cause.split(": ");
    match (parts.next(), parts.next()) {
        (Some(first), Some(status)) if first.starts_with("Server returned") => {
            format!("the server says {status}")
        }
        _ => cause,
    }
}

/// The code in the XML with which S3 refuses.
fn code_in(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    let is_code = code.len() <= 64 && code.chars().all(|c| c.is_ascii_alphanumeric());
    is_code.then_some(code)
}
