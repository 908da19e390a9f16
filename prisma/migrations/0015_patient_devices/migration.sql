-- A patient's devices: what each is called, how it came to be one, and the opaque messages of a pairing.
CREATE TYPE patient_key_kind AS ENUM ('device', 'kit', 'passkey');
ALTER TYPE patient_key_state ADD VALUE 'paired' AFTER 'confirmed';
ALTER TABLE patient_key ADD COLUMN name text NOT NULL DEFAULT '';
ALTER TABLE patient_key ADD COLUMN kind patient_key_kind NOT NULL DEFAULT 'device';
ALTER TABLE patient_key ADD COLUMN link text;
ALTER TABLE patient_key ADD COLUMN revoked_at timestamptz(3);

-- Not a tenant's: a pairing begins before either side says of whom. Ids come from the secret that only the two devices
-- have, bodies are sealed under it, and a place is filled once.
CREATE TABLE pair_message (
  relay text NOT NULL,
  seq integer NOT NULL,
  body bytea NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  CONSTRAINT pair_message_pkey PRIMARY KEY (relay, seq)
);
CREATE INDEX pair_message_expires_at_idx ON pair_message (expires_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON pair_message TO curtain_app;
