-- Visits that were booked at once, for one patient: each is an appointment of its own, and names the series.
ALTER TABLE appointment ADD COLUMN series_id uuid;
CREATE INDEX appointment_series ON appointment (clinic_id, series_id) WHERE series_id IS NOT NULL;
