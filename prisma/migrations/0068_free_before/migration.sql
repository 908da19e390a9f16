-- Times that were free already when somebody asked to be told of one: they saw them, and wait for another.
ALTER TABLE waitlist_entry ADD COLUMN free_before timestamptz(3)[] NOT NULL DEFAULT '{}';
