-- A shorter time begins later, and every officer is told: until then the longer of the two counts.
ALTER TABLE retention_setting
  ADD COLUMN before_identity_years int,
  ADD COLUMN before_clinical_years int,
  ADD COLUMN before_administrative_years int,
  ADD COLUMN before_auto_days int,
  ADD COLUMN begins_at timestamptz(3),
  ADD CONSTRAINT retention_setting_before CHECK (
    (begins_at IS NULL) = (before_identity_years IS NULL)
    AND (begins_at IS NULL) = (before_clinical_years IS NULL)
    AND (begins_at IS NULL) = (before_administrative_years IS NULL)
  );
