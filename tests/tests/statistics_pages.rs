//! The plots of `docs/statistics`: each page has one, and it is what the program answers for the example of the page.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use naqsha_tests::skip::python;
use naqsha_tests::statistics::{Scratch, text};

/// Names of the files of a folder that have an extension, without it.
fn names(folder: &Path, extension: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let fits = |path: &PathBuf| path.extension().is_some_and(|of| of == extension);
    let stem = |path: PathBuf| {
        text(&path.with_extension(""))
            .rsplit('/')
            .next()
            .map(str::to_owned)
    };
    paths.filter(fits).filter_map(stem).collect()
}

fn pages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/statistics")
}

#[test]
fn each_plot_is_what_the_program_answers_for_the_example_of_its_page() {
    let test = "each_plot_is_what_the_program_answers_for_the_example_of_its_page";
    let Some(mut python) = python(test, "csv, json") else {
        return;
    };
    let scratch = Scratch::new();
    let program = naqsha_tests::program::naqsha();
    let drawn = python
        .arg(pages().join("plots/draw.py"))
        .arg(program.get_program())
        .arg(scratch.path(""))
        .output()
        .expect("Python starts");
    assert!(
        drawn.status.success(),
        "{}",
        String::from_utf8_lossy(&drawn.stderr)
    );
    let kept = names(&pages().join("plots"), "svg");
    assert!(
        kept.len() >= 18 && kept == names(&scratch.path(""), "svg"),
        "{kept:?}"
    );
    for name in kept {
        let file = format!("{name}.svg");
        let read = |folder: PathBuf| std::fs::read_to_string(folder.join(&file)).expect("a plot");
        assert!(
            read(pages().join("plots")) == read(scratch.path("")),
            "{file} is not what the program answers: python3 docs/statistics/plots/draw.py PROGRAM docs/statistics/plots"
        );
        let page = std::fs::read_to_string(pages().join(format!("{name}.md"))).expect("a page");
        assert!(
            page.contains(&format!("](plots/{file})")),
            "{name}.md does not show {file}"
        );
    }
}
