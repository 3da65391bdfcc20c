-- Who did it: user:ID, service_key:NAME, command_line, system or trusted_network; NULL where the caller
-- has not proven who they are.
ALTER TABLE events ADD COLUMN actor TEXT;
-- A stable word that says why.
ALTER TABLE events ADD COLUMN reason TEXT;
-- What the event is about besides a user and a session: a key, a service key, a number of users.
ALTER TABLE events ADD COLUMN subject TEXT;

-- One pass: what the texts said, in columns. Texts that said nothing else are dropped.
UPDATE events SET
    kind = CASE kind WHEN 'session_ended' THEN 'session_revoked' ELSE kind END,
    actor = CASE
        WHEN kind = 'service_key_refused' THEN NULL
        WHEN detail LIKE 'command line%' THEN 'command_line'
        WHEN detail LIKE 'service key %' THEN 'service_key:' || substr(detail, length('service key ') + 1)
        WHEN detail LIKE '% key %, by age' THEN 'system'
    END,
    subject = CASE
        WHEN kind = 'service_key_refused' THEN substr(detail, 1, instr(detail, ': ') - 1)
        WHEN detail LIKE 'command line: %, emergency'
            THEN substr(detail, length('command line: ') + 1, length(detail) - length('command line: , emergency'))
        WHEN detail LIKE 'command line: %' THEN substr(detail, length('command line: ') + 1)
        WHEN detail LIKE '% key %, by age' THEN substr(detail, 1, length(detail) - length(', by age'))
    END,
    reason = CASE
        WHEN kind = 'service_key_refused'
            THEN CASE WHEN detail LIKE '%: lacks %' THEN 'scope_missing' END
        WHEN kind = 'session_ended' AND (detail LIKE 'command line%' OR detail LIKE 'service key %')
            THEN 'revoked_by_operator'
        WHEN detail LIKE '%another user agent and network than at sign-in' THEN 'other_device'
        WHEN detail LIKE '%another user agent than at sign-in' THEN 'other_user_agent'
        WHEN detail LIKE '%another network than at sign-in' THEN 'other_network'
        WHEN detail LIKE '% key %, emergency' THEN 'emergency'
        WHEN detail LIKE '% key %, by age' THEN 'age'
        WHEN detail = 'closed' THEN 'registration_closed'
        WHEN detail NOT LIKE '% %' AND detail <> 'name_taken' THEN detail
    END;
ALTER TABLE events DROP COLUMN detail;

-- The theoretical arrival time of the generic cell rate algorithm.
ALTER TABLE sign_in_attempts RENAME COLUMN whole_at TO tat;
DROP INDEX sign_in_attempts_whole_at;
CREATE INDEX sign_in_attempts_tat ON sign_in_attempts (tat);

-- Who revoked the session, written as above; NULL for those that an operator or a back end revoked before
-- this was recorded.
ALTER TABLE sessions ADD COLUMN revoked_by TEXT;
UPDATE sessions SET revoked_by = CASE
        WHEN revoked_reason IN ('reuse', 'session_limit') THEN 'system'
        WHEN revoked_reason IN ('logout', 'revoked_by_user', 'password_changed') THEN 'user:' || user_id
    END
    WHERE revoked_at IS NOT NULL;

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
