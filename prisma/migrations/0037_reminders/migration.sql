-- Reminders before an appointment: when a clinic sends them, who wants none, and one row for each, which is claimed before it goes out.
CREATE TYPE reminder_state AS ENUM ('waiting', 'sending', 'sent', 'refused', 'dropped');

CREATE TABLE reminder_setting (
  clinic_id uuid NOT NULL,
  leads integer[] NOT NULL,
  set_at timestamptz(3) NOT NULL,
  CONSTRAINT reminder_setting_pkey PRIMARY KEY (clinic_id),
  CHECK (cardinality(leads) <= 3 AND 0 < ALL (leads) AND 20160 >= ALL (leads))
);
CREATE TABLE reminder (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  appointment_id uuid NOT NULL,
  starts_at timestamptz(3) NOT NULL,
  lead_minutes integer NOT NULL,
  state reminder_state NOT NULL,
  tries integer NOT NULL DEFAULT 0,
  next_at timestamptz(3) NOT NULL,
  made_at timestamptz(3) NOT NULL,
  claimed_at timestamptz(3),
  CONSTRAINT reminder_pkey PRIMARY KEY (id),
  CONSTRAINT reminder_clinic_id_id_key UNIQUE (clinic_id, id),
  -- An appointment at one time is reminded once for each time before it: moved, it is another.
  CONSTRAINT reminder_once UNIQUE (appointment_id, starts_at, lead_minutes),
  CHECK ((state IN ('sending', 'sent')) <= (claimed_at IS NOT NULL))
);
-- Since when an appointment has its present time: what is booked or moved later than a reminder's time gets none for it.
ALTER TABLE appointment ADD COLUMN timed_at timestamptz(3) NOT NULL DEFAULT now();
ALTER TABLE patient ADD COLUMN reminders_off_at timestamptz(3);

ALTER TABLE reminder_setting ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE reminder ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE reminder ADD FOREIGN KEY (clinic_id, appointment_id) REFERENCES appointment (clinic_id, id);
CREATE INDEX reminder_waiting ON reminder (next_at) WHERE state = 'waiting';
CREATE INDEX reminder_made ON reminder (clinic_id, made_at);
CREATE INDEX appointment_to_come ON appointment (starts_at) WHERE status = 'booked';

ALTER TABLE reminder_setting ENABLE ROW LEVEL SECURITY;
ALTER TABLE reminder_setting FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON reminder_setting TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT, UPDATE ON reminder_setting TO curtain_app;
ALTER TABLE reminder ENABLE ROW LEVEL SECURITY;
ALTER TABLE reminder FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON reminder TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT, UPDATE, DELETE ON reminder TO curtain_app;

-- Appointments of every clinic for which a reminder is to be made or tried again. Of several times that have passed, the last one counts.
GRANT CREATE ON SCHEMA public TO curtain_lookup;
GRANT SELECT (starts_at, timed_at) ON appointment TO curtain_lookup;
GRANT SELECT (clinic_id, leads, set_at) ON reminder_setting TO curtain_lookup;
GRANT SELECT (clinic_id, appointment_id, starts_at, lead_minutes, state, next_at) ON reminder TO curtain_lookup;
CREATE POLICY lookup ON reminder_setting FOR SELECT TO curtain_lookup USING (true);
CREATE POLICY lookup ON reminder FOR SELECT TO curtain_lookup USING (true);
CREATE FUNCTION lookup_due_reminders(at timestamptz, unset integer[]) RETURNS TABLE (clinic_id uuid, appointment_id uuid) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
  SELECT a.clinic_id, a.id FROM public.appointment a
    LEFT JOIN public.reminder_setting s ON s.clinic_id = a.clinic_id
    CROSS JOIN LATERAL (
      SELECT min(lead) AS minutes FROM unnest(coalesce(s.leads, lookup_due_reminders.unset)) AS lead
      WHERE a.starts_at - make_interval(mins => lead) <= lookup_due_reminders.at) last
  WHERE a.status = 'booked' AND a.starts_at > lookup_due_reminders.at
    AND a.starts_at <= lookup_due_reminders.at + make_interval(mins => 20160)
    AND a.starts_at - make_interval(mins => last.minutes) >= greatest(a.timed_at, s.set_at)
    AND NOT EXISTS (SELECT FROM public.reminder r
      WHERE r.appointment_id = a.id AND r.starts_at = a.starts_at AND r.lead_minutes = last.minutes)
  UNION
  SELECT r.clinic_id, r.appointment_id FROM public.reminder r
  WHERE r.state = 'waiting' AND r.next_at <= lookup_due_reminders.at $$;
REVOKE ALL ON FUNCTION lookup_due_reminders(timestamptz, integer[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup_due_reminders(timestamptz, integer[]) TO curtain_app;
ALTER FUNCTION lookup_due_reminders(timestamptz, integer[]) OWNER TO curtain_lookup;
REVOKE CREATE ON SCHEMA public FROM curtain_lookup;
