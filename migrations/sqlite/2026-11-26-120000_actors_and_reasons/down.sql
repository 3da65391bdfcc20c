DROP INDEX sign_in_attempts_tat;
ALTER TABLE sign_in_attempts RENAME COLUMN tat TO whole_at;
CREATE INDEX sign_in_attempts_whole_at ON sign_in_attempts (whole_at);

ALTER TABLE events ADD COLUMN detail TEXT;
UPDATE events SET detail = coalesce(reason, actor);
UPDATE events SET kind = 'session_ended' WHERE kind = 'session_revoked';
ALTER TABLE events DROP COLUMN subject;
ALTER TABLE events DROP COLUMN reason;
ALTER TABLE events DROP COLUMN actor;

ALTER TABLE sessions DROP COLUMN revoked_by;

-- Fails if two users share a name by now.
CREATE UNIQUE INDEX users_name ON users (name);
