-- The request that caused the event, and the replica that recorded it; NULL for commands and for events of before.
ALTER TABLE events ADD COLUMN request_id TEXT;
ALTER TABLE events ADD COLUMN replica TEXT;
