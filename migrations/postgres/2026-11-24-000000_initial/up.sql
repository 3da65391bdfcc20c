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
    created_at  BIGINT NOT NULL,
    disabled_at BIGINT
);

-- No foreign key: a revoked session outlives its user, until its access tokens have expired.
-- The fill factor leaves room on each page, so that a renewal is a HOT update.
CREATE TABLE sessions (
    id              TEXT NOT NULL PRIMARY KEY,
    user_id         TEXT NOT NULL,
    generation      BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    rotated_at      BIGINT,
    idle_expires_at BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    forgiven_at     BIGINT,
    revoked_at      BIGINT,
    revoked_reason  TEXT,
    -- What the last renewal that changed this row was: the statement decides, and tells here.
    last_outcome    TEXT,
    auth_time       BIGINT NOT NULL,
    amr             TEXT NOT NULL,
    claims          TEXT NOT NULL,
    ip              TEXT,
    user_agent      TEXT,
    label           TEXT
) WITH (fillfactor = 70);

CREATE INDEX sessions_user_id ON sessions (user_id);

CREATE TABLE service_keys (
    id           TEXT NOT NULL PRIMARY KEY,
    name         TEXT NOT NULL,
    -- SHA-256 of the key.
    hash         BYTEA NOT NULL UNIQUE,
    -- Separated by spaces (RFC 6749 section 3.3).
    scopes       TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT,
    revoked_at   BIGINT,
    last_used_at BIGINT
);

CREATE UNIQUE INDEX service_keys_name ON service_keys (name) WHERE revoked_at IS NULL;

CREATE TABLE keys (
    id         TEXT NOT NULL PRIMARY KEY,
    -- 'access' or 'refresh'.
    key_use    TEXT NOT NULL,
    algorithm  TEXT NOT NULL,
    -- 'next', 'active' or 'retiring'.
    state      TEXT NOT NULL,
    -- The secret under the master key: AES-256-GCM, with id and use as associated data.
    wrapped    BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE UNIQUE INDEX keys_active ON keys (key_use) WHERE state = 'active';
