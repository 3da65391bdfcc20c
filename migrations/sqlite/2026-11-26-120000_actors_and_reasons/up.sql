-- A name is a display name: two people may share one. SQLite cannot drop the constraint.
CREATE TABLE new_users (
    id          TEXT NOT NULL PRIMARY KEY,
    name        TEXT NOT NULL,
    email       TEXT NOT NULL,
    -- The email address in lower case: two spellings are one account.
    email_key   TEXT NOT NULL UNIQUE,
    -- A PHC string. Without one, only a service key opens sessions for this user.
    password    TEXT,
    -- A JSON object: the user's custom claims in access tokens.
    claims      TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    disabled_at INTEGER
) STRICT;
INSERT INTO new_users SELECT id, name, email, email_key, password, claims, created_at, disabled_at FROM users;
DROP TABLE users;
ALTER TABLE new_users RENAME TO users;

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
DROP INDEX sign_in_attempts_whole_at;
CREATE INDEX sign_in_attempts_tat ON sign_in_attempts (tat);
