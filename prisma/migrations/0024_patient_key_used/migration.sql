-- By the day: a person sees that a passkey they do not know was used, and nobody sees at what hour anybody was awake.
ALTER TABLE patient_key ADD COLUMN used_on date;
