//! The command line of `cargo xtask`, read into one value.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use crate::tools::Clients;

/// What `cargo xtask` without a command, or with a wrong one, prints.
pub(crate) const USAGE: &str = "\
usage: cargo xtask COMMAND

  demo                    build, load the sample data, serve, print the URL
  demo -- --once DIR      build, load, write each default layer into DIR as GeoJSON, exit
  test                    install what is missing (says so), run every test, end with the counts
  test --install-clients  install the heavy clients too
  fuzz [--seconds N] [--seed S]
                          run each fuzz target N seconds (60), two at a time; one seed tries inputs in one order
  tidy                    rules of the tree: file sizes, arrows between crates, provenance, ...
  data                    list the data files and how to make them again
  data sample             make the synthetic Pakistani sample again
  schemas                 write schemas/ from the types again";

/// One thing to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Print the usage.
    Help,
    /// Serve the demo until interrupted.
    Demo,
    /// Write the demo's default layers below a folder.
    DemoOnce(PathBuf),
    /// Run all tests.
    Test(Clients),
    /// Run each fuzz target for some seconds, from a seed or from any.
    Fuzz(u64, Option<u32>),
    /// Check the rules of the tree.
    Tidy,
    /// List data files and the scripts that made them.
    ListData,
    /// Make the synthetic sample again.
    MakeSample,
    /// Write the schemas again.
    Schemas,
}

/// The words given are no command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UsageError(String);

impl fmt::Display for UsageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Reads the words after `cargo xtask`. A lone `--` is skipped, as `cargo xtask demo -- --once DIR` passes it on.
pub(crate) fn parse(words: impl Iterator<Item = OsString>) -> Result<Command, UsageError> {
    let words: Vec<OsString> = words.filter(|word| word != "--").collect();
    let texts: Vec<&str> = words
        .iter()
        .map(|word| word.to_str().unwrap_or(""))
        .collect();
    match texts.as_slice() {
        [] => Err(UsageError("no command given".to_owned())),
        ["help" | "--help" | "-h"] => Ok(Command::Help),
        ["demo"] => Ok(Command::Demo),
        ["demo", "--once"] => Err(UsageError("--once needs a folder".to_owned())),
        // The folder may be any path, not only text.
        ["demo", "--once", _] => Ok(Command::DemoOnce(PathBuf::from(&words[2]))),
        ["test"] => Ok(Command::Test(Clients::Usual)),
        ["test", "--install-clients"] => Ok(Command::Test(Clients::Heavy)),
        ["fuzz"] => Ok(Command::Fuzz(60, None)),
        ["fuzz", "--seconds", n] => Ok(Command::Fuzz(number(n, "seconds")?, None)),
        ["fuzz", "--seconds", n, "--seed", seed] => Ok(Command::Fuzz(
            number(n, "seconds")?,
            Some(number(seed, "seed")?),
        )),
        ["tidy"] => Ok(Command::Tidy),
        ["data"] => Ok(Command::ListData),
        ["data", "sample"] => Ok(Command::MakeSample),
        ["schemas"] => Ok(Command::Schemas),
        other => Err(UsageError(format!("`{}` is no command", other.join(" ")))),
    }
}

fn number<N: std::str::FromStr>(word: &str, what: &str) -> Result<N, UsageError> {
    let number = word.parse();
    number.map_err(|_word| UsageError(format!("{what}: `{word}` is no number")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, UsageError> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn once_is_read_with_and_without_the_separator() {
        let once = Ok(Command::DemoOnce(PathBuf::from("out")));
        assert_eq!(parsed("demo -- --once out"), once);
        assert_eq!(parsed("demo --once out"), once);
        assert_eq!(parsed("demo"), Ok(Command::Demo));
    }

    #[test]
    fn clients_are_installed_only_when_asked_for() {
        assert_eq!(parsed("test"), Ok(Command::Test(Clients::Usual)));
        assert_eq!(
            parsed("test --install-clients"),
            Ok(Command::Test(Clients::Heavy))
        );
    }

    #[test]
    fn seconds_of_fuzzing_are_a_number() {
        assert_eq!(parsed("fuzz"), Ok(Command::Fuzz(60, None)));
        assert_eq!(parsed("fuzz --seconds 5"), Ok(Command::Fuzz(5, None)));
        let seeded = parsed("fuzz --seconds 5 --seed 7");
        assert_eq!(seeded, Ok(Command::Fuzz(5, Some(7))));
        assert!(parsed("fuzz --seconds soon").is_err());
    }

    #[test]
    fn what_is_no_command_is_refused_with_its_own_words() {
        let refused = parsed("demo --once out more").expect_err("one word too many");
        assert_eq!(refused.to_string(), "`demo --once out more` is no command");
        assert!(parsed("demo --once").is_err());
        assert!(parsed("").is_err());
        assert!(parsed("data sampel").is_err());
    }
}
