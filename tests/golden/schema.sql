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
    created_us INTEGER NOT NULL, mask_blob_id TEXT, retouch_number INTEGER NOT NULL DEFAULT 0, retouch_chosen INTEGER NOT NULL DEFAULT 0, captured_us INTEGER NOT NULL DEFAULT 0, lens TEXT NOT NULL DEFAULT '',
    UNIQUE (submission_id, number)
) STRICT;

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
CREATE INDEX audit_actor ON audit(actor_id, number) WHERE actor_kind = 'staff';
CREATE INDEX audit_object ON audit(object_id, number);

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
CREATE INDEX batch_item_file ON batch_item(batch_id, file_name);
CREATE INDEX batch_item_submission ON batch_item(submission_id);

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
CREATE INDEX blob_erased ON blob(erased_us) WHERE erased_us > 0;
CREATE INDEX blob_key ON blob(key_number);
CREATE INDEX blob_owner ON blob(owner_id, kind);

CREATE TABLE canned_answer (
    position INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;

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
, level TEXT NOT NULL DEFAULT ''       -- 学历类别; '' not said
    CHECK (level IN ('','associate','undergraduate','postgraduate','adult','open','self_study','other')), graduation_year INTEGER NOT NULL DEFAULT 0, batch_name TEXT NOT NULL DEFAULT '', version INTEGER NOT NULL DEFAULT 1) STRICT;

