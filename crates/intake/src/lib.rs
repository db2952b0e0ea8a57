//! One path for a file: from its bytes, through a profile, to a committed batch, with the report that its sender gets.
//!
//! The command line and an upload take the same steps here, so that one file gives one answer however it came. This crate
//! prints nothing, reads no clock and knows no HTTP; who wants to see how far a file is, or to give it up, hands in a
//! [`Watch`].
//!
//! A file is read up to three times, each time as a stream: for its digest (its identity), for its records, and for the
//! report. That it is the same file each time is seen by its stamp.

mod deployment;
mod describe;
mod error;
mod options;
mod period;
mod report;
mod stage;
mod summary;
mod take;
mod turn;
mod unchanged;
mod watch;

pub use deployment::{Deployment, DeploymentError};
pub use describe::{days, describe, held_for, refusal_record, state_word, withdrawal};
pub use error::TakeError;
pub use options::{Options, Synthetic};
pub use period::{PeriodError, parse_period};
pub use stage::{Stage, Staging};
pub use summary::{received, refused, summary};
pub use take::{Done, Draft, Taken, Taking, learn, settings};
pub use watch::{Seen, Step, Watch, nobody};
