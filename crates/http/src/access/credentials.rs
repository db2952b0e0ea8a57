//! Where a request carries its key: `Authorization` as Bearer (RFC 6750) or as the password of Basic (RFC 7617), which is
//! all that many GIS programs can send; in the address only where the deployment allows it, and out of it at once.

use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, Uri, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

/// Name of the parameter.
const TOKEN: &str = "token";

/// What a request says of who sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// Nothing.
    None,
    /// A key, or a token of an issuer.
    Text(String),
    /// Something that is neither, or more than one thing.
    Unreadable,
}

/// Takes the credentials of a request. A token in its address is taken out whether or not it counts, so that no link, key of
/// a cache or log has it.
pub(crate) fn take(parts: &mut Parts, query_token: bool) -> Credentials {
    let in_address = without_token(&mut parts.uri);
    let in_header = of_header(&parts.headers);
    match (in_header, in_address) {
        (found, None) => found,
        (Credentials::None, Some(text)) if query_token => Credentials::Text(text),
        (Credentials::Text(text), Some(also)) if query_token && text == also => {
            Credentials::Text(text)
        }
        _ => Credentials::Unreadable,
    }
}

fn of_header(headers: &HeaderMap) -> Credentials {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Credentials::None;
    };
    let read = || {
        let (scheme, rest) = value.to_str().ok()?.split_once(' ')?;
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return Some(rest.to_owned());
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let pair = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
        let (_name, password) = pair.split_once(':')?;
        Some(password.to_owned())
    };
    match (read(), values.next()) {
        (Some(text), None) => Credentials::Text(text),
        _ => Credentials::Unreadable,
    }
}

/// Takes `token` out of an address; an empty one counts for none.
fn without_token(uri: &mut Uri) -> Option<String> {
    let query = uri.query()?.to_owned();
    let is_token = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default().replace('+', " ");
        percent_decode_str(&name).decode_utf8_lossy() == TOKEN
    };
    let (tokens, rest): (Vec<&str>, Vec<&str>) = query.split('&').partition(is_token);
    if tokens.is_empty() {
        return None;
    }
    let values = tokens
        .iter()
        .map(|pair| pair.split_once('=').map_or("", |(_, value)| value));
    let values: Vec<&str> = values.filter(|value| !value.is_empty()).collect();
    let path = uri.path();
    let left = if rest.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", rest.join("&"))
    };
    let mut kept = uri.clone().into_parts();
    // A part of what was an address is one.
    kept.path_and_query = left.parse::<PathAndQuery>().ok();
    *uri = Uri::from_parts(kept).unwrap_or_default();
    match values[..] {
        [] => None,
        [only] => Some(percent_decode_str(only).decode_utf8_lossy().into_owned()),
        // Two are no key.
        _ => Some(String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn parts(uri: &str, authorization: &[&str]) -> Parts {
        let mut request = Request::builder().uri(uri);
        for value in authorization {
            request = request.header(header::AUTHORIZATION, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn text(text: &str) -> Credentials {
        Credentials::Text(text.to_owned())
    }

    #[test]
    fn keys_come_as_bearer_or_as_the_password_of_basic() {
        let of = |authorization: &[&str]| take(&mut parts("/", authorization), false);
        assert_eq!(of(&[]), Credentials::None);
        assert_eq!(of(&["Bearer nq_a_b"]), text("nq_a_b"));
        assert_eq!(of(&["bearer  nq_a_b "]), text("nq_a_b"));
        // `user:nq_a_b`, and a password with a colon in it.
        assert_eq!(of(&["Basic dXNlcjpucV9hX2I="]), text("nq_a_b"));
        assert_eq!(of(&["Basic OmE6Yg=="]), text("a:b"));
        for wrong in [
            "Bearer",
            "Digest a=b",
            "Basic ???",
            "Basic dXNlcg==",
            "nq_a_b",
            "",
        ] {
            assert_eq!(of(&[wrong]), Credentials::Unreadable, "{wrong:?}");
        }
        assert_eq!(of(&["Bearer a", "Bearer a"]), Credentials::Unreadable);
    }

    #[test]
    fn a_token_leaves_the_address_and_counts_only_where_it_may() {
        let of = |uri: &str, allowed| {
            let mut parts = parts(uri, &[]);
            let found = take(&mut parts, allowed);
            (found, parts.uri.to_string())
        };
        let left = |found, uri: &str| (found, uri.to_owned());
        assert_eq!(
            of("/a?token=x%5Fy&f=json", true),
            left(text("x_y"), "/a?f=json")
        );
        assert_eq!(
            of("/a?f=json&%74oken=x&b", true),
            left(text("x"), "/a?f=json&b")
        );
        assert_eq!(of("/a?token=x", false), left(Credentials::Unreadable, "/a"));
        assert_eq!(
            of("/a?token=&f=json", false),
            left(Credentials::None, "/a?f=json")
        );
        assert_eq!(of("/a?token=x&token=y", true), left(text(""), "/a"));
        assert_eq!(
            of("/a?tokens=x", false),
            left(Credentials::None, "/a?tokens=x")
        );
        let mut both = parts("http://h:1/a?token=x", &["Bearer y"]);
        assert_eq!(take(&mut both, true), Credentials::Unreadable);
        assert_eq!(both.uri.to_string(), "http://h:1/a");
    }
}
