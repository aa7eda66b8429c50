-- Who a student is: the identity they state and what became of it, pictures of the card until then, other ways to log
-- in, what staff are asked to link by hand, what a student adds to the roster's data, and collection codes that are
-- shown before there is a submission.

CREATE TABLE identity (                 -- what a student says to be; one per student
    student_id TEXT PRIMARY KEY REFERENCES student(id),
    number INTEGER NOT NULL,            -- goes up with every statement; an answer to an older one is void
    state TEXT NOT NULL,
    document_type TEXT NOT NULL,        -- base/document.h
    sealed_name BLOB,                   -- NULL once erased
    sealed_id_number BLOB,
    portrait_shown INTEGER NOT NULL DEFAULT 0 CHECK (portrait_shown IN (0, 1)), -- the card's sides, by pictures
    emblem_shown INTEGER NOT NULL DEFAULT 0 CHECK (emblem_shown IN (0, 1)),
    number_read INTEGER NOT NULL DEFAULT 0 CHECK (number_read IN (0, 1)), -- the card's number was read and is this one
    valid_until TEXT NOT NULL DEFAULT '', -- of the card: "2031-05-01", "long"; '' not known
    confirmed_by TEXT NOT NULL DEFAULT '', -- form (nobody was asked), service, staff
    problem TEXT NOT NULL DEFAULT '',   -- why refused or still checking; store/identity.h
    tries INTEGER NOT NULL DEFAULT 0,
    locked_until_us INTEGER NOT NULL DEFAULT 0,
    stated_us INTEGER NOT NULL,
    decided_us INTEGER NOT NULL DEFAULT 0,
    CHECK (state IN ('checking','confirmed','refused'))
) STRICT;

CREATE TABLE id_card (                  -- pictures of a card; gone with the confirmation, or after a day
    id TEXT PRIMARY KEY,
    student_id TEXT NOT NULL REFERENCES student(id),
    side TEXT NOT NULL,                 -- as it was meant
    state TEXT NOT NULL,
    blob_id TEXT NOT NULL,              -- the picture that was sent
    portrait_blob_id TEXT,              -- the photo on it
    sealed_reading BLOB,                -- JSON: name, id_number, valid_from, valid_until
    report TEXT NOT NULL DEFAULT '{}',  -- JSON: problem and checks; nothing of the card
    named INTEGER NOT NULL DEFAULT 0 CHECK (named IN (0, 1)), -- by the identity that is being checked
    created_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL,
    CHECK (side IN ('portrait','emblem')),
    CHECK (state IN ('processing','read','unreadable','wrong_side'))
) STRICT;
CREATE INDEX id_card_student ON id_card(student_id, created_us);
CREATE INDEX id_card_expires ON id_card(expires_us);

CREATE TABLE detail (                   -- of the roster's data: looked at, gaps filled by the student
    submission_id TEXT PRIMARY KEY REFERENCES submission(id),
    sealed_detail BLOB,                 -- JSON: college, major, class_name, email; NULL once erased
    confirmed_us INTEGER NOT NULL
) STRICT;

CREATE TABLE link_request (             -- a student whom the roster does not know asks people
    id TEXT PRIMARY KEY,
    student_id TEXT NOT NULL REFERENCES student(id),
    session_id TEXT NOT NULL REFERENCES capture_session(id),
    state TEXT NOT NULL,
    sealed_claim BLOB,                  -- JSON: what the student wrote; NULL once erased
    roster_id TEXT REFERENCES roster(id),
    submission_id TEXT REFERENCES submission(id),
    reason TEXT NOT NULL DEFAULT '',    -- to the student, when refused
    decided_by TEXT NOT NULL DEFAULT '', -- account
    created_us INTEGER NOT NULL,
    decided_us INTEGER NOT NULL DEFAULT 0,
    CHECK (state IN ('waiting','linked','refused','withdrawn'))
) STRICT;
CREATE INDEX link_request_state ON link_request(state, id);
CREATE INDEX link_request_student ON link_request(student_id, created_us);

