-- A code that pays for one visit. What is kept of it is a hash: the code itself was shown once.
CREATE TABLE voucher (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  batch_id uuid NOT NULL,
  service_id uuid NOT NULL,
  code_hash bytea NOT NULL,
  last_day date NOT NULL,
  made_by uuid NOT NULL,
  made_at timestamptz(3) NOT NULL,
  used_by uuid,
  withdrawn_at timestamptz(3),
  CONSTRAINT voucher_pkey PRIMARY KEY (id),
  CONSTRAINT voucher_clinic_id_id_key UNIQUE (clinic_id, id),
  CONSTRAINT voucher_clinic_id_code_hash_key UNIQUE (clinic_id, code_hash),
  CONSTRAINT voucher_used_by_key UNIQUE (used_by),
  CHECK (octet_length(code_hash) = 32)
);
CREATE INDEX voucher_batch ON voucher (clinic_id, batch_id);
ALTER TABLE voucher ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE voucher ADD FOREIGN KEY (clinic_id, service_id) REFERENCES service (clinic_id, id);
ALTER TABLE voucher ADD FOREIGN KEY (clinic_id, made_by) REFERENCES member (clinic_id, id);
ALTER TABLE voucher ENABLE ROW LEVEL SECURITY;
ALTER TABLE voucher FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON voucher TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT, UPDATE ON voucher TO curtain_app;
ALTER TABLE appointment ADD COLUMN voucher_id uuid;
ALTER TABLE appointment ADD FOREIGN KEY (clinic_id, voucher_id) REFERENCES voucher (clinic_id, id);
