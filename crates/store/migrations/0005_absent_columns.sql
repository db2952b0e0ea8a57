-- A Parquet file leaves out the columns of which no row has a value. A program of format 2 would take such a file for a
-- damaged one, so it must not read this.
UPDATE meta SET format = 3, min_reader = 3;
PRAGMA user_version = 3;
