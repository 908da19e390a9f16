-- The first schema: tables, tenant isolation, lookups, and the constraint that no two appointments overlap.
-- Runs as curtain_owner. Roles curtain_owner, curtain_app and curtain_lookup exist already (prisma/roles.sql).

CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE FUNCTION current_clinic() RETURNS uuid LANGUAGE sql STABLE
  AS $$ SELECT nullif(current_setting('app.clinic', true), '')::uuid $$;

CREATE TYPE member_status AS ENUM ('invited', 'registered', 'active', 'removed');
CREATE TYPE invitation_state AS ENUM ('open', 'answered', 'vouched', 'cancelled');
CREATE TYPE payment_mode AS ENUM ('free', 'online', 'later');
CREATE TYPE appointment_status AS ENUM ('held', 'booked', 'arrived', 'in_consult', 'completed', 'no_show', 'cancelled', 'rescheduled', 'expired');
CREATE TYPE payment_status AS ENUM ('none', 'due', 'pending', 'paid', 'refunded', 'failed', 'expired');
CREATE TYPE patient_key_state AS ENUM ('booking', 'confirmed', 'vouched', 'revoked');
CREATE TYPE consent_state AS ENUM ('signed', 'withdrawn');
CREATE TYPE prescription_status AS ENUM ('issued', 'dispensed', 'cancelled', 'expired');
CREATE TYPE recall_status AS ENUM ('scheduled', 'invited', 'booked', 'declined', 'overdue');
CREATE TYPE call_state AS ENUM ('open', 'live', 'ended');
CREATE TYPE participant_state AS ENUM ('waiting', 'admitted', 'joined', 'left', 'refused');

CREATE TABLE clinic (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  slug text NOT NULL,
  name text NOT NULL,
  about text NOT NULL DEFAULT '',
  phone text NOT NULL DEFAULT '',
  address text NOT NULL DEFAULT '',
  time_zone text NOT NULL,
  country text NOT NULL,
  currency text NOT NULL,
  locale text NOT NULL DEFAULT 'en',
  root_key text,
  root_fingerprint text,
  early_join_minutes integer NOT NULL DEFAULT 15,
  grace_minutes integer NOT NULL DEFAULT 30,
  hold_minutes integer NOT NULL DEFAULT 10,
  min_notice_minutes integer NOT NULL DEFAULT 60,
  horizon_days integer NOT NULL DEFAULT 60,
  stripe_account text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT clinic_pkey PRIMARY KEY (id),
  CONSTRAINT clinic_slug_key UNIQUE (slug)
);

CREATE TABLE member (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  email_index bytea NOT NULL,
  email_sealed bytea NOT NULL,
  display_name text NOT NULL,
  title text NOT NULL DEFAULT '',
  bio text NOT NULL DEFAULT '',
  roles text[] NOT NULL,
  status member_status NOT NULL,
  opaque_record text,
  wrapped_account text,
  sign_key text,
  dh_key text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT member_pkey PRIMARY KEY (id),
  CONSTRAINT member_email_index_key UNIQUE (email_index),
  CONSTRAINT member_clinic_id_id_key UNIQUE (clinic_id, id)
);

CREATE TABLE member_session (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  member_id uuid NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  last_seen_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at timestamptz(3) NOT NULL,
  revoked_at timestamptz(3),
  user_agent text NOT NULL DEFAULT '',
  CONSTRAINT member_session_pkey PRIMARY KEY (id),
  CONSTRAINT member_session_clinic_id_id_key UNIQUE (clinic_id, id)
);

CREATE TABLE sign_in_proof (
  hash bytea NOT NULL,
  clinic_id uuid NOT NULL,
  member_id uuid NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  used_at timestamptz(3),
  CONSTRAINT sign_in_proof_pkey PRIMARY KEY (hash)
);

