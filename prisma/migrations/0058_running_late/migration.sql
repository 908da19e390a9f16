-- Practitioners who run late on a day, and what the patients of each appointment were told last.
CREATE TABLE running_late (
  clinic_id uuid NOT NULL,
  member_id uuid NOT NULL,
  day date NOT NULL,
  minutes integer NOT NULL,
  said_at timestamptz(3) NOT NULL,
  CONSTRAINT running_late_pkey PRIMARY KEY (member_id, day),
  CHECK (minutes BETWEEN 1 AND 240)
);
CREATE TABLE late_notice (
  clinic_id uuid NOT NULL,
  appointment_id uuid NOT NULL,
  starts_at timestamptz(3) NOT NULL,
  minutes integer NOT NULL CHECK (minutes >= 0),
  times integer NOT NULL,
  made_at timestamptz(3) NOT NULL,
  CONSTRAINT late_notice_pkey PRIMARY KEY (appointment_id, starts_at)
);
ALTER TABLE running_late ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE running_late ADD FOREIGN KEY (clinic_id, member_id) REFERENCES member (clinic_id, id);
ALTER TABLE late_notice ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE late_notice ADD FOREIGN KEY (clinic_id, appointment_id) REFERENCES appointment (clinic_id, id);
CREATE INDEX running_late_said ON running_late (said_at);

ALTER TABLE running_late ENABLE ROW LEVEL SECURITY;
ALTER TABLE running_late FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON running_late TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT, UPDATE, DELETE ON running_late TO curtain_app;
ALTER TABLE late_notice ENABLE ROW LEVEL SECURITY;
ALTER TABLE late_notice FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON late_notice TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT, UPDATE, DELETE ON late_notice TO curtain_app;

GRANT CREATE ON SCHEMA public TO curtain_lookup;
GRANT SELECT (clinic_id, said_at) ON running_late TO curtain_lookup;
CREATE POLICY lookup ON running_late FOR SELECT TO curtain_lookup USING (true);
CREATE FUNCTION lookup_running_late(since timestamptz) RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT DISTINCT r.clinic_id FROM public.running_late r WHERE r.said_at >= lookup_running_late.since $$;
REVOKE ALL ON FUNCTION lookup_running_late(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup_running_late(timestamptz) TO curtain_app;
ALTER FUNCTION lookup_running_late(timestamptz) OWNER TO curtain_lookup;
REVOKE CREATE ON SCHEMA public FROM curtain_lookup;
