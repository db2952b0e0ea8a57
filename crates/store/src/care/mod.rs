//! Care of a store: scrubbing it, copying it, bringing a copy back, making it small. All of it runs beside programs that use the store.

mod backup;
mod compact;
mod condition;
mod restore;
mod scrub;

pub use backup::{Backup, CopiedFile};
pub use compact::Compaction;
pub use condition::Condition;
pub use scrub::Scrub;

/// States which files a backup has, with their digests; written last, so that a backup with it is whole.
const INVENTORY: &str = "backup.json";
/// Version of the inventory's layout.
const INVENTORY_FORMAT: u32 = 1;
