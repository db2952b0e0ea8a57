//! `cargo xtask data`: how the data files were made, and making the synthetic sample again.

use std::fs;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::process;
use crate::provenance::{self, Origin};
use crate::workspace::Workspace;

/// Where the synthetic sample is, below `data/`.
const SAMPLE: &str = "sample/pakistan";

/// What the sample is made with: enough incidents for significant cells in each category, few enough to ship.
const SAMPLE_ARGUMENTS: [&str; 6] = ["--incidents", "6000", "--seed", "1", "--messy", "0.02"];

/// Lists the data files with their origin, and the scripts with how each is run.
pub(crate) fn list(workspace: &Workspace) -> Result<ExitCode> {
    let data = workspace.path("data");
    for (file, origin) in provenance::read(&data)? {
        println!(
            "{file}\n    {} {}, {}",
            origin.package, origin.version, origin.licence
        );
    }
    println!(
        "\nTo make them again (each script downloads what it needs into the folder that it is given):"
    );
    let mut scripts: Vec<_> = fs::read_dir(data.join("make"))
        .context("listing data/make")?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    scripts.sort();
    for script in scripts
        .iter()
        .filter(|path| path.extension().is_some_and(|e| e == "py"))
    {
        let text =
            fs::read_to_string(script).with_context(|| format!("reading {}", script.display()))?;
        if let Some(purpose) = purpose(&text) {
            println!(
                "  python3 {} FOLDER\n      {purpose}",
                workspace.relative(script)
            );
        }
    }
    println!("  cargo xtask data sample\n      Makes `{SAMPLE}/` with `naqsha generate`.");
    Ok(ExitCode::SUCCESS)
}

/// The first line of a script's documentation, of those scripts that make files.
fn purpose(script: &str) -> Option<&str> {
    let first = script.lines().next()?.strip_prefix("\"\"\"")?;
    first.starts_with("Makes ").then_some(first)
}

/// Makes the synthetic sample again with the program as it stands, and writes its provenance rows.
pub(crate) fn make_sample(workspace: &Workspace) -> Result<ExitCode> {
    let program = workspace.build_program()?;
    let data = workspace.path("data");
    let folder = data.join(SAMPLE);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("removing {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    process::run(
        Command::new(program)
            .arg("generate")
            .args(SAMPLE_ARGUMENTS)
            .arg("--out")
            .arg(&folder),
    )?;
    let prefix = format!("{SAMPLE}/");
    let mut table = provenance::read(&data)?;
    table.retain(|file, _| !file.starts_with(&prefix));
    for file in provenance::files(&data)?
        .into_iter()
        .filter(|file| file.starts_with(&prefix))
    {
        let origin = Origin {
            package: "naqsha generate".to_owned(),
            version: workspace.version.clone(),
            licence: "CC0-1.0".to_owned(),
            sha256: provenance::digest(&data.join(&file))?,
        };
        process::say(&format!("made data/{file}"));
        table.insert(file, origin);
    }
    provenance::write(&data, &table)?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scripts_that_make_files_are_listed() {
        let script = "\"\"\"Makes `a` from `b`.\n\nUsage: ...\"\"\"\n";
        assert_eq!(purpose(script), Some("Makes `a` from `b`."));
        assert_eq!(purpose("\"\"\"Keeps the table.\"\"\"\n"), None);
        assert_eq!(purpose(""), None);
    }
}
