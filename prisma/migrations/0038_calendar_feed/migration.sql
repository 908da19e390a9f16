-- A practitioner's times as a private calendar address: the address is a secret, of which a hash is kept.
CREATE TABLE calendar_feed (
  clinic_id uuid NOT NULL,
  member_id uuid NOT NULL,
  secret_hash bytea NOT NULL,
  made_at timestamptz(3) NOT NULL,
  CONSTRAINT calendar_feed_pkey PRIMARY KEY (member_id),
  CONSTRAINT calendar_feed_secret_hash_key UNIQUE (secret_hash),
  CHECK (octet_length(secret_hash) = 32)
);
ALTER TABLE calendar_feed ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE calendar_feed ADD FOREIGN KEY (clinic_id, member_id) REFERENCES member (clinic_id, id);
ALTER TABLE calendar_feed ENABLE ROW LEVEL SECURITY;
ALTER TABLE calendar_feed FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON calendar_feed TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT, UPDATE, DELETE ON calendar_feed TO curtain_app;

GRANT CREATE ON SCHEMA public TO curtain_lookup;
GRANT SELECT (secret_hash, clinic_id) ON calendar_feed TO curtain_lookup;
CREATE POLICY lookup ON calendar_feed FOR SELECT TO curtain_lookup USING (true);
CREATE FUNCTION lookup_calendar_feed(secret_hash bytea) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT f.clinic_id FROM public.calendar_feed f WHERE f.secret_hash = lookup_calendar_feed.secret_hash $$;
REVOKE ALL ON FUNCTION lookup_calendar_feed(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup_calendar_feed(bytea) TO curtain_app;
ALTER FUNCTION lookup_calendar_feed(bytea) OWNER TO curtain_lookup;
REVOKE CREATE ON SCHEMA public FROM curtain_lookup;
