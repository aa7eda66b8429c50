-- What a capture session is called besides its name, and which print a student chose.

ALTER TABLE capture_session ADD COLUMN level TEXT NOT NULL DEFAULT ''       -- 学历类别; '' not said
    CHECK (level IN ('','associate','undergraduate','postgraduate','adult','open','self_study','other'));
ALTER TABLE capture_session ADD COLUMN graduation_year INTEGER NOT NULL DEFAULT 0; -- 届; 0 not said
ALTER TABLE capture_session ADD COLUMN batch_name TEXT NOT NULL DEFAULT ''; -- 批次, in the school's words
ALTER TABLE capture_session ADD COLUMN version INTEGER NOT NULL DEFAULT 1;  -- of everything but the policy

ALTER TABLE submission ADD COLUMN print_layout TEXT NOT NULL DEFAULT ''     -- where the policy lets students choose
    CHECK (print_layout IN ('','one_inch','two_inch'));
