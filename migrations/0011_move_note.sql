-- What somebody wrote with a move (an appeal, what is wrong at CHSI, a word to colleagues): sealed, and gone when the
-- submission is forgotten, while the history stays.

CREATE TABLE move_note (
    id TEXT PRIMARY KEY,
    submission_id TEXT NOT NULL REFERENCES submission(id),
    number INTEGER NOT NULL,            -- of the history's row
    sealed_note BLOB NOT NULL,
    UNIQUE (submission_id, number)
) STRICT;
