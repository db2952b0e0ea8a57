//! Manifests as a bureau would write them.

use std::path::Path;

use serde_json::Value;

/// Writes a manifest of the Punjab register with `more` lines; gives its path.
///
/// # Panics
/// Where the folder cannot be written to.
pub fn manifest(folder: &Path, name: &str, more: &str) -> String {
    let path = folder.join(name);
    let text = format!(
        "agency = \"PUNJAB-POLICE\"\nperiod = \"2024-01\"\nprofile = \"punjab.fir\"\nuploader = \"clerk\"\n\
         approver = \"inspector\"\n{more}\n"
    );
    std::fs::write(&path, text).expect("the folder can be written to");
    path.to_string_lossy().into_owned()
}

/// What a run says of its categories, as control totals.
///
/// # Panics
/// Where it says nothing of them.
pub fn totals(told: &Value) -> String {
    let categories = told["categories"]
        .as_object()
        .expect("a run says its categories");
    assert!(!categories.is_empty(), "{told}");
    let total = |(category, n): (&String, &Value)| format!("\"{category}\" = {n}");
    categories.iter().map(total).collect::<Vec<_>>().join("\n")
}
