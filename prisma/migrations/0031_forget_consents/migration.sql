-- With a patient's chart goes which text they consented to: its id and hash, and what would tell it again to whoever tries the clinic's
-- few texts one after the other, the signature and the id of the sealed copy, without which the event's hash says nothing. What stays
-- is that something was signed, when, and the hash by which a browser knows the history for the one that it saw. The app itself changes
-- nothing in it: this does, for a purge that was ordered, and for nothing else.
ALTER TABLE consent_event
  ALTER COLUMN consent_text_id DROP NOT NULL,
  ALTER COLUMN record_id DROP NOT NULL;
CREATE FUNCTION forget_consents(patient uuid) RETURNS integer
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    WITH gone AS (
      UPDATE public.consent_event e
      SET consent_text_id = NULL, record_id = NULL, text_hash = '', signature = ''
      WHERE e.clinic_id = public.current_clinic() AND e.patient_id = patient
        AND EXISTS (
          SELECT FROM public.purge p
          WHERE p.clinic_id = e.clinic_id AND p.patient_id = patient AND p.state = 'ordered' AND 'clinical' = ANY (p.classes)
        )
      RETURNING 1
    ) SELECT count(*)::int FROM gone $$;
REVOKE ALL ON FUNCTION forget_consents(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_consents(uuid) TO curtain_app;
