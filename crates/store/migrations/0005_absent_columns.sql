-- A Parquet file leaves out the columns of which no row has a value. A program of format 2 would take such a file for a
-- damaged one, so it must not read this.
UPDATE meta SET format = 3, min_reader = 3;
PRAGMA user_version = 3;

-- The exclusive or of the digests of all rows, which every change renews: crates/store/src/seal.rs. Empty until the ledger is
-- first opened.
CREATE TABLE seal (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    digest TEXT NOT NULL
) STRICT;
INSERT INTO seal (only, digest) VALUES (1, '');
