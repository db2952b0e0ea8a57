-- What programs can use this store; `min_reader` is the oldest format whose programs read it rightly.
CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    format INTEGER NOT NULL,
    min_reader INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 0)
) STRICT;

INSERT INTO meta (id, format, min_reader, version) VALUES (1, 1, 1, 0);

-- `min_reader` again, in the file's header: readable before the ledger is opened.
PRAGMA user_version = 1;

CREATE TABLE batches (
    sequence INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE CHECK (length(digest) = 64),
    profile TEXT NOT NULL,
    agency TEXT NOT NULL,
    file_name TEXT NOT NULL,
    received_at TEXT NOT NULL,
    synthetic INTEGER NOT NULL CHECK (synthetic IN (0, 1)),
    study_area TEXT,
    state TEXT NOT NULL CHECK (state IN ('live', 'held')),
    committed_version INTEGER NOT NULL,
    total_rows INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    warned INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    duplicate INTEGER NOT NULL,
    skipped INTEGER NOT NULL
) STRICT;

CREATE TABLE code_totals (
    sequence INTEGER NOT NULL REFERENCES batches (sequence),
    code TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (sequence, code)
) STRICT, WITHOUT ROWID;

-- Every Parquet file of the store. A file that no row names is garbage.
CREATE TABLE files (
    sequence INTEGER NOT NULL REFERENCES batches (sequence),
    part INTEGER NOT NULL,
    path TEXT NOT NULL UNIQUE,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    row_count INTEGER NOT NULL,
    byte_count INTEGER NOT NULL,
    first_source_row INTEGER NOT NULL,
    last_source_row INTEGER NOT NULL,
    first_day INTEGER,
    last_day INTEGER,
    timeless INTEGER NOT NULL,
    PRIMARY KEY (sequence, part)
) STRICT, WITHOUT ROWID;
