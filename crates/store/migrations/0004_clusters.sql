-- Records of different agencies that are probably one matter: linked, never merged. Each side is the first record of its
-- incident, with its rank for being the one that counts (0 prosecutes, 1 seized, 2 other). Rows are only ever added.
CREATE TABLE cluster_links (
    link INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    left_sequence INTEGER NOT NULL REFERENCES batches (sequence),
    left_row INTEGER NOT NULL,
    left_rank INTEGER NOT NULL,
    right_sequence INTEGER NOT NULL REFERENCES batches (sequence),
    right_row INTEGER NOT NULL,
    right_rank INTEGER NOT NULL,
    score INTEGER NOT NULL,
    basis TEXT NOT NULL,
    UNIQUE (left_sequence, left_row, right_sequence, right_row)
) STRICT;

-- What people decided about a link; the last word counts.
CREATE TABLE cluster_decisions (
    decision INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    operation TEXT NOT NULL CHECK (operation IN ('confirm', 'unlink')),
    reason TEXT NOT NULL,
    link INTEGER NOT NULL REFERENCES cluster_links (link)
) STRICT;

CREATE TRIGGER links_stay BEFORE UPDATE ON cluster_links BEGIN SELECT raise(ABORT, 'links are only added'); END;
CREATE TRIGGER links_are_kept BEFORE DELETE ON cluster_links BEGIN SELECT raise(ABORT, 'links are only added'); END;
CREATE TRIGGER decisions_stay BEFORE UPDATE ON cluster_decisions BEGIN SELECT raise(ABORT, 'decisions are only added'); END;
CREATE TRIGGER decisions_are_kept BEFORE DELETE ON cluster_decisions BEGIN SELECT raise(ABORT, 'decisions are only added'); END;
