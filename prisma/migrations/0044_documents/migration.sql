-- Invoices and credit notes: snapshots with numbers that have no gap. Rows are only added.
CREATE TABLE document (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  payment_id uuid NOT NULL,
  series text NOT NULL,
  -- What it was issued for: of each thing once.
  cause text NOT NULL,
  number text NOT NULL,
  day date NOT NULL,
  currency text NOT NULL,
  gross_minor integer NOT NULL,
  content jsonb NOT NULL,
  credits uuid,
  issued_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT document_pkey PRIMARY KEY (id),
  CONSTRAINT document_clinic_id_id_key UNIQUE (clinic_id, id),
  CONSTRAINT document_clinic_id_number_key UNIQUE (clinic_id, number),
  CONSTRAINT document_clinic_id_cause_key UNIQUE (clinic_id, cause),
  CHECK (series IN ('invoice', 'credit_note')),
  CHECK ((series = 'credit_note') = (credits IS NOT NULL)),
  CHECK (gross_minor > 0)
);
ALTER TABLE document ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE document ADD FOREIGN KEY (clinic_id, payment_id) REFERENCES payment (clinic_id, id);
ALTER TABLE document ADD FOREIGN KEY (clinic_id, credits) REFERENCES document (clinic_id, id);
CREATE INDEX document_payment ON document (payment_id);
CREATE INDEX document_day ON document (clinic_id, day);

ALTER TABLE document ENABLE ROW LEVEL SECURITY;
ALTER TABLE document FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON document TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT ON document TO curtain_app;

-- Whoever asks, the tables' owner too.
CREATE FUNCTION stays_as_it_is() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'a row of % is never changed', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER stays_as_it_is BEFORE UPDATE OR DELETE ON document FOR EACH ROW EXECUTE FUNCTION stays_as_it_is();
CREATE TRIGGER stays_whole BEFORE TRUNCATE ON document FOR EACH STATEMENT EXECUTE FUNCTION stays_as_it_is();

-- Given back by the clinic's own choice, and the request that asked for it: the same again is the same refund.
ALTER TYPE refund_reason ADD VALUE 'goodwill';
ALTER TABLE refund ADD COLUMN request_key uuid;
CREATE INDEX refund_request_key ON refund (request_key) WHERE request_key IS NOT NULL;
