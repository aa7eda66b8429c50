-- When and with which lens a picture was taken, as the student's page says: a picture that the page made smaller carries no
-- EXIF any more. Hints only, as a file's own date is.

ALTER TABLE upload ADD COLUMN captured_us INTEGER NOT NULL DEFAULT 0; -- 0: not said
ALTER TABLE upload ADD COLUMN lens TEXT NOT NULL DEFAULT '';          -- the camera's own name for it
ALTER TABLE attempt ADD COLUMN captured_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempt ADD COLUMN lens TEXT NOT NULL DEFAULT '';
