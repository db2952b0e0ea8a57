//! Files sent over HTTP: batches of records, taken by the same path as the command line's.
//!
//! What a sender is told is durable: 201 once the batch is committed, 202 once the file is staged and its receipt is in the
//! ledger. The same request again gets the same answer, also after a crash (`Idempotency-Key`).

mod answers;
mod batches;
mod body;
mod content;
mod desk;
mod job;
mod jobs;
mod order;
mod part;
mod pending;
mod profiles;
mod receive;
mod settings;
mod tus;
mod who;
mod work;

pub(crate) use batches::{batch, batches, restore, withdraw};
pub(crate) use body::discard;
pub(crate) use desk::Desk;
pub use desk::Uploads;
pub(crate) use jobs::{dismiss, documents, errors, events, job, report, results};
pub(crate) use profiles::profiles;
pub(crate) use receive::receive;
pub use settings::{Intake, UploadLimits};
pub(crate) use tus::{create, describe_all, describe_one, offset, patch, terminate};
