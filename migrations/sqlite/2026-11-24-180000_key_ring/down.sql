DROP TABLE keys;

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
