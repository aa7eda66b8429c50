-- The first schema. Times are microseconds since 1970 UTC; ids are made by the server (26 characters, sort by time);
-- columns named sealed_* are encrypted (base/keyring.h) and bound to their row; *_index are keyed hashes for look-ups.
-- Money is in fen. Distances of faces are in millionths. Tables that are only found by their own key are WITHOUT ROWID:
-- one tree to write per row instead of two.

-- ---- people ----

CREATE TABLE school (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,          -- five digits at CHSI, or the operator's own
    name TEXT NOT NULL,
    created_us INTEGER NOT NULL
) STRICT;

CREATE TABLE account (                  -- staff
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,          -- login name
    display_name TEXT NOT NULL,
    password_hash TEXT NOT NULL,        -- argon2id
    roles INTEGER NOT NULL,             -- bits of enum role
    school_id TEXT REFERENCES school(id),
    disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    wrong_tries INTEGER NOT NULL DEFAULT 0,
    locked_until_us INTEGER NOT NULL DEFAULT 0,
    created_us INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE student (
    id TEXT PRIMARY KEY,
    openid_index TEXT NOT NULL UNIQUE,
    sealed_openid BLOB NOT NULL,
    sealed_phone BLOB,
    phone_index TEXT,
    sealed_name BLOB,                   -- from the roster once linked
    sealed_id_number BLOB,
    portrait_blob_id TEXT,              -- ID-card portrait, reference of the face comparison
    language TEXT NOT NULL DEFAULT 'zh',
    wrong_links INTEGER NOT NULL DEFAULT 0,
    links_locked_until_us INTEGER NOT NULL DEFAULT 0,
    created_us INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE login (                    -- of staff and students; only the token's hash is kept
    token_hash TEXT PRIMARY KEY,
    owner_id TEXT NOT NULL,             -- account or student
    is_student INTEGER NOT NULL CHECK (is_student IN (0, 1)),
    created_us INTEGER NOT NULL,
    seen_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX login_owner ON login(owner_id);
CREATE INDEX login_expires ON login(expires_us);

CREATE TABLE consent (
    student_id TEXT NOT NULL REFERENCES student(id),
    kind TEXT NOT NULL,                 -- privacy, face, passing_on
    text_version TEXT NOT NULL,
    given_us INTEGER NOT NULL,
    withdrawn_us INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (student_id, kind, given_us)
) STRICT, WITHOUT ROWID;

-- ---- capture sessions and roster ----

CREATE TABLE capture_session (
    id TEXT PRIMARY KEY,
    school_id TEXT NOT NULL REFERENCES school(id),
    code TEXT NOT NULL UNIQUE,          -- eight digits, or six letters and digits
    name TEXT NOT NULL,
    opens_us INTEGER NOT NULL,
    closes_us INTEGER NOT NULL,
    policy TEXT NOT NULL,               -- JSON, workflow/policy.h
    policy_version INTEGER NOT NULL DEFAULT 1,
    created_us INTEGER NOT NULL
) STRICT;

CREATE TABLE session_policy (           -- every version there was
    session_id TEXT NOT NULL REFERENCES capture_session(id),
    policy_version INTEGER NOT NULL,
    policy TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_us INTEGER NOT NULL,
    PRIMARY KEY (session_id, policy_version)
) STRICT;

CREATE TABLE roster (
    id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES capture_session(id),
    student_no TEXT NOT NULL,
    sealed_name BLOB NOT NULL,
    sealed_id_number BLOB NOT NULL,
    number_index TEXT NOT NULL,         -- student_no + last four of the ID number
    person_index TEXT NOT NULL,         -- name + ID number
    college TEXT NOT NULL DEFAULT '',
    major TEXT NOT NULL DEFAULT '',
    class_name TEXT NOT NULL DEFAULT '',
    student_id TEXT REFERENCES student(id), -- who linked it
    linked_us INTEGER NOT NULL DEFAULT 0,
    created_us INTEGER NOT NULL,
    UNIQUE (session_id, student_no)
) STRICT;
CREATE INDEX roster_number ON roster(number_index);
CREATE INDEX roster_person ON roster(person_index);
CREATE INDEX roster_student ON roster(student_id) WHERE student_id IS NOT NULL;

-- ---- encrypted objects and uploads ----

CREATE TABLE blob (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,                 -- original, standard, proxy, portrait, part, package, sheet
    media_type TEXT NOT NULL,
    sealed_key BLOB NOT NULL,           -- data key, wrapped; destroying it erases the object
    key_number INTEGER NOT NULL,        -- of the key-encryption key
    size_bytes INTEGER NOT NULL,        -- of the plain object
    sha256 TEXT NOT NULL,               -- keyed hash of the plain object, hex: equality without disclosure
    owner_id TEXT NOT NULL,             -- student, or batch
    created_us INTEGER NOT NULL,
    erased_us INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX blob_owner ON blob(owner_id, kind);
CREATE INDEX blob_key ON blob(key_number);
CREATE INDEX blob_erased ON blob(erased_us) WHERE erased_us > 0;

CREATE TABLE upload (
    id TEXT PRIMARY KEY,
    student_id TEXT NOT NULL REFERENCES student(id),
    purpose TEXT NOT NULL,              -- photo, id_portrait
    size_bytes INTEGER NOT NULL,
    received_bytes INTEGER NOT NULL DEFAULT 0,
    sha256_index TEXT NOT NULL,         -- keyed hash of the announced SHA-256
    source TEXT NOT NULL,               -- live, native, album
    blob_id TEXT,                       -- the whole, once complete
    created_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL
) STRICT;
CREATE INDEX upload_student ON upload(student_id, created_us);
CREATE INDEX upload_same ON upload(student_id, purpose, sha256_index);
CREATE INDEX upload_expires ON upload(expires_us);

CREATE TABLE upload_part (
    upload_id TEXT NOT NULL REFERENCES upload(id),
    offset_bytes INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    blob_id TEXT NOT NULL,
    PRIMARY KEY (upload_id, offset_bytes)
) STRICT, WITHOUT ROWID;

-- ---- submissions ----

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
    CHECK (state IN ('draft','awaiting_payment','submitted','human_review','retouch','face_comparison',
                     'student_confirm','chsi_upload','printing','mailing','retake','completed','closed')),
    CHECK (face IN ('pending','match','grey','mismatch','none')),
    UNIQUE (session_id, student_id)
) STRICT;
CREATE INDEX submission_student ON submission(student_id);
CREATE INDEX submission_code ON submission(code);
CREATE INDEX submission_queue ON submission(lane, due_us, id) WHERE lane <> '';
CREATE INDEX submission_state ON submission(state, session_id, id);
CREATE INDEX submission_roster ON submission(roster_id) WHERE roster_id IS NOT NULL;
CREATE INDEX submission_tracking ON submission(tracking_no) WHERE tracking_no <> '';
CREATE INDEX submission_claim ON submission(claimed_by, claim_until_us) WHERE claimed_by IS NOT NULL;
CREATE INDEX submission_deadline ON submission(deadline_us) WHERE deadline_us > 0;

CREATE TABLE attempt (                  -- one photo sent
    id TEXT PRIMARY KEY,
    submission_id TEXT NOT NULL REFERENCES submission(id),
    number INTEGER NOT NULL,            -- 1, 2, 3 … of the submission
    source TEXT NOT NULL,               -- live, native, album
    original_blob_id TEXT NOT NULL,
    standard_blob_id TEXT,
    proxy_blob_id TEXT,
    state TEXT NOT NULL,                -- processing, ready, failed
    verdict TEXT NOT NULL DEFAULT '',   -- pass, warn, fail
    report TEXT NOT NULL DEFAULT '{}',  -- JSON, checks and ledger
    insisted INTEGER NOT NULL DEFAULT 0 CHECK (insisted IN (0, 1)),
    rejected INTEGER NOT NULL DEFAULT 0 CHECK (rejected IN (0, 1)),
    created_us INTEGER NOT NULL,
    UNIQUE (submission_id, number)
) STRICT;

CREATE TABLE face_result (
    attempt_id TEXT PRIMARY KEY REFERENCES attempt(id),
    verdict TEXT NOT NULL,              -- match, grey, mismatch, none
    distance_e6 INTEGER NOT NULL,       -- -1 when there is none
    match_e6 INTEGER NOT NULL,          -- thresholds at that time
    mismatch_e6 INTEGER NOT NULL,
    model TEXT NOT NULL,                -- id and version
    detail TEXT NOT NULL,               -- JSON
    measured_us INTEGER NOT NULL
) STRICT;

CREATE TABLE decision (                 -- of a reviewer; takes effect at commit_us unless undone
    id TEXT PRIMARY KEY,
    submission_id TEXT NOT NULL REFERENCES submission(id),
    attempt_id TEXT NOT NULL,
    event TEXT NOT NULL,                -- approve, reject_retry, …
    reasons TEXT NOT NULL DEFAULT '[]',
    note TEXT NOT NULL DEFAULT '',      -- to the student
    internal_note TEXT NOT NULL DEFAULT '',
    account_id TEXT NOT NULL REFERENCES account(id),
    state TEXT NOT NULL,                -- pending, committed, undone, void
    shown_ms INTEGER NOT NULL DEFAULT 0,
    version_seen INTEGER NOT NULL,
    decided_us INTEGER NOT NULL,
    commit_us INTEGER NOT NULL,
    CHECK (state IN ('pending','committed','undone','void'))
) STRICT;
CREATE INDEX decision_due ON decision(commit_us) WHERE state = 'pending';
CREATE INDEX decision_submission ON decision(submission_id, decided_us);
CREATE INDEX decision_account ON decision(account_id, decided_us);

CREATE TABLE identity_vote (
    submission_id TEXT NOT NULL REFERENCES submission(id),
    identity_round INTEGER NOT NULL,
    account_id TEXT NOT NULL REFERENCES account(id),
    vote TEXT NOT NULL,                 -- same, different, unsure
    is_senior INTEGER NOT NULL CHECK (is_senior IN (0, 1)),
    given_us INTEGER NOT NULL,
    PRIMARY KEY (submission_id, identity_round, account_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE history (                  -- every move
    submission_id TEXT NOT NULL REFERENCES submission(id),
    number INTEGER NOT NULL,            -- the submission's version after the move
    from_state TEXT NOT NULL,
    event TEXT NOT NULL,
    to_state TEXT NOT NULL,
    actor_kind TEXT NOT NULL,           -- student, staff, server
    actor_id TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT '{}',  -- JSON: reasons, note to the student, tracking …
    moved_us INTEGER NOT NULL,
    PRIMARY KEY (submission_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE queue_count (              -- how many wait in each lane; kept by transition
    lane TEXT PRIMARY KEY,
    waiting INTEGER NOT NULL CHECK (waiting >= 0)
) STRICT;
INSERT INTO queue_count (lane, waiting) VALUES ('green', 0), ('amber', 0), ('identity', 0), ('senior', 0), ('retouch', 0);

-- ---- payment ----

CREATE TABLE payment (
    id TEXT PRIMARY KEY,                -- out_trade_no at the payment service
    submission_id TEXT NOT NULL REFERENCES submission(id),
    amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
    state TEXT NOT NULL,                -- created, prepaid, paid, closed, refunding, refunded
    prepay_id TEXT NOT NULL DEFAULT '',
    transaction_id TEXT UNIQUE,
    created_us INTEGER NOT NULL,
    paid_us INTEGER NOT NULL DEFAULT 0,
    refunded_us INTEGER NOT NULL DEFAULT 0,
    CHECK (state IN ('created','prepaid','paid','closed','refunding','refunded'))
) STRICT;
CREATE INDEX payment_submission ON payment(submission_id);
CREATE INDEX payment_open ON payment(created_us) WHERE state IN ('created', 'prepaid', 'refunding');

-- ---- batches: CHSI, print, mail ----

CREATE TABLE batch (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('chsi', 'print', 'mail')),
    session_id TEXT NOT NULL REFERENCES capture_session(id),
    name TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('building', 'built', 'handed_over', 'done', 'failed')),
    items INTEGER NOT NULL DEFAULT 0,
    blob_id TEXT,                       -- package or PDF
    problem TEXT NOT NULL DEFAULT '',
    created_by TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    handed_over_us INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX batch_kind ON batch(kind, created_us);

CREATE TABLE batch_item (
    batch_id TEXT NOT NULL REFERENCES batch(id),
    submission_id TEXT NOT NULL REFERENCES submission(id),
    position INTEGER NOT NULL,
    file_name TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL DEFAULT 'open', -- open, accepted, refused, printed, shipped
    problem TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (batch_id, submission_id)
) STRICT;
CREATE INDEX batch_item_submission ON batch_item(submission_id);
CREATE INDEX batch_item_file ON batch_item(batch_id, file_name);

-- ---- outbox, messages, outside systems ----

CREATE TABLE outbox (
    id TEXT PRIMARY KEY,                -- also the deduplication id sent outside
    kind TEXT NOT NULL,
    submission_id TEXT,
    payload TEXT NOT NULL DEFAULT '{}', -- JSON, frozen at the move
    state TEXT NOT NULL DEFAULT 'waiting',
    due_us INTEGER NOT NULL,
    lease_until_us INTEGER NOT NULL DEFAULT 0,
    lease_owner TEXT NOT NULL DEFAULT '',  -- boot id
    tries INTEGER NOT NULL DEFAULT 0,
    outcome TEXT NOT NULL DEFAULT '',   -- last error in a few words, never personal data
    created_us INTEGER NOT NULL,
    ended_us INTEGER NOT NULL DEFAULT 0,
    CHECK (state IN ('waiting', 'running', 'unknown', 'done', 'dead', 'parked'))
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox(kind, due_us) WHERE state IN ('waiting', 'unknown');
CREATE INDEX outbox_running ON outbox(lease_until_us) WHERE state = 'running';
CREATE INDEX outbox_submission ON outbox(submission_id);
CREATE INDEX outbox_stuck ON outbox(created_us) WHERE state IN ('dead', 'parked');

CREATE TABLE message (                  -- the student's inbox: what was said, on whatever channel
    id TEXT PRIMARY KEY,
    student_id TEXT NOT NULL REFERENCES student(id),
    submission_id TEXT,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT '{}',
    channel TEXT NOT NULL DEFAULT 'inbox', -- how far it came: inbox, wechat
    created_us INTEGER NOT NULL,
    read_us INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX message_student ON message(student_id, created_us);

CREATE TABLE quota (                    -- WeChat one-time subscriptions: no API tells how many are left
    student_id TEXT NOT NULL REFERENCES student(id),
    template_id TEXT NOT NULL,
    remaining INTEGER NOT NULL CHECK (remaining >= 0),
    changed_us INTEGER NOT NULL,
    PRIMARY KEY (student_id, template_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE secret (                   -- tokens of outside systems
    name TEXT PRIMARY KEY,
    sealed_value BLOB NOT NULL,
    expires_us INTEGER NOT NULL,
    changed_us INTEGER NOT NULL
) STRICT;

CREATE TABLE webhook (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    sealed_secret BLOB NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    failing_since_us INTEGER NOT NULL DEFAULT 0,
    created_us INTEGER NOT NULL
) STRICT;

CREATE TABLE idempotency (
    owner_id TEXT NOT NULL,
    key_hash TEXT NOT NULL,
    parameter_hash TEXT NOT NULL,
    status INTEGER NOT NULL DEFAULT 0,  -- 0: done, answer not recorded yet
    sealed_body BLOB NOT NULL,          -- the answer: it may repeat what somebody wrote
    created_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL,
    PRIMARY KEY (owner_id, key_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_expires ON idempotency(expires_us);

-- ---- audit ----

CREATE TABLE audit (                    -- append-only; each row's hash covers the one before
    number INTEGER PRIMARY KEY,
    at_us INTEGER NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    action TEXT NOT NULL,
    object_kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT '{}',
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX audit_object ON audit(object_id, number);
CREATE INDEX audit_actor ON audit(actor_id, number) WHERE actor_kind = 'staff'; -- students are looked up as objects
