//! The published schema is the one that the types give.

use std::path::Path;

/// `cargo xtask schemas` writes it.
#[test]
fn the_published_schema_is_that_of_the_types() {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs this test");
    let path = Path::new(&package).join("../../schemas/incident.schema.json");
    let published = std::fs::read_to_string(&path).expect("schemas/incident.schema.json is there");
    let made = serde_json::to_string_pretty(&naqsha_record::schema()).expect("a schema is JSON");
    assert!(
        published.trim_end() == made,
        "schemas/incident.schema.json differs from the types: run `cargo xtask schemas`"
    );
}
