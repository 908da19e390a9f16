-- For how long a member's browser remembers what it opened: the longest that a removal may lag behind in an honest browser.
ALTER TABLE clinic ADD COLUMN cache_seconds integer NOT NULL DEFAULT 300;
ALTER TABLE clinic ADD CONSTRAINT clinic_cache_seconds CHECK (cache_seconds BETWEEN 0 AND 3600);
