-- What a bureau states about a file beside the file itself.
CREATE TABLE manifests (
    sequence INTEGER PRIMARY KEY REFERENCES batches (sequence),
    first_day INTEGER,
    last_day INTEGER,
    stated_rows INTEGER,
    uploader TEXT,
    approver TEXT
) STRICT;

-- Incidents of a category, or of a set of them, as stated.
CREATE TABLE control_totals (
    sequence INTEGER NOT NULL REFERENCES batches (sequence),
    categories TEXT NOT NULL,
    stated INTEGER NOT NULL,
    PRIMARY KEY (sequence, categories)
) STRICT, WITHOUT ROWID;

-- Periods for which an agency states that there is nothing: without one, an empty month is a gap. Rows are only ever added.
CREATE TABLE nil_returns (
    nil_return INTEGER PRIMARY KEY,
    agency TEXT NOT NULL,
    profile TEXT NOT NULL,
    first_day INTEGER NOT NULL,
    last_day INTEGER NOT NULL,
    received_at TEXT NOT NULL,
    uploader TEXT NOT NULL,
    approver TEXT,
    UNIQUE (agency, profile, first_day, last_day)
) STRICT;
