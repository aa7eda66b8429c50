-- CHSI's collection code (图像采集码): an encrypted QR code of a student. Its payload is the key by which CHSI joins photo
-- and roster; it is sealed, and found again only by a keyed hash.

CREATE TABLE collection_code (          -- one try of a student to show it
    id TEXT PRIMARY KEY,
    submission_id TEXT NOT NULL REFERENCES submission(id),
    number INTEGER NOT NULL,            -- 1, 2, 3 … of the submission; the last one counts
    source TEXT NOT NULL,               -- picture, scan
    blob_id TEXT,                       -- the picture; goes with its upload
    state TEXT NOT NULL,
    looks_like TEXT NOT NULL DEFAULT '',    -- what a foreign code is: url, wechat …
    sealed_payload BLOB,                -- the bytes of the code; NULL unless they may be CHSI's
    payload_index TEXT,                 -- keyed hash of them
    payload_bytes INTEGER NOT NULL DEFAULT 0,
    code_match TEXT NOT NULL DEFAULT 'unknown', -- what the operator's decoder says of code and roster
    created_us INTEGER NOT NULL,
    read_us INTEGER NOT NULL DEFAULT 0,
    CHECK (source IN ('picture','scan')),
    CHECK (state IN ('processing','read','seen_before','unreadable','many','foreign')),
    CHECK (code_match IN ('yes','no','unknown')),
    UNIQUE (submission_id, number)
) STRICT;
CREATE INDEX collection_code_payload ON collection_code(payload_index) WHERE payload_index IS NOT NULL;