CREATE TABLE invitation (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  display_name text NOT NULL,
  title text NOT NULL DEFAULT '',
  roles text[] NOT NULL,
  groups text[] NOT NULL,
  state invitation_state NOT NULL DEFAULT 'open',
  created_by uuid NOT NULL,
  member_id uuid,
  mac text,
  expires_at timestamptz(3) NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT invitation_pkey PRIMARY KEY (id),
  CONSTRAINT invitation_clinic_id_id_key UNIQUE (clinic_id, id)
);

CREATE TABLE chain_statement (
  clinic_id uuid NOT NULL,
  seq integer NOT NULL,
  previous text NOT NULL,
  hash text NOT NULL,
  body text NOT NULL,
  signer text NOT NULL,
  signature text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT chain_statement_pkey PRIMARY KEY (clinic_id, seq),
  CONSTRAINT chain_statement_clinic_id_previous_key UNIQUE (clinic_id, previous)
);

CREATE TABLE epoch_grant (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  "group" text NOT NULL,
  epoch integer NOT NULL,
  to_key text NOT NULL,
  enc text NOT NULL,
  ct text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT epoch_grant_pkey PRIMARY KEY (id),
  CONSTRAINT epoch_grant_clinic_id_group_epoch_to_key_key UNIQUE (clinic_id, "group", epoch, to_key),
  CONSTRAINT epoch_grant_clinic_id_id_key UNIQUE (clinic_id, id)
);

CREATE TABLE consent_text (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  version integer NOT NULL,
  title text NOT NULL,
  body text NOT NULL,
  hash text NOT NULL,
  locale text NOT NULL DEFAULT 'en',
  active boolean NOT NULL DEFAULT true,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT consent_text_pkey PRIMARY KEY (id),
  CONSTRAINT consent_text_clinic_id_id_key UNIQUE (clinic_id, id)
);

CREATE TABLE service (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  minutes integer NOT NULL,
  buffer_before integer NOT NULL DEFAULT 0,
  buffer_after integer NOT NULL DEFAULT 0,
  price_minor integer NOT NULL,
  currency text NOT NULL,
  payment_mode payment_mode NOT NULL,
  intake_form jsonb NOT NULL,
  intake_version integer NOT NULL DEFAULT 1,
  consent_text_id uuid,
  active boolean NOT NULL DEFAULT true,
  position integer NOT NULL DEFAULT 0,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT service_pkey PRIMARY KEY (id),
  CONSTRAINT service_clinic_id_id_key UNIQUE (clinic_id, id)
);

CREATE TABLE service_practitioner (
  clinic_id uuid NOT NULL,
  service_id uuid NOT NULL,
  member_id uuid NOT NULL,
  CONSTRAINT service_practitioner_pkey PRIMARY KEY (service_id, member_id)
);

CREATE TABLE weekly_hours (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  member_id uuid NOT NULL,
  weekday integer NOT NULL,
  start_minute integer NOT NULL,
  end_minute integer NOT NULL,
  CONSTRAINT weekly_hours_pkey PRIMARY KEY (id),
  CONSTRAINT weekly_hours_clinic_id_id_key UNIQUE (clinic_id, id)
);

CREATE TABLE patient (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  email_index bytea,
  email_sealed bytea,
  phone_sealed bytea,
  locale text NOT NULL DEFAULT 'en',
  time_zone text NOT NULL DEFAULT 'UTC',
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT patient_pkey PRIMARY KEY (id),
  CONSTRAINT patient_clinic_id_id_key UNIQUE (clinic_id, id)
);

CREATE TABLE patient_key (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  sign_key text NOT NULL,
  dh_key text NOT NULL,
  state patient_key_state NOT NULL DEFAULT 'booking',
  vouch text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT patient_key_pkey PRIMARY KEY (id),
  CONSTRAINT patient_key_clinic_id_sign_key_key UNIQUE (clinic_id, sign_key),
  CONSTRAINT patient_key_clinic_id_id_key UNIQUE (clinic_id, id)
);