CREATE TABLE login_key (                -- other ways into the same student than the mini program's openid
    key_index TEXT PRIMARY KEY,         -- keyed hash of kind and key
    kind TEXT NOT NULL CHECK (kind IN ('page', 'union', 'phone', 'number')),
    student_id TEXT NOT NULL REFERENCES student(id),
    sealed_login BLOB NOT NULL,
    created_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX login_key_student ON login_key(student_id, kind);

CREATE TABLE phone_code (               -- sent to a phone, to log in with
    phone_index TEXT PRIMARY KEY,
    code_index TEXT NOT NULL,           -- keyed hash of phone and code; '' when used
    tries INTEGER NOT NULL DEFAULT 0,
    expires_us INTEGER NOT NULL,
    day_us INTEGER NOT NULL,            -- the day that `sent` counts
    sent INTEGER NOT NULL,
    sent_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX phone_code_sent ON phone_code(sent_us);

CREATE TABLE wrong_try (                -- wrong proofs: of a student number, of a whole session within an hour
    kind TEXT NOT NULL CHECK (kind IN ('number', 'session')),
    key_index TEXT NOT NULL,
    wrong INTEGER NOT NULL,
    locked_until_us INTEGER NOT NULL DEFAULT 0,
    last_us INTEGER NOT NULL,
    PRIMARY KEY (kind, key_index)
) STRICT, WITHOUT ROWID;
CREATE INDEX wrong_try_last ON wrong_try(last_us);

-- The collection code belongs to the student first; the submission comes with the link.
CREATE TABLE collection_code_next (     -- one try of a student to show it
    id TEXT PRIMARY KEY,
    student_id TEXT NOT NULL REFERENCES student(id),
    submission_id TEXT REFERENCES submission(id), -- NULL: shown to find the enrolment; goes after a day
    number INTEGER NOT NULL,            -- 1, 2, 3 … of the submission; the last one counts; 0 without submission
    source TEXT NOT NULL,               -- picture, scan
    blob_id TEXT,                       -- the picture; goes with its upload
    state TEXT NOT NULL,
    looks_like TEXT NOT NULL DEFAULT '',    -- what a foreign code is: url, wechat …
    sealed_payload BLOB,                -- the bytes of the code; NULL unless they may be CHSI's
    payload_index TEXT,                 -- keyed hash of them
    payload_bytes INTEGER NOT NULL DEFAULT 0,
    sealed_reading BLOB,                -- JSON: name_masked, id_masked, as the operator's decoder says; NULL: none
    code_match TEXT NOT NULL DEFAULT 'unknown', -- what the operator's decoder says of code and roster
    created_us INTEGER NOT NULL,
    read_us INTEGER NOT NULL DEFAULT 0,
    CHECK (source IN ('picture','scan')),
    CHECK (state IN ('processing','read','seen_before','unreadable','many','foreign')),
    CHECK (code_match IN ('yes','no','unknown')),
    UNIQUE (submission_id, number)
) STRICT;
INSERT INTO collection_code_next (id, student_id, submission_id, number, source, blob_id, state, looks_like,
    sealed_payload, payload_index, payload_bytes, code_match, created_us, read_us)
    SELECT c.id, s.student_id, c.submission_id, c.number, c.source, c.blob_id, c.state, c.looks_like,
    c.sealed_payload, c.payload_index, c.payload_bytes, c.code_match, c.created_us, c.read_us
    FROM collection_code c JOIN submission s ON s.id = c.submission_id;
DROP TABLE collection_code;
ALTER TABLE collection_code_next RENAME TO collection_code;
CREATE INDEX collection_code_payload ON collection_code(payload_index) WHERE payload_index IS NOT NULL;
CREATE INDEX collection_code_open ON collection_code(student_id, created_us) WHERE submission_id IS NULL;
CREATE INDEX collection_code_stale ON collection_code(created_us) WHERE submission_id IS NULL;
