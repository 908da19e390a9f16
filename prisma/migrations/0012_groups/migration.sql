-- Practitioners who see their own patients only. What enforces it are keys: see docs/decisions/009-groups-have-scopes.md.
ALTER TABLE member ADD COLUMN own_patients boolean NOT NULL DEFAULT false;
