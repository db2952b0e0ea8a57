//! Counts of tests, read from what the test runners print.
//!
//! Knows the closing lines of libtest and of vitest, and the line by which a test says that it was skipped.

use std::collections::BTreeMap;
use std::fmt;

/// How many tests passed, failed and were skipped.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Tests that ran and held.
    pub(crate) passed: usize,
    /// Tests that ran and did not hold, and steps that could not be run to their end.
    pub(crate) failed: usize,
    /// Tests that did not run, by their own word or the runner's.
    pub(crate) skipped: usize,
}

impl Counts {
    /// Adds the counts of another suite.
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }
}

/// Tests that said why they did not run: name to reason. One test is one entry, however often it said so.
pub(crate) type Skips = BTreeMap<String, String>;

/// Reads a line `SKIPPED name: reason` into `skips`; returns whether it was one.
pub(crate) fn read_skip(line: &str, skips: &mut Skips) -> bool {
    let Some((name, reason)) = line
        .trim()
        .strip_prefix("SKIPPED ")
        .and_then(|rest| rest.split_once(": "))
    else {
        return false;
    };
    skips.insert(name.trim().to_owned(), reason.trim().to_owned());
    true
}

/// What to do with a line of a runner's output.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Show it.
    Shown,
    /// Leave it out: it is the captured output of a test that passed.
    Hidden,
}

/// Reads the output of `cargo test -- --show-output`, line by line.
///
/// That option is needed because a test that skips itself passes, and libtest keeps what it printed to itself.
#[derive(Debug, Default)]
pub(crate) struct CargoOutput {
    counts: Counts,
    in_captured: bool,
}

impl CargoOutput {
    /// Reads one line, and says whether a person wants to see it.
    pub(crate) fn read(&mut self, line: &str, skips: &mut Skips) -> Line {
        read_skip(line, skips);
        if let Some(result) = line.strip_prefix("test result: ") {
            self.in_captured = false;
            self.counts.add(libtest_counts(result));
        } else if line == "failures:" {
            self.in_captured = false;
        } else if line == "successes:" {
            self.in_captured = true;
        }
        if self.in_captured {
            Line::Hidden
        } else {
            Line::Shown
        }
    }

    /// The counts of all suites read. Tests that skipped themselves were counted as passed by libtest: they are taken
    /// out of `passed` here, and counted as skipped.
    pub(crate) fn counts(&self, skips: &Skips) -> Counts {
        Counts {
            passed: self.counts.passed.saturating_sub(skips.len()),
            failed: self.counts.failed,
            skipped: self.counts.skipped + skips.len(),
        }
    }
}

/// Counts of `ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; …`.
fn libtest_counts(result: &str) -> Counts {
    let mut counts = Counts::default();
    let numbers = result.split_once(". ").map_or("", |(_, rest)| rest);
    for part in numbers.split(';') {
        match number_and_word(part) {
            Some((n, "passed")) => counts.passed += n,
            Some((n, "failed")) => counts.failed += n,
            Some((n, "ignored")) => counts.skipped += n,
            _ => {}
        }
    }
    counts
}

/// Counts of vitest's closing line `Tests  1 failed | 12 passed | 2 skipped (15)`; `None` for any other line.
pub(crate) fn vitest_counts(line: &str) -> Option<Counts> {
    let rest = line.trim().strip_prefix("Tests ")?;
    let mut counts = Counts::default();
    for part in rest.split(['|', '(']) {
        match number_and_word(part) {
            Some((n, "passed")) => counts.passed += n,
            Some((n, "failed")) => counts.failed += n,
            Some((n, "skipped" | "todo")) => counts.skipped += n,
            _ => {}
        }
    }
    Some(counts)
}

/// Counts of the closing line `7 browser checks passed against …` of the dashboard's browser test; `None` for any other.
pub(crate) fn browser_counts(line: &str) -> Option<Counts> {
    let (passed, rest) = number_and_word(line)?;
    rest.starts_with("browser checks passed").then(|| Counts {
        passed,
        ..Counts::default()
    })
}

fn number_and_word(part: &str) -> Option<(usize, &str)> {
    let (number, word) = part.trim().split_once(' ')?;
    Some((number.parse().ok()?, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(output: &str) -> (Counts, Skips, Vec<&str>) {
        let mut reader = CargoOutput::default();
        let mut skips = Skips::new();
        let shown = output
            .lines()
            .filter(|line| reader.read(line, &mut skips) == Line::Shown)
            .collect();
        (reader.counts(&skips), skips, shown)
    }

    #[test]
    fn result_lines_of_all_suites_are_summed() {
        let (counts, _, shown) = read(
            "\
running 2 tests
test a ... ok
test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.01s
test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        );
        assert_eq!(counts.to_string(), "14 passed, 3 failed, 1 skipped");
        assert_eq!(shown.len(), 4);
    }

    #[test]
    fn a_test_that_skipped_itself_is_not_among_the_passed() {
        let (counts, skips, shown) = read(
            "\
test real_months ... ok

successes:

---- real_months stdout ----
SKIPPED real_months: ../shared/data is absent
SKIPPED real_months: ../shared/data is absent

successes:
    real_months

test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
        );
        assert_eq!(counts.to_string(), "1 passed, 0 failed, 1 skipped");
        assert_eq!(skips["real_months"], "../shared/data is absent");
        assert!(
            !shown.iter().any(|line| line.contains("SKIPPED")),
            "{shown:?}"
        );
    }

    #[test]
    fn what_a_failing_test_printed_is_shown() {
        let (_, _, shown) = read(
            "\
successes:

---- good stdout ----
chatter

failures:

---- bad stdout ----
the reason

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
        );
        assert!(shown.contains(&"the reason"), "{shown:?}");
        assert!(!shown.contains(&"chatter"), "{shown:?}");
    }

    #[test]
    fn browser_checks_are_counted_from_their_closing_line() {
        let counts = browser_counts("7 browser checks passed against http://127.0.0.1:9/");
        assert_eq!(counts.map(|counts| counts.passed), Some(7));
        assert_eq!(browser_counts("ok: 7 cells are drawn"), None);
    }

    #[test]
    fn vitest_counts_tests_and_not_files() {
        assert_eq!(vitest_counts(" Test Files  2 passed (2)"), None);
        let counts = vitest_counts("      Tests  1 failed | 12 passed | 2 skipped (15)");
        assert_eq!(
            counts.map(|counts| counts.to_string()).as_deref(),
            Some("12 passed, 1 failed, 2 skipped")
        );
    }
}
