-- As migration 0007 of the ledger in the folder: who did or asked what, and whether it was allowed, as a chain of digests.
CREATE TABLE audit (
    record BIGINT PRIMARY KEY,
    at TEXT NOT NULL,
    subject TEXT NOT NULL,
    agency TEXT,
    role TEXT NOT NULL,
    action TEXT NOT NULL,
    resource TEXT NOT NULL,
    row_count BIGINT,
    decision TEXT NOT NULL,
    purpose TEXT,
    request TEXT,
    version BIGINT NOT NULL,
    times BIGINT NOT NULL,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64)
);

CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION rows_are_only_added();
