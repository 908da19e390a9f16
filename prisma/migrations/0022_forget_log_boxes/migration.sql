-- With who a patient is go the log's entries as they were sealed to that patient. The log's hashes stay; what was sealed to the
-- officers stays. The app itself deletes nothing of the log: this does, for a purge that was ordered, and for nothing else.
CREATE FUNCTION forget_audit_boxes(patient uuid, readers bytea[]) RETURNS integer
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    WITH gone AS (
      DELETE FROM public.audit_box b
      WHERE b.clinic_id = public.current_clinic() AND b.reader = ANY (readers)
        AND EXISTS (
          SELECT FROM public.purge p
          WHERE p.clinic_id = b.clinic_id AND p.patient_id = patient AND p.state = 'ordered' AND 'identity' = ANY (p.classes)
        )
      RETURNING 1
    ) SELECT count(*)::int FROM gone $$;
REVOKE ALL ON FUNCTION forget_audit_boxes(uuid, bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_audit_boxes(uuid, bytea[]) TO curtain_app;
