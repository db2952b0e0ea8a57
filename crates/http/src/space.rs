//! Disks that are full: what could not be written for want of space is 507, and goes well once there is some.

use std::error::Error;
use std::io;

use crate::problem::{Kind, Problem};

pub(crate) fn full() -> Problem {
    Problem::new(Kind::NoSpace, "The disk of the service is full.")
}

/// Whether an error, or one below it, is that of a full disk.
pub(crate) fn is_full(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            if [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded].contains(&error.kind()) {
                return true;
            }
            // An error that was handed in is not its own source: what it holds may be one of this kind.
            if let Some(inner) = error.get_ref()
                && is_full(inner)
            {
                return true;
            }
        }
        next = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_known_below_other_errors() {
        let disk = || io::Error::from(io::ErrorKind::StorageFull);
        assert!(is_full(&disk()) && is_full(&io::Error::other(disk())));
        assert!(is_full(&naqsha_formats::FormatError::Output(disk())));
        let other = io::Error::from(io::ErrorKind::NotFound);
        assert!(!is_full(&other) && !is_full(&io::Error::other(other)));
    }
}