CREATE TABLE appointment (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  service_id uuid NOT NULL,
  member_id uuid NOT NULL,
  patient_id uuid,
  status appointment_status NOT NULL,
  starts_at timestamptz(3) NOT NULL,
  ends_at timestamptz(3) NOT NULL,
  blocked_from timestamptz(3) NOT NULL,
  blocked_until timestamptz(3) NOT NULL,
  held_since timestamptz(3),
  held_until timestamptz(3),
  hold_hash bytea,
  price_minor integer NOT NULL,
  currency text NOT NULL,
  payment_mode payment_mode NOT NULL,
  locale text NOT NULL DEFAULT 'en',
  time_zone text NOT NULL DEFAULT 'UTC',
  link_hash bytea,
  link_sealed bytea,
  idempotency_key uuid,
  sequence integer NOT NULL DEFAULT 0,
  rescheduled_from uuid,
  arrived_at timestamptz(3),
  started_at timestamptz(3),
  completed_at timestamptz(3),
  cancelled_at timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT appointment_pkey PRIMARY KEY (id),
  CONSTRAINT appointment_clinic_id_idempotency_key_key UNIQUE (clinic_id, idempotency_key),
  CONSTRAINT appointment_clinic_id_id_key UNIQUE (clinic_id, id)
);

CREATE TABLE payment (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  appointment_id uuid NOT NULL,
  status payment_status NOT NULL,
  amount_minor integer NOT NULL,
  currency text NOT NULL,
  account text,
  session_id text,
  session_url text,
  session_expires_at timestamptz(3),
  payment_intent text,
  refunded_minor integer NOT NULL DEFAULT 0,
  attempt integer NOT NULL DEFAULT 0,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT payment_pkey PRIMARY KEY (id),
  CONSTRAINT payment_appointment_id_key UNIQUE (appointment_id),
  CONSTRAINT payment_session_id_key UNIQUE (session_id),
  CONSTRAINT payment_clinic_id_id_key UNIQUE (clinic_id, id)
);

CREATE TABLE stripe_event (
  id text NOT NULL,
  clinic_id uuid NOT NULL,
  type text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  received_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT stripe_event_pkey PRIMARY KEY (id),
  CONSTRAINT stripe_event_clinic_id_id_key UNIQUE (clinic_id, id)
);

CREATE TABLE record (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  record_id uuid NOT NULL,
  revision integer NOT NULL,
  type text NOT NULL,
  appointment_id uuid,
  header bytea NOT NULL,
  commit bytea NOT NULL,
  ciphertext bytea NOT NULL,
  signature bytea NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT record_pkey PRIMARY KEY (id),
  CONSTRAINT record_clinic_id_record_id_revision_key UNIQUE (clinic_id, record_id, revision),
  CONSTRAINT record_clinic_id_id_key UNIQUE (clinic_id, id)
);

CREATE TABLE record_grant (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  record_id uuid NOT NULL,
  revision integer NOT NULL,
  recipient_kind text NOT NULL,
  recipient_id text NOT NULL,
  recipient_key text NOT NULL,
  epoch integer NOT NULL,
  wrapped bytea NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT record_grant_pkey PRIMARY KEY (id),
  CONSTRAINT record_grant_clinic_id_record_id_revision_recipient_key_key UNIQUE (clinic_id, record_id, revision, recipient_key),
  CONSTRAINT record_grant_clinic_id_id_key UNIQUE (clinic_id, id)
);

CREATE TABLE consent_event (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  seq integer NOT NULL,
  previous text NOT NULL DEFAULT '',
  hash text NOT NULL,
  state consent_state NOT NULL,
  appointment_id uuid NOT NULL,
  consent_text_id uuid NOT NULL,
  text_hash text NOT NULL,
  record_id uuid NOT NULL,
  signer text NOT NULL,
  signature text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT consent_event_pkey PRIMARY KEY (id),
  CONSTRAINT consent_event_clinic_id_patient_id_seq_key UNIQUE (clinic_id, patient_id, seq),
  CONSTRAINT consent_event_clinic_id_id_key UNIQUE (clinic_id, id)
);

