-- The audit trail: what happened to accounts, sessions and keys, and by whom.
CREATE TABLE events (
    -- A UUID of version 7: in the order of time.
    id         TEXT NOT NULL PRIMARY KEY,
    at         BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    outcome    TEXT NOT NULL,
    user_id    TEXT,
    session_id TEXT,
    ip         TEXT,
    user_agent TEXT,
    -- What else there is to say; never a secret.
    detail     TEXT
);

CREATE INDEX events_user_id ON events (user_id, id);

-- Attempts to sign in, for a limit that all replicas share.
CREATE TABLE sign_in_attempts (
    -- SHA-256 of the account that is guessed at; a device that is known to it counts apart.
    target   BYTEA NOT NULL PRIMARY KEY,
    -- When all attempts are allowed again (GCRA).
    whole_at BIGINT NOT NULL
);

CREATE INDEX sign_in_attempts_whole_at ON sign_in_attempts (whole_at);

-- Links by which somebody sets a password without knowing one. Each works once.
CREATE TABLE password_links (
    -- SHA-256 of the token.
    hash       BYTEA NOT NULL PRIMARY KEY,
    user_id    TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX password_links_user_id ON password_links (user_id);
