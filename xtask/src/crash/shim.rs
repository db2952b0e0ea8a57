//! The library that stands between the program and the system's calls: `shim.c`, compiled when it is needed.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::device::compile;
use super::operations::{self, Change, Kind};

const SOURCE: &str = include_str!("shim.c");

/// Bytes that the programs of a run share: a counter and a mark.
const STATE_BYTES: usize = 16;

/// What happens at an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Kill,
    Error,
    ErrorForever,
    NoSpace,
    Short,
}

impl Fault {
    /// The shim's word for it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Error => "eio",
            Self::ErrorForever => "eio-forever",
            Self::NoSpace => "enospc",
            Self::Short => "short",
        }
    }
}

/// What the shim is told to do besides watching.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Injection {
    Nothing,
    /// At the operation of that number, from 1.
    Fault(usize, Fault),
    /// Syncs of paths of a pattern do nothing.
    Mute(&'static str),
}

/// The library, and the folder it watches.
#[derive(Debug)]
pub(crate) struct Shim {
    library: PathBuf,
    state: PathBuf,
    log: PathBuf,
    under: PathBuf,
}

impl Shim {
    /// Compiles it, or says why that cannot be done here.
    pub(crate) fn make(scratch: &Path, under: &Path) -> Result<Self, String> {
        let library = compile(scratch, SOURCE, "shim.so", &["-shared", "-fPIC"])
            .map_err(|error| format!("the shim cannot be compiled: {error:#}"))?;
        let (state, log) = (scratch.join("shim.state"), scratch.join("shim.log"));
        Ok(Self {
            library,
            state,
            log,
            under: under.to_owned(),
        })
    }

    /// Forgets what was done, and gives the environment of a program to watch.
    pub(crate) fn environment(
        &self,
        injection: Injection,
    ) -> Result<Vec<(&'static str, OsString)>> {
        fs::write(&self.state, [0; STATE_BYTES]).context("writing the shim's state")?;
        fs::write(&self.log, "").context("emptying the shim's log")?;
        let mut environment: Vec<(&'static str, OsString)> = vec![
            ("LD_PRELOAD", self.library.clone().into()),
            ("NAQSHA_SHIM_UNDER", self.under.clone().into()),
            ("NAQSHA_SHIM_STATE", self.state.clone().into()),
            ("NAQSHA_SHIM_LOG", self.log.clone().into()),
        ];
        match injection {
            Injection::Nothing => {}
            Injection::Fault(at, fault) => {
                environment.push(("NAQSHA_SHIM_AT", at.to_string().into()));
                environment.push(("NAQSHA_SHIM_DO", fault.word().into()));
            }
            Injection::Mute(pattern) => environment.push(("NAQSHA_SHIM_MUTE", pattern.into())),
        }
        Ok(environment)
    }

    /// What was done since.
    pub(crate) fn changes(&self) -> Result<Vec<Change>> {
        operations::read(&self.log)
    }

    /// The kinds of that, in order.
    pub(crate) fn kinds(&self) -> Result<Vec<Kind>> {
        Ok(self.changes()?.into_iter().map(|of| of.kind).collect())
    }
}
