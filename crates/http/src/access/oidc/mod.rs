//! Access tokens of the one issuer that the deployment trusts (`OpenID` Connect Discovery 1.0, RFC 9068).
//!
//! What the issuer answers is untrusted input: bounded in size and time, followed nowhere. Its keys are fetched when a token
//! comes, at most once a minute, so that a key which it takes back is no good a minute later; where it does not answer, those
//! it had are good for an hour, and an unknown one never is.

mod issuer;
mod key_set;
mod token;

pub use issuer::{Issuer, IssuerError};
