-- The birthday at which a guardian's access to a child's records ends: what browsers propose, and both then sign.
ALTER TABLE clinic ADD COLUMN guardian_age integer NOT NULL DEFAULT 18;
ALTER TABLE clinic ADD CONSTRAINT clinic_guardian_age CHECK (guardian_age BETWEEN 14 AND 18);
