//! Access tokens of an issuer that runs beside the test, answers as told and counts how often it was asked.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use naqsha_http::{Issuer, ServerSettings};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::access::{credential, guarded};
use crate::fixture::Fixture;

/// What the issuer answers, and how often it was asked.
#[derive(Default)]
struct Says {
    description: Mutex<String>,
    keys: Mutex<String>,
    asked: AtomicU64,
}

pub(crate) struct Running {
    says: Arc<Says>,
    pub(crate) address: String,
    pair: Ed25519KeyPair,
}

fn new_pair() -> Ed25519KeyPair {
    let bytes = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    Ed25519KeyPair::from_pkcs8(bytes.as_ref()).unwrap()
}

fn set(pairs: &[(&str, &Ed25519KeyPair)]) -> String {
    let key = |(id, pair): &(&str, &Ed25519KeyPair)| {
        let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        json!({ "kid": id, "kty": "OKP", "crv": "Ed25519", "x": x })
    };
    json!({ "keys": pairs.iter().map(key).collect::<Value>() }).to_string()
}

pub(crate) async fn issuer() -> Running {
    let says = Arc::new(Says::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let description = async |State(says): State<Arc<Says>>| {
        says.asked.fetch_add(1, Ordering::Relaxed);
        says.description.lock().unwrap().clone()
    };
    let keys = async |State(says): State<Arc<Says>>| says.keys.lock().unwrap().clone();
    let elsewhere = async || (StatusCode::FOUND, [("location", "/keys")]);
    let router = Router::new()
        .route("/.well-known/openid-configuration", get(description))
        .route("/keys", get(keys))
        .route("/moved", get(elsewhere))
        .with_state(Arc::clone(&says));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let pair = new_pair();
    let running = Running {
        says,
        address,
        pair,
    };
    running.describes(&running.address, &format!("{}/keys", running.address));
    *running.says.keys.lock().unwrap() = set(&[("k1", &running.pair)]);
    running
}

impl Running {
    fn describes(&self, issuer: &str, keys: &str) {
        let document = json!({ "issuer": issuer, "jwks_uri": keys });
        *self.says.description.lock().unwrap() = document.to_string();
    }

    fn asked(&self) -> u64 {
        self.says.asked.load(Ordering::Relaxed)
    }

    fn token(&self, id: &str, role: &str) -> String {
        self.signed(&json!({ "kid": id }), &json!({ "role": role }))
    }

    /// A token with other members in its header and among its claims.
    fn signed(&self, header: &Value, claims: &Value) -> String {
        let with = |mut value: Value, changes: &Value| {
            for (name, change) in changes.as_object().unwrap() {
                value[name] = change.clone();
            }
            URL_SAFE_NO_PAD.encode(value.to_string())
        };
        let head = json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": "k1" });
        let body = json!({
            "iss": self.address, "aud": "naqsha", "sub": "amina", "role": "analyst", "agency": "FIA",
            "exp": 600, "nbf": 0, "iat": 0,
        });
        self.sign(&format!("{}.{}", with(head, header), with(body, claims)))
    }

    /// A message with its signature.
    pub(crate) fn sign(&self, message: &str) -> String {
        let signature = self.pair.sign(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }

    /// A service that trusts it.
    pub(crate) async fn trusted(&self) -> Fixture {
        let issuer = Issuer::new(&self.address, "naqsha").unwrap();
        let settings = ServerSettings {
            issuer: Some(Arc::new(issuer)),
            now: || Timestamp::UNIX_EPOCH,
            ..ServerSettings::default()
        };
        guarded(settings).await.0
    }
}

async fn status(service: &Fixture, token: &str) -> u16 {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let reply = service
        .send(Method::GET, "/collections/counts/items?limit=1", &headers)
        .await;
    reply.status.as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_acts_in_the_role_of_their_token_and_the_issuer_is_asked_once_a_minute() {
    let issuer = issuer().await;
    let service = issuer.trusted().await;
    assert_eq!(issuer.asked(), 0, "nobody has asked yet");
    let bearer = format!("Bearer {}", issuer.token("k1", "uploader"));
    let headers = [("authorization", bearer.as_str())];
    let policy = service.send(Method::GET, "/policy", &headers).await.json();
    assert_eq!(
        (&policy["your_role"], &policy["your_agency"]),
        (&"uploader".into(), &"FIA".into())
    );
    assert_eq!(status(&service, &issuer.token("k1", "analyst")).await, 200);
    assert_eq!(status(&service, &issuer.token("k1", "partner")).await, 403);
    // Whoever invents ids does not make the service ask.
    for id in ["k2", "k3", "k4"] {
        assert_eq!(status(&service, &issuer.token(id, "analyst")).await, 401);
    }
    assert_eq!(issuer.asked(), 1);
    // Keys go on beside tokens.
    assert_eq!(status(&service, credential("analyst").reveal()).await, 200);
    assert_eq!(status(&service, "nq_analyst_wrong").await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_answers_otherwise_vouches_for_nobody() {
    let good = issuer().await;
    let elsewhere = format!("{}/keys", good.address);
    let moved = format!("{}/moved", good.address);
    for (name, issuer, keys, document) in [
        (
            "another issuer",
            "https://id.example",
            elsewhere.as_str(),
            None,
        ),
        (
            "keys at an address without TLS",
            &good.address,
            "http://keys.example/keys",
            None,
        ),
        ("keys in a file", &good.address, "file:///etc/passwd", None),
        ("keys that have moved", &good.address, &moved, None),
        (
            "too long a set",
            &good.address,
            &elsewhere,
            Some(format!(
                "{}{}",
                " ".repeat(300 << 10),
                set(&[("k1", &good.pair)])
            )),
        ),
        ("no set", &good.address, &elsewhere, Some("[]".to_owned())),
    ] {
        good.describes(issuer, keys);
        *good.says.keys.lock().unwrap() = document.unwrap_or_else(|| set(&[("k1", &good.pair)]));
        let service = good.trusted().await;
        assert_eq!(
            status(&service, &good.token("k1", "analyst")).await,
            401,
            "{name}"
        );
    }
    let nobody = Issuer::new("http://127.0.0.1:9", "naqsha").unwrap();
    let settings = ServerSettings {
        issuer: Some(Arc::new(nobody)),
        ..ServerSettings::default()
    };
    let (service, _) = guarded(settings).await;
    assert_eq!(status(&service, &good.token("k1", "analyst")).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_come_first_make_the_issuer_answer_once() {
    let issuer = issuer().await;
    let service = Arc::new(issuer.trusted().await);
    let token = issuer.token("k1", "analyst");
    let all = (0..50).map(|_| {
        let (service, token) = (Arc::clone(&service), token.clone());
        tokio::spawn(async move { status(&service, &token).await })
    });
    for one in all.collect::<Vec<_>>() {
        assert_eq!(one.await.unwrap(), 200);
    }
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_but_one_that_is_all_it_must_be_opens_anything() {
    let issuer = issuer().await;
    let service = issuer.trusted().await;
    let none = json!({});
    assert_eq!(status(&service, &issuer.signed(&none, &none)).await, 200);
    let own = set(&[("k1", &new_pair())]);
    let own: Value = serde_json::from_str(&own).unwrap();
    let brought = json!({ "jwk": own["keys"][0], "jku": "http://127.0.0.1:9/", "x5u": "http://127.0.0.1:9/" });
    assert_eq!(
        status(&service, &issuer.signed(&brought, &none)).await,
        200,
        "nobody looks at them"
    );
    for header in [
        json!({ "alg": "none" }),
        json!({ "alg": "HS256" }),
        json!({ "alg": "ES256" }),
        json!({ "alg": "RS256" }),
        json!({ "alg": null }),
        json!({ "typ": "JWT" }),
        json!({ "typ": null }),
        json!({ "kid": null }),
        json!({ "kid": "k9" }),
        json!({ "kid": ["k1"] }),
        json!({ "crit": ["exp"] }),
    ] {
        assert_eq!(
            status(&service, &issuer.signed(&header, &none)).await,
            401,
            "{header}"
        );
    }
    for claims in [
        json!({ "iss": "https://id.example" }),
        json!({ "iss": null }),
        json!({ "aud": "others" }),
        json!({ "aud": ["others"] }),
        json!({ "aud": null }),
        json!({ "exp": -61, "iat": -600, "nbf": -600 }),
        json!({ "exp": "600" }),
        json!({ "exp": null }),
        json!({ "exp": 901 }),
        json!({ "nbf": 61 }),
        json!({ "nbf": "0" }),
        json!({ "nbf": null }),
        json!({ "iat": 61 }),
        json!({ "iat": "0" }),
        json!({ "iat": null }),
        json!({ "role": "operator" }),
        json!({ "role": "root" }),
        json!({ "role": null }),
        json!({ "agency": "f i a" }),
        json!({ "sub": "" }),
        json!({ "sub": null }),
    ] {
        assert_eq!(
            status(&service, &issuer.signed(&none, &claims)).await,
            401,
            "{claims}"
        );
    }
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_changed_cut_or_signed_by_another_opens_nothing() {
    let issuer = issuer().await;
    let service = issuer.trusted().await;
    let none = json!({});
    let own: Value = serde_json::from_str(&set(&[("k1", &new_pair())])).unwrap();
    let brought = json!({ "jwk": own["keys"][0] });
    let good = issuer.signed(&none, &none);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (head, _) = message.split_once('.').unwrap();
    let raised = issuer.signed(&none, &json!({ "role": "approver" }));
    let (raised, _) = raised.rsplit_once('.').unwrap();
    let others = Running {
        pair: new_pair(),
        says: Arc::clone(&issuer.says),
        address: issuer.address.clone(),
    };
    for text in [
        format!("{raised}.{signature}"),
        format!("{message}."),
        message.to_owned(),
        format!("{head}..{signature}"),
        format!("{good}.{signature}"),
        others.signed(&none, &none),
        others.signed(&brought, &none),
    ] {
        assert_eq!(status(&service, &text).await, 401, "{text}");
    }
    assert_eq!(issuer.asked(), 1);
}
