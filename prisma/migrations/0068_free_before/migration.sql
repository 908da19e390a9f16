-- Times that were free already when somebody asked to be told of one: they saw them, and wait for another.
ALTER TABLE waitlist_entry ADD COLUMN free_before timestamptz(3)[] NOT NULL DEFAULT '{}';
-- Where more was free than is looked at: so was everything after this.
ALTER TABLE waitlist_entry ADD COLUMN free_beyond timestamptz(3);
