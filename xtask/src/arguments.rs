//! The command line of `cargo xtask`, read into one value.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use crate::crash::{Request, Tier};
use crate::fuzz;
use crate::tools::Clients;

/// What `cargo xtask` without a command, or with a wrong one, prints.
pub(crate) const USAGE: &str = "\
usage: cargo xtask COMMAND

  demo                    build, load the sample data, serve, print the URL
  demo -- --once DIR      build, load, write each default layer into DIR as GeoJSON, exit
  test                    install what is missing (says so), run every test, end with the counts
  test --install-clients  install the heavy clients too
  fuzz [--seconds N] [--runs N] [--seed S]
                          run each fuzz target for N seconds (60) or N inputs, two at a time; one seed tries inputs in one order
  crash                   list the tiers of the crash harness
  crash TIER [--cycles N] [--seed S]
                          kill, cut, break or fill up the store; fail where something acknowledged is lost
  supply [--sbom FILE]    rules for dependencies (installs cargo-deny); the list of components as CycloneDX
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
    /// Run each fuzz target for a while.
    Fuzz(fuzz::Request),
    /// List the tiers of the crash harness.
    ListCrash,
    /// Run one of them.
    Crash(Request),
    /// Check the rules for dependencies; list the components in a file.
    Supply(Option<PathBuf>),
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
        ["fuzz", options @ ..] => fuzz(options).map(Command::Fuzz),
        ["crash"] => Ok(Command::ListCrash),
        ["crash", tier, options @ ..] => crash(tier, options).map(Command::Crash),
        ["supply"] => Ok(Command::Supply(None)),
        ["supply", "--sbom", _] => Ok(Command::Supply(Some(PathBuf::from(&words[2])))),
        ["tidy"] => Ok(Command::Tidy),
        ["data"] => Ok(Command::ListData),
        ["data", "sample"] => Ok(Command::MakeSample),
        ["schemas"] => Ok(Command::Schemas),
        other => Err(UsageError(format!("`{}` is no command", other.join(" ")))),
    }
}

/// What to fuzz with, options in any order.
fn fuzz(options: &[&str]) -> Result<fuzz::Request, UsageError> {
    let mut request = fuzz::Request {
        seconds: 60,
        runs: None,
        seed: None,
    };
    for (option, value) in pairs(options)? {
        match option {
            "--seconds" => request.seconds = number(value, "seconds")?,
            "--runs" => request.runs = Some(number(value, "runs")?),
            "--seed" => request.seed = Some(number(value, "seed")?),
            other => return Err(UsageError(format!("`{other}` is no option of fuzzing"))),
        }
    }
    Ok(request)
}

/// A tier with its options in any order.
fn crash(word: &str, options: &[&str]) -> Result<Request, UsageError> {
    let tier = Tier::of(word);
    let tier =
        tier.ok_or_else(|| UsageError(format!("`{word}` is no tier of the crash harness")))?;
    let mut request = Request {
        tier,
        cycles: None,
        seed: None,
    };
    for (option, value) in pairs(options)? {
        match option {
            "--cycles" => request.cycles = Some(number(value, "cycles")?),
            "--seed" => request.seed = Some(number(value, "seed")?),
            other => return Err(UsageError(format!("`{other}` is no option of a crash"))),
        }
    }
    Ok(request)
}

/// Options with their values.
fn pairs<'o>(options: &[&'o str]) -> Result<Vec<(&'o str, &'o str)>, UsageError> {
    let pair = |pair: &[&'o str]| match *pair {
        [option, value] => Ok((option, value)),
        _ => Err(UsageError(format!("`{}` needs a number", pair.concat()))),
    };
    options.chunks(2).map(pair).collect()
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
    fn fuzzing_has_numbers_in_any_order() {
        let request = |seconds, runs, seed| {
            Ok(Command::Fuzz(fuzz::Request {
                seconds,
                runs,
                seed,
            }))
        };
        assert_eq!(parsed("fuzz"), request(60, None, None));
        let all = parsed("fuzz --seed 7 --seconds 5 --runs 9");
        assert_eq!(all, request(5, Some(9), Some(7)));
        for wrong in ["--seconds soon", "--seed", "--cycles 3"] {
            assert!(parsed(&format!("fuzz {wrong}")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_crash_has_a_tier_and_numbers_in_any_order() {
        let request = |cycles, seed| {
            Ok(Command::Crash(Request {
                tier: Tier::Power,
                cycles,
                seed,
            }))
        };
        assert_eq!(parsed("crash"), Ok(Command::ListCrash));
        assert_eq!(parsed("crash power"), request(None, None));
        assert_eq!(
            parsed("crash power --seed 7 --cycles 3"),
            request(Some(3), Some(7))
        );
        for wrong in [
            "crash flood",
            "crash power --cycles",
            "crash power --cycles few",
            "crash power --every 3",
        ] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
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
