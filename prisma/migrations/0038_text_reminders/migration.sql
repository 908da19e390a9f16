-- Reminders by text message beside those by mail: where the clinic wants them.
CREATE TYPE reminder_channel AS ENUM ('mail', 'text');
ALTER TABLE reminder_setting ADD COLUMN texts boolean NOT NULL DEFAULT false;
ALTER TABLE reminder ADD COLUMN channel reminder_channel NOT NULL DEFAULT 'mail';
ALTER TABLE reminder DROP CONSTRAINT reminder_once;
ALTER TABLE reminder ADD CONSTRAINT reminder_once UNIQUE (appointment_id, starts_at, lead_minutes, channel);
