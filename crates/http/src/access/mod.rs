//! Who asks and what they may: from a request's key to the scope that its answer is made in.
//!
//! [`admit`] runs before every handler: it finds out who asks, decides by the table of roles whether they may do what the
//! route is for, and leaves a [`Permit`]. No handler gets at a request's question ([`crate::request::Asked`]) without one,
//! and no answer is made without its scope, which is part of the key of everything that is kept.

mod address;
mod admit;
mod credentials;
mod decide;
mod keys;
mod oidc;
mod pace;
mod subject;

pub(crate) use address::{ClientAddress, is_within};
pub(crate) use admit::{admit, judge, note, origin, reader, record};
pub(crate) use credentials::take as take_credentials;
#[cfg(test)]
pub(crate) use decide::described;
pub(crate) use decide::{Action, Permit, Resource, decide, may};
pub(crate) use keys::Origin;
pub use keys::{AccessKey, KeyRing};
pub use oidc::{Issuer, IssuerError};
pub(crate) use pace::Pace;
pub(crate) use subject::{Subject, Who};
