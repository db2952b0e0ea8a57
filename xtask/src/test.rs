//! `cargo xtask test`: everything that checks the workspace, and the counts as its last line.
//!
//! Test processes find what was prepared for them in their environment: `NAQSHA_BIN` (the program), `NAQSHA_PYTHON`
//! (a Python with the packages of `requirements.txt`), `NAQSHA_CHROMIUM` (a browser), `NAQSHA_OGRINFO` (GDAL),
//! `NAQSHA_POSTGRES` (the folder of PostgreSQL's server programs), `NAQSHA_NODE` (the node of the dashboard's scripts)
//! and `NAQSHA_SKIPS` (a file to which a test that skips itself may append `SKIPPED name: reason`; printing that line does
//! as well). A variable that is not set means that the tool is not there.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};

use crate::counts::{CargoOutput, Counts, Line, Skips, browser_counts, read_skip, vitest_counts};
use crate::dashboard::{self, Dashboard};
use crate::demo;
use crate::process::say;
use crate::tidy;
use crate::tools::{Clients, Found, Toolbox};
use crate::workspace::{Workspace, cargo};

/// The state of a run.
#[derive(Debug, Default)]
struct Report {
    counts: Counts,
    skips: Skips,
    failures: Vec<String>,
}

impl Report {
    /// Notes a step that failed without counting its own failures.
    fn fail(&mut self, step: &str) {
        self.counts.failed += 1;
        self.failures.push(step.to_owned());
    }

    fn skip(&mut self, step: &str, reason: &str) {
        self.counts.skipped += 1;
        self.skips.insert(step.to_owned(), reason.to_owned());
    }
}

/// What the test processes find in their environment.
type Variables = Vec<(&'static str, PathBuf)>;

/// Installs what is missing, runs everything, and prints the counts.
pub(crate) fn run(workspace: &Workspace, clients: Clients) -> Result<ExitCode> {
    let mut report = Report::default();
    let tools = Toolbox::new(workspace);
    fs::create_dir_all(&workspace.target).context("creating the target folder")?;
    let mut variables = prepare_tools(workspace, &tools, clients);

    test_dashboard(workspace, &tools, &mut report)?;
    if tidy::run(workspace)? != ExitCode::SUCCESS {
        report.fail("tidy");
    }
    match workspace.build_program() {
        Ok(program) => {
            variables.push(("NAQSHA_BIN", program));
            test_demo(workspace, &mut report);
        }
        Err(error) => {
            say(&format!("{error:#}"));
            report.fail("cargo build");
        }
    }
    test_workspace(workspace, &variables, &mut report)?;
    Ok(finish(&report))
}

fn prepare_tools(workspace: &Workspace, tools: &Toolbox<'_>, clients: Clients) -> Variables {
    let mut variables = Variables::new();
    let mut note = |name: &'static str, what: &str, found: Found| match found {
        Ok(path) => variables.push((name, path)),
        Err(reason) => say(&format!("tests that need {what} are skipped: {reason}")),
    };
    note("NAQSHA_PYTHON", "Python packages", tools.python());
    note("NAQSHA_CHROMIUM", "a browser", tools.browser());
    note("NAQSHA_OGRINFO", "GDAL", tools.ogrinfo());
    note("NAQSHA_POSTGRES", "PostgreSQL", tools.postgres());
    note("NAQSHA_NODE", "node", dashboard::node(workspace, tools));
    if clients == Clients::Heavy
        && let Err(reason) = tools.heavy_clients()
    {
        say(&format!(
            "tests that need a heavy client are skipped: {reason}"
        ));
    }
    variables
}

/// The dashboard: its types, its own tests, the build that the program embeds, and that build's page in a browser.
fn test_dashboard(workspace: &Workspace, tools: &Toolbox<'_>, report: &mut Report) -> Result<()> {
    let dashboard = match Dashboard::prepare(workspace, tools) {
        Ok(dashboard) => dashboard,
        Err(reason) => {
            report.skip("dashboard", &reason);
            return Ok(());
        }
    };
    say("dashboard: npm run check");
    let mut check = dashboard.npm(&["run", "--silent", "check"]);
    if !check.status().is_ok_and(|status| status.success()) {
        report.fail("dashboard: npm run check");
    }
    let mut tests = dashboard.npm(&["run", "--silent", "test"]);
    run_counted("dashboard: npm test", &mut tests, vitest_counts, report)?;
    if let Err(error) = dashboard.build(&tools.log("npm-build")) {
        say(&format!("{error:#}"));
        report.fail("dashboard: npm run build");
        return Ok(());
    }
    match tools.browser() {
        Ok(browser) => {
            let mut test = dashboard.npm(&["run", "--silent", "test:browser", "--", "--chromium"]);
            let step = "dashboard: npm run test:browser";
            run_counted(step, test.arg(browser), browser_counts, report)
        }
        Err(reason) => {
            report.skip("dashboard: npm run test:browser", &reason);
            Ok(())
        }
    }
}

