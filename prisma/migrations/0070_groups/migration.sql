-- Services with places: one practitioner's time, shared by as many patients, each with an appointment of their own.
ALTER TABLE service ADD COLUMN places integer NOT NULL DEFAULT 1 CHECK (places BETWEEN 1 AND 30);
-- A call is between two browsers: a group meets at the clinic.
ALTER TABLE service ADD CONSTRAINT service_group CHECK (places = 1 OR way = 'in_person');
ALTER TABLE appointment ADD COLUMN seat integer CHECK (seat BETWEEN 0 AND 29);
ALTER TABLE appointment ADD CONSTRAINT appointment_group CHECK (seat IS NULL OR (way = 'in_person' AND series_id IS NULL));
-- Whose time it shares: its own alone, or that of whoever has the same service, practitioner, place, start and end. What is moved belongs
-- to another session by that alone, and nothing that differs in one of these ever to the same.
ALTER TABLE appointment ADD COLUMN session_id uuid NOT NULL GENERATED ALWAYS AS (
  CASE WHEN seat IS NULL THEN id ELSE md5(
    service_id::text || member_id::text || COALESCE(site_id::text, '')
      || extract(epoch FROM starts_at - TIMESTAMPTZ '1970-01-01 00:00:00+00')::text || '/'
      || extract(epoch FROM ends_at - TIMESTAMPTZ '1970-01-01 00:00:00+00')::text
  )::uuid END) STORED;
ALTER TABLE appointment DROP CONSTRAINT appointment_slot;
ALTER TABLE appointment ADD CONSTRAINT appointment_slot
  EXCLUDE USING gist (member_id WITH =, tstzrange(blocked_from, blocked_until) WITH &&, session_id WITH <>)
  WHERE (status IN ('held', 'booked', 'arrived', 'in_consult'));
-- No place is given twice.
CREATE UNIQUE INDEX appointment_seat ON appointment (session_id, seat)
  WHERE seat IS NOT NULL AND status IN ('held', 'booked', 'arrived', 'in_consult');
