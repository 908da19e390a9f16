-- A code is used up by a newer one too. One that was answered tells that the device holds that appointment's own link.
ALTER TABLE email_code ADD COLUMN answered boolean NOT NULL DEFAULT false;
