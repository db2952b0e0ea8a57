//! Rules about the text of one file.

use super::{Finding, Severity};

const LINES_LIMIT: usize = 500;
const LINES_WARNING: usize = 400;

/// Endings of files that people write, and that the rules are about.
const CHECKED: [&str; 16] = [
    "rs", "ts", "js", "mjs", "css", "html", "py", "sh", "sql", "toml", "json", "yml", "yaml", "md",
    "txt", "run",
];

/// Top folders of machines: a path that starts with one is true on one machine only.
const MACHINE_FOLDERS: [&str; 5] = ["work", "root", "tmp", "home", "Users"];

/// Marks of work left undone, in two halves so that this file has none.
const UNDONE: [&str; 3] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
];

/// Whether the rules are about a file of that name.
pub(super) fn is_checked(file: &str) -> bool {
    ending(file).is_some_and(|ending| CHECKED.contains(&ending)) || file == ".ci/run"
}

/// All findings in one file.
pub(super) fn findings(file: &str, text: &str) -> Vec<Finding> {
    let ending = ending(file).unwrap_or_default();
    let mut findings = Vec::new();
    if matches!(ending, "rs" | "ts") {
        findings.extend(size(file, text));
    }
    if ending == "rs" {
        findings.extend(opening(file, text));
        findings.extend(bare_matches(file, text));
    }
    if !matches!(ending, "md" | "json" | "txt") {
        findings.extend(undone(file, text));
    }
    findings.extend(machine_paths(file, text));
    findings
}

fn ending(file: &str) -> Option<&str> {
    Some(file.rsplit_once('.')?.1)
}

fn size(file: &str, text: &str) -> Option<Finding> {
    let lines = text.lines().count();
    let (severity, limit) = match lines {
        _ if lines > LINES_LIMIT => (Severity::Error, LINES_LIMIT),
        _ if lines > LINES_WARNING => (Severity::Warning, LINES_WARNING),
        _ => return None,
    };
    let message =
        format!("{lines} lines, more than {limit}: which part of it is a thing of its own?");
    Some(Finding {
        severity,
        place: file.to_owned(),
        line: 0,
        message,
    })
}

fn opening(file: &str, text: &str) -> Option<Finding> {
    (!text.starts_with("//!")).then(|| {
        Finding::error(
            file,
            1,
            "opens without `//!`: what is it for, and what does it not know?",
        )
    })
}

fn undone(file: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let marked = words(line).any(|word| UNDONE.contains(&word));
        if marked && !names_an_issue(line) {
            findings.push(Finding::error(
                file,
                number,
                "work left undone, without an issue's number (#N)",
            ));
        }
    }
    findings
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
}

fn names_an_issue(line: &str) -> bool {
    line.split('#')
        .skip(1)
        .any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Paths that exist on one machine only. What stands before the first slash tells them from the middle of another path.
fn machine_paths(file: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        for folder in MACHINE_FOLDERS {
            let start = format!("/{folder}/");
            let found = line.match_indices(&start).any(|(at, _)| {
                line.get(..at)
                    .and_then(|before| before.chars().next_back())
                    .is_none_or(|before| before.is_whitespace() || "\"'`(=,:[".contains(before))
            });
            if found {
                findings.push(Finding::error(
                    file,
                    number,
                    format!("a machine's own path ({start}…)"),
                ));
            }
        }
    }
    findings
}

/// `matches!(…);` as a statement: it looks like an assertion and asserts nothing.
fn bare_matches(file: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, opening) in text.match_indices("matches!(") {
        let (Some(before), Some(after)) = (text.get(..at), text.get(at + opening.len()..)) else {
            continue;
        };
        let begins_statement = before.trim_end().ends_with([';', '{', '}']);
        if begins_statement
            && after_closing(after).is_some_and(|rest| rest.trim_start().starts_with(';'))
        {
            let line = before.lines().count() + usize::from(before.ends_with('\n'));
            findings.push(Finding::error(
                file,
                line,
                "a bare `matches!(…);` asserts nothing",
            ));
        }
    }
    findings
}

/// What follows the parenthesis that closes the one just opened.
fn after_closing(text: &str) -> Option<&str> {
    let mut depth = 1_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return text.get(at + 1..);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(found: &[Finding]) -> Vec<usize> {
        found.iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_long_file_is_warned_of_and_a_longer_one_refused() {
        let severity =
            |lines: usize| size("a.rs", &"//!\n".repeat(lines)).map(|finding| finding.severity);
        assert_eq!(severity(400), None);
        assert_eq!(severity(401), Some(Severity::Warning));
        assert_eq!(severity(500), Some(Severity::Warning));
        assert_eq!(severity(501), Some(Severity::Error));
    }

    #[test]
    fn a_file_must_open_with_its_purpose() {
        assert_eq!(opening("a.rs", "//! Purpose.\n"), None);
        assert!(opening("a.rs", "use std::fs;\n//! Late.\n").is_some());
        assert!(findings("a.ts", "const a = 1;\n").is_empty());
    }

    #[test]
    fn undone_work_needs_an_issue() {
        let mark = UNDONE[0];
        let text = format!(
            "// {mark} later\n// {mark}(#12): later\nlet {mark}_LIST = 1; // #a\nauto{mark}\n"
        );
        assert_eq!(lines(&undone("a.rs", &text)), [1]);
        assert!(findings("a.md", &format!("No {mark} is left.")).is_empty());
    }

    #[test]
    fn paths_of_one_machine_are_found_and_others_let_be() {
        let tmp = MACHINE_FOLDERS[2];
        let text = format!(
            "open(\"/{tmp}/a\")\n../{tmp}/b\nhttps://a.org/{tmp}/c\nPATH=/{tmp}/d\n/{tmp}/e\n"
        );
        assert_eq!(lines(&machine_paths("a.py", &text)), [1, 4, 5]);
    }

    #[test]
    fn a_matches_that_nobody_reads_is_found() {
        // `M` stands for the macro, so that this file has no finding itself.
        let text = "\
fn a() {
    M(x, Some(_));
    assert!(M(x, Some(_)));
    let b = M(x, Some(_));
    M(
        x,
        Some(f(_))
    );
    M(x, Some(_))
}"
        .replace("M(", "matches!(");
        assert_eq!(lines(&bare_matches("a.rs", &text)), [2, 5]);
    }
}
