-- A service takes uploads and knows keys. A program of format 3 would break the seal at its next commit (the numbers of these
-- tables are none it knows), and would let nobody see that a key was revoked, so it must not read this.
UPDATE meta SET format = 4, min_reader = 4;
PRAGMA user_version = 4;

-- What was asked of a service under an Idempotency-Key, once it is durable: an upload with its bytes staged, a withdrawal.
-- The key itself is not kept. Rows of these four tables are only ever added.
CREATE TABLE receipts (
    receipt INTEGER PRIMARY KEY,
    agency TEXT NOT NULL,
    key_sha256 TEXT NOT NULL CHECK (length(key_sha256) = 64),
    body_sha256 TEXT NOT NULL CHECK (length(body_sha256) = 64),
    parameters TEXT NOT NULL,
    job TEXT NOT NULL UNIQUE,
    uploader TEXT NOT NULL,
    received_at TEXT NOT NULL,
    UNIQUE (agency, key_sha256)
) STRICT;

-- The final answer of a receipt, written with what it tells.
CREATE TABLE replies (
    reply INTEGER PRIMARY KEY,
    receipt INTEGER NOT NULL UNIQUE REFERENCES receipts (receipt),
    status INTEGER NOT NULL,
    body BLOB NOT NULL,
    at TEXT NOT NULL
) STRICT;

-- Keys by which the service knows who asks: of the secret only the digest. `networks` are CIDRs with a space between, none
-- for any address.
CREATE TABLE access_keys (
    access_key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    sha256 TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64),
    role TEXT NOT NULL,
    agency TEXT,
    networks TEXT NOT NULL,
    note TEXT,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
) STRICT;

CREATE TABLE key_revocations (
    revocation INTEGER PRIMARY KEY,
    access_key INTEGER NOT NULL UNIQUE REFERENCES access_keys (access_key),
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;

CREATE TRIGGER receipts_stay BEFORE UPDATE ON receipts BEGIN SELECT raise(ABORT, 'receipts are only added'); END;
CREATE TRIGGER receipts_are_kept BEFORE DELETE ON receipts BEGIN SELECT raise(ABORT, 'receipts are only added'); END;
CREATE TRIGGER replies_stay BEFORE UPDATE ON replies BEGIN SELECT raise(ABORT, 'replies are only added'); END;
CREATE TRIGGER replies_are_kept BEFORE DELETE ON replies BEGIN SELECT raise(ABORT, 'replies are only added'); END;
CREATE TRIGGER keys_stay BEFORE UPDATE ON access_keys BEGIN SELECT raise(ABORT, 'keys are only added'); END;
CREATE TRIGGER keys_are_kept BEFORE DELETE ON access_keys BEGIN SELECT raise(ABORT, 'keys are only added'); END;
CREATE TRIGGER revocations_stay BEFORE UPDATE ON key_revocations BEGIN SELECT raise(ABORT, 'revocations are only added'); END;
CREATE TRIGGER revocations_are_kept BEFORE DELETE ON key_revocations BEGIN SELECT raise(ABORT, 'revocations are only added'); END;
