-- Visits that the desk puts in beside what is booked: as many at once as a block of hours says, each in a lane of its own.
ALTER TABLE weekly_hours ADD COLUMN walk_ins integer NOT NULL DEFAULT 0 CHECK (walk_ins BETWEEN 0 AND 5);
ALTER TABLE date_hours ADD COLUMN walk_ins integer NOT NULL DEFAULT 0 CHECK (walk_ins BETWEEN 0 AND 5);
ALTER TABLE appointment ADD COLUMN lane integer NOT NULL DEFAULT 0 CHECK (lane BETWEEN 0 AND 5);
-- What a browser held itself was booked online. The desk's bookings are held by nobody.
ALTER TABLE appointment ADD CONSTRAINT appointment_lane CHECK (lane = 0 OR hold_hash IS NULL);
-- Whoever is in a group has a place of it.
ALTER TABLE appointment ADD CONSTRAINT appointment_lane_group CHECK (lane = 0 OR seat IS NULL);
ALTER TABLE appointment DROP CONSTRAINT appointment_slot;
ALTER TABLE appointment ADD CONSTRAINT appointment_slot
  EXCLUDE USING gist (member_id WITH =, lane WITH =, tstzrange(blocked_from, blocked_until) WITH &&, session_id WITH <>)
  WHERE (status IN ('held', 'booked', 'arrived', 'in_consult'));
