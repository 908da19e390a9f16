-- The tax that a service's price includes, fixed with the price when a time is held; and what stands on a clinic's invoices.
ALTER TABLE service ADD COLUMN tax_rate integer NOT NULL DEFAULT 0;
ALTER TABLE service ADD CHECK (tax_rate BETWEEN 0 AND 100000);
ALTER TABLE appointment ADD COLUMN tax_rate integer NOT NULL DEFAULT 0;
ALTER TABLE appointment ADD CHECK (tax_rate BETWEEN 0 AND 100000);
ALTER TABLE clinic ADD COLUMN legal_name text NOT NULL DEFAULT '';
ALTER TABLE clinic ADD COLUMN tax_number text NOT NULL DEFAULT '';
ALTER TABLE clinic ADD COLUMN invoice_prefix text NOT NULL DEFAULT 'INV';
ALTER TABLE clinic ADD CHECK (invoice_prefix ~ '^[A-Z]{1,6}$');
ALTER TABLE clinic ADD COLUMN invoice_footer text NOT NULL DEFAULT '';
