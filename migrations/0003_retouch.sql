-- What staff repair on a finished photo: every try is kept, one of them is the finished photo. And the other photos that
-- are made of an approved one.

ALTER TABLE attempt ADD COLUMN mask_blob_id TEXT;   -- how much of each pixel is person, where the worker gives it
ALTER TABLE attempt ADD COLUMN retouch_number INTEGER NOT NULL DEFAULT 0; -- the version the finished photo is
ALTER TABLE attempt ADD COLUMN retouch_chosen INTEGER NOT NULL DEFAULT 0; -- the one it will be by retouch_done

CREATE TABLE retouch (                  -- versions of a finished photo
    attempt_id TEXT NOT NULL REFERENCES attempt(id),
    number INTEGER NOT NULL,            -- 0: as the machine made it; 1, 2, 3 … by people
    repair TEXT NOT NULL,               -- none (0), mask, photo
    repair_blob_id TEXT,                -- the file that was sent
    standard_blob_id TEXT,              -- the finished photo with it, once ready
    state TEXT NOT NULL,                -- processing, ready, refused
    verdict TEXT NOT NULL DEFAULT '',   -- pass, warn, fail
    report TEXT NOT NULL DEFAULT '{}',  -- JSON, checks and ledger
    outcome TEXT NOT NULL DEFAULT '{}', -- JSON in short: what it changed; refused: error and why
    account_id TEXT REFERENCES account(id), -- who; NULL: the machine
    created_us INTEGER NOT NULL,
    PRIMARY KEY (attempt_id, number),
    CHECK (repair IN ('none','mask','photo')),
    CHECK (state IN ('processing','ready','refused'))
) STRICT;

CREATE TABLE derived (                  -- one master, many photos: the approved one by another profile
    attempt_id TEXT NOT NULL REFERENCES attempt(id),
    profile TEXT NOT NULL,
    retouch_number INTEGER NOT NULL,    -- the version it is made of
    blob_id TEXT,                       -- once ready
    state TEXT NOT NULL,                -- processing, ready, refused
    verdict TEXT NOT NULL DEFAULT '',
    report TEXT NOT NULL DEFAULT '{}',  -- JSON; refused: error and why
    created_us INTEGER NOT NULL,
    PRIMARY KEY (attempt_id, profile, retouch_number),
    CHECK (state IN ('processing','ready','refused'))
) STRICT;
