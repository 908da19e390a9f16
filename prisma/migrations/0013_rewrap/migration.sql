-- Who passes which records on to their groups' newest epochs, after somebody left: one browser each, for a minute.
CREATE TABLE rewrap_lease (
  clinic_id uuid NOT NULL,
  record_id uuid NOT NULL,
  revision integer NOT NULL,
  session_id uuid NOT NULL,
  until timestamptz(3) NOT NULL,
  chain_length integer NOT NULL,
  failed text,
  CONSTRAINT rewrap_lease_pkey PRIMARY KEY (clinic_id, record_id, revision)
);
ALTER TABLE rewrap_lease ADD FOREIGN KEY (clinic_id, record_id, revision) REFERENCES record (clinic_id, record_id, revision) ON DELETE CASCADE;
-- Which grants an epoch made old.
CREATE INDEX grant_recipient ON record_grant (clinic_id, recipient_kind, recipient_id, epoch);

ALTER TABLE rewrap_lease ENABLE ROW LEVEL SECURITY;
ALTER TABLE rewrap_lease FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON rewrap_lease TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT, UPDATE, DELETE ON rewrap_lease TO curtain_app;
