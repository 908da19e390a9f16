-- Until when cancelling is free, and what is kept after that or of a visit that nobody came to: the clinic's rule, and each
-- appointment's own, fixed when its time is held. What was booked before had none: nothing is kept of it.
ALTER TABLE clinic ADD COLUMN cancellation jsonb NOT NULL
  DEFAULT '{"freeUntilMinutes": 0, "lateFee": {"kind": "none"}, "noShowFee": {"kind": "none"}}';
ALTER TABLE appointment ADD COLUMN cancellation jsonb NOT NULL
  DEFAULT '{"freeUntilMinutes": 0, "lateFee": {"kind": "none"}, "noShowFee": {"kind": "none"}}';
-- What was kept of it when it did not take place, or is owed for that.
ALTER TABLE appointment ADD COLUMN fee_minor integer NOT NULL DEFAULT 0;
ALTER TABLE appointment ADD CHECK (fee_minor BETWEEN 0 AND price_minor);
