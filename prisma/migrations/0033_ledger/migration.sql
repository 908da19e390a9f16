-- The books: postings of entries that add up, only ever added; and what is to go back to a payer, one row each.
CREATE TYPE refund_state AS ENUM ('due', 'paid', 'failed', 'dropped');
CREATE TYPE refund_reason AS ENUM ('cancelled', 'slot_taken', 'twice', 'outside');

CREATE TABLE refund (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  payment_id uuid NOT NULL,
  payment_intent text NOT NULL,
  amount_minor integer NOT NULL,
  currency text NOT NULL,
  reason refund_reason NOT NULL,
  state refund_state NOT NULL,
  stripe_refund text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT refund_pkey PRIMARY KEY (id),
  CONSTRAINT refund_stripe_refund_key UNIQUE (stripe_refund),
  CONSTRAINT refund_clinic_id_id_key UNIQUE (clinic_id, id),
  CHECK (amount_minor > 0)
);
CREATE TABLE posting (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  sale_id uuid NOT NULL,
  cause text NOT NULL,
  currency text NOT NULL,
  day date NOT NULL,
  posted_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT posting_pkey PRIMARY KEY (id),
  -- The same thing is posted once, whoever brings word of it.
  CONSTRAINT posting_clinic_id_cause_key UNIQUE (clinic_id, cause),
  CONSTRAINT posting_clinic_id_id_key UNIQUE (clinic_id, id)
);
CREATE TABLE entry (
  posting_id uuid NOT NULL,
  position integer NOT NULL,
  clinic_id uuid NOT NULL,
  account text NOT NULL,
  tax_rate integer,
  amount_minor integer NOT NULL,
  CONSTRAINT entry_pkey PRIMARY KEY (posting_id, position),
  CHECK (amount_minor <> 0),
  CHECK (account IN ('stripe', 'cash', 'transfer', 'receivable', 'disputes', 'deposits', 'refunds_due', 'vouchers', 'tax', 'revenue', 'losses'))
);

ALTER TABLE refund ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE refund ADD FOREIGN KEY (clinic_id, payment_id) REFERENCES payment (clinic_id, id);
ALTER TABLE posting ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE posting ADD FOREIGN KEY (clinic_id, sale_id) REFERENCES payment (clinic_id, id);
ALTER TABLE entry ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE entry ADD FOREIGN KEY (clinic_id, posting_id) REFERENCES posting (clinic_id, id);

CREATE INDEX refund_payment ON refund (payment_id);
CREATE INDEX posting_sale ON posting (sale_id);
CREATE INDEX posting_day ON posting (clinic_id, day);

-- Whatever the code above does: at the commit each posting has two sides or more, and they add up to nothing.
CREATE FUNCTION posting_adds_up() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  of uuid := CASE TG_TABLE_NAME WHEN 'posting' THEN (to_jsonb(NEW) ->> 'id')::uuid ELSE (to_jsonb(NEW) ->> 'posting_id')::uuid END;
BEGIN
  IF (SELECT count(*) < 2 OR sum(e.amount_minor) <> 0 FROM public.entry e WHERE e.posting_id = of) THEN
    RAISE EXCEPTION 'posting % does not add up', of USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER posting_adds_up AFTER INSERT ON posting DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION posting_adds_up();
CREATE CONSTRAINT TRIGGER entry_adds_up AFTER INSERT ON entry DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION posting_adds_up();

ALTER TABLE refund ENABLE ROW LEVEL SECURITY;
ALTER TABLE refund FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON refund TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT, UPDATE ON refund TO curtain_app;
ALTER TABLE posting ENABLE ROW LEVEL SECURITY;
ALTER TABLE posting FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON posting TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT ON posting TO curtain_app;
ALTER TABLE entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE entry FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON entry TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT ON entry TO curtain_app;
