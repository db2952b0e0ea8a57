//! The Naqsha program: reads its arguments and configuration, wires the crates together, and maps the outcome to an
//! exit code (0 done, 1 failed, 2 usage, 3 refused by a rule, 4 damaged store). No rule about incidents lives here.

mod actor;
mod boundaries;
mod brought;
mod clock;
mod commands;
mod config;
mod deployment;
mod exit;
mod manifest;
mod population;
mod recording;
mod reference;
mod regions;
mod stats;
mod tables;

use std::process::ExitCode;

use clap::Parser;

use crate::commands::Cli;

/// Rows of cases and answers of the service are made of many small texts, which the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    start_log(cli.verbose);
    match commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit::report(&error),
    }
}

fn start_log(verbose: u8) {
    let level = match verbose {
        0 => "warn",
        1 => "info",
        _ => "debug",
    };
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(level))
        .with_writer(std::io::stderr)
        .init();
}
