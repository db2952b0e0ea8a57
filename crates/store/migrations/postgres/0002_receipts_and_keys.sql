-- As migration 0006 of the ledger in the folder. A node of the older program would serve holders of revoked keys.
UPDATE meta SET format = 4, min_reader = 4;

-- What was asked of a service under an Idempotency-Key, once it is durable. The key itself is not kept.
CREATE TABLE receipts (
    receipt BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agency TEXT NOT NULL,
    key_sha256 TEXT NOT NULL CHECK (length(key_sha256) = 64),
    body_sha256 TEXT NOT NULL CHECK (length(body_sha256) = 64),
    parameters TEXT NOT NULL,
    job TEXT NOT NULL UNIQUE,
    uploader TEXT NOT NULL,
    received_at TEXT NOT NULL,
    UNIQUE (agency, key_sha256)
);

-- The final answer of a receipt, written with what it tells.
CREATE TABLE replies (
    reply BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    receipt BIGINT NOT NULL UNIQUE REFERENCES receipts (receipt),
    status BIGINT NOT NULL,
    body BYTEA NOT NULL,
    at TEXT NOT NULL
);

-- Keys by which the service knows who asks: of the secret only the digest.
CREATE TABLE access_keys (
    access_key BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    sha256 TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64),
    role TEXT NOT NULL,
    agency TEXT,
    networks TEXT NOT NULL,
    note TEXT,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);

CREATE TABLE key_revocations (
    revocation BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    access_key BIGINT NOT NULL UNIQUE REFERENCES access_keys (access_key),
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL
);

CREATE TRIGGER receipts_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON receipts
    FOR EACH STATEMENT EXECUTE FUNCTION rows_are_only_added();
CREATE TRIGGER replies_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON replies
    FOR EACH STATEMENT EXECUTE FUNCTION rows_are_only_added();
CREATE TRIGGER keys_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON access_keys
    FOR EACH STATEMENT EXECUTE FUNCTION rows_are_only_added();
CREATE TRIGGER revocations_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON key_revocations
    FOR EACH STATEMENT EXECUTE FUNCTION rows_are_only_added();
