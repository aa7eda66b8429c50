-- 0007: payment for real: channels, partial refunds, a double-entry ledger, the bank's daily bill, orders for many.

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

CREATE TABLE payment_next (
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
INSERT INTO payment_next (id, submission_id, amount_fen, refunded_fen, state, prepay_id, transaction_id, created_us,
                          paid_us, refunded_us, next_ask_us)
    SELECT id, submission_id, amount_fen, CASE state WHEN 'refunded' THEN amount_fen ELSE 0 END,
           CASE state WHEN 'refunding' THEN 'paid' ELSE state END, prepay_id, transaction_id, created_us, paid_us,
           refunded_us, created_us FROM payment;
DROP TABLE payment;
ALTER TABLE payment_next RENAME TO payment;
CREATE INDEX payment_submission ON payment(submission_id);
CREATE INDEX payment_group_order ON payment(group_order_id) WHERE group_order_id IS NOT NULL;
CREATE INDEX payment_open ON payment(next_ask_us) WHERE state IN ('created', 'prepaid');
CREATE INDEX payment_paid ON payment(paid_us) WHERE paid_us > 0;

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
CREATE INDEX refund_payment ON refund(payment_id, id);
CREATE INDEX refund_open ON refund(next_ask_us) WHERE state IN ('wanted', 'processing');
CREATE INDEX refund_accepted ON refund(accepted_us) WHERE accepted_us > 0;

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
INSERT INTO payment_ledger (fact, object_id, account, amount_fen, payment_id, at_us, booked_us)
    SELECT 'paid', id, 'bank', amount_fen, id, paid_us, paid_us FROM payment WHERE paid_us > 0;
INSERT INTO payment_ledger (fact, object_id, account, amount_fen, payment_id, at_us, booked_us)
    SELECT 'paid', id, 'fees', -amount_fen, id, paid_us, paid_us FROM payment WHERE paid_us > 0;
INSERT INTO refund (id, payment_id, amount_fen, state, created_us, accepted_us, ended_us)
    SELECT id, id, amount_fen, 'done', refunded_us, refunded_us, refunded_us FROM payment WHERE state = 'refunded';
INSERT INTO payment_ledger (fact, object_id, account, amount_fen, payment_id, at_us, booked_us)
    SELECT 'refund_wanted', id, 'fees', amount_fen, payment_id, ended_us, ended_us FROM refund;
INSERT INTO payment_ledger (fact, object_id, account, amount_fen, payment_id, at_us, booked_us)
    SELECT 'refund_wanted', id, 'owed', -amount_fen, payment_id, ended_us, ended_us FROM refund;
INSERT INTO payment_ledger (fact, object_id, account, amount_fen, payment_id, at_us, booked_us)
    SELECT 'refund_done', id, 'owed', amount_fen, payment_id, ended_us, ended_us FROM refund;
INSERT INTO payment_ledger (fact, object_id, account, amount_fen, payment_id, at_us, booked_us)
    SELECT 'refund_done', id, 'bank', -amount_fen, payment_id, ended_us, ended_us FROM refund;

CREATE TABLE payment_nonce (            -- of callbacks taken: the same one again is refused
    nonce TEXT PRIMARY KEY,
    at_us INTEGER NOT NULL
) STRICT;
CREATE INDEX payment_nonce_at ON payment_nonce(at_us);

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
