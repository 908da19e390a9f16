-- Who helps a patient: a parent, a guardian, a carer. Who it is, as what and until when is in a sealed record that both signed.
CREATE TABLE care (
  id uuid NOT NULL,
  clinic_id uuid NOT NULL,
  patient_id uuid NOT NULL,
  key_id uuid NOT NULL,
  granted_by uuid NOT NULL,
  record_id uuid NOT NULL,
  role text NOT NULL,
  until timestamptz(3),
  created_at timestamptz(3) NOT NULL,
  last_used_at timestamptz(3),
  ended_at timestamptz(3),
  ending text,
  told_at timestamptz(3),
  CONSTRAINT care_pkey PRIMARY KEY (id),
  CONSTRAINT care_clinic_id_id_key UNIQUE (clinic_id, id),
  CONSTRAINT care_key_id_key UNIQUE (key_id),
  CHECK (role IN ('guardian', 'carer')),
  CHECK (role = 'carer' OR until IS NOT NULL),
  CHECK (ending IS NULL OR ended_at IS NOT NULL)
);
ALTER TABLE care ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE care ADD FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id);
ALTER TABLE care ADD FOREIGN KEY (clinic_id, key_id) REFERENCES patient_key (clinic_id, id);
CREATE INDEX care_patient_id_idx ON care (patient_id);

ALTER TABLE care ENABLE ROW LEVEL SECURITY;
ALTER TABLE care FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON care TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT, UPDATE ON care TO curtain_app;