CREATE TABLE prescription (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  appointment_id uuid NOT NULL,
  member_id uuid NOT NULL,
  record_id uuid NOT NULL,
  status prescription_status NOT NULL,
  share bytea NOT NULL,
  issued_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  CONSTRAINT prescription_pkey PRIMARY KEY (id),
  CONSTRAINT prescription_clinic_id_id_key UNIQUE (clinic_id, id)
);

CREATE TABLE recall (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  member_id uuid NOT NULL,
  service_id uuid NOT NULL,
  record_id uuid NOT NULL,
  due_on date NOT NULL,
  status recall_status NOT NULL DEFAULT 'scheduled',
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT recall_pkey PRIMARY KEY (id),
  CONSTRAINT recall_clinic_id_id_key UNIQUE (clinic_id, id)
);

CREATE TABLE email_code (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  appointment_id uuid NOT NULL,
  sign_key text NOT NULL,
  code_hash bytea NOT NULL,
  tries integer NOT NULL DEFAULT 0,
  expires_at timestamptz(3) NOT NULL,
  used_at timestamptz(3),
  CONSTRAINT email_code_pkey PRIMARY KEY (id),
  CONSTRAINT email_code_clinic_id_id_key UNIQUE (clinic_id, id)
);

CREATE TABLE nonce (
  value text NOT NULL,
  clinic_id uuid NOT NULL,
  purpose text NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  used_at timestamptz(3),
  CONSTRAINT nonce_pkey PRIMARY KEY (value)
);

CREATE TABLE call (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  appointment_id uuid NOT NULL,
  state call_state NOT NULL DEFAULT 'open',
  epoch integer NOT NULL DEFAULT 0,
  generation integer NOT NULL DEFAULT 0,
  room text,
  node text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  ended_at timestamptz(3),
  CONSTRAINT call_pkey PRIMARY KEY (id),
  CONSTRAINT call_appointment_id_key UNIQUE (appointment_id),
  CONSTRAINT call_clinic_id_id_key UNIQUE (clinic_id, id)
);

CREATE TABLE call_participant (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  call_id uuid NOT NULL,
  role text NOT NULL,
  member_id uuid,
  patient_key_id uuid,
  sign_key text NOT NULL,
  dh_key text NOT NULL,
  confirmed boolean NOT NULL DEFAULT false,
  ticket_id text,
  knock text,
  state participant_state NOT NULL DEFAULT 'waiting',
  identity text,
  last_seen_at timestamptz(3) NOT NULL DEFAULT now(),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT call_participant_pkey PRIMARY KEY (id),
  CONSTRAINT call_participant_ticket_id_key UNIQUE (ticket_id),
  CONSTRAINT call_participant_clinic_id_id_key UNIQUE (clinic_id, id)
);

CREATE TABLE call_message (
  id bigserial,
  clinic_id uuid NOT NULL,
  call_id uuid NOT NULL,
  epoch integer NOT NULL,
  from_id uuid NOT NULL,
  kind text NOT NULL,
  body jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT call_message_pkey PRIMARY KEY (id),
  CONSTRAINT call_message_clinic_id_id_key UNIQUE (clinic_id, id)
);

CREATE TABLE audit_entry (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  at timestamptz(3) NOT NULL DEFAULT now(),
  actor_kind text NOT NULL,
  actor_id uuid,
  action text NOT NULL,
  subject_id uuid,
  CONSTRAINT audit_entry_pkey PRIMARY KEY (id),
  CONSTRAINT audit_entry_clinic_id_id_key UNIQUE (clinic_id, id)
);

