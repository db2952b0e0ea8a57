//! Running other programs, and saying what is being done.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Says in a line on standard error what is being done, or what is missing.
pub(crate) fn say(what: &str) {
    eprintln!("xtask: {what}");
}

/// Runs a command with the terminal as its own, and fails when it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("starting {}", shown(command)))?;
    if !status.success() {
        bail!("{} failed ({status})", shown(command));
    }
    Ok(())
}

/// What a command prints on standard output; its errors go to the terminal.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("starting {}", shown(command)))?;
    if !output.status.success() {
        bail!("{} failed ({})", shown(command), output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("output of {}", shown(command)))
}

/// Runs a command quietly into a log file, ending it after `limit`. The error holds the log's last lines.
pub(crate) fn run_quietly(command: &mut Command, log: &Path, limit: Duration) -> Result<()> {
    let file = fs::File::create(log).with_context(|| format!("creating {}", log.display()))?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(file.try_clone().context("sharing the log")?)
        .stderr(file)
        .spawn()
        .with_context(|| format!("starting {}", shown(command)))?;
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().context("waiting for a program")? {
            if status.success() {
                return Ok(());
            }
            bail!("{} failed ({status}): {}", shown(command), last_lines(log));
        }
        if started.elapsed() > limit {
            child
                .kill()
                .context("ending a program that took too long")?;
            child.wait().context("waiting for an ended program")?;
            bail!("{} took longer than {} s", shown(command), limit.as_secs());
        }
        sleep(Duration::from_millis(100));
    }
}

fn last_lines(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    lines[lines.len().saturating_sub(3)..].join(" / ")
}

fn shown(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy()];
    words.extend(
        command
            .get_args()
            .take(3)
            .map(|word| word.to_string_lossy()),
    );
    format!("`{}`", words.join(" "))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_failure_keeps_its_last_words() {
        let folder = tempfile::tempdir().expect("scratch folder");
        let log = folder.path().join("log");
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo the reason >&2; exit 3"]);
        let error = run_quietly(&mut command, &log, Duration::from_secs(10))
            .expect_err("exit 3 is a failure")
            .to_string();
        assert!(error.contains("the reason"), "{error}");
    }

    #[test]
    fn a_program_that_takes_too_long_is_ended() {
        let folder = tempfile::tempdir().expect("scratch folder");
        let mut command = Command::new("sleep");
        command.arg("600");
        let started = Instant::now();
        let error = run_quietly(
            &mut command,
            &folder.path().join("log"),
            Duration::from_millis(200),
        )
        .expect_err("ended early")
        .to_string();
        assert!(error.contains("took longer"), "{error}");
        assert!(started.elapsed() < Duration::from_mins(1));
    }
}
