-- What opens in an emergency: the card that a patient carries, and what two officers open together.
CREATE TYPE emergency_state AS ENUM ('asked', 'approved', 'declined', 'withdrawn', 'expired');

CREATE TABLE emergency_card (
  id uuid NOT NULL,
  clinic_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  claim_hash text NOT NULL,
  sealed bytea NOT NULL,
  made_at timestamptz(3) NOT NULL,
  CONSTRAINT emergency_card_pkey PRIMARY KEY (id),
  CONSTRAINT emergency_card_clinic_id_id_key UNIQUE (clinic_id, id),
  CONSTRAINT emergency_card_clinic_id_patient_id_key UNIQUE (clinic_id, patient_id)
);

CREATE TABLE emergency_card_opening (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  card_id uuid NOT NULL,
  at timestamptz(3) NOT NULL,
  CONSTRAINT emergency_card_opening_pkey PRIMARY KEY (id),
  CONSTRAINT emergency_card_opening_clinic_id_id_key UNIQUE (clinic_id, id)
);
CREATE INDEX emergency_card_opening_patient ON emergency_card_opening (clinic_id, patient_id, at);

CREATE TABLE emergency_key (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  epoch integer NOT NULL,
  public_key text NOT NULL,
  statement text NOT NULL,
  shares jsonb NOT NULL,
  made_by uuid NOT NULL,
  used_at timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT emergency_key_pkey PRIMARY KEY (id),
  CONSTRAINT emergency_key_clinic_id_id_key UNIQUE (clinic_id, id),
  CONSTRAINT emergency_key_clinic_id_patient_id_epoch_key UNIQUE (clinic_id, patient_id, epoch)
);

CREATE TABLE emergency_request (
  id uuid NOT NULL,
  clinic_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  epoch integer NOT NULL,
  record_id uuid,
  requested_by uuid NOT NULL,
  state emergency_state NOT NULL,
  request text NOT NULL,
  reason bytea NOT NULL,
  answered_by uuid,
  answer text,
  asked_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  answered_at timestamptz(3),
  open_until timestamptz(3),
  opened_at timestamptz(3),
  CONSTRAINT emergency_request_pkey PRIMARY KEY (id),
  CONSTRAINT emergency_request_clinic_id_id_key UNIQUE (clinic_id, id)
);
-- Of one patient one request waits: a second press, tab or officer makes no second one.
CREATE UNIQUE INDEX emergency_request_waiting ON emergency_request (clinic_id, patient_id) WHERE state = 'asked';

ALTER TABLE emergency_card ADD FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id) ON DELETE CASCADE;
ALTER TABLE emergency_card_opening ADD FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id) ON DELETE CASCADE;
ALTER TABLE emergency_key ADD FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id) ON DELETE CASCADE;
ALTER TABLE emergency_key ADD FOREIGN KEY (clinic_id, made_by) REFERENCES member (clinic_id, id);
ALTER TABLE emergency_request ADD FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id) ON DELETE CASCADE;
ALTER TABLE emergency_request ADD FOREIGN KEY (clinic_id, requested_by) REFERENCES member (clinic_id, id);
ALTER TABLE emergency_request ADD FOREIGN KEY (clinic_id, answered_by) REFERENCES member (clinic_id, id);

ALTER TABLE emergency_card ENABLE ROW LEVEL SECURITY;
ALTER TABLE emergency_card FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON emergency_card TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE emergency_card_opening ENABLE ROW LEVEL SECURITY;
ALTER TABLE emergency_card_opening FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON emergency_card_opening TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE emergency_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE emergency_key FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON emergency_key TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE emergency_request ENABLE ROW LEVEL SECURITY;
ALTER TABLE emergency_request FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON emergency_request TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT, UPDATE, DELETE ON emergency_card, emergency_card_opening, emergency_key, emergency_request TO curtain_app;

-- A card is opened before its clinic is known: its id answers the clinic's.
GRANT CREATE ON SCHEMA public TO curtain_lookup;
GRANT SELECT (id, clinic_id) ON emergency_card TO curtain_lookup;
CREATE POLICY lookup ON emergency_card FOR SELECT TO curtain_lookup USING (true);
CREATE FUNCTION lookup_emergency_card(id uuid) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT c.clinic_id FROM public.emergency_card c WHERE c.id = lookup_emergency_card.id $$;
REVOKE ALL ON FUNCTION lookup_emergency_card(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup_emergency_card(uuid) TO curtain_app;
ALTER FUNCTION lookup_emergency_card(uuid) OWNER TO curtain_lookup;
REVOKE CREATE ON SCHEMA public FROM curtain_lookup;