-- References carry the clinic, so that no row can point into another one.
ALTER TABLE member ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE member_session ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE member_session ADD FOREIGN KEY (clinic_id, member_id) REFERENCES member (clinic_id, id);
ALTER TABLE sign_in_proof ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE sign_in_proof ADD FOREIGN KEY (clinic_id, member_id) REFERENCES member (clinic_id, id);
ALTER TABLE invitation ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE invitation ADD FOREIGN KEY (clinic_id, created_by) REFERENCES member (clinic_id, id);
ALTER TABLE invitation ADD FOREIGN KEY (clinic_id, member_id) REFERENCES member (clinic_id, id);
ALTER TABLE chain_statement ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE epoch_grant ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE consent_text ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE service ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE service ADD FOREIGN KEY (clinic_id, consent_text_id) REFERENCES consent_text (clinic_id, id);
ALTER TABLE service_practitioner ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE service_practitioner ADD FOREIGN KEY (clinic_id, service_id) REFERENCES service (clinic_id, id);
ALTER TABLE service_practitioner ADD FOREIGN KEY (clinic_id, member_id) REFERENCES member (clinic_id, id);
ALTER TABLE weekly_hours ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE weekly_hours ADD FOREIGN KEY (clinic_id, member_id) REFERENCES member (clinic_id, id);
ALTER TABLE patient ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE patient_key ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE patient_key ADD FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id);
ALTER TABLE appointment ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE appointment ADD FOREIGN KEY (clinic_id, service_id) REFERENCES service (clinic_id, id);
ALTER TABLE appointment ADD FOREIGN KEY (clinic_id, member_id) REFERENCES member (clinic_id, id);
ALTER TABLE appointment ADD FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id);
ALTER TABLE appointment ADD FOREIGN KEY (clinic_id, rescheduled_from) REFERENCES appointment (clinic_id, id);
ALTER TABLE payment ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE payment ADD FOREIGN KEY (clinic_id, appointment_id) REFERENCES appointment (clinic_id, id);
ALTER TABLE stripe_event ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE record ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE record ADD FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id);
ALTER TABLE record ADD FOREIGN KEY (clinic_id, appointment_id) REFERENCES appointment (clinic_id, id);
ALTER TABLE record_grant ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE record_grant ADD FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id);
ALTER TABLE consent_event ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE consent_event ADD FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id);
ALTER TABLE consent_event ADD FOREIGN KEY (clinic_id, appointment_id) REFERENCES appointment (clinic_id, id);
ALTER TABLE consent_event ADD FOREIGN KEY (clinic_id, consent_text_id) REFERENCES consent_text (clinic_id, id);
ALTER TABLE prescription ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE prescription ADD FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id);
ALTER TABLE prescription ADD FOREIGN KEY (clinic_id, appointment_id) REFERENCES appointment (clinic_id, id);
ALTER TABLE prescription ADD FOREIGN KEY (clinic_id, member_id) REFERENCES member (clinic_id, id);
ALTER TABLE recall ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE recall ADD FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id);
ALTER TABLE recall ADD FOREIGN KEY (clinic_id, member_id) REFERENCES member (clinic_id, id);
ALTER TABLE recall ADD FOREIGN KEY (clinic_id, service_id) REFERENCES service (clinic_id, id);
ALTER TABLE email_code ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE email_code ADD FOREIGN KEY (clinic_id, appointment_id) REFERENCES appointment (clinic_id, id);
ALTER TABLE nonce ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE call ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE call ADD FOREIGN KEY (clinic_id, appointment_id) REFERENCES appointment (clinic_id, id);
ALTER TABLE call_participant ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE call_participant ADD FOREIGN KEY (clinic_id, call_id) REFERENCES call (clinic_id, id);
ALTER TABLE call_participant ADD FOREIGN KEY (clinic_id, member_id) REFERENCES member (clinic_id, id);
ALTER TABLE call_participant ADD FOREIGN KEY (clinic_id, patient_key_id) REFERENCES patient_key (clinic_id, id);
ALTER TABLE call_message ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE call_message ADD FOREIGN KEY (clinic_id, call_id) REFERENCES call (clinic_id, id);
ALTER TABLE call_message ADD FOREIGN KEY (clinic_id, from_id) REFERENCES call_participant (clinic_id, id);
ALTER TABLE audit_entry ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);

