-- Retention: how long each class of a patient's records is kept, what holds them, what a patient asked to have erased, and
-- what was purged. Purging destroys the outer key of one patient and class: each grant says under whose it lies.
ALTER TABLE record_grant ADD COLUMN retention text NOT NULL DEFAULT 'clinical';
ALTER TABLE record_grant ALTER COLUMN retention DROP DEFAULT;

CREATE TYPE erasure_state AS ENUM ('asked', 'erased', 'refused');
CREATE TYPE purge_state AS ENUM ('ordered', 'destroyed', 'final');

CREATE TABLE retention_setting (
  clinic_id uuid NOT NULL REFERENCES clinic (id),
  identity_years integer NOT NULL,
  clinical_years integer NOT NULL,
  administrative_years integer NOT NULL,
  auto_days integer,
  changed_by uuid NOT NULL,
  changed_at timestamptz(3) NOT NULL,
  PRIMARY KEY (clinic_id),
  FOREIGN KEY (clinic_id, changed_by) REFERENCES member (clinic_id, id),
  CHECK (identity_years BETWEEN 1 AND 100 AND clinical_years BETWEEN 1 AND 100 AND administrative_years BETWEEN 1 AND 100),
  CHECK (auto_days BETWEEN 7 AND 365)
);

CREATE TABLE legal_hold (
  id uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  clinic_id uuid NOT NULL REFERENCES clinic (id),
  patient_id uuid NOT NULL,
  ground text NOT NULL,
  placed_by uuid NOT NULL,
  placed_at timestamptz(3) NOT NULL,
  lifted_by uuid,
  lifted_at timestamptz(3),
  lifted_for text,
  UNIQUE (clinic_id, id),
  FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id),
  FOREIGN KEY (clinic_id, placed_by) REFERENCES member (clinic_id, id),
  FOREIGN KEY (clinic_id, lifted_by) REFERENCES member (clinic_id, id)
);
CREATE UNIQUE INDEX legal_hold_one ON legal_hold (clinic_id, patient_id) WHERE lifted_at IS NULL;

CREATE TABLE erasure_request (
  id uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  clinic_id uuid NOT NULL REFERENCES clinic (id),
  patient_id uuid NOT NULL,
  state erasure_state NOT NULL DEFAULT 'asked',
  asked_at timestamptz(3) NOT NULL,
  answered_by uuid,
  answered_at timestamptz(3),
  answer text,
  UNIQUE (clinic_id, id),
  FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id),
  FOREIGN KEY (clinic_id, answered_by) REFERENCES member (clinic_id, id),
  CHECK ((state = 'asked') = (answer IS NULL))
);
CREATE UNIQUE INDEX erasure_request_one ON erasure_request (clinic_id, patient_id) WHERE state = 'asked';

CREATE TABLE purge (
  id uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  clinic_id uuid NOT NULL REFERENCES clinic (id),
  patient_id uuid NOT NULL,
  classes text[] NOT NULL,
  request_id uuid,
  state purge_state NOT NULL DEFAULT 'ordered',
  ordered_by uuid,
  ordered_at timestamptz(3) NOT NULL,
  destroyed_at timestamptz(3),
  store_kek text,
  final_at timestamptz(3),
  UNIQUE (clinic_id, id),
  FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id),
  FOREIGN KEY (clinic_id, request_id) REFERENCES erasure_request (clinic_id, id),
  FOREIGN KEY (clinic_id, ordered_by) REFERENCES member (clinic_id, id)
);
CREATE INDEX purge_open ON purge (clinic_id, state) WHERE state <> 'final';

ALTER TABLE retention_setting ENABLE ROW LEVEL SECURITY;
ALTER TABLE retention_setting FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON retention_setting TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE legal_hold ENABLE ROW LEVEL SECURITY;
ALTER TABLE legal_hold FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON legal_hold TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE erasure_request ENABLE ROW LEVEL SECURITY;
ALTER TABLE erasure_request FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON erasure_request TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE purge ENABLE ROW LEVEL SECURITY;
ALTER TABLE purge FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON purge TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
-- Nothing here is forgotten: a hold that was lifted and a purge that was done are what is asked for later.
GRANT SELECT, INSERT, UPDATE ON retention_setting, legal_hold, erasure_request, purge TO curtain_app;

-- The nightly work goes through the clinics one by one, each in a transaction of its own.
GRANT CREATE ON SCHEMA public TO curtain_lookup;
CREATE FUNCTION lookup_clinics() RETURNS TABLE (clinic_id uuid) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT c.id FROM public.clinic c ORDER BY c.id $$;
REVOKE ALL ON FUNCTION lookup_clinics() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup_clinics() TO curtain_app;
ALTER FUNCTION lookup_clinics() OWNER TO curtain_lookup;
REVOKE CREATE ON SCHEMA public FROM curtain_lookup;
