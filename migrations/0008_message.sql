-- What students are told, how far it came on which channel, and what they and customer service say to each other.

ALTER TABLE message ADD COLUMN sender TEXT NOT NULL DEFAULT 'system'; -- system, student, service
ALTER TABLE message ADD COLUMN sealed_text BLOB;    -- of student and service; the system's words are in messages.def
ALTER TABLE message ADD COLUMN blob_id TEXT;        -- a picture of student or service
ALTER TABLE message ADD COLUMN account_id TEXT;     -- who of the service
ALTER TABLE message ADD COLUMN verdict TEXT NOT NULL DEFAULT ''; -- of WeChat's text check, when it is on: pass, review, risky
CREATE INDEX message_submission ON message(submission_id, id) WHERE submission_id IS NOT NULL;
CREATE INDEX message_blob ON message(blob_id) WHERE blob_id IS NOT NULL;

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

-- Rows of one order_key happen one after the other, in the order of order_no, retries included: all but the first wait
-- without being due, and the end of one makes the next due.
ALTER TABLE outbox ADD COLUMN order_key TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN order_no INTEGER NOT NULL DEFAULT 0;
CREATE INDEX outbox_order ON outbox(order_key, order_no)
    WHERE order_key <> '' AND state IN ('waiting', 'unknown', 'running');

-- The same tap is told by the page and by WeChat's push, in any order and either may be lost: the larger count is true.
ALTER TABLE quota ADD COLUMN accepted_page INTEGER NOT NULL DEFAULT 0;
ALTER TABLE quota ADD COLUMN accepted_push INTEGER NOT NULL DEFAULT 0;
ALTER TABLE quota ADD COLUMN answer TEXT NOT NULL DEFAULT '';   -- the last one: accept, reject, ban, filter

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

ALTER TABLE student ADD COLUMN unionid_index TEXT;  -- the same person at the operator's other WeChat accounts
CREATE INDEX student_unionid ON student(unionid_index) WHERE unionid_index IS NOT NULL;

CREATE TABLE follower (                 -- who follows the service account: reached by its template messages
    openid_index TEXT PRIMARY KEY,
    sealed_openid BLOB NOT NULL,
    unionid_index TEXT,
    followed_us INTEGER NOT NULL,
    unfollowed_us INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX follower_unionid ON follower(unionid_index) WHERE unionid_index IS NOT NULL;

CREATE TABLE push_seen (                -- calls of WeChat already taken: neither a replay nor a repetition counts twice
    key TEXT PRIMARY KEY,
    seen_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX push_seen_us ON push_seen(seen_us);

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

CREATE TABLE canned_answer (
    position INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;
INSERT INTO canned_answer (position, title, text) VALUES
    (1, '审核时间', '照片一般在承诺时间内审核完，结果会发消息给您，也可以在进度页查看。'),
    (2, '怎么重拍', '请在进度页点「重拍」，按提示重新拍一张：正对光源、白色或浅色背景、不戴帽子和深色镜片。'),
    (3, '付款与退款', '付款和退款都原路进行，退款一般 1 至 3 个工作日到账。'),
    (4, '采集码', '采集码在学信网「学信档案」的图像采集里查看，截图后上传，保证四个角都在画面里。');
