-- When the event begins that a calendar of whoever comes along was given: taken out of it by every mail that ends it, the last that goes out too.
ALTER TABLE companion ADD COLUMN calendar_at timestamptz(3);
