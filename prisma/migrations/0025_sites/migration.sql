-- A clinic with several places. One that never adds a site has none, and nothing changes for it.
CREATE TABLE site (
  id uuid NOT NULL,
  clinic_id uuid NOT NULL,
  name text NOT NULL,
  address text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  closed_at timestamptz(3),
  CONSTRAINT site_pkey PRIMARY KEY (id),
  CONSTRAINT site_clinic_id_id_key UNIQUE (clinic_id, id)
);
CREATE TABLE member_site (
  clinic_id uuid NOT NULL,
  member_id uuid NOT NULL,
  site_id uuid NOT NULL,
  CONSTRAINT member_site_pkey PRIMARY KEY (member_id, site_id)
);
ALTER TABLE weekly_hours ADD COLUMN site_id uuid;
ALTER TABLE appointment ADD COLUMN site_id uuid;
ALTER TABLE recall ADD COLUMN site_id uuid;

ALTER TABLE site ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE member_site ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE member_site ADD FOREIGN KEY (clinic_id, member_id) REFERENCES member (clinic_id, id);
ALTER TABLE member_site ADD FOREIGN KEY (clinic_id, site_id) REFERENCES site (clinic_id, id);
ALTER TABLE weekly_hours ADD FOREIGN KEY (clinic_id, site_id) REFERENCES site (clinic_id, id);
ALTER TABLE appointment ADD FOREIGN KEY (clinic_id, site_id) REFERENCES site (clinic_id, id);
ALTER TABLE recall ADD FOREIGN KEY (clinic_id, site_id) REFERENCES site (clinic_id, id);

ALTER TABLE site ENABLE ROW LEVEL SECURITY;
ALTER TABLE site FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON site TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT, UPDATE ON site TO curtain_app;
ALTER TABLE member_site ENABLE ROW LEVEL SECURITY;
ALTER TABLE member_site FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON member_site TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT, DELETE ON member_site TO curtain_app;
