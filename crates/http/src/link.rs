//! Web links (RFC 8288) as OGC documents carry them, and the percent-encoding of what goes into them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

/// What a query value may hold as it is: the unreserved characters, and those that stand in dates, lists and URIs.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b',')
    .remove(b':')
    .remove(b'/');

/// A typed link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Target.
    pub href: String,
    /// Relation.
    pub rel: &'static str,
    /// Media type of the target.
    pub media_type: &'static str,
    /// Title for people.
    pub title: String,
    /// How the target is asked, where it is not by GET.
    pub method: Option<&'static str>,
}

impl Link {
    /// A link.
    pub fn new(
        href: impl Into<String>,
        rel: &'static str,
        media_type: &'static str,
        title: impl Into<String>,
    ) -> Self {
        Self {
            href: href.into(),
            rel,
            media_type,
            title: title.into(),
            method: None,
        }
    }

    /// The same link, asked by another method than GET.
    #[must_use]
    pub(crate) fn by(self, method: &'static str) -> Self {
        Self {
            method: Some(method),
            ..self
        }
    }

    /// The link as a JSON object.
    pub fn to_json(&self) -> Value {
        let mut link = json!({ "href": self.href, "rel": self.rel, "type": self.media_type, "title": self.title });
        if let Some(method) = self.method {
            link["method"] = method.into();
        }
        link
    }

    /// The link as a member of a `Link` header.
    pub(crate) fn to_header(&self) -> String {
        format!(
            "<{}>; rel=\"{}\"; type=\"{}\"",
            self.href, self.rel, self.media_type
        )
    }
}

/// Links as a JSON array.
pub(crate) fn to_json(links: &[Link]) -> Value {
    links.iter().map(Link::to_json).collect()
}

/// A query string with its question mark, or nothing for no pairs.
pub(crate) fn query_string<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| {
            format!(
                "{}={}",
                utf8_percent_encode(name, PLAIN),
                utf8_percent_encode(value, PLAIN)
            )
        })
        .collect();
    if pairs.is_empty() {
        String::new()
    } else {
        format!("?{}", pairs.join("&"))
    }
}
