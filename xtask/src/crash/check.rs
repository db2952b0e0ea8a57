//! Reading a store back: all that was acknowledged, nothing that was not, every row once.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::batches::told;
use super::client::Client;
use super::program::{Answer, Program};

/// The words that write all current rows to a file.
pub(crate) fn export_to(out: &Path) -> Vec<&str> {
    vec![
        "export",
        "incidents",
        "--format",
        "geojson",
        "--out",
        out.to_str().unwrap_or_default(),
    ]
}

/// Opens a store and compares all of it with what its client knows; gives what is wrong.
pub(crate) fn reopened(
    program: &Program,
    store: &Path,
    client: &mut Client,
) -> Result<Vec<String>> {
    let answer = program.run(store, &["batch", "list"])?;
    let Some(said) = json(&answer) else {
        return Ok(vec![format!(
            "the store cannot be opened: {}",
            shown(&answer)
        )]);
    };
    let mut wrong = client.compare_list(&said);
    let out = program.scratch().join("reopened.geojson");
    let answer = program.run(store, &export_to(&out))?;
    if json(&answer).is_none() {
        wrong.push(format!("the rows cannot be read: {}", shown(&answer)));
        return Ok(wrong);
    }
    wrong.extend(client.compare_rows(&rows(&out)?));
    Ok(wrong)
}

/// The rows in an exported file, sorted.
pub(crate) fn rows(file: &Path) -> Result<Vec<String>> {
    let text = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let collection: Value = serde_json::from_slice(&text).context("an export is not JSON")?;
    let features = collection["features"]
        .as_array()
        .context("an export has no features")?;
    let row = |feature: &Value| {
        let text = |name: &str| feature["properties"][name].as_str().map(str::to_owned);
        let coordinate = |n: usize| {
            Some(format!(
                "{:.5}",
                feature["geometry"]["coordinates"][n].as_f64()?
            ))
        };
        Some(told(
            &text("category")?,
            &text("first_day")?,
            &coordinate(0)?,
            &coordinate(1)?,
        ))
    };
    let mut rows: Vec<String> = features
        .iter()
        .map(row)
        .collect::<Option<_>>()
        .context("a feature lacks a property")?;
    rows.sort();
    Ok(rows)
}

/// What a command that succeeded printed.
fn json(answer: &Answer) -> Option<Value> {
    (answer.code == Some(0)).then(|| serde_json::from_str(&answer.stdout).ok())?
}

/// An answer in a line.
pub(crate) fn shown(answer: &Answer) -> String {
    let ended = answer.code.map_or("ended by a signal".to_owned(), |code| {
        format!("exit {code}")
    });
    format!("{ended}: {}", answer.stderr.trim().replace('\n', " / "))
}
