//! A17: credentials that are nearly right. Nothing opens anything but a token that says all it must, signed by its issuer, and a
//! key that is known.

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prop_assert;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::access::bearer;
use crate::broken::{Language, Tried};
use crate::issuer::{Running, issuer};

const PAGE: &str = "/collections/counts/items?limit=1";

const WORDS: &str = include_str!("languages/tokens.txt");

fn claims(issuer: &str) -> Value {
    json!({ "iss": issuer, "aud": "naqsha", "sub": "amina", "role": "analyst", "agency": "FIA", "exp": 600, "nbf": 0, "iat": 0 })
}

const HEAD: &str = r#"{"alg":"EdDSA","typ":"at+jwt","kid":"k1"}"#;

/// The issuer answers for as long as the runtime is there.
fn started() -> (Runtime, Running, Tried) {
    let answering = Runtime::new().unwrap();
    let issuer = answering.block_on(issuer());
    let tried = Tried::new(issuer.trusted());
    (answering, issuer, tried)
}

/// What the issuer signed is read, so that all behind the signature is reached: it opens something only where another reader
/// finds in it what is asked of a token.
#[test]
fn signed_tokens_that_say_something_else() {
    let (_answering, issuer, tried) = started();
    let heads = Language::new([HEAD], WORDS.lines()).broken();
    let bodies = Language::new(
        [claims(&issuer.address).to_string().as_str()],
        WORDS.lines(),
    )
    .broken();
    let strategy = (heads, bodies, 0..4_u8);
    tried.holds(&strategy, |tried, (head, body, which)| {
        // Broken in one part, in the other, in both or in none.
        let head = if which & 1 == 0 {
            HEAD.as_bytes()
        } else {
            &head
        };
        let plain = claims(&issuer.address).to_string();
        let body = if which & 2 == 0 {
            plain.as_bytes()
        } else {
            &body
        };
        let [told, claimed] = [head, body].map(|part| URL_SAFE_NO_PAD.encode(part));
        let token = format!("Bearer {}", issuer.sign(&format!("{told}.{claimed}")));
        let Some(reply) = tried.ask(
            &Method::GET,
            PAGE,
            &[("authorization", token.as_bytes())],
            b"",
        )?
        else {
            return Ok(());
        };
        let status = reply.status.as_u16();
        prop_assert!([200, 401, 403, 404].contains(&status), "{}", status);
        if status != 401 {
            let read = |text: &[u8]| serde_json::from_slice::<Value>(text).unwrap_or_default();
            let (head, body) = (read(head), read(body));
            let is_whole = head["alg"] == "EdDSA"
                && head["kid"] == "k1"
                && body["iss"] == *issuer.address
                && body["aud"].to_string().contains("\"naqsha\"")
                && ["exp", "nbf", "iat"]
                    .iter()
                    .all(|time| body[time].is_number())
                && body["exp"].as_f64() > Some(-61.0)
                && body["nbf"].as_f64() < Some(61.0)
                && body["role"].as_str().is_some_and(|role| role != "operator")
                && body["sub"].as_str().is_some_and(|sub| !sub.is_empty());
            prop_assert!(is_whole, "{} is taken for {} {}", status, head, body);
        }
        Ok(())
    });
}

/// Whole credentials that were broken anywhere: 401, whatever they are.
#[test]
fn credentials_that_were_broken_anywhere() {
    let (_answering, issuer, tried) = started();
    let [head, body] = [HEAD.to_owned(), claims(&issuer.address).to_string()]
        .map(|part| URL_SAFE_NO_PAD.encode(part));
    let token = issuer.sign(&format!("{head}.{body}"));
    let key = bearer("analyst");
    let (_, secret) = key.split_once(' ').unwrap();
    let password = format!("Basic {}", STANDARD.encode(format!("user:{secret}")));
    let whole = format!("Bearer {token}");
    let language = Language::new([whole.as_str(), &key, &password], WORDS.lines());
    tried.holds(&language.broken(), |tried, text| {
        let Some(reply) = tried.ask(&Method::GET, PAGE, &[("authorization", &text)], b"")? else {
            return Ok(());
        };
        // The scheme is read in either case, with blanks behind it, and a user's name is anybody's.
        let said = String::from_utf8_lossy(&text);
        let bare = said
            .split_once(' ')
            .map_or("", |(_scheme, bare)| bare.trim());
        let pair = STANDARD.decode(bare).unwrap_or_default();
        let is_password = String::from_utf8_lossy(&pair)
            .split_once(':')
            .is_some_and(|(_, of)| of == secret);
        let is_good = bare == token || bare == secret || is_password;
        prop_assert!(reply.status == 401 || is_good, "{} opens something", said);
        Ok(())
    });
}
