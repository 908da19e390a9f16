-- An appointment that is moved stays the same row: nothing points back to another, and no row is one that was moved away.
ALTER TABLE appointment DROP COLUMN rescheduled_from;
ALTER TABLE appointment DROP CONSTRAINT appointment_slot;
DROP INDEX appointment_holds;
ALTER TYPE appointment_status RENAME TO appointment_status_before;
CREATE TYPE appointment_status AS ENUM ('held', 'booked', 'arrived', 'in_consult', 'completed', 'no_show', 'cancelled', 'expired');
ALTER TABLE appointment ALTER COLUMN status TYPE appointment_status USING status::text::appointment_status;
DROP TYPE appointment_status_before;
CREATE INDEX appointment_holds ON appointment (held_until) WHERE status = 'held';
ALTER TABLE appointment ADD CONSTRAINT appointment_slot EXCLUDE USING gist (member_id WITH =, tstzrange(blocked_from, blocked_until) WITH &&)
  WHERE (status IN ('held', 'booked', 'arrived', 'in_consult'));