CREATE INDEX appointment_patient ON appointment (clinic_id, patient_id);
CREATE INDEX appointment_day ON appointment (clinic_id, starts_at);
CREATE INDEX appointment_holds ON appointment (held_until) WHERE status = 'held';
CREATE INDEX record_patient ON record (clinic_id, patient_id, type);
CREATE INDEX record_appointment ON record (clinic_id, appointment_id);
CREATE INDEX grant_record ON record_grant (clinic_id, record_id, revision);
CREATE INDEX patient_email ON patient (clinic_id, email_index);
CREATE INDEX call_message_call ON call_message (call_id, id);
CREATE INDEX call_participant_call ON call_participant (call_id);
CREATE INDEX recall_due ON recall (status, due_on);
CREATE INDEX audit_at ON audit_entry (clinic_id, at);

ALTER TABLE appointment ADD CONSTRAINT appointment_times CHECK (starts_at < ends_at AND blocked_from <= starts_at AND ends_at <= blocked_until);
-- Two appointments of one practitioner never overlap, buffers included, whatever the code above does.
ALTER TABLE appointment ADD CONSTRAINT appointment_slot EXCLUDE USING gist (member_id WITH =, tstzrange(blocked_from, blocked_until) WITH &&)
  WHERE (status IN ('held', 'booked', 'arrived', 'in_consult'));
ALTER TABLE weekly_hours ADD CHECK (weekday BETWEEN 1 AND 7 AND start_minute >= 0 AND start_minute < end_minute AND end_minute <= 1440);
ALTER TABLE service ADD CHECK (minutes BETWEEN 5 AND 480 AND price_minor >= 0 AND buffer_before >= 0 AND buffer_after >= 0);
ALTER TABLE payment ADD CHECK (amount_minor >= 0 AND refunded_minor BETWEEN 0 AND amount_minor);
ALTER TABLE record ADD CHECK (revision >= 1);

-- Tenants. No policy passes while no clinic is set; FORCE holds the owner to it too.
ALTER TABLE clinic ENABLE ROW LEVEL SECURITY;
ALTER TABLE clinic FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON clinic TO curtain_owner, curtain_app USING (id = current_clinic()) WITH CHECK (id = current_clinic());
ALTER TABLE member ENABLE ROW LEVEL SECURITY;
ALTER TABLE member FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON member TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE member_session ENABLE ROW LEVEL SECURITY;
ALTER TABLE member_session FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON member_session TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE sign_in_proof ENABLE ROW LEVEL SECURITY;
ALTER TABLE sign_in_proof FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON sign_in_proof TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE invitation ENABLE ROW LEVEL SECURITY;
ALTER TABLE invitation FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON invitation TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE chain_statement ENABLE ROW LEVEL SECURITY;
ALTER TABLE chain_statement FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON chain_statement TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE epoch_grant ENABLE ROW LEVEL SECURITY;
ALTER TABLE epoch_grant FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON epoch_grant TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE consent_text ENABLE ROW LEVEL SECURITY;
ALTER TABLE consent_text FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON consent_text TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE service ENABLE ROW LEVEL SECURITY;
ALTER TABLE service FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON service TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE service_practitioner ENABLE ROW LEVEL SECURITY;
ALTER TABLE service_practitioner FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON service_practitioner TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE weekly_hours ENABLE ROW LEVEL SECURITY;
ALTER TABLE weekly_hours FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON weekly_hours TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE patient ENABLE ROW LEVEL SECURITY;
ALTER TABLE patient FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON patient TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE patient_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE patient_key FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON patient_key TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE appointment ENABLE ROW LEVEL SECURITY;
ALTER TABLE appointment FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON appointment TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE payment ENABLE ROW LEVEL SECURITY;
ALTER TABLE payment FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON payment TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE stripe_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE stripe_event FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON stripe_event TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE record ENABLE ROW LEVEL SECURITY;
ALTER TABLE record FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON record TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE record_grant ENABLE ROW LEVEL SECURITY;
ALTER TABLE record_grant FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON record_grant TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE consent_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE consent_event FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON consent_event TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE prescription ENABLE ROW LEVEL SECURITY;
ALTER TABLE prescription FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON prescription TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE recall ENABLE ROW LEVEL SECURITY;
ALTER TABLE recall FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON recall TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE email_code ENABLE ROW LEVEL SECURITY;
ALTER TABLE email_code FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON email_code TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE nonce ENABLE ROW LEVEL SECURITY;
ALTER TABLE nonce FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON nonce TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE call ENABLE ROW LEVEL SECURITY;
ALTER TABLE call FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON call TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE call_participant ENABLE ROW LEVEL SECURITY;
ALTER TABLE call_participant FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON call_participant TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE call_message ENABLE ROW LEVEL SECURITY;
ALTER TABLE call_message FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON call_message TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
ALTER TABLE audit_entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_entry FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit_entry TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());

