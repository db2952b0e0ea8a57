-- The ledger on a PostgreSQL server, from format 3 on: the tables of the SQLite ledger with the same names and columns.
-- Texts that are sorted are sorted by bytes, as there, whatever the database's collation.

-- What programs can use this store; `min_reader` is the oldest format whose programs read it rightly. `store_id` stands in
-- the folder of the files too (`ledger.id`): a folder and a ledger that do not belong together are refused.
CREATE TABLE meta (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    format BIGINT NOT NULL,
    min_reader BIGINT NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 0),
    store_id TEXT NOT NULL
);

INSERT INTO meta (id, format, min_reader, version, store_id) VALUES (1, 3, 3, 0, gen_random_uuid()::text);

-- `state` is the state at the commit; what it is now follows from the events.
CREATE TABLE batches (
    sequence BIGINT PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE CHECK (length(digest) = 64),
    profile TEXT NOT NULL,
    agency TEXT NOT NULL,
    file_name TEXT NOT NULL,
    received_at TEXT NOT NULL,
    synthetic BOOLEAN NOT NULL,
    study_area TEXT,
    state TEXT NOT NULL CHECK (state IN ('live', 'held')),
    committed_version BIGINT NOT NULL,
    total_rows BIGINT NOT NULL,
    accepted BIGINT NOT NULL,
    warned BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    duplicate BIGINT NOT NULL,
    skipped BIGINT NOT NULL,
    on_change TEXT NOT NULL CHECK (on_change IN ('report', 'revise')),
    replaces_first_day BIGINT,
    replaces_last_day BIGINT
);

CREATE TABLE code_totals (
    sequence BIGINT NOT NULL REFERENCES batches (sequence),
    code TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (sequence, code)
);

-- Every Parquet file of the store. A file that no row names is garbage.
CREATE TABLE files (
    sequence BIGINT NOT NULL REFERENCES batches (sequence),
    part BIGINT NOT NULL,
    path TEXT NOT NULL UNIQUE,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    row_count BIGINT NOT NULL,
    byte_count BIGINT NOT NULL,
    first_source_row BIGINT NOT NULL,
    last_source_row BIGINT NOT NULL,
    first_day BIGINT,
    last_day BIGINT,
    timeless BIGINT NOT NULL,
    PRIMARY KEY (sequence, part)
);

-- Records that are later revisions of an incident: the row, the row of the first record, the revision (from 2).
CREATE TABLE revisions (
    sequence BIGINT NOT NULL REFERENCES batches (sequence),
    first_sequence BIGINT NOT NULL REFERENCES batches (sequence),
    links BYTEA NOT NULL,
    PRIMARY KEY (sequence, first_sequence)
);

-- What was done to batches after their commit.
CREATE TABLE events (
    event BIGINT PRIMARY KEY,
    version BIGINT NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    operation TEXT NOT NULL CHECK (operation IN ('withdraw', 'restore', 'release', 'replace')),
    reason TEXT NOT NULL,
    sequence BIGINT NOT NULL REFERENCES batches (sequence)
);

-- The records an event is about, by batch; `code` is why a released record is left out (D701, D702), else empty.
CREATE TABLE event_rows (
    event BIGINT NOT NULL REFERENCES events (event),
    sequence BIGINT NOT NULL REFERENCES batches (sequence),
    code TEXT NOT NULL,
    row_list BYTEA NOT NULL,
    PRIMARY KEY (event, sequence, code)
);

-- What a bureau states about a file beside the file itself.
CREATE TABLE manifests (
    sequence BIGINT PRIMARY KEY REFERENCES batches (sequence),
    first_day BIGINT,
    last_day BIGINT,
    stated_rows BIGINT,
    uploader TEXT,
    approver TEXT
);

CREATE TABLE control_totals (
    sequence BIGINT NOT NULL REFERENCES batches (sequence),
    categories TEXT COLLATE "C" NOT NULL,
    stated BIGINT NOT NULL,
    PRIMARY KEY (sequence, categories)
);

-- Periods for which an agency states that there is nothing.
CREATE TABLE nil_returns (
    nil_return BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agency TEXT NOT NULL,
    profile TEXT NOT NULL,
    first_day BIGINT NOT NULL,
    last_day BIGINT NOT NULL,
    received_at TEXT NOT NULL,
    uploader TEXT NOT NULL,
    approver TEXT,
    UNIQUE (agency, profile, first_day, last_day)
);

-- Records of different agencies that are probably one matter: linked, never merged.
CREATE TABLE cluster_links (
    link BIGINT PRIMARY KEY,
    version BIGINT NOT NULL,
    left_sequence BIGINT NOT NULL REFERENCES batches (sequence),
    left_row BIGINT NOT NULL,
    left_rank BIGINT NOT NULL,
    right_sequence BIGINT NOT NULL REFERENCES batches (sequence),
    right_row BIGINT NOT NULL,
    right_rank BIGINT NOT NULL,
    score BIGINT NOT NULL,
    basis TEXT NOT NULL,
    UNIQUE (left_sequence, left_row, right_sequence, right_row)
);

-- What people decided about a link; the last word counts.
CREATE TABLE cluster_decisions (
    decision BIGINT PRIMARY KEY,
    version BIGINT NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    operation TEXT NOT NULL CHECK (operation IN ('confirm', 'unlink')),
    reason TEXT NOT NULL,
    link BIGINT NOT NULL REFERENCES cluster_links (link)
);

CREATE FUNCTION rows_are_only_added() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME; END $$;

CREATE TRIGGER events_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION rows_are_only_added();
CREATE TRIGGER event_rows_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON event_rows
    FOR EACH STATEMENT EXECUTE FUNCTION rows_are_only_added();
CREATE TRIGGER links_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON cluster_links
    FOR EACH STATEMENT EXECUTE FUNCTION rows_are_only_added();
CREATE TRIGGER decisions_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON cluster_decisions
    FOR EACH STATEMENT EXECUTE FUNCTION rows_are_only_added();
