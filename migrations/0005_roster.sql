-- Rosters of any size. Every row belongs to an import; an import's rows are seen once it is applied, all at once. Rows
-- are found by keyed hashes in a table of their own: an import puts its keys there in their order, so that each page is
-- written once, where an index over random keys would be rewritten for every few rows.

DROP TABLE roster;                      -- nothing is released yet: no roster to keep

CREATE TABLE roster_import (            -- one file of a school, or what was put in by hand (state done, file_name '')
    number INTEGER PRIMARY KEY,         -- numbers of its rows begin with it
    id TEXT NOT NULL UNIQUE,
    session_id TEXT NOT NULL REFERENCES capture_session(id),
    state TEXT NOT NULL,
    applied INTEGER NOT NULL DEFAULT 0 CHECK (applied IN (0, 1)),
    mode TEXT NOT NULL,                 -- all: every row good or none taken · good: bad rows are left out
    dry_run INTEGER NOT NULL DEFAULT 0 CHECK (dry_run IN (0, 1)), -- stops at ready
    file_name TEXT NOT NULL DEFAULT '',
    size_bytes INTEGER NOT NULL DEFAULT 0,
    received_bytes INTEGER NOT NULL DEFAULT 0,
    sha256_index TEXT NOT NULL DEFAULT '', -- keyed hash of the announced SHA-256
    bytes_done INTEGER NOT NULL DEFAULT 0, -- read in this pass, for the progress
    bytes_total INTEGER NOT NULL DEFAULT 0,
    rows_total INTEGER NOT NULL DEFAULT 0,
    rows_done INTEGER NOT NULL DEFAULT 0,
    staged INTEGER NOT NULL DEFAULT 0,  -- rows of the file that need no second look after a crash
    added INTEGER NOT NULL DEFAULT 0,
    changed INTEGER NOT NULL DEFAULT 0,
    same INTEGER NOT NULL DEFAULT 0,
    linked_kept INTEGER NOT NULL DEFAULT 0,
    errors INTEGER NOT NULL DEFAULT 0,
    sealed_report BLOB,                 -- JSON: the first errors and differences
    errors_blob_id TEXT,                -- CSV: bad rows and what is wrong with them
    problem TEXT NOT NULL DEFAULT '',   -- refused, failed: why, no personal data
    created_by TEXT NOT NULL,           -- account, or command-line
    created_us INTEGER NOT NULL,
    started_us INTEGER NOT NULL DEFAULT 0, -- of this pass
    ended_us INTEGER NOT NULL DEFAULT 0,
    CHECK (state IN ('receiving','reading','ready','importing','done','refused','failed','cancelled')),
    CHECK (mode IN ('all','good'))
) STRICT;
CREATE INDEX roster_import_session ON roster_import(session_id, number);
CREATE INDEX roster_import_open ON roster_import(created_us) WHERE state <> 'done';

CREATE TABLE roster_part (              -- the file as it comes, sealed piece by piece; gone when the import has ended
    import_id TEXT NOT NULL REFERENCES roster_import(id),
    offset_bytes INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    blob_id TEXT NOT NULL,
    PRIMARY KEY (import_id, offset_bytes)
) STRICT, WITHOUT ROWID;

CREATE TABLE roster (
    number INTEGER PRIMARY KEY,         -- import_number * 16777216 + place: the rows of an import lie together
    id TEXT NOT NULL UNIQUE,
    import_number INTEGER NOT NULL REFERENCES roster_import(number),
    student_no TEXT NOT NULL,
    sealed_person BLOB NOT NULL,        -- name, ID number, phone: one record
    digest INTEGER NOT NULL,            -- keyed hash of everything in the row: the same, or changed
    document_type TEXT NOT NULL DEFAULT '', -- resident, hk_macau_permit …; '' not said
    level TEXT NOT NULL DEFAULT '',     -- as in capture_session; '' not said
    college TEXT NOT NULL DEFAULT '',
    major TEXT NOT NULL DEFAULT '',
    class_name TEXT NOT NULL DEFAULT '',
    superseded_by INTEGER NOT NULL DEFAULT 0, -- the import with a newer row of this student number: hidden once applied
    student_id TEXT REFERENCES student(id),   -- who linked it
    linked_us INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX roster_seen ON roster(import_number, superseded_by, student_id);
CREATE INDEX roster_superseded ON roster(superseded_by, number) WHERE superseded_by > 0;
CREATE INDEX roster_student ON roster(student_id) WHERE student_id IS NOT NULL;

CREATE TABLE roster_key (               -- keyed hashes of student number, ID number, last four of the ID number
    import_number INTEGER NOT NULL REFERENCES roster_import(number),
    key INTEGER NOT NULL,
    row_number INTEGER NOT NULL,
    PRIMARY KEY (import_number, key, row_number)
) STRICT, WITHOUT ROWID;

CREATE TABLE expected (                 -- who a school expects where no roster may be given: its own list, kept to compare
    id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES capture_session(id),
    student_no TEXT NOT NULL DEFAULT '',
    sealed_person BLOB NOT NULL,        -- name or its mask, last four
    college TEXT NOT NULL DEFAULT '',
    major TEXT NOT NULL DEFAULT '',
    class_name TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX expected_session ON expected(session_id, id);