GRANT USAGE ON SCHEMA public TO curtain_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO curtain_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO curtain_app;
-- Histories only grow.
REVOKE UPDATE, DELETE ON chain_statement, consent_event, audit_entry, stripe_event FROM curtain_app;

-- Lookups before a clinic is known. They answer ids only, except sign-in, which needs the OPAQUE record.
-- Their owner may read just these columns, and nobody can log in as it.
GRANT USAGE, CREATE ON SCHEMA public TO curtain_lookup;

GRANT SELECT (id, slug) ON clinic TO curtain_lookup;
CREATE POLICY lookup ON clinic FOR SELECT TO curtain_lookup USING (true);
CREATE FUNCTION lookup_clinic(slug text) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT c.id FROM public.clinic c WHERE c.slug = lookup_clinic.slug $$;
REVOKE ALL ON FUNCTION lookup_clinic(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup_clinic(text) TO curtain_app;
ALTER FUNCTION lookup_clinic(text) OWNER TO curtain_lookup;

GRANT SELECT (id, clinic_id, email_index, opaque_record, status) ON member TO curtain_lookup;
CREATE POLICY lookup ON member FOR SELECT TO curtain_lookup USING (true);
CREATE FUNCTION lookup_staff(email_index bytea) RETURNS TABLE (clinic_id uuid, member_id uuid, opaque_record text) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT m.clinic_id, m.id, m.opaque_record FROM public.member m WHERE m.email_index = lookup_staff.email_index AND m.status = 'active' AND m.opaque_record IS NOT NULL $$;
REVOKE ALL ON FUNCTION lookup_staff(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup_staff(bytea) TO curtain_app;
ALTER FUNCTION lookup_staff(bytea) OWNER TO curtain_lookup;

GRANT SELECT (id, clinic_id) ON member_session TO curtain_lookup;
CREATE POLICY lookup ON member_session FOR SELECT TO curtain_lookup USING (true);
CREATE FUNCTION lookup_member_session(id uuid) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT s.clinic_id FROM public.member_session s WHERE s.id = lookup_member_session.id $$;
REVOKE ALL ON FUNCTION lookup_member_session(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup_member_session(uuid) TO curtain_app;
ALTER FUNCTION lookup_member_session(uuid) OWNER TO curtain_lookup;

GRANT SELECT (hash, clinic_id) ON sign_in_proof TO curtain_lookup;
CREATE POLICY lookup ON sign_in_proof FOR SELECT TO curtain_lookup USING (true);
CREATE FUNCTION lookup_sign_in_proof(hash bytea) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT p.clinic_id FROM public.sign_in_proof p WHERE p.hash = lookup_sign_in_proof.hash $$;
REVOKE ALL ON FUNCTION lookup_sign_in_proof(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup_sign_in_proof(bytea) TO curtain_app;
ALTER FUNCTION lookup_sign_in_proof(bytea) OWNER TO curtain_lookup;

GRANT SELECT (id, clinic_id, status, held_until) ON appointment TO curtain_lookup;
CREATE POLICY lookup ON appointment FOR SELECT TO curtain_lookup USING (true);
CREATE FUNCTION lookup_appointment(id uuid) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT a.clinic_id FROM public.appointment a WHERE a.id = lookup_appointment.id $$;
REVOKE ALL ON FUNCTION lookup_appointment(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup_appointment(uuid) TO curtain_app;
ALTER FUNCTION lookup_appointment(uuid) OWNER TO curtain_lookup;

GRANT SELECT (id, clinic_id) ON invitation TO curtain_lookup;
CREATE POLICY lookup ON invitation FOR SELECT TO curtain_lookup USING (true);
CREATE FUNCTION lookup_invitation(id uuid) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT i.clinic_id FROM public.invitation i WHERE i.id = lookup_invitation.id $$;
REVOKE ALL ON FUNCTION lookup_invitation(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup_invitation(uuid) TO curtain_app;
ALTER FUNCTION lookup_invitation(uuid) OWNER TO curtain_lookup;

GRANT SELECT (id, clinic_id) ON prescription TO curtain_lookup;
CREATE POLICY lookup ON prescription FOR SELECT TO curtain_lookup USING (true);
CREATE FUNCTION lookup_rx(id uuid) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT p.clinic_id FROM public.prescription p WHERE p.id = lookup_rx.id $$;
REVOKE ALL ON FUNCTION lookup_rx(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup_rx(uuid) TO curtain_app;
ALTER FUNCTION lookup_rx(uuid) OWNER TO curtain_lookup;

GRANT SELECT (session_id, clinic_id, appointment_id) ON payment TO curtain_lookup;
CREATE POLICY lookup ON payment FOR SELECT TO curtain_lookup USING (true);
CREATE FUNCTION lookup_checkout(session_id text) RETURNS TABLE (clinic_id uuid, appointment_id uuid) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT p.clinic_id, p.appointment_id FROM public.payment p WHERE p.session_id = lookup_checkout.session_id $$;
REVOKE ALL ON FUNCTION lookup_checkout(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup_checkout(text) TO curtain_app;
ALTER FUNCTION lookup_checkout(text) OWNER TO curtain_lookup;

GRANT SELECT (id, clinic_id) ON call_participant TO curtain_lookup;
CREATE POLICY lookup ON call_participant FOR SELECT TO curtain_lookup USING (true);
CREATE FUNCTION lookup_call_participant(id uuid) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT p.clinic_id FROM public.call_participant p WHERE p.id = lookup_call_participant.id $$;
REVOKE ALL ON FUNCTION lookup_call_participant(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup_call_participant(uuid) TO curtain_app;
ALTER FUNCTION lookup_call_participant(uuid) OWNER TO curtain_lookup;

GRANT SELECT (id, clinic_id, status, due_on) ON recall TO curtain_lookup;
CREATE POLICY lookup ON recall FOR SELECT TO curtain_lookup USING (true);
CREATE FUNCTION lookup_due_recalls(today date) RETURNS TABLE (clinic_id uuid, recall_id uuid) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT r.clinic_id, r.id FROM public.recall r WHERE r.status = 'scheduled' AND r.due_on <= lookup_due_recalls.today $$;
REVOKE ALL ON FUNCTION lookup_due_recalls(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup_due_recalls(date) TO curtain_app;
ALTER FUNCTION lookup_due_recalls(date) OWNER TO curtain_lookup;

CREATE FUNCTION lookup_lapsed_holds(at timestamptz) RETURNS TABLE (clinic_id uuid, appointment_id uuid) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT a.clinic_id, a.id FROM public.appointment a WHERE a.status = 'held' AND a.held_until < lookup_lapsed_holds.at $$;
REVOKE ALL ON FUNCTION lookup_lapsed_holds(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup_lapsed_holds(timestamptz) TO curtain_app;
ALTER FUNCTION lookup_lapsed_holds(timestamptz) OWNER TO curtain_lookup;

REVOKE CREATE ON SCHEMA public FROM curtain_lookup;
