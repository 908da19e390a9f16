-- Money that the desk takes in cash or sees on the clinic's bank account, with a receipt's number that has no gap.
CREATE TYPE taking_method AS ENUM ('cash', 'transfer');

CREATE TABLE taking (
  id uuid NOT NULL,
  clinic_id uuid NOT NULL,
  payment_id uuid NOT NULL,
  method taking_method NOT NULL,
  amount_minor integer NOT NULL,
  currency text NOT NULL,
  number text NOT NULL,
  day date NOT NULL,
  taken_by uuid NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT taking_pkey PRIMARY KEY (id),
  CONSTRAINT taking_clinic_id_number_key UNIQUE (clinic_id, number),
  CONSTRAINT taking_clinic_id_id_key UNIQUE (clinic_id, id),
  CHECK (amount_minor > 0)
);
-- One row each, locked while a document is written: a sequence would skip what was undone.
CREATE TABLE document_counter (
  clinic_id uuid NOT NULL,
  series text NOT NULL,
  year integer NOT NULL,
  last integer NOT NULL,
  issued_on date NOT NULL,
  CONSTRAINT document_counter_pkey PRIMARY KEY (clinic_id, series)
);
ALTER TABLE refund ALTER COLUMN payment_intent DROP NOT NULL;
ALTER TABLE refund ADD COLUMN taking_id uuid;
ALTER TABLE refund ADD CHECK ((payment_intent IS NULL) <> (taking_id IS NULL));

ALTER TABLE taking ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE taking ADD FOREIGN KEY (clinic_id, payment_id) REFERENCES payment (clinic_id, id);
ALTER TABLE taking ADD FOREIGN KEY (clinic_id, taken_by) REFERENCES member (clinic_id, id);
ALTER TABLE refund ADD FOREIGN KEY (clinic_id, taking_id) REFERENCES taking (clinic_id, id);
ALTER TABLE document_counter ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
CREATE INDEX taking_payment ON taking (payment_id);

ALTER TABLE taking ENABLE ROW LEVEL SECURITY;
ALTER TABLE taking FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON taking TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT ON taking TO curtain_app;
ALTER TABLE document_counter ENABLE ROW LEVEL SECURITY;
ALTER TABLE document_counter FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON document_counter TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT, UPDATE ON document_counter TO curtain_app;
