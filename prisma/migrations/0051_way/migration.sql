-- How a visit takes place. An appointment keeps what its service said when it was booked.
CREATE TYPE visit_way AS ENUM ('video', 'phone', 'in_person');
ALTER TABLE service ADD COLUMN way visit_way NOT NULL DEFAULT 'video';
ALTER TABLE appointment ADD COLUMN way visit_way NOT NULL DEFAULT 'video';