CREATE TABLE "collection_code" (     -- one try of a student to show it
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
CREATE INDEX collection_code_open ON collection_code(student_id, created_us) WHERE submission_id IS NULL;
CREATE INDEX collection_code_payload ON collection_code(payload_index) WHERE payload_index IS NOT NULL;
CREATE INDEX collection_code_stale ON collection_code(created_us) WHERE submission_id IS NULL;

CREATE TABLE consent (
    student_id TEXT NOT NULL REFERENCES student(id),
    kind TEXT NOT NULL,                 -- privacy, face, passing_on
    text_version TEXT NOT NULL,
    given_us INTEGER NOT NULL,
    withdrawn_us INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (student_id, kind, given_us)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE conversation (             -- one per student who wrote or was written to
    student_id TEXT PRIMARY KEY REFERENCES student(id),
    school_id TEXT REFERENCES school(id),   -- of the submission it was last about
    submission_id TEXT,
    state TEXT NOT NULL CHECK (state IN ('open','done')),
    assigned_to TEXT REFERENCES account(id),
    unread INTEGER NOT NULL DEFAULT 0 CHECK (unread >= 0),  -- of the student's messages, by the service
    last_sender TEXT NOT NULL,
    last_us INTEGER NOT NULL,
    waiting_us INTEGER NOT NULL DEFAULT 0,  -- since when the student waits for an answer; 0: does not
    sealed_window_openid BLOB,          -- the openid at the WeChat account the student wrote to
    window_account TEXT NOT NULL DEFAULT '' CHECK (window_account IN ('','mini','page')),
    window_until_us INTEGER NOT NULL DEFAULT 0, -- WeChat lets us answer there until then,
    window_left INTEGER NOT NULL DEFAULT 0      -- this many times
) STRICT;
CREATE INDEX conversation_state ON conversation(state, last_us);
CREATE INDEX conversation_unread ON conversation(school_id) WHERE unread > 0;

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
CREATE INDEX decision_account ON decision(account_id, decided_us);
CREATE INDEX decision_due ON decision(commit_us) WHERE state = 'pending';
CREATE INDEX decision_submission ON decision(submission_id, decided_us);

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

CREATE TABLE detail (                   -- of the roster's data: looked at, gaps filled by the student
    submission_id TEXT PRIMARY KEY REFERENCES submission(id),
    sealed_detail BLOB,                 -- JSON: college, major, class_name, email; NULL once erased
    confirmed_us INTEGER NOT NULL
) STRICT;

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

CREATE TABLE face_counter (             -- one row; persons is kept with face_person
    id INTEGER PRIMARY KEY CHECK (id = 1),
    persons INTEGER NOT NULL CHECK (persons >= 0),
    reached_us INTEGER NOT NULL DEFAULT 0, -- first time at the number that must be filed
    filed_us INTEGER NOT NULL DEFAULT 0,
    reference TEXT NOT NULL DEFAULT ''  -- of the filing
) STRICT;

CREATE TABLE face_person (              -- students of whom a face is stored: portrait or photo
    student_id TEXT PRIMARY KEY REFERENCES student(id),
    since_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

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

CREATE TABLE follower (                 -- who follows the service account: reached by its template messages
    openid_index TEXT PRIMARY KEY,
    sealed_openid BLOB NOT NULL,
    unionid_index TEXT,
    followed_us INTEGER NOT NULL,
    unfollowed_us INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX follower_unionid ON follower(unionid_index) WHERE unionid_index IS NOT NULL;

CREATE TABLE group_order (              -- a class or a school pays for many students at once
    id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES capture_session(id),
    payer_name TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT '',
    cover TEXT NOT NULL CHECK (cover IN ('paid', 'at_once')),   -- when its students go on
    price_fen INTEGER NOT NULL CHECK (price_fen > 0),
    students INTEGER NOT NULL CHECK (students > 0),
    amount_fen INTEGER NOT NULL CHECK (amount_fen = price_fen * students),
    state TEXT NOT NULL CHECK (state IN ('open', 'paid', 'cancelled')),
    created_by TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    paid_us INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX group_order_session ON group_order(session_id, id);

CREATE TABLE group_order_student (      -- whom it covers, by student number: a newer roster changes nothing
    session_id TEXT NOT NULL,
    student_no TEXT NOT NULL,
    group_order_id TEXT NOT NULL REFERENCES group_order(id),
    PRIMARY KEY (session_id, student_no, group_order_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_order_student_order ON group_order_student(group_order_id, student_no);

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
CREATE INDEX id_card_expires ON id_card(expires_us);
CREATE INDEX id_card_student ON id_card(student_id, created_us);

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

CREATE TABLE identity_vote (
    submission_id TEXT NOT NULL REFERENCES submission(id),
    identity_round INTEGER NOT NULL,
    account_id TEXT NOT NULL REFERENCES account(id),
    vote TEXT NOT NULL,                 -- same, different, unsure
    is_senior INTEGER NOT NULL CHECK (is_senior IN (0, 1)),
    given_us INTEGER NOT NULL,
    PRIMARY KEY (submission_id, identity_round, account_id)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE login (                    -- of staff and students; only the token's hash is kept
    token_hash TEXT PRIMARY KEY,
    owner_id TEXT NOT NULL,             -- account or student
    is_student INTEGER NOT NULL CHECK (is_student IN (0, 1)),
    created_us INTEGER NOT NULL,
    seen_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX login_expires ON login(expires_us);
CREATE INDEX login_owner ON login(owner_id);

CREATE TABLE login_key (                -- other ways into the same student than the mini program's openid
    key_index TEXT PRIMARY KEY,         -- keyed hash of kind and key
    kind TEXT NOT NULL CHECK (kind IN ('page', 'union', 'phone', 'number')),
    student_id TEXT NOT NULL REFERENCES student(id),
    sealed_login BLOB NOT NULL,
    created_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX login_key_student ON login_key(student_id, kind);

CREATE TABLE message (                  -- the student's inbox: what was said, on whatever channel
    id TEXT PRIMARY KEY,
    student_id TEXT NOT NULL REFERENCES student(id),
    submission_id TEXT,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT '{}',
    channel TEXT NOT NULL DEFAULT 'inbox', -- how far it came: inbox, wechat
    created_us INTEGER NOT NULL,
    read_us INTEGER NOT NULL DEFAULT 0
, sender TEXT NOT NULL DEFAULT 'system', sealed_text BLOB, blob_id TEXT, account_id TEXT, verdict TEXT NOT NULL DEFAULT '') STRICT, WITHOUT ROWID;
CREATE INDEX message_blob ON message(blob_id) WHERE blob_id IS NOT NULL;
CREATE INDEX message_student ON message(student_id, created_us);
CREATE INDEX message_submission ON message(submission_id, id) WHERE submission_id IS NOT NULL;

CREATE TABLE message_hop (              -- one channel a message was tried on, and how far it came there
    message_id TEXT NOT NULL REFERENCES message(id) ON DELETE CASCADE,
    channel TEXT NOT NULL,              -- customer, subscription, template, sms
    position INTEGER NOT NULL,          -- 1, 2, 3 … in the order of the chain
    state TEXT NOT NULL,
    why TEXT NOT NULL DEFAULT '',       -- in a few words, never personal data
    tries INTEGER NOT NULL DEFAULT 0,
    outside_id TEXT,                    -- the other side's number for it
    changed_us INTEGER NOT NULL,
    PRIMARY KEY (message_id, channel),
    CHECK (channel IN ('customer','subscription','template','sms')),
    CHECK (state IN ('held','skipped','sending','again','sent','refused','failed'))
) STRICT, WITHOUT ROWID;
CREATE INDEX message_hop_outside ON message_hop(outside_id) WHERE outside_id IS NOT NULL;

CREATE TABLE move_note (
    id TEXT PRIMARY KEY,
    submission_id TEXT NOT NULL REFERENCES submission(id),
    number INTEGER NOT NULL,            -- of the history's row
    sealed_note BLOB NOT NULL,
    UNIQUE (submission_id, number)
) STRICT;

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
    ended_us INTEGER NOT NULL DEFAULT 0, order_key TEXT NOT NULL DEFAULT '', order_no INTEGER NOT NULL DEFAULT 0,
    CHECK (state IN ('waiting', 'running', 'unknown', 'done', 'dead', 'parked'))
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox(kind, due_us) WHERE state IN ('waiting', 'unknown');
CREATE INDEX outbox_order ON outbox(order_key, order_no)
    WHERE order_key <> '' AND state IN ('waiting', 'unknown', 'running');
CREATE INDEX outbox_running ON outbox(lease_until_us) WHERE state = 'running';
CREATE INDEX outbox_stuck ON outbox(created_us) WHERE state IN ('dead', 'parked');
CREATE INDEX outbox_submission ON outbox(submission_id);

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
CREATE INDEX own_copy_expires ON own_copy(expires_us) WHERE state <> 'gone';
CREATE INDEX own_copy_student ON own_copy(student_id, id);

CREATE TABLE "payment" (
    id TEXT PRIMARY KEY,                -- out_trade_no at the bank
    submission_id TEXT REFERENCES submission(id),
    group_order_id TEXT REFERENCES group_order(id),
    channel TEXT NOT NULL DEFAULT 'jsapi' CHECK (channel IN ('jsapi', 'h5', 'native', 'transfer')),
    amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
    refunded_fen INTEGER NOT NULL DEFAULT 0 CHECK (refunded_fen BETWEEN 0 AND amount_fen),
    state TEXT NOT NULL,                -- created, prepaid, paid, closed, refunding, refunded
    prepay_id TEXT NOT NULL DEFAULT '', -- h5: its page; native: what the QR code says
    transaction_id TEXT UNIQUE,         -- transfer: the reference of the booking
    created_us INTEGER NOT NULL,
    paid_us INTEGER NOT NULL DEFAULT 0, -- as the bank tells
    refunded_us INTEGER NOT NULL DEFAULT 0,
    asked INTEGER NOT NULL DEFAULT 0,   -- how often we asked what became of it
    next_ask_us INTEGER NOT NULL DEFAULT 0,
    CHECK (state IN ('created','prepaid','paid','closed','refunding','refunded')),
    CHECK ((submission_id IS NULL) <> (group_order_id IS NULL))
) STRICT;
CREATE INDEX payment_group_order ON payment(group_order_id) WHERE group_order_id IS NOT NULL;
CREATE INDEX payment_open ON payment(next_ask_us) WHERE state IN ('created', 'prepaid');
CREATE INDEX payment_paid ON payment(paid_us) WHERE paid_us > 0;
CREATE INDEX payment_submission ON payment(submission_id);

CREATE TABLE payment_ledger (           -- double entry: every fact books two lines, their sum is 0; never changed
    number INTEGER PRIMARY KEY,
    fact TEXT NOT NULL,                 -- paid, refund_wanted, refund_done, refund_closed, refund_reopened
    object_id TEXT NOT NULL,            -- the payment or refund it is about
    account TEXT NOT NULL CHECK (account IN ('bank', 'transfer', 'fees', 'owed')),
    amount_fen INTEGER NOT NULL CHECK (amount_fen <> 0),
    payment_id TEXT NOT NULL REFERENCES payment(id),
    at_us INTEGER NOT NULL,             -- when it happened
    booked_us INTEGER NOT NULL,
    UNIQUE (object_id, fact, account)
) STRICT;
CREATE INDEX payment_ledger_at ON payment_ledger(at_us);
CREATE INDEX payment_ledger_payment ON payment_ledger(payment_id);

CREATE TABLE payment_nonce (            -- of callbacks taken: the same one again is refused
    nonce TEXT PRIMARY KEY,
    at_us INTEGER NOT NULL
) STRICT;
CREATE INDEX payment_nonce_at ON payment_nonce(at_us);

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

CREATE TABLE push_seen (                -- calls of WeChat already taken: neither a replay nor a repetition counts twice
    key TEXT PRIMARY KEY,
    seen_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX push_seen_us ON push_seen(seen_us);

CREATE TABLE queue_count (              -- how many wait in each lane; kept by transition
    lane TEXT PRIMARY KEY,
    waiting INTEGER NOT NULL CHECK (waiting >= 0)
) STRICT;

CREATE TABLE quota (                    -- WeChat one-time subscriptions: no API tells how many are left
    student_id TEXT NOT NULL REFERENCES student(id),
    template_id TEXT NOT NULL,
    remaining INTEGER NOT NULL CHECK (remaining >= 0),
    changed_us INTEGER NOT NULL, accepted_page INTEGER NOT NULL DEFAULT 0, accepted_push INTEGER NOT NULL DEFAULT 0, answer TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (student_id, template_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE reconciliation (           -- the bank's bill of one day (China time) against ours
    day TEXT PRIMARY KEY,               -- 2026-11-19
    state TEXT NOT NULL CHECK (state IN ('running', 'matched', 'differs', 'failed')),
    bill_lines INTEGER NOT NULL DEFAULT 0,
    paid_fen INTEGER NOT NULL DEFAULT 0,        -- the bill's
    refunded_fen INTEGER NOT NULL DEFAULT 0,
    our_paid_fen INTEGER NOT NULL DEFAULT 0,
    our_refunded_fen INTEGER NOT NULL DEFAULT 0,
    differences INTEGER NOT NULL DEFAULT 0,
    problem TEXT NOT NULL DEFAULT '',
    started_by TEXT NOT NULL DEFAULT '',        -- account; '' the server
    started_us INTEGER NOT NULL,
    ended_us INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE reconciliation_difference (
    day TEXT NOT NULL REFERENCES reconciliation(day),
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    payment_id TEXT NOT NULL DEFAULT '',
    refund_id TEXT NOT NULL DEFAULT '',
    bill_fen INTEGER NOT NULL DEFAULT 0,
    our_fen INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (day, number)
) STRICT;

CREATE TABLE refund (
    id TEXT PRIMARY KEY,                -- out_refund_no at the bank: the same number gives the money back once
    payment_id TEXT NOT NULL REFERENCES payment(id),
    amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
    state TEXT NOT NULL CHECK (state IN ('wanted', 'processing', 'done', 'abnormal', 'closed')),
    reason TEXT NOT NULL DEFAULT '',
    problem TEXT NOT NULL DEFAULT '',   -- abnormal, closed: the bank's code
    bank_refund_id TEXT NOT NULL DEFAULT '',
    created_by TEXT NOT NULL DEFAULT '',-- account; '' the server, 'bank' when it was begun there
    created_us INTEGER NOT NULL,
    accepted_us INTEGER NOT NULL DEFAULT 0, -- the bank's: its bill lists the refund on this day
    ended_us INTEGER NOT NULL DEFAULT 0,
    asked INTEGER NOT NULL DEFAULT 0,
    next_ask_us INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX refund_accepted ON refund(accepted_us) WHERE accepted_us > 0;
CREATE INDEX refund_open ON refund(next_ask_us) WHERE state IN ('wanted', 'processing');
CREATE INDEX refund_payment ON refund(payment_id, id);

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
CREATE INDEX roster_student ON roster(student_id) WHERE student_id IS NOT NULL;
CREATE INDEX roster_superseded ON roster(superseded_by, number) WHERE superseded_by > 0;

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
CREATE INDEX roster_import_open ON roster_import(created_us) WHERE state <> 'done';
CREATE INDEX roster_import_session ON roster_import(session_id, number);

CREATE TABLE roster_key (               -- keyed hashes of student number, ID number, last four of the ID number
    import_number INTEGER NOT NULL REFERENCES roster_import(number),
    key INTEGER NOT NULL,
    row_number INTEGER NOT NULL,
    PRIMARY KEY (import_number, key, row_number)
) STRICT, WITHOUT ROWID;

CREATE TABLE roster_part (              -- the file as it comes, sealed piece by piece; gone when the import has ended
    import_id TEXT NOT NULL REFERENCES roster_import(id),
    offset_bytes INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    blob_id TEXT NOT NULL,
    PRIMARY KEY (import_id, offset_bytes)
) STRICT, WITHOUT ROWID;

CREATE TABLE schema_migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL, applied_us INTEGER NOT NULL) STRICT;

CREATE TABLE school (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,          -- five digits at CHSI, or the operator's own
    name TEXT NOT NULL,
    created_us INTEGER NOT NULL
) STRICT;

CREATE TABLE secret (                   -- tokens of outside systems
    name TEXT PRIMARY KEY,
    sealed_value BLOB NOT NULL,
    expires_us INTEGER NOT NULL,
    changed_us INTEGER NOT NULL
) STRICT;

CREATE TABLE session_policy (           -- every version there was
    session_id TEXT NOT NULL REFERENCES capture_session(id),
    policy_version INTEGER NOT NULL,
    policy TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_us INTEGER NOT NULL,
    PRIMARY KEY (session_id, policy_version)
) STRICT;

CREATE TABLE session_template (         -- what a session uses instead of the server's own templates
    session_id TEXT NOT NULL REFERENCES capture_session(id),
    channel TEXT NOT NULL CHECK (channel IN ('subscription','template')),
    kind TEXT NOT NULL,                 -- messages.def: result, progress, delivery, payment
    template_id TEXT NOT NULL,
    fields TEXT NOT NULL,               -- JSON: role → key of the template's field
    changed_us INTEGER NOT NULL,
    PRIMARY KEY (session_id, channel, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_template_id ON session_template(template_id);

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
, unionid_index TEXT, leaving_us INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX student_unionid ON student(unionid_index) WHERE unionid_index IS NOT NULL;

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
CREATE INDEX submission_claim ON submission(claimed_by, claim_until_us) WHERE claimed_by IS NOT NULL;
CREATE INDEX submission_code ON submission(code);
CREATE INDEX submission_deadline ON submission(deadline_us) WHERE deadline_us > 0;
CREATE UNIQUE INDEX submission_enrolment ON submission(session_id, student_id, coalesce(roster_id, ''));
CREATE INDEX submission_queue ON submission(lane, due_us, id) WHERE lane <> '';
CREATE INDEX submission_roster ON submission(roster_id) WHERE roster_id IS NOT NULL;
CREATE INDEX submission_state ON submission(state, session_id, id);
CREATE INDEX submission_student ON submission(student_id);
CREATE INDEX submission_tracking ON submission(tracking_no) WHERE tracking_no <> '';

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
, captured_us INTEGER NOT NULL DEFAULT 0, lens TEXT NOT NULL DEFAULT '') STRICT;
CREATE INDEX upload_expires ON upload(expires_us);
CREATE INDEX upload_same ON upload(student_id, purpose, sha256_index);
CREATE INDEX upload_student ON upload(student_id, created_us);

CREATE TABLE upload_part (
    upload_id TEXT NOT NULL REFERENCES upload(id),
    offset_bytes INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    blob_id TEXT NOT NULL,
    PRIMARY KEY (upload_id, offset_bytes)
) STRICT, WITHOUT ROWID;

CREATE TABLE webhook (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    sealed_secret BLOB NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    failing_since_us INTEGER NOT NULL DEFAULT 0,
    created_us INTEGER NOT NULL
) STRICT;

CREATE TABLE wrong_try (                -- wrong proofs: of a student number, of a whole session within an hour
    kind TEXT NOT NULL CHECK (kind IN ('number', 'session')),
    key_index TEXT NOT NULL,
    wrong INTEGER NOT NULL,
    locked_until_us INTEGER NOT NULL DEFAULT 0,
    last_us INTEGER NOT NULL,
    PRIMARY KEY (kind, key_index)
) STRICT, WITHOUT ROWID;
CREATE INDEX wrong_try_last ON wrong_try(last_us);
