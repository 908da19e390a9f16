-- Somebody who comes along to a visit, and is asked whether they can: an interpreter, or a companion.
CREATE TYPE companion_kind AS ENUM ('interpreter', 'companion');
CREATE TYPE companion_state AS ENUM ('invited', 'accepted', 'declined', 'lapsed', 'withdrawn');

CREATE TABLE companion (
  id uuid NOT NULL,
  clinic_id uuid NOT NULL,
  appointment_id uuid NOT NULL,
  kind companion_kind NOT NULL,
  state companion_state NOT NULL,
  -- Whether the time is only held for the visit until they have said yes.
  first boolean NOT NULL,
  person_sealed bytea NOT NULL,
  locale text NOT NULL,
  link_hash bytea NOT NULL,
  link_sealed bytea NOT NULL,
  asked_for timestamptz(3) NOT NULL,
  moved_from timestamptz(3),
  answer_by timestamptz(3) NOT NULL,
  sequence integer NOT NULL DEFAULT 0,
  made_at timestamptz(3) NOT NULL,
  CONSTRAINT companion_pkey PRIMARY KEY (id),
  CONSTRAINT companion_clinic_id_id_key UNIQUE (clinic_id, id),
  CHECK (octet_length(link_hash) = 32)
);
ALTER TABLE companion ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE companion ADD FOREIGN KEY (clinic_id, appointment_id) REFERENCES appointment (clinic_id, id);
-- One at a time: another is asked once the one before is not wanted any more.
CREATE UNIQUE INDEX companion_one ON companion (appointment_id) WHERE state <> 'withdrawn';
CREATE INDEX companion_of ON companion (clinic_id, appointment_id);

ALTER TABLE companion ENABLE ROW LEVEL SECURITY;
ALTER TABLE companion FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON companion TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT, UPDATE, DELETE ON companion TO curtain_app;

GRANT CREATE ON SCHEMA public TO curtain_lookup;
GRANT SELECT (id, clinic_id) ON companion TO curtain_lookup;
CREATE POLICY lookup ON companion FOR SELECT TO curtain_lookup USING (true);
CREATE FUNCTION lookup_companion(companion_id uuid) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT c.clinic_id FROM public.companion c WHERE c.id = lookup_companion.companion_id $$;
CREATE FUNCTION lookup_companions() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT DISTINCT c.clinic_id FROM public.companion c $$;
REVOKE ALL ON FUNCTION lookup_companion(uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION lookup_companions() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup_companion(uuid) TO curtain_app;
GRANT EXECUTE ON FUNCTION lookup_companions() TO curtain_app;
ALTER FUNCTION lookup_companion(uuid) OWNER TO curtain_lookup;
ALTER FUNCTION lookup_companions() OWNER TO curtain_lookup;
REVOKE CREATE ON SCHEMA public FROM curtain_lookup;
