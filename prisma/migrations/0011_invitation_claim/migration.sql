-- Whoever answers an invitation shows that its link was at hand. One made before this has no hash, and can be answered no more.
ALTER TABLE invitation ADD COLUMN claim_hash text NOT NULL DEFAULT '';
