-- Hours that hold for some dates only, what holds on one date, days on which a clinic is closed, and absences.
ALTER TABLE weekly_hours ADD COLUMN valid_from date;
ALTER TABLE weekly_hours ADD COLUMN valid_until date;
ALTER TABLE weekly_hours ADD CHECK ((valid_from IS NULL) = (valid_until IS NULL) AND valid_from <= valid_until);

-- A row without minutes: closed on that date.
CREATE TABLE date_hours (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  member_id uuid NOT NULL,
  day date NOT NULL,
  start_minute integer,
  end_minute integer,
  site_id uuid,
  CONSTRAINT date_hours_pkey PRIMARY KEY (id),
  CONSTRAINT date_hours_clinic_id_id_key UNIQUE (clinic_id, id),
  CHECK ((start_minute IS NULL) = (end_minute IS NULL) AND start_minute >= 0 AND start_minute < end_minute AND end_minute <= 1440)
);
CREATE TABLE clinic_day (
  id uuid NOT NULL,
  clinic_id uuid NOT NULL,
  first_day date NOT NULL,
  last_day date NOT NULL,
  closed boolean NOT NULL,
  CONSTRAINT clinic_day_pkey PRIMARY KEY (id),
  CONSTRAINT clinic_day_clinic_id_id_key UNIQUE (clinic_id, id),
  CHECK (first_day <= last_day)
);
CREATE TABLE absence (
  id uuid NOT NULL,
  clinic_id uuid NOT NULL,
  member_id uuid NOT NULL,
  starts_at timestamptz(3) NOT NULL,
  ends_at timestamptz(3) NOT NULL,
  CONSTRAINT absence_pkey PRIMARY KEY (id),
  CONSTRAINT absence_clinic_id_id_key UNIQUE (clinic_id, id),
  CHECK (starts_at < ends_at)
);
ALTER TABLE clinic ADD COLUMN holidays text NOT NULL DEFAULT '';
ALTER TABLE service ADD COLUMN step_minutes integer CHECK (step_minutes BETWEEN 5 AND 480);
ALTER TABLE service ADD COLUMN min_notice_minutes integer CHECK (min_notice_minutes >= 0);
ALTER TABLE service ADD COLUMN horizon_days integer CHECK (horizon_days BETWEEN 1 AND 365);
ALTER TABLE service ADD COLUMN daily_limit integer CHECK (daily_limit BETWEEN 1 AND 200);

ALTER TABLE date_hours ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE date_hours ADD FOREIGN KEY (clinic_id, member_id) REFERENCES member (clinic_id, id);
ALTER TABLE date_hours ADD FOREIGN KEY (clinic_id, site_id) REFERENCES site (clinic_id, id);
ALTER TABLE clinic_day ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE absence ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE absence ADD FOREIGN KEY (clinic_id, member_id) REFERENCES member (clinic_id, id);
CREATE INDEX date_hours_day ON date_hours (clinic_id, member_id, day);
CREATE INDEX absence_member ON absence (clinic_id, member_id, ends_at);

ALTER TABLE date_hours ENABLE ROW LEVEL SECURITY;
ALTER TABLE date_hours FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON date_hours TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT, UPDATE, DELETE ON date_hours TO curtain_app;
ALTER TABLE clinic_day ENABLE ROW LEVEL SECURITY;
ALTER TABLE clinic_day FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON clinic_day TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT, DELETE ON clinic_day TO curtain_app;
ALTER TABLE absence ENABLE ROW LEVEL SECURITY;
ALTER TABLE absence FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON absence TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT, DELETE ON absence TO curtain_app;
