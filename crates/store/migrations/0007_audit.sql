-- Who did or asked what, and whether it was allowed: a chain, in which each record's digest is of the one before it and of its
-- own content (crates/store/src/audit/chain.rs). The seal has the last record only. Rows are only ever added.
CREATE TABLE audit (
    record INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    subject TEXT NOT NULL,
    agency TEXT,
    role TEXT NOT NULL,
    action TEXT NOT NULL,
    resource TEXT NOT NULL,
    row_count INTEGER,
    decision TEXT NOT NULL,
    purpose TEXT,
    request TEXT,
    version INTEGER NOT NULL,
    times INTEGER NOT NULL,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64)
) STRICT;

CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'audit records are only added'); END;
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'audit records are only added'); END;
