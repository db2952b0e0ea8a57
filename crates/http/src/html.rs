//! Plain pages of the documents for people with a browser. Every value is escaped; no script, no style from elsewhere.

use std::borrow::Cow;
use std::fmt::Write as _;

use axum::http::{HeaderName, HeaderValue, header};
use naqsha_formats::Crs;
use naqsha_layers::Answer;
use serde_json::Value;

use crate::geojson::FeatureWriter;
use crate::link::Link;
use crate::metadata::metadata;
use crate::negotiate::{Format, HTML};

/// Policy of generated pages: nothing is loaded, the one inline style is allowed.
pub(crate) const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem}\
table{border-collapse:collapse;display:block;overflow-x:auto}td,th{border:1px solid #ccc;padding:.2rem .5rem;\
text-align:left;vertical-align:top}th{background:#f2f2f2}";

/// The headers of a format: those of a page, none of another.
pub(crate) fn headers(format: &Format) -> Vec<(HeaderName, HeaderValue)> {
    let policy = (*format == HTML).then(|| {
        let policy = HeaderValue::from_static(POLICY);
        (header::CONTENT_SECURITY_POLICY, policy)
    });
    policy.into_iter().collect()
}

/// A JSON document as a page.
pub(crate) fn page(title: &str, document: &Value) -> String {
    let mut html = opening(title);
    push_value(&mut html, document);
    html.push_str(CLOSING);
    html
}

const CLOSING: &str = "\n</body></html>\n";

fn opening(title: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n",
        title = escape(title)
    )
}

/// Features as a table, one row each without geometry: what they are, how many, in which other formats, and below them what
/// a reader must know to judge them.
pub(crate) fn features(answer: &Answer, links: &[Link]) -> String {
    let layer = answer.table.layer;
    let mut html = opening(layer.title);
    let shown = answer.rows.len();
    // Writing to a String cannot fail.
    let _infallible = write!(
        html,
        "<p>{}</p>\n<p><b>{}</b> of <b>{}</b> features that match, of version {} of the data.</p>\n<p>",
        escape(layer.description),
        shown,
        answer.matched,
        answer.version
    );
    for link in links.iter().filter(|link| link.rel != "self") {
        let (address, title) = (escape(&link.href), escape(&link.title));
        let _infallible = write!(
            html,
            "<a rel=\"{}\" href=\"{address}\">{title}</a> &nbsp; ",
            escape(link.rel)
        );
    }
    html.push_str("</p>\n<table><tr><th>Id</th>");
    for column in answer.columns() {
        let property = column.property;
        let unit = property.unit.map(|unit| format!(" ({unit})"));
        let _infallible = write!(
            html,
            "<th title=\"{}\">{}{}</th>",
            escape(property.description),
            escape(property.title),
            escape(&unit.unwrap_or_default())
        );
    }
    html.push_str("</tr>\n");
    push_rows(&mut html, answer, links);
    html.push_str("</table>\n<h2>What to know of these numbers</h2>\n");
    push_value(&mut html, &metadata(answer));
    html.push_str(CLOSING);
    html
}

/// The rows of a table of features; each id leads to its feature.
fn push_rows(html: &mut String, answer: &Answer, links: &[Link]) {
    let writer = FeatureWriter::new(answer, Crs::Crs84);
    let collection = links.iter().find(|link| link.rel == "collection");
    let mut bytes = Vec::new();
    for &row in &answer.rows {
        bytes.clear();
        writer.push(&mut bytes, row as usize);
        let feature: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let id = escape(feature["id"].as_str().unwrap_or_default());
        let _infallible = match collection {
            Some(link) => write!(
                html,
                "<tr><td><a href=\"{}/items/{id}\">{id}</a></td>",
                escape(&link.href)
            ),
            None => write!(html, "<tr><td>{id}</td>"),
        };
        for value in feature["properties"]
            .as_object()
            .into_iter()
            .flat_map(|properties| properties.values())
        {
            html.push_str("<td>");
            push_value(html, value);
            html.push_str("</td>");
        }
        html.push_str("</tr>\n");
    }
}

fn push_value(html: &mut String, value: &Value) {
    match value {
        Value::Null => html.push('–'),
        Value::Bool(_) | Value::Number(_) => html.push_str(&value.to_string()),
        Value::String(text) => push_text(html, text),
        Value::Array(members) if members.iter().all(Value::is_object) && !members.is_empty() => {
            push_table(html, members);
        }
        Value::Array(members) => {
            for (i, member) in members.iter().enumerate() {
                html.push_str(if i == 0 { "" } else { ", " });
                push_value(html, member);
            }
        }
        Value::Object(members) => {
            html.push_str("<table>");
            for (name, member) in members {
                // Writing to a String cannot fail.
                let _infallible = write!(html, "<tr><th>{}</th><td>", escape(name));
                push_value(html, member);
                html.push_str("</td></tr>\n");
            }
            html.push_str("</table>");
        }
    }
}

fn push_table(html: &mut String, rows: &[Value]) {
    let mut names: Vec<&str> = Vec::new();
    for name in rows
        .iter()
        .filter_map(Value::as_object)
        .flat_map(|row| row.keys())
    {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    html.push_str("<table><tr>");
    for name in &names {
        let _infallible = write!(html, "<th>{}</th>", escape(name));
    }
    html.push_str("</tr>\n");
    for row in rows {
        html.push_str("<tr>");
        for name in &names {
            html.push_str("<td>");
            if let Some(value) = row.get(name) {
                push_value(html, value);
            }
            html.push_str("</td>");
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</table>");
}

/// A text; an address becomes a link.
fn push_text(html: &mut String, text: &str) {
    let escaped = escape(text);
    let address = text.starts_with("http://") || text.starts_with("https://");
    // Templates such as a tile address lead nowhere.
    if address && !text.contains('{') {
        let _infallible = write!(html, "<a href=\"{escaped}\">{escaped}</a>");
    } else {
        html.push_str(&escaped);
    }
}

fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    Cow::Owned(escaped.replace('"', "&quot;").replace('\'', "&#39;"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_cannot_become_markup() {
        let document =
            json!({ "<b>": ["<script>alert(1)</script>", "https://a/\"onclick='x'"], "n": null });
        let html = page("a <title>", &document);
        assert!(
            !html.contains("<script>") && !html.contains("<b>") && !html.contains("\"onclick"),
            "{html}"
        );
        assert!(html.contains("&lt;script&gt;"));
    }
}
