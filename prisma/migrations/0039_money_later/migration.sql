-- What a bank would not take back is handed back at the desk; and what is open of each sale, kept beside its entries, so that a
-- page sums what is open and not the whole history.
ALTER TABLE refund ADD COLUMN handed taking_method;
ALTER TABLE refund ADD CHECK (handed IS NULL OR state = 'paid');
CREATE INDEX refund_failed ON refund (clinic_id) WHERE state = 'failed';

CREATE TABLE open_item (
  sale_id uuid NOT NULL,
  currency text NOT NULL,
  account text NOT NULL,
  clinic_id uuid NOT NULL,
  amount_minor bigint NOT NULL,
  CONSTRAINT open_item_pkey PRIMARY KEY (sale_id, currency, account)
);
ALTER TABLE open_item ADD FOREIGN KEY (clinic_id) REFERENCES clinic (id);
ALTER TABLE open_item ADD FOREIGN KEY (clinic_id, sale_id) REFERENCES payment (clinic_id, id);
CREATE INDEX open_item_account ON open_item (clinic_id, account);

ALTER TABLE open_item ENABLE ROW LEVEL SECURITY;
ALTER TABLE open_item FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON open_item TO curtain_owner, curtain_app USING (clinic_id = current_clinic()) WITH CHECK (clinic_id = current_clinic());
-- Entries alone change it.
GRANT SELECT ON open_item TO curtain_app;

CREATE FUNCTION entry_opens() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO public.open_item AS o (sale_id, currency, account, clinic_id, amount_minor)
    SELECT p.sale_id, p.currency, NEW.account, p.clinic_id, NEW.amount_minor FROM public.posting p WHERE p.id = NEW.posting_id
    ON CONFLICT (sale_id, currency, account) DO UPDATE SET amount_minor = o.amount_minor + EXCLUDED.amount_minor;
  DELETE FROM public.open_item o USING public.posting p
    WHERE p.id = NEW.posting_id AND o.sale_id = p.sale_id AND o.currency = p.currency AND o.account = NEW.account
      AND o.amount_minor = 0;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION entry_opens() FROM PUBLIC;
CREATE TRIGGER entry_opens AFTER INSERT ON entry FOR EACH ROW
  WHEN (NEW.account IN ('receivable', 'deposits', 'refunds_due', 'disputes')) EXECUTE FUNCTION entry_opens();

-- What was posted before.
ALTER TABLE open_item NO FORCE ROW LEVEL SECURITY;
ALTER TABLE posting NO FORCE ROW LEVEL SECURITY;
ALTER TABLE entry NO FORCE ROW LEVEL SECURITY;
INSERT INTO open_item (sale_id, currency, account, clinic_id, amount_minor)
  SELECT p.sale_id, p.currency, e.account, p.clinic_id, sum(e.amount_minor)
  FROM posting p JOIN entry e ON e.posting_id = p.id
  WHERE e.account IN ('receivable', 'deposits', 'refunds_due', 'disputes')
  GROUP BY 1, 2, 3, 4 HAVING sum(e.amount_minor) <> 0;
ALTER TABLE open_item FORCE ROW LEVEL SECURITY;
ALTER TABLE posting FORCE ROW LEVEL SECURITY;
ALTER TABLE entry FORCE ROW LEVEL SECURITY;
