//! What a request asks for, apart from its method: path, parameters, negotiation headers, and what links start with.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use naqsha_layers::{ParameterError, Scope};
use percent_encoding::percent_decode_str;

use crate::access::{Permit, Subject};
use crate::link::query_string;
use crate::negotiate::Format;
use crate::problem::{Kind, Problem};
use crate::service::Shared;
use crate::tls::Secured;

/// Longest query string that is read.
const LONGEST_QUERY: usize = 16 << 10;

/// What a request asks for.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Leave to ask, and what may be seen.
    pub(crate) permit: Permit,
    /// Path as sent, without a trailing slash; empty for the root.
    pub(crate) path: String,
    /// Parameters in the order given, decoded.
    pub(crate) pairs: Vec<(String, String)>,
    /// What links start with, without a trailing slash.
    pub(crate) base: String,
    pub(crate) accept: Option<String>,
    pub(crate) accept_encoding: Option<String>,
    pub(crate) if_none_match: Option<String>,
    pub(crate) range: Option<String>,
    pub(crate) if_range: Option<String>,
}

impl FromRequestParts<Shared> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Shared) -> Result<Self, Problem> {
        let base = if let Some(url) = &service.settings.public_url {
            url.trim_end_matches('/').to_owned()
        } else {
            let secured = parts.extensions.get::<Secured>().is_some();
            base_of_host(&parts.headers, secured)?
        };
        // There is none only where a route stands in no table, and then nobody may ask it.
        let permit = parts.extensions.get::<Permit>().cloned();
        let nobody = || Problem::internal("a route that stands in no table".to_owned());
        Ok(Self {
            permit: permit.ok_or_else(nobody)?,
            path: parts.uri.path().trim_end_matches('/').to_owned(),
            pairs: parse_query(parts.uri.query().unwrap_or_default())?,
            base,
            accept: joined(&parts.headers, &header::ACCEPT),
            accept_encoding: joined(&parts.headers, &header::ACCEPT_ENCODING),
            if_none_match: joined(&parts.headers, &header::IF_NONE_MATCH),
            range: joined(&parts.headers, &header::RANGE),
            if_range: joined(&parts.headers, &header::IF_RANGE),
        })
    }
}

impl Asked {
    /// What the asker may see.
    pub(crate) const fn scope(&self) -> &Scope {
        self.permit.scope()
    }

    /// Who asks.
    pub(crate) const fn subject(&self) -> &Subject {
        self.permit.subject()
    }

    /// Adds the parameters of a posted form.
    ///
    /// # Errors
    /// Where it is not UTF-8.
    pub(crate) fn add_form(&mut self, form: &[u8]) -> Result<(), Problem> {
        let form = std::str::from_utf8(form).map_err(|_utf8| not_utf8())?;
        self.pairs.extend(decoded(form)?);
        Ok(())
    }

    /// Value of the parameter `f`.
    ///
    /// # Errors
    /// Where it is given twice.
    pub(crate) fn format_token(&self) -> Result<Option<&str>, Problem> {
        let mut tokens = self
            .pairs
            .iter()
            .filter(|(name, _)| name == "f")
            .map(|(_, value)| value.as_str());
        let token = tokens.next();
        match tokens.next() {
            Some(_) => Err(Problem::parameters(vec![ParameterError::new(
                "f",
                "given more than once",
            )])),
            None => Ok(token),
        }
    }

