//! The issuer and the keys that it has now.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use serde_json::Value;

use super::key_set::KeySet;
use super::token::{Rules, Token};
use crate::access::subject::Subject;

/// Between two looks at the issuer's keys.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// How long keys are good while the issuer does not answer.
const GOOD_FOR: Duration = Duration::from_hours(1);
/// Longest that the issuer may take for one answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// Longest answer of it that is read.
const LONGEST_ANSWER: usize = 256 << 10;

/// What is wrong with what is said of an issuer.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// Its address.
    #[error(
        "{0:?} is no address of an issuer: https, or http on this machine, without a name, a query or a fragment"
    )]
    Address(String),
    /// The client of the system.
    #[error("preparing to ask the issuer")]
    Client(#[source] reqwest::Error),
}

/// An issuer whose access tokens are taken for keys.
#[derive(Debug)]
pub struct Issuer {
    rules: Rules,
    client: Client,
    held: Mutex<Held>,
    /// Held by who looks at the issuer's keys.
    looking: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Held {
    keys: Arc<KeySet>,
    /// When they were fetched.
    fetched: Option<Instant>,
    /// When the issuer was last asked, whether or not it answered.
    looked: Option<Instant>,
}

impl Issuer {
    /// An issuer and what its tokens must be meant for. It is asked when the first token comes.
    ///
    /// # Errors
    /// Where its address cannot be one.
    pub fn new(issuer: &str, audience: &str) -> Result<Self, IssuerError> {
        if !is_safe(issuer) {
            return Err(IssuerError::Address(issuer.to_owned()));
        }
        // Where the program has chosen another for all of it, that one is taken.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::builder()
            .redirect(Policy::none())
            .timeout(ANSWERS_WITHIN)
            .no_proxy()
            .build()
            .map_err(IssuerError::Client)?;
        Ok(Self {
            rules: Rules {
                issuer: issuer.to_owned(),
                audience: audience.to_owned(),
            },
            client,
            held: Mutex::default(),
            looking: tokio::sync::Mutex::default(),
        })
    }

    /// The bearer of a token; nothing tells apart why there is none.
    pub(in crate::access) async fn bearer(&self, text: &str, now: Timestamp) -> Option<Subject> {
        let token = Token::parse(text)?;
        let keys = self.keys(&token.key_id).await?;
        token.bearer(&keys, &self.rules, now)
    }

    /// The issuer's keys, if one of this id may be among them.
    async fn keys(&self, id: &str) -> Option<Arc<KeySet>> {
        if self.is_due() {
            // Who knows the key already does not wait for another's look.
            let look = match self.held_keys(id) {
                Some(_) => self.looking.try_lock().ok(),
                None => Some(self.looking.lock().await),
            };
            if look.is_some() && self.is_due() {
                self.look().await;
            }
        }
        self.held_keys(id)
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_due(&self) -> bool {
        let looked = self.held().looked;
        looked.is_none_or(|looked| looked.elapsed() >= LOOK_EVERY)
    }

    fn held_keys(&self, id: &str) -> Option<Arc<KeySet>> {
        let held = self.held();
        let is_fresh = held.fetched.is_some_and(|at| at.elapsed() < GOOD_FOR);
        (is_fresh && held.keys.has(id)).then(|| Arc::clone(&held.keys))
    }

    async fn look(&self) {
        let found = self.fetch_keys().await;
        let mut held = self.held();
        held.looked = Some(Instant::now());
        match found {
            Ok(keys) => {
                held.keys = Arc::new(keys);
                held.fetched = held.looked;
            }
            Err(why) => tracing::warn!(why, "the issuer of access tokens gave no keys"),
        }
    }

    async fn fetch_keys(&self) -> Result<KeySet, &'static str> {
        let issuer = &self.rules.issuer;
        let address = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let document = self.fetch(&address).await?;
        let document: Value =
            serde_json::from_slice(&document).map_err(|_not_json| "its description is not JSON")?;
        if document["issuer"] != **issuer {
            return Err("its description is of another issuer");
        }
        let keys = document["jwks_uri"].as_str();
        let keys = keys.filter(|address| is_safe_at_all(address));
        let keys = self
            .fetch(keys.ok_or("it names no address of keys that may be asked")?)
            .await?;
        KeySet::parse(&keys).ok_or("its keys are no set of keys")
    }

    /// An answer of the issuer, as far as it is a short one.
    async fn fetch(&self, address: &str) -> Result<Vec<u8>, &'static str> {
        let answer = self.client.get(address).send().await;
        let mut answer = answer.map_err(|_failed| "it does not answer")?;
        if answer.status() != reqwest::StatusCode::OK {
            return Err("it answers with another status than 200");
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer
            .chunk()
            .await
            .map_err(|_cut| "its answer is cut off")?
        {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > LONGEST_ANSWER {
                return Err("its answer is too long");
            }
        }
        Ok(bytes)
    }
}

/// Whether an issuer can be at an address.
fn is_safe(address: &str) -> bool {
    let url = Url::parse(address).ok();
    is_safe_at_all(address)
        && url.is_some_and(|url| url.query().is_none() && url.fragment().is_none())
}

/// TLS, or a connection that does not leave the machine.
fn is_safe_at_all(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else {
        return false;
    };
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_here = host
        .parse::<std::net::IpAddr>()
        .map_or(host == "localhost", |address| address.is_loopback());
    let named = !url.username().is_empty() || url.password().is_some();
    let is_private = url.scheme() == "https" || url.scheme() == "http" && is_here;
    is_private && !named && !host.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_reached_by_tls_or_on_this_machine() {
        for good in [
            "https://id.example/realm",
            "http://127.0.0.1:9/",
            "http://[::1]/",
            "http://localhost:8080",
        ] {
            assert!(is_safe(good), "{good}");
        }
        for bad in [
            "http://id.example",
            "ftp://id.example",
            "id.example",
            "",
            "https://user:pass@id.example",
            "https://id.example?a=b",
            "https://id.example#a",
            "http://127.0.0.1.evil.example",
            "file:///etc/passwd",
        ] {
            assert!(!is_safe(bad), "{bad}");
        }
    }
}
