-- A name is a display name: two people may share one.
ALTER TABLE users DROP CONSTRAINT users_name_key;

-- Who revoked the session: user:ID, service_key:NAME, command_line, system or trusted_network.
ALTER TABLE sessions ADD COLUMN revoked_by TEXT;

-- Who did it, written as above; NULL where the caller has not proven who they are.
ALTER TABLE events ADD COLUMN actor TEXT;
-- A stable word that says why.
ALTER TABLE events ADD COLUMN reason TEXT;
-- What the event is about besides a user and a session: a key, a service key, a number of users.
ALTER TABLE events ADD COLUMN subject TEXT;

UPDATE events SET actor = 'command_line' WHERE detail LIKE 'command line%';
UPDATE events SET subject = substr(detail, length('command line: ') + 1) WHERE detail LIKE 'command line: %';
UPDATE events SET actor = 'service_key:' || substr(detail, length('service key ') + 1) WHERE detail LIKE 'service key %';
UPDATE events SET reason = detail WHERE detail NOT LIKE '% %';
UPDATE events SET kind = 'session_revoked' WHERE kind = 'session_ended';
ALTER TABLE events DROP COLUMN detail;

-- The theoretical arrival time of the generic cell rate algorithm.
ALTER TABLE sign_in_attempts RENAME COLUMN whole_at TO tat;
ALTER INDEX sign_in_attempts_whole_at RENAME TO sign_in_attempts_tat;
