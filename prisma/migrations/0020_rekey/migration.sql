-- Who lost passphrase and kit: new keys that wait for two colleagues and a day.
CREATE TABLE rekey_request (
  id uuid NOT NULL,
  clinic_id uuid NOT NULL,
  member_id uuid NOT NULL,
  state text NOT NULL,
  sign_key text NOT NULL,
  dh_key text NOT NULL,
  opaque_record text,
  wrapped_account text,
  approval text,
  approved_by uuid,
  approved_at timestamptz(3),
  ended_by uuid,
  asked_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  CONSTRAINT rekey_request_pkey PRIMARY KEY (id),
  CONSTRAINT rekey_request_clinic_id_id_key UNIQUE (clinic_id, id)
);
ALTER TABLE rekey_request ADD CHECK (state IN ('open', 'done', 'objected', 'replaced'));
ALTER TABLE rekey_request ADD CHECK ((state = 'open') = (opaque_record IS NOT NULL AND wrapped_account IS NOT NULL));
ALTER TABLE rekey_request ADD CHECK ((approval IS NULL) = (approved_by IS NULL) AND (approval IS NULL) = (approved_at IS NULL));
ALTER TABLE rekey_request ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE rekey_request ADD FOREIGN KEY (clinic_id, member_id) REFERENCES member (clinic_id, id);
CREATE INDEX rekey_request_member_id_idx ON rekey_request (member_id);

ALTER TABLE rekey_request ENABLE ROW LEVEL SECURITY;
ALTER TABLE rekey_request FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON rekey_request TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT, UPDATE ON rekey_request TO curtain_app;
