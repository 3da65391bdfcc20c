ALTER TABLE events DROP COLUMN replica;
ALTER TABLE events DROP COLUMN request_id;
