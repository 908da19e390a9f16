-- Payments that a payer's bank questions; which payments Stripe is to be asked about, and when; and up to when its events were read.
CREATE TYPE dispute_state AS ENUM ('inquiry', 'closed', 'open', 'lost', 'won');

CREATE TABLE dispute (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  payment_id uuid NOT NULL,
  payment_intent text NOT NULL,
  stripe_dispute text NOT NULL,
  amount_minor integer NOT NULL,
  currency text NOT NULL,
  state dispute_state NOT NULL,
  answer_by timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT dispute_pkey PRIMARY KEY (id),
  CONSTRAINT dispute_stripe_dispute_key UNIQUE (stripe_dispute),
  CONSTRAINT dispute_clinic_id_id_key UNIQUE (clinic_id, id),
  CHECK (amount_minor > 0)
);
ALTER TABLE dispute ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE dispute ADD FOREIGN KEY (clinic_id, payment_id) REFERENCES payment (clinic_id, id);
CREATE INDEX dispute_payment ON dispute (payment_id);
CREATE INDEX dispute_updated ON dispute (clinic_id, updated_at);

ALTER TABLE dispute ENABLE ROW LEVEL SECURITY;
ALTER TABLE dispute FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON dispute TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT, UPDATE ON dispute TO curtain_app;

ALTER TABLE payment ADD COLUMN ask_at timestamptz(3);
ALTER TABLE payment ADD COLUMN asks integer NOT NULL DEFAULT 0;
CREATE INDEX payment_ask_at ON payment (ask_at) WHERE ask_at IS NOT NULL;

GRANT USAGE, CREATE ON SCHEMA public TO curtain_lookup;
GRANT SELECT (ask_at) ON payment TO curtain_lookup;
CREATE FUNCTION lookup_unsettled(at timestamptz, most integer) RETURNS TABLE (clinic_id uuid, appointment_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT p.clinic_id, p.appointment_id FROM public.payment p WHERE p.ask_at <= lookup_unsettled.at ORDER BY p.ask_at LIMIT most $$;
REVOKE ALL ON FUNCTION lookup_unsettled(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup_unsettled(timestamptz, integer) TO curtain_app;
ALTER FUNCTION lookup_unsettled(timestamptz, integer) OWNER TO curtain_lookup;
REVOKE CREATE ON SCHEMA public FROM curtain_lookup;

-- No tenant's: several clinics may be paid through one account.
CREATE TABLE stripe_account_read (
  account text NOT NULL,
  read_until timestamptz(3) NOT NULL,
  CONSTRAINT stripe_account_read_pkey PRIMARY KEY (account)
);
GRANT SELECT, INSERT, UPDATE ON stripe_account_read TO curtain_app;

ALTER TABLE payment NO FORCE ROW LEVEL SECURITY;
-- What waits today is asked about soon.
UPDATE payment SET ask_at = now() WHERE session_id IS NOT NULL AND status IN ('pending', 'failed', 'expired');
INSERT INTO stripe_account_read SELECT DISTINCT account, now() - interval '3 days' FROM payment WHERE account IS NOT NULL;
ALTER TABLE payment FORCE ROW LEVEL SECURITY;
