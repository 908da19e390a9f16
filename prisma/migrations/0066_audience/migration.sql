-- For whom a service is: whoever books, who comes for the first time, or who has been to the clinic before.
CREATE TYPE service_audience AS ENUM ('anyone', 'first_visit', 'follow_up');
ALTER TABLE service ADD COLUMN audience service_audience NOT NULL DEFAULT 'anyone';
