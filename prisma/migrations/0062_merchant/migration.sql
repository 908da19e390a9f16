-- A clinic's own accounts at Stripe: one row for each account and mode. Key and signing secret are sealed; both are gone once the clinic
-- took the key away, and the row stays, since payments name it.
CREATE TABLE merchant (
  id uuid NOT NULL,
  clinic_id uuid NOT NULL,
  account text NOT NULL,
  live boolean NOT NULL,
  name text NOT NULL,
  last_four text NOT NULL,
  currency text,
  key_sealed bytea,
  secret_sealed bytea,
  endpoint text,
  connected_by uuid NOT NULL,
  connected_at timestamptz(3) NOT NULL,
  refused_at timestamptz(3),
  CONSTRAINT merchant_pkey PRIMARY KEY (id),
  CHECK ((key_sealed IS NULL) = (secret_sealed IS NULL))
);
CREATE UNIQUE INDEX merchant_clinic_id_account_live_key ON merchant (clinic_id, account, live);
ALTER TABLE merchant ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE merchant ADD FOREIGN KEY (clinic_id, connected_by) REFERENCES member (clinic_id, id);
ALTER TABLE merchant ENABLE ROW LEVEL SECURITY;
ALTER TABLE merchant FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON merchant TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT, UPDATE ON merchant TO curtain_app;

CREATE INDEX payment_account ON payment (clinic_id, account);

-- Whose account an event came from, before a clinic is known: its address names the row.
GRANT CREATE ON SCHEMA public TO curtain_lookup;
GRANT SELECT (id, clinic_id) ON merchant TO curtain_lookup;
CREATE POLICY lookup ON merchant FOR SELECT TO curtain_lookup USING (true);
CREATE FUNCTION lookup_merchant(id uuid) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT m.clinic_id FROM public.merchant m WHERE m.id = lookup_merchant.id $$;
REVOKE ALL ON FUNCTION lookup_merchant(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup_merchant(uuid) TO curtain_app;
ALTER FUNCTION lookup_merchant(uuid) OWNER TO curtain_lookup;
REVOKE CREATE ON SCHEMA public FROM curtain_lookup;
