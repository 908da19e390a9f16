-- The log becomes a chain of sealed entries for each clinic: what happened lies in boxes for officers and the patient concerned, and
-- a salted hash of it in the chain. Nobody's name, id or action stands in a column. Nothing was released with the old form.
DROP TABLE audit_entry;

CREATE TABLE audit_entry (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  arrived bigserial,
  leaf bytea NOT NULL,
  seq integer,
  hash bytea,
  CONSTRAINT audit_entry_pkey PRIMARY KEY (id),
  CONSTRAINT audit_entry_clinic_id_id_key UNIQUE (clinic_id, id),
  CONSTRAINT audit_entry_clinic_id_seq_key UNIQUE (clinic_id, seq),
  CHECK ((seq IS NULL) = (hash IS NULL))
);
CREATE INDEX audit_unlinked ON audit_entry (clinic_id, arrived) WHERE seq IS NULL;

CREATE TABLE audit_box (
  clinic_id uuid NOT NULL,
  entry_id uuid NOT NULL,
  reader bytea NOT NULL,
  enc bytea NOT NULL,
  ct bytea NOT NULL,
  CONSTRAINT audit_box_pkey PRIMARY KEY (clinic_id, entry_id, reader)
);
CREATE INDEX audit_box_reader ON audit_box (clinic_id, reader);

ALTER TABLE audit_entry ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE audit_box ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE audit_box ADD FOREIGN KEY (clinic_id, entry_id) REFERENCES audit_entry (clinic_id, id);

ALTER TABLE audit_entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_entry FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit_entry TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE audit_box ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_box FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit_box TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());

-- It only grows. An entry gets its place once: the trigger refuses a second.
GRANT SELECT, INSERT ON audit_entry, audit_box TO curtain_app;
GRANT UPDATE (seq, hash) ON audit_entry TO curtain_app;
GRANT USAGE ON SEQUENCE audit_entry_arrived_seq TO curtain_app;

CREATE FUNCTION audit_entry_keeps_its_place() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF OLD.seq IS NOT NULL THEN RAISE EXCEPTION 'an entry of the log keeps its place'; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER keeps_its_place BEFORE UPDATE ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_entry_keeps_its_place();

-- Which clinics have entries without a place: for the worker, before a clinic is known.
GRANT CREATE ON SCHEMA public TO curtain_lookup;
GRANT SELECT (clinic_id, seq) ON audit_entry TO curtain_lookup;
CREATE POLICY lookup ON audit_entry FOR SELECT TO curtain_lookup USING (true);
CREATE FUNCTION lookup_unlinked() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT DISTINCT e.clinic_id FROM public.audit_entry e WHERE e.seq IS NULL $$;
REVOKE ALL ON FUNCTION lookup_unlinked() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup_unlinked() TO curtain_app;
ALTER FUNCTION lookup_unlinked() OWNER TO curtain_lookup;
REVOKE CREATE ON SCHEMA public FROM curtain_lookup;
