//! `cargo xtask`: the developer's commands, which install what they need and say so.
//!
//! Knows how the parts of the workspace are built, tested and shown; nothing depends on it.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a developer's command talks on the terminal"
)]

mod arguments;
mod counts;
mod crash;
mod dashboard;
mod data;
mod demo;
mod fuzz;
mod process;
mod provenance;
mod schemas;
mod supply;
mod test;
mod tidy;
mod tools;
mod workspace;

use std::process::ExitCode;

use arguments::Command;
use workspace::Workspace;

fn main() -> ExitCode {
    let command = match arguments::parse(std::env::args_os().skip(1)) {
        Ok(command) => command,
        Err(error) => {
            eprintln!("xtask: {error}\n\n{}", arguments::USAGE);
            return ExitCode::from(2);
        }
    };
    match run(command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    match command {
        Command::Help => {
            println!("{}", arguments::USAGE);
            Ok(ExitCode::SUCCESS)
        }
        Command::Demo => demo::serve(&workspace),
        Command::DemoOnce(folder) => demo::once(&workspace, &folder),
        Command::Test(clients) => test::run(&workspace, clients),
        Command::Fuzz(request) => fuzz::run_targets(&workspace, request),
        Command::ListCrash => {
            crash::list();
            Ok(ExitCode::SUCCESS)
        }
        Command::Crash(request) => Ok(crash::run(&workspace, request)),
        Command::Supply(list) => supply::check(&workspace, list.as_deref()),
        Command::Tidy => tidy::run(&workspace),
        Command::ListData => data::list(&workspace),
        Command::MakeSample => data::make_sample(&workspace),
        Command::Schemas => schemas::write(&workspace),
    }
}
