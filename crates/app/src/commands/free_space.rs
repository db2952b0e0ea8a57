//! How much more a file system takes.

use std::path::Path;

/// Bytes that a program without special rights may still write where the folder is.
#[cfg(unix)]
pub(super) fn available_bytes(folder: &Path) -> std::io::Result<u64> {
    let of = rustix::fs::statvfs(folder)?;
    Ok(of.f_bavail.saturating_mul(of.f_frsize))
}

/// Not known on other systems.
#[cfg(not(unix))]
pub(super) fn available_bytes(_folder: &Path) -> std::io::Result<u64> {
    Err(std::io::ErrorKind::Unsupported.into())
}
