-- Records are revised and withdrawn, batches withdrawn, restored and released: the Parquet files stay as they are, and
-- what is current follows from these tables. A program of format 1 would serve what was withdrawn, so it must not read this.
UPDATE meta SET format = 2, min_reader = 2;
PRAGMA user_version = 2;

-- `batches.state` is the state at the commit; what it is now follows from the events.
ALTER TABLE batches ADD COLUMN on_change TEXT NOT NULL DEFAULT 'report' CHECK (on_change IN ('report', 'revise'));
-- The days whose records, of the same agency and profile, the batch takes the place of.
ALTER TABLE batches ADD COLUMN replaces_first_day INTEGER;
ALTER TABLE batches ADD COLUMN replaces_last_day INTEGER;

-- Records that are later revisions of an incident: the row, the row of the first record, the revision (from 2).
CREATE TABLE revisions (
    sequence INTEGER NOT NULL REFERENCES batches (sequence),
    first_sequence INTEGER NOT NULL REFERENCES batches (sequence),
    links BLOB NOT NULL,
    PRIMARY KEY (sequence, first_sequence)
) STRICT, WITHOUT ROWID;

-- What was done to batches after their commit. Rows are only ever added.
CREATE TABLE events (
    event INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    operation TEXT NOT NULL CHECK (operation IN ('withdraw', 'restore', 'release', 'replace')),
    reason TEXT NOT NULL,
    sequence INTEGER NOT NULL REFERENCES batches (sequence)
) STRICT;

-- The records an event is about, by batch; an event that withdraws or restores a whole batch has none. `code` is why a
-- released record is left out (D701, D702), else empty.
CREATE TABLE event_rows (
    event INTEGER NOT NULL REFERENCES events (event),
    sequence INTEGER NOT NULL REFERENCES batches (sequence),
    code TEXT NOT NULL,
    row_list BLOB NOT NULL,
    PRIMARY KEY (event, sequence, code)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN SELECT raise(ABORT, 'events are only added'); END;
CREATE TRIGGER events_are_kept BEFORE DELETE ON events BEGIN SELECT raise(ABORT, 'events are only added'); END;
CREATE TRIGGER event_rows_stay BEFORE UPDATE ON event_rows BEGIN SELECT raise(ABORT, 'events are only added'); END;
CREATE TRIGGER event_rows_are_kept BEFORE DELETE ON event_rows BEGIN SELECT raise(ABORT, 'events are only added'); END;
