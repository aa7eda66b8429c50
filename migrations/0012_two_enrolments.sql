-- Somebody may be enrolled twice in one session (two degrees, two student numbers): one submission per entry of the
-- roster; where there is no roster, one per student. The table is made anew, because a constraint cannot be dropped.

PRAGMA defer_foreign_keys = ON;
CREATE TABLE submission_before AS SELECT * FROM submission;
DROP TABLE submission;

CREATE TABLE submission (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL,                 -- for people to read out: 3B92K7-4
    session_id TEXT NOT NULL REFERENCES capture_session(id),
    student_id TEXT NOT NULL REFERENCES student(id),
    roster_id TEXT REFERENCES roster(id),
    state TEXT NOT NULL,                -- workflow.def
    version INTEGER NOT NULL DEFAULT 1, -- goes up with every change a student can see
    lane TEXT NOT NULL DEFAULT '',      -- '', green, amber, identity, senior, retouch
    attempt_id TEXT,                    -- the chosen one
    attempts_used INTEGER NOT NULL DEFAULT 0,   -- handed in
    attempts_made INTEGER NOT NULL DEFAULT 0,   -- photos tried
    price_fen INTEGER NOT NULL DEFAULT 0,       -- due for this pass
    paid INTEGER NOT NULL DEFAULT 0 CHECK (paid IN (0, 1)),
    reviewed INTEGER NOT NULL DEFAULT 0 CHECK (reviewed IN (0, 1)),
    face TEXT NOT NULL DEFAULT 'pending',       -- pending, match, grey, mismatch, none
    face_distance_e6 INTEGER NOT NULL DEFAULT -1,
    rejected_by_face INTEGER NOT NULL DEFAULT 0 CHECK (rejected_by_face IN (0, 1)),
    reasons TEXT NOT NULL DEFAULT '[]',         -- JSON codes of the last rejection
    note TEXT NOT NULL DEFAULT '',              -- to the student, of the last rejection
    chsi_status TEXT NOT NULL DEFAULT '',       -- '', queued, handed_over, accepted, refused
    proofread TEXT NOT NULL DEFAULT 'not_yet',  -- not_yet, right, wrong
    identity_round INTEGER NOT NULL DEFAULT 0,
    claimed_by TEXT,                            -- account
    claim_id TEXT,
    claim_until_us INTEGER NOT NULL DEFAULT 0,
    sealed_address BLOB,
    carrier TEXT NOT NULL DEFAULT '',
    tracking_no TEXT NOT NULL DEFAULT '',
    due_us INTEGER NOT NULL DEFAULT 0,          -- promised decision
    deadline_us INTEGER NOT NULL DEFAULT 0,     -- retake, confirmation or payment: then the server acts; 0 none
    submitted_us INTEGER NOT NULL DEFAULT 0,
    moved_us INTEGER NOT NULL,
    created_us INTEGER NOT NULL,
    print_layout TEXT NOT NULL DEFAULT '',      -- where the policy lets students choose
    CHECK (print_layout IN ('','one_inch','two_inch')),
    CHECK (state IN ('draft','awaiting_payment','submitted','human_review','retouch','face_comparison',
                     'student_confirm','chsi_upload','printing','mailing','retake','completed','closed')),
    CHECK (face IN ('pending','match','grey','mismatch','none'))
) STRICT;
INSERT INTO submission (
    id, code, session_id, student_id, roster_id, state, version, lane, attempt_id, attempts_used,
    attempts_made, price_fen, paid, reviewed, face, face_distance_e6, rejected_by_face, reasons, note,
    chsi_status, proofread, identity_round, claimed_by, claim_id, claim_until_us, sealed_address,
    carrier, tracking_no, due_us, deadline_us, submitted_us, moved_us, created_us, print_layout)
SELECT
    id, code, session_id, student_id, roster_id, state, version, lane, attempt_id, attempts_used,
    attempts_made, price_fen, paid, reviewed, face, face_distance_e6, rejected_by_face, reasons, note,
    chsi_status, proofread, identity_round, claimed_by, claim_id, claim_until_us, sealed_address,
    carrier, tracking_no, due_us, deadline_us, submitted_us, moved_us, created_us, print_layout
FROM submission_before;
DROP TABLE submission_before;

CREATE UNIQUE INDEX submission_enrolment ON submission(session_id, student_id, coalesce(roster_id, ''));
CREATE INDEX submission_claim ON submission(claimed_by, claim_until_us) WHERE claimed_by IS NOT NULL;
CREATE INDEX submission_code ON submission(code);
CREATE INDEX submission_deadline ON submission(deadline_us) WHERE deadline_us > 0;
CREATE INDEX submission_queue ON submission(lane, due_us, id) WHERE lane <> '';
CREATE INDEX submission_roster ON submission(roster_id) WHERE roster_id IS NOT NULL;
CREATE INDEX submission_state ON submission(state, session_id, id);
CREATE INDEX submission_student ON submission(student_id);
CREATE INDEX submission_tracking ON submission(tracking_no) WHERE tracking_no <> '';