    /// The format of the answer, of those offered.
    ///
    /// # Errors
    /// 400 for an unknown `f`, 406 where `Accept` admits none.
    pub(crate) fn format(&self, offered: &[&'static Format]) -> Result<&'static Format, Problem> {
        crate::negotiate::format(self.format_token()?, self.accept.as_deref(), offered)
    }

    /// Whether `If-None-Match` names an entity tag; the comparison is weak, as RFC 9110 §13.1.2 has it for that header.
    pub(crate) fn has_tag(&self, tag: &str) -> bool {
        let same = |member: &str| member.strip_prefix("W/").unwrap_or(member) == tag;
        let wanted = self.if_none_match.as_deref().unwrap_or_default();
        wanted.split(',').map(str::trim).any(same)
    }

    /// Refuses every parameter but `f` and those named.
    ///
    /// # Errors
    /// 400 listing the unknown ones.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), Problem> {
        let unknown: Vec<ParameterError> = self
            .pairs
            .iter()
            .filter(|(name, _)| name != "f" && !known.contains(&name.as_str()))
            .map(|(name, _)| ParameterError::new(name, "there is no such parameter here"))
            .collect();
        if unknown.is_empty() {
            Ok(())
        } else {
            Err(Problem::parameters(unknown))
        }
    }

    /// Parameters but `f`, in the order given.
    pub(crate) fn question(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .filter(|(name, _)| name != "f")
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Address of this resource with its parameters but `f`, and with `f` where a format is named.
    pub(crate) fn address(&self, format: Option<&Format>) -> String {
        let token = format
            .and_then(|format| format.tokens.first().copied())
            .map(|token| ("f", token));
        format!(
            "{}{}{}",
            self.base,
            self.path,
            query_string(self.question().chain(token))
        )
    }

    /// What makes this request equal to another: base, path and the sorted parameters but `f`.
    pub(crate) fn canonical(&self) -> String {
        let mut pairs: Vec<_> = self.question().collect();
        pairs.sort_unstable();
        format!("{}{}{}", self.base, self.path, query_string(pairs))
    }
}

/// `http://HOST`, or `https://HOST` over TLS, for a Host that can stand in a link, nothing (relative links) without one.
fn base_of_host(headers: &HeaderMap, secured: bool) -> Result<String, Problem> {
    let Some(host) = headers.get(header::HOST) else {
        return Ok(String::new());
    };
    let allowed =
        |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    match host.to_str() {
        Ok(host)
            if !host.is_empty() && host.len() <= 255 && host.as_bytes().iter().all(allowed) =>
        {
            let scheme = if secured { "https" } else { "http" };
            Ok(format!("{scheme}://{host}"))
        }
        _ => Err(Problem::new(
            Kind::BadRequest,
            "The Host header is not a host name with an optional port.",
        )),
    }
}

fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Vec<&str> = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    if values.is_empty() {
        None
    } else {
        Some(values.join(", "))
    }
}

fn parse_query(query: &str) -> Result<Vec<(String, String)>, Problem> {
    if query.len() > LONGEST_QUERY {
        return Err(Problem::new(
            Kind::BadRequest,
            format!("The query is longer than {LONGEST_QUERY} bytes."),
        ));
    }
    decoded(query)
}

fn not_utf8() -> Problem {
    Problem::new(
        Kind::BadRequest,
        "The query is not UTF-8 once its percent-encoding is undone.",
    )
}

/// The pairs of a query string or a form.
pub(crate) fn decoded(query: &str) -> Result<Vec<(String, String)>, Problem> {
    let decode = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_decode_str(&spaced)
            .decode_utf8()
            .map(std::borrow::Cow::into_owned)
            .map_err(|_utf8| not_utf8())
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

#[cfg(test)]
impl Asked {
    /// A request for nothing, for tests of what is made of one.
    pub(crate) fn of_nothing() -> Self {
        Self {
            permit: crate::access::described(),
            path: String::new(),
            pairs: Vec::new(),
            base: String::new(),
            accept: None,
            accept_encoding: None,
            if_none_match: None,
            range: None,
            if_range: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded_and_written_back() {
        let pairs =
            parse_query("crs=http://www.opengis.net/def/crs/OGC/1.3/CRS84&a=x%26y&b=1%2C2&&c")
                .unwrap();
        let read: Vec<_> = pairs
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        assert_eq!(
            read,
            [
                ("crs", "http://www.opengis.net/def/crs/OGC/1.3/CRS84"),
                ("a", "x&y"),
                ("b", "1,2"),
                ("c", "")
            ]
        );
        assert_eq!(
            query_string(read),
            "?crs=http://www.opengis.net/def/crs/OGC/1.3/CRS84&a=x%26y&b=1,2&c="
        );
        assert_eq!(parse_query("a=%ff").unwrap_err().kind, Kind::BadRequest);
    }

    #[test]
    fn a_host_that_could_break_out_of_a_link_is_refused() {
        let with = |host: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            base_of_host(&headers, false)
        };
        assert_eq!(
            with("maps.example.org:8080").unwrap(),
            "http://maps.example.org:8080"
        );
        assert_eq!(with("[::1]:80").unwrap(), "http://[::1]:80");
        assert!(with("evil.example/x\"><script>").is_err());
        assert_eq!(base_of_host(&HeaderMap::new(), true).unwrap(), "");
    }
}