/// Runs a step whose output has its counts on some line. A failure that counts nothing counts as one.
fn run_counted(
    step: &str,
    command: &mut Command,
    counts_of: fn(&str) -> Option<Counts>,
    report: &mut Report,
) -> Result<()> {
    say(step);
    let mut counts = Counts::default();
    let succeeded = stream(command.env("NO_COLOR", "1"), |line| {
        counts.add(counts_of(line).unwrap_or_default());
        Line::Shown
    })?;
    report.counts.add(counts);
    if !succeeded && counts.failed == 0 {
        report.fail(step);
    }
    Ok(())
}

/// The demo's files: each is there, holds features, and says truly whether it is synthetic.
fn test_demo(workspace: &Workspace, report: &mut Report) {
    let step = "cargo xtask demo -- --once";
    say(step);
    let folder = workspace.target.join("naqsha-demo-files");
    let outcome = demo::once(workspace, &folder).and_then(|_done| demo::check_files(&folder));
    match outcome {
        Ok(files) => report.counts.passed += files,
        Err(error) => {
            say(&format!("{error:#}"));
            report.fail(step);
        }
    }
}

/// All Rust tests, doc tests included.
fn test_workspace(workspace: &Workspace, variables: &Variables, report: &mut Report) -> Result<()> {
    let skips_file = workspace.target.join("naqsha-skips.txt");
    fs::write(&skips_file, "").with_context(|| format!("writing {}", skips_file.display()))?;
    say("cargo test --workspace");
    let mut command = cargo();
    command
        .current_dir(&workspace.root)
        .args([
            "test",
            "--workspace",
            "--no-fail-fast",
            "--",
            "--show-output",
        ])
        .envs(variables.iter().cloned())
        .env("NAQSHA_SKIPS", &skips_file);
    let mut output = CargoOutput::default();
    let mut skips = Skips::new();
    let succeeded = stream(&mut command, |line| output.read(line, &mut skips))?;
    let noted = fs::read_to_string(&skips_file)
        .with_context(|| format!("reading {}", skips_file.display()))?;
    for line in noted.lines() {
        read_skip(line, &mut skips);
    }
    let counts = output.counts(&skips);
    report.counts.add(counts);
    report.skips.append(&mut skips);
    if !succeeded && counts.failed == 0 {
        report.fail("cargo test");
    }
    Ok(())
}

/// Runs a command and hands each line of its standard output to `read`; prints those that are to be shown.
fn stream(command: &mut Command, mut read: impl FnMut(&str) -> Line) -> Result<bool> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {}", command.get_program().to_string_lossy()))?;
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n') {
            let line = line.context("reading a program's output")?;
            let line = String::from_utf8_lossy(&line);
            if read(line.trim_end_matches('\r')) == Line::Shown {
                println!("{line}");
            }
        }
    }
    Ok(child.wait().context("waiting for a program")?.success())
}

fn finish(report: &Report) -> ExitCode {
    println!();
    for line in closing_lines(report) {
        println!("{line}");
    }
    if report.counts.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What was skipped and why, which steps failed, and the counts as the last line.
fn closing_lines(report: &Report) -> Vec<String> {
    let skips = report
        .skips
        .iter()
        .map(|(name, reason)| format!("SKIPPED {name}: {reason}"));
    let failures = report.failures.iter().map(|step| format!("FAILED {step}"));
    skips
        .chain(failures)
        .chain([report.counts.to_string()])
        .collect()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_streamed_command_gives_its_lines_and_its_outcome() {
        let mut lines = Vec::new();
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; printf two; exit 1"]);
        let succeeded = stream(&mut command, |line| {
            lines.push(line.to_owned());
            Line::Hidden
        })
        .expect("sh starts");
        assert!(!succeeded);
        assert_eq!(lines, ["one", "two"]);
    }

    #[test]
    fn steps_that_failed_or_were_skipped_are_named_and_counted() {
        let mut report = Report::default();
        report.counts.add(Counts {
            passed: 3,
            failed: 0,
            skipped: 0,
        });
        assert_eq!(closing_lines(&report), ["3 passed, 0 failed, 0 skipped"]);
        report.fail("tidy");
        report.skip("dashboard", "npm is absent");
        assert_eq!(
            closing_lines(&report),
            [
                "SKIPPED dashboard: npm is absent",
                "FAILED tidy",
                "3 passed, 1 failed, 1 skipped"
            ]
        );
    }
}
