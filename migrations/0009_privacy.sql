-- What students agree to and what they may ask of us: editions of the consent texts, the evidence of consents, copies of
-- their own data, leaving; and the number of persons whose faces are stored.

CREATE TABLE consent_edition (          -- the texts as administrators wrote them; the first edition is built in
    text_version TEXT PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,     -- 2, 3, 4 …
    renews INTEGER NOT NULL CHECK (renews IN (0, 1)), -- consents to earlier editions do not count any more
    texts TEXT NOT NULL,                -- JSON {kind: {title_zh, title_en, text_zh, text_en}}
    changed_by TEXT NOT NULL REFERENCES account(id),
    created_us INTEGER NOT NULL
) STRICT;

CREATE TABLE consent_evidence (         -- how a consent was given or taken back
    id TEXT PRIMARY KEY,
    student_id TEXT NOT NULL REFERENCES student(id),
    sealed_evidence BLOB,               -- JSON {kinds, text_version, language, address, agent}; NULL when erased
    given_us INTEGER NOT NULL
) STRICT;
CREATE INDEX consent_evidence_student ON consent_evidence(student_id, id);

CREATE TABLE own_copy (                 -- a student's copy of their own data, a ZIP
    id TEXT PRIMARY KEY,
    student_id TEXT NOT NULL REFERENCES student(id),
    state TEXT NOT NULL CHECK (state IN ('making', 'ready', 'failed', 'gone')),
    blob_id TEXT,
    size_bytes INTEGER NOT NULL DEFAULT 0,
    left_out INTEGER NOT NULL DEFAULT 0, -- pictures that did not fit
    created_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL
) STRICT;
CREATE INDEX own_copy_student ON own_copy(student_id, id);
CREATE INDEX own_copy_expires ON own_copy(expires_us) WHERE state <> 'gone';

ALTER TABLE student ADD COLUMN leaving_us INTEGER NOT NULL DEFAULT 0; -- asked to be forgotten; 0: did not

CREATE TABLE face_person (              -- students of whom a face is stored: portrait or photo
    student_id TEXT PRIMARY KEY REFERENCES student(id),
    since_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE face_counter (             -- one row; persons is kept with face_person
    id INTEGER PRIMARY KEY CHECK (id = 1),
    persons INTEGER NOT NULL CHECK (persons >= 0),
    reached_us INTEGER NOT NULL DEFAULT 0, -- first time at the number that must be filed
    filed_us INTEGER NOT NULL DEFAULT 0,
    reference TEXT NOT NULL DEFAULT ''  -- of the filing
) STRICT;
INSERT INTO face_person (student_id, since_us)
    SELECT id, created_us FROM student WHERE portrait_blob_id IS NOT NULL
    UNION
    SELECT s.id, s.created_us FROM student s WHERE EXISTS (SELECT 1 FROM submission u WHERE u.student_id = s.id
        AND u.attempts_made > 0);
INSERT INTO face_counter (id, persons) SELECT 1, count(*) FROM face_person;
