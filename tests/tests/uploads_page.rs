//! The page that sends a file, in a real browser against the real program.

use std::path::Path;
use std::process::Command;

use naqsha_tests::server::Server;
use naqsha_tests::skip::{program, skip, tool};

#[test]
fn a_clerk_tries_a_file_out_sends_it_and_fetches_the_result() {
    let test = "a_clerk_tries_a_file_out_sends_it_and_fetches_the_result";
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dashboard");
    for needed in ["node_modules/playwright-core", "dist/upload.html"] {
        if !folder.join(needed).exists() {
            return skip(test, &format!("dashboard/{needed} is absent"));
        }
    }
    let chromium = tool("NAQSHA_CHROMIUM", "/usr/bin/chromium");
    let (Some(_), Some(mut node)) = (
        program(test, &chromium),
        program(test, &tool("NAQSHA_NODE", "node")),
    ) else {
        return;
    };
    let server = Server::over_nothing();
    let told = told(
        node.current_dir(folder)
            .args(["tests/upload.mjs", "--chromium", &chromium])
            .args(["--url", &format!("{}/", server.base())])
            .arg("--screenshot")
            .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("upload.png")),
    );
    assert!(told.contains("browser checks passed against"), "{told}");
}

fn told(command: &mut Command) -> String {
    let output = command.output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    text
}
