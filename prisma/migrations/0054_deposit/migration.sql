-- A part of the price is paid at the booking, and the rest later.
ALTER TYPE payment_mode ADD VALUE 'deposit';
ALTER TABLE service ADD COLUMN deposit jsonb NOT NULL DEFAULT '{"kind": "none"}';
ALTER TABLE appointment ADD COLUMN deposit_minor integer NOT NULL DEFAULT 0;
ALTER TABLE appointment ADD CHECK (deposit_minor BETWEEN 0 AND price_minor);
-- Stripe's payments that count for a booking: its deposit and its rest. Any other is nobody's, and goes back.
ALTER TABLE payment ADD COLUMN counted text[] NOT NULL DEFAULT '{}';
ALTER TABLE payment NO FORCE ROW LEVEL SECURITY;
UPDATE payment SET counted = ARRAY[payment_intent] WHERE payment_intent IS NOT NULL AND status IN ('paid', 'refunded');
ALTER TABLE payment FORCE ROW LEVEL SECURITY;
