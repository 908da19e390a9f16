-- When practitioners are busy by a calendar of their own elsewhere: its address, sealed, and from when to when. No word of why.
CREATE TABLE busy_source (
  id uuid NOT NULL,
  clinic_id uuid NOT NULL,
  member_id uuid NOT NULL,
  url_sealed bytea NOT NULL,
  host text NOT NULL,
  etag text,
  saved_at timestamptz(3) NOT NULL,
  read_at timestamptz(3) NOT NULL,
  fault text,
  failures integer NOT NULL DEFAULT 0,
  next_at timestamptz(3) NOT NULL,
  CONSTRAINT busy_source_pkey PRIMARY KEY (id),
  CONSTRAINT busy_source_member_id_key UNIQUE (member_id),
  CHECK (failures >= 0)
);
CREATE INDEX busy_source_next ON busy_source (next_at);
CREATE TABLE busy_elsewhere (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  member_id uuid NOT NULL,
  starts_at timestamptz(3) NOT NULL,
  ends_at timestamptz(3) NOT NULL,
  CONSTRAINT busy_elsewhere_pkey PRIMARY KEY (id),
  CHECK (starts_at < ends_at)
);
CREATE INDEX busy_elsewhere_member ON busy_elsewhere (clinic_id, member_id, ends_at);
ALTER TABLE busy_source ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE busy_source ADD FOREIGN KEY (clinic_id, member_id) REFERENCES member (clinic_id, id);
ALTER TABLE busy_elsewhere ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE busy_elsewhere ADD FOREIGN KEY (clinic_id, member_id) REFERENCES member (clinic_id, id);
ALTER TABLE busy_source ENABLE ROW LEVEL SECURITY;
ALTER TABLE busy_source FORCE ROW LEVEL SECURITY;
ALTER TABLE busy_elsewhere ENABLE ROW LEVEL SECURITY;
ALTER TABLE busy_elsewhere FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON busy_source TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
CREATE POLICY tenant ON busy_elsewhere TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT, UPDATE, DELETE ON busy_source, busy_elsewhere TO curtain_app;

GRANT CREATE ON SCHEMA public TO curtain_lookup;
GRANT SELECT (clinic_id, member_id, next_at) ON busy_source TO curtain_lookup;
CREATE POLICY lookup ON busy_source FOR SELECT TO curtain_lookup USING (true);
CREATE FUNCTION lookup_due_busy(now timestamptz) RETURNS TABLE (clinic_id uuid, member_id uuid) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT b.clinic_id, b.member_id FROM public.busy_source b WHERE b.next_at <= lookup_due_busy.now ORDER BY b.next_at LIMIT 500 $$;
REVOKE ALL ON FUNCTION lookup_due_busy(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup_due_busy(timestamptz) TO curtain_app;
ALTER FUNCTION lookup_due_busy(timestamptz) OWNER TO curtain_lookup;
REVOKE CREATE ON SCHEMA public FROM curtain_lookup;
