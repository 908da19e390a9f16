-- A day of the books that is closed: what each account had, what moved and what it has. Rows are only added.
CREATE TABLE day_closing (
  clinic_id uuid NOT NULL,
  day date NOT NULL,
  accounts jsonb NOT NULL,
  closed_by uuid NOT NULL,
  closed_at timestamptz(3) NOT NULL,
  CONSTRAINT day_closing_pkey PRIMARY KEY (clinic_id, day)
);
ALTER TABLE day_closing ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE day_closing ADD FOREIGN KEY (clinic_id, closed_by) REFERENCES member (clinic_id, id);

ALTER TABLE day_closing ENABLE ROW LEVEL SECURITY;
ALTER TABLE day_closing FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON day_closing TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
GRANT SELECT, INSERT ON day_closing TO curtain_app;
CREATE TRIGGER stays_as_it_is BEFORE UPDATE OR DELETE ON day_closing FOR EACH ROW EXECUTE FUNCTION stays_as_it_is();
CREATE TRIGGER stays_whole BEFORE TRUNCATE ON day_closing FOR EACH STATEMENT EXECUTE FUNCTION stays_as_it_is();

-- Whatever the code above does: nothing is posted on a day that is closed, nor before it.
CREATE FUNCTION day_is_open() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM public.day_closing c WHERE c.clinic_id = NEW.clinic_id AND c.day >= NEW.day) THEN
    RAISE EXCEPTION 'the books of % are closed', NEW.day USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER day_is_open BEFORE INSERT ON posting FOR EACH ROW EXECUTE FUNCTION day_is_open();
