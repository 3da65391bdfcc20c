CREATE TABLE users (
    id          TEXT NOT NULL PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    email       TEXT NOT NULL,
    -- The e-mail in lower case: two spellings are one account.
    email_key   TEXT NOT NULL UNIQUE,
    -- A PHC string. Without one, only a service key opens sessions for this user.
    password    TEXT,
    -- A JSON object: the user's own claims in access tokens.
    claims      TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    disabled_at INTEGER
) STRICT;

-- No foreign key: a revoked session outlives its user, until its access tokens have expired.
CREATE TABLE sessions (
    id              TEXT NOT NULL PRIMARY KEY,
    user_id         TEXT NOT NULL,
    generation      INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    rotated_at      INTEGER,
    idle_expires_at INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    forgiven_at     INTEGER,
    revoked_at      INTEGER,
    revoked_reason  TEXT,
    -- What the last renewal that changed this row was: the statement decides, and tells here.
    last_outcome    TEXT,
    auth_time       INTEGER NOT NULL,
    amr             TEXT NOT NULL,
    claims          TEXT NOT NULL,
    ip              TEXT,
    user_agent      TEXT,
    label           TEXT
) STRICT;

CREATE INDEX sessions_user_id ON sessions (user_id);

CREATE TABLE service_keys (
    id           TEXT NOT NULL PRIMARY KEY,
    name         TEXT NOT NULL,
    -- SHA-256 of the key.
    hash         BLOB NOT NULL UNIQUE,
    -- Separated by spaces (RFC 6749 section 3.3).
    scopes       TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    revoked_at   INTEGER,
    last_used_at INTEGER
) STRICT;

CREATE UNIQUE INDEX service_keys_name ON service_keys (name) WHERE revoked_at IS NULL;

CREATE TABLE keys (
    id         TEXT NOT NULL PRIMARY KEY,
    -- 'access' or 'refresh'.
    key_use    TEXT NOT NULL,
    algorithm  TEXT NOT NULL,
    -- 'next', 'active' or 'retiring'.
    state      TEXT NOT NULL,
    -- The secret under the master key: AES-256-GCM, with id and use as associated data.
    wrapped    BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX keys_active ON keys (key_use) WHERE state = 'active';
