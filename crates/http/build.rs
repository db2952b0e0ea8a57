//! Sees to it that there is a page to embed: a plain one where the dashboard has not been built yet.

use std::path::Path;
use std::{fs, io};

const PLACEHOLDER: &str = "<!doctype html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Naqsha</title></head>
<body><h1>Naqsha</h1><p>The map was not built into this program. The data: <a href=\"collections\">collections</a>.</p></body></html>
";

fn main() -> io::Result<()> {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dashboard/dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    let index = dist.join("index.html");
    if !index.exists() {
        fs::create_dir_all(&dist)?;
        fs::write(index, PLACEHOLDER)?;
    }
    Ok(())
}
