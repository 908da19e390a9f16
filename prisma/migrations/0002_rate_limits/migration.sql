-- How often somebody tried something. Not a tenant table: most attempts come before a clinic is known. Keys are keyed
-- hashes, so that neither an address nor a person can be read from them.
CREATE TABLE rate_limit (
  key varchar(255) NOT NULL,
  points integer NOT NULL DEFAULT 0,
  expire bigint,
  CONSTRAINT rate_limit_pkey PRIMARY KEY (key)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON rate_limit TO curtain_app;
