//! Who sends files, and what they may.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};
use naqsha_model::{Agency, Role};
use naqsha_store::By;

use super::job::Job;
use crate::access::Subject;
use crate::problem::{Kind, Problem};
use crate::service::Service;

/// Whoever sends files, withdraws batches or looks after either.
#[derive(Debug, Clone)]
pub(super) struct Uploader {
    /// The one agency they act for; none for the machine's operator, who acts for any.
    pub(super) agency: Option<Agency>,
    /// Id of their key: what the ledger keeps of them.
    pub(super) key: String,
    role: Role,
    /// Whether they may be the second of four eyes.
    pub(super) approves: bool,
}

impl Uploader {
    /// Whether something of an agency is theirs to see and to change.
    pub(super) fn is_of(&self, agency: &Agency) -> bool {
        self.agency.as_ref().is_none_or(|own| own == agency)
    }

    /// As whom the audit log tells what they do.
    pub(super) fn by(&self, agency: &Agency) -> By {
        By {
            subject: self.key.clone(),
            agency: Some(agency.clone()),
            role: self.role,
            purpose: None,
            request: None,
        }
    }
}

/// As whom the audit log tells what becomes of a job, which may be long after its request.
pub(super) fn by_job(job: &Job) -> By {
    let role = if job.sender == NO_KEY {
        Role::Operator
    } else {
        Role::Uploader
    };
    By {
        subject: job.sender.clone(),
        agency: Some(job.agency.clone()),
        role,
        purpose: None,
        request: Some(job.id.clone()),
    }
}

/// The key id under which the ledger knows requests without a key.
const NO_KEY: &str = "operator";

/// Who asks, for all that is about files.
///
/// A page of another site can make a browser on the machine of a service that takes files without a key send requests to it.
/// Without a key they are taken only where they name this machine and come from no page, or from one of this service.
///
/// # Errors
/// 403.
pub(super) fn uploader(
    service: &Service,
    headers: &HeaderMap,
    subject: &Subject,
) -> Result<Uploader, Problem> {
    let refused = |why: &str| Problem::new(Kind::Forbidden, why);
    let role = subject.role();
    if subject.is_known() {
        let agency = subject.agency().filter(|_| role.is_of_an_agency());
        let agency = agency.ok_or_else(|| refused("Files are an agency's own affair."))?;
        return Ok(Uploader {
            agency: Some(agency.clone()),
            key: subject.who().to_string(),
            role,
            approves: role == Role::Approver,
        });
    }
    if !service.takes_files_without_key() {
        return Err(refused("Files are taken from who has an agency's key."));
    }
    from_this_machine(headers).map_err(refused)?;
    Ok(Uploader {
        agency: None,
        key: NO_KEY.to_owned(),
        role: Role::Operator,
        approves: true,
    })
}

/// Whether a request names this machine and comes from no page of another site; why not, where it does.
fn from_this_machine(headers: &HeaderMap) -> Result<(), &'static str> {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    if !host.is_some_and(is_this_machine) {
        return Err("Without a key, the address must be this machine's own.");
    }
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let origin = origin.to_str().ok();
    let own = origin.and_then(|origin| origin.split_once("://"));
    if own.map(|(_, authority)| authority) == host {
        Ok(())
    } else {
        Err("Pages of other sites may not send files without a key.")
    }
}

/// Whether a Host is `localhost` or a loopback address: any other name may be one that a stranger pointed here.
fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.ends_with(':') => {
            name
        }
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_this_machine;

    #[test]
    fn only_names_that_nobody_can_point_elsewhere_are_this_machine() {
        for own in [
            "localhost",
            "localhost:8080",
            "127.0.0.1:1",
            "127.0.0.1",
            "[::1]:80",
            "[::1]",
        ] {
            assert!(is_this_machine(own), "{own}");
        }
        for other in [
            "evil.example",
            "127.0.0.1.evil.example:80",
            "10.0.0.1",
            "",
            "[fe80::1]:80",
        ] {
            assert!(!is_this_machine(other), "{other}");
        }
    }
}
