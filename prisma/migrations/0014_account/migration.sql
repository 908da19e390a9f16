-- The staff's own keys: further wraps of the account key, how a session was opened, and when an idle browser locks.
CREATE TABLE account_wrap (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  clinic_id uuid NOT NULL,
  member_id uuid NOT NULL,
  kind text NOT NULL,
  label text NOT NULL DEFAULT '',
  handle text NOT NULL,
  public_key bytea,
  counter bigint NOT NULL DEFAULT 0,
  wrapped text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  tried_at timestamptz(3),
  last_used_at timestamptz(3),
  CONSTRAINT account_wrap_pkey PRIMARY KEY (id),
  CONSTRAINT account_wrap_handle_key UNIQUE (handle),
  CONSTRAINT account_wrap_clinic_id_id_key UNIQUE (clinic_id, id)
);
ALTER TABLE account_wrap ADD CHECK (kind IN ('kit', 'passkey') AND (kind = 'kit') = (public_key IS NULL));
ALTER TABLE account_wrap ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE account_wrap ADD FOREIGN KEY (clinic_id, member_id) REFERENCES member (clinic_id, id);
CREATE INDEX account_wrap_member_id_idx ON account_wrap (member_id);

ALTER TABLE account_wrap ENABLE ROW LEVEL SECURITY;
ALTER TABLE account_wrap FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON account_wrap TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT, UPDATE, DELETE ON account_wrap TO curtain_app;

-- A kit or a passkey is shown before anybody is signed in: whose clinic it is, and no more.
GRANT CREATE ON SCHEMA public TO curtain_lookup;
GRANT SELECT (handle, clinic_id) ON account_wrap TO curtain_lookup;
CREATE POLICY lookup ON account_wrap FOR SELECT TO curtain_lookup USING (true);
CREATE FUNCTION lookup_account_wrap(handle text) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT w.clinic_id FROM public.account_wrap w WHERE w.handle = lookup_account_wrap.handle $$;
REVOKE ALL ON FUNCTION lookup_account_wrap(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup_account_wrap(text) TO curtain_app;
ALTER FUNCTION lookup_account_wrap(text) OWNER TO curtain_lookup;
REVOKE CREATE ON SCHEMA public FROM curtain_lookup;

ALTER TABLE sign_in_proof ADD COLUMN kind text NOT NULL DEFAULT 'password';
ALTER TABLE member_session ADD COLUMN opened_by text NOT NULL DEFAULT 'password';
ALTER TABLE clinic ADD COLUMN lock_minutes integer NOT NULL DEFAULT 15;
ALTER TABLE clinic ADD COLUMN passkey_required boolean NOT NULL DEFAULT false;
ALTER TABLE clinic ADD CHECK (lock_minutes BETWEEN 1 AND 240);
