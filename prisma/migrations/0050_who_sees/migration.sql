-- Who sees the patient where several practitioners offer a service.
CREATE TYPE assignment AS ENUM ('choose', 'first', 'turn');
ALTER TABLE service ADD COLUMN assignment assignment NOT NULL DEFAULT 'choose';
