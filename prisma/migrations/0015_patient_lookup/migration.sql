-- Words on a printed page name a key, and the key its clinic: whoever lost every device has no link at hand.
GRANT CREATE ON SCHEMA public TO curtain_lookup;
GRANT SELECT (id, clinic_id) ON patient_key TO curtain_lookup;
CREATE POLICY lookup ON patient_key FOR SELECT TO curtain_lookup USING (true);
CREATE FUNCTION lookup_patient_key(id uuid) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT k.clinic_id FROM public.patient_key k WHERE k.id = lookup_patient_key.id $$;
REVOKE ALL ON FUNCTION lookup_patient_key(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup_patient_key(uuid) TO curtain_app;
ALTER FUNCTION lookup_patient_key(uuid) OWNER TO curtain_lookup;
REVOKE CREATE ON SCHEMA public FROM curtain_lookup;
