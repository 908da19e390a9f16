-- Who waits for a time that suits them, and the times that were offered to them, each by a held appointment.
CREATE TYPE waitlist_state AS ENUM ('asked', 'waiting', 'ended');
CREATE TYPE waitlist_end AS ENUM ('booked', 'left', 'removed', 'over', 'missed', 'unreachable', 'unconfirmed');
CREATE TYPE waitlist_outcome AS ENUM ('booked', 'missed', 'declined', 'untold', 'withdrawn');

CREATE TABLE waitlist_entry (
  id uuid NOT NULL,
  clinic_id uuid NOT NULL,
  service_id uuid NOT NULL,
  member_id uuid,
  site_id uuid,
  first_day date NOT NULL,
  last_day date NOT NULL,
  parts text[] NOT NULL,
  time_zone text NOT NULL,
  locale text NOT NULL,
  channel reminder_channel NOT NULL,
  contact_index bytea,
  contact_sealed bytea,
  near_index bytea,
  wide_index bytea,
  link_hash bytea,
  link_sealed bytea,
  state waitlist_state NOT NULL,
  end_reason waitlist_end,
  missed integer NOT NULL DEFAULT 0,
  untold integer NOT NULL DEFAULT 0,
  made_at timestamptz(3) NOT NULL,
  next_at timestamptz(3) NOT NULL,
  ended_at timestamptz(3),
  CONSTRAINT waitlist_entry_pkey PRIMARY KEY (id),
  CONSTRAINT waitlist_entry_clinic_id_id_key UNIQUE (clinic_id, id),
  CHECK (first_day <= last_day),
  CHECK (cardinality(parts) > 0 AND parts <@ ARRAY['morning', 'afternoon', 'evening']),
  CHECK ((state = 'ended') = (end_reason IS NOT NULL) AND (state = 'ended') = (ended_at IS NOT NULL)),
  -- Whoever waits no longer can be reached no longer; and whoever waits can.
  CHECK ((state = 'ended') = (contact_sealed IS NULL)),
  -- What says that it is they who come back stays for a while of those alone who let a time pass that was kept for them.
  CHECK ((state = 'ended' AND missed = 0) = (contact_index IS NULL)),
  CHECK (state <> 'ended' OR (near_index IS NULL AND wide_index IS NULL)),
  CHECK ((state = 'ended') = (link_sealed IS NULL))
);
CREATE TABLE waitlist_offer (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  entry_id uuid NOT NULL,
  appointment_id uuid NOT NULL,
  made_at timestamptz(3) NOT NULL,
  told_at timestamptz(3),
  outcome waitlist_outcome,
  CONSTRAINT waitlist_offer_pkey PRIMARY KEY (id),
  CONSTRAINT waitlist_offer_clinic_id_id_key UNIQUE (clinic_id, id),
  CONSTRAINT waitlist_offer_appointment_id_key UNIQUE (appointment_id)
);
ALTER TABLE waitlist_entry ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE waitlist_entry ADD FOREIGN KEY (clinic_id, service_id) REFERENCES service (clinic_id, id);
ALTER TABLE waitlist_entry ADD FOREIGN KEY (clinic_id, member_id) REFERENCES member (clinic_id, id);
ALTER TABLE waitlist_entry ADD FOREIGN KEY (clinic_id, site_id) REFERENCES site (clinic_id, id);
ALTER TABLE waitlist_offer ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE waitlist_offer ADD FOREIGN KEY (clinic_id, entry_id) REFERENCES waitlist_entry (clinic_id, id) ON DELETE CASCADE;
ALTER TABLE waitlist_offer ADD FOREIGN KEY (clinic_id, appointment_id) REFERENCES appointment (clinic_id, id);
-- Once for each service, whoever asks and however often.
CREATE UNIQUE INDEX waitlist_entry_once ON waitlist_entry (clinic_id, service_id, contact_index) WHERE state <> 'ended';
CREATE INDEX waitlist_entry_order ON waitlist_entry (clinic_id, made_at);
CREATE INDEX waitlist_entry_contact ON waitlist_entry (clinic_id, contact_index) WHERE contact_index IS NOT NULL;
-- One at a time.
CREATE UNIQUE INDEX waitlist_offer_open ON waitlist_offer (entry_id) WHERE outcome IS NULL;

ALTER TABLE waitlist_entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE waitlist_entry FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON waitlist_entry TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT, UPDATE, DELETE ON waitlist_entry TO curtain_app;
ALTER TABLE waitlist_offer ENABLE ROW LEVEL SECURITY;
ALTER TABLE waitlist_offer FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON waitlist_offer TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT, UPDATE, DELETE ON waitlist_offer TO curtain_app;

ALTER TABLE clinic ADD COLUMN waitlist_minutes integer NOT NULL DEFAULT 30 CHECK (waitlist_minutes BETWEEN 10 AND 240);

GRANT CREATE ON SCHEMA public TO curtain_lookup;
GRANT SELECT (id, clinic_id) ON waitlist_entry TO curtain_lookup;
CREATE POLICY lookup ON waitlist_entry FOR SELECT TO curtain_lookup USING (true);
CREATE FUNCTION lookup_waitlist_entry(entry_id uuid) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT e.clinic_id FROM public.waitlist_entry e WHERE e.id = lookup_waitlist_entry.entry_id $$;
CREATE FUNCTION lookup_waitlists() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT DISTINCT e.clinic_id FROM public.waitlist_entry e $$;
REVOKE ALL ON FUNCTION lookup_waitlist_entry(uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION lookup_waitlists() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup_waitlist_entry(uuid) TO curtain_app;
GRANT EXECUTE ON FUNCTION lookup_waitlists() TO curtain_app;
ALTER FUNCTION lookup_waitlist_entry(uuid) OWNER TO curtain_lookup;
ALTER FUNCTION lookup_waitlists() OWNER TO curtain_lookup;
REVOKE CREATE ON SCHEMA public FROM curtain_lookup;
