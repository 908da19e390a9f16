-- The call: which epoch a device was admitted into, the key id it would be filed under, and one message of each kind in an epoch.
ALTER TABLE call_participant ADD COLUMN epoch integer NOT NULL DEFAULT 0;
ALTER TABLE call_participant ADD COLUMN device_key_id uuid;
ALTER TABLE call_message ADD CONSTRAINT call_message_once UNIQUE (call_id, epoch, from_id, kind);
