//! What is told in the audit log: closed sets, so that it holds no words of anybody's own.

use crate::coded::coded;

coded! {
    /// What somebody did, or asked to do.
    AuditAction, "audited action" {
        /// Saw an answer about incidents: a layer, a page of records, a tile.
        Read = "read",
        /// Took a whole layer along.
        Download = "download",
        /// Asked what the service is, or for something that is not there.
        Describe = "describe",
        /// Started an execution, or looked after a job.
        Compute = "compute",
        /// Sent a file, or a part of one, to the service: what became of it is told as `ingest`.
        Upload = "upload",
        /// Looked after an agency's batches: what was done to one is told beside it.
        Keep = "keep",
        /// Showed a key that is none, or none any more.
        Authenticate = "authenticate",
        /// Sent a file for a batch.
        Ingest = "ingest",
        /// Stated that a period has nothing to report.
        NilReturn = "nil_return",
        /// Took a batch, or records of it, out of every answer.
        Withdraw = "withdraw",
        /// Took a withdrawal back.
        Restore = "restore",
        /// Made a held batch live.
        Release = "release",
        /// Confirmed a link between two incidents.
        Confirm = "confirm",
        /// Stated that two incidents are not one matter.
        Unlink = "unlink",
        /// Made an access key.
        KeyCreate = "key_create",
        /// Revoked one.
        KeyRevoke = "key_revoke",
        /// Removed what the store does not need.
        Compact = "compact",
        /// Copied the store.
        Backup = "backup",
        /// Brought a copy back: what follows goes on from the copy.
        RestoreBackup = "restore_backup",
        /// Saw the audit log.
        ReadAudit = "read_audit",
    }
}

coded! {
    /// Whether it was allowed.
    AuditDecision, "audited decision" {
        /// It was, and was done.
        Allowed = "allowed",
        /// It was not, and was not done.
        Denied = "denied",
    }
}
