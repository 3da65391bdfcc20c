-- Keys of before are of another form, and are made anew: everyone signs in again.
DROP TABLE keys;

-- A key signs from one moment on and until its successor does; it verifies for longer.
CREATE TABLE keys (
    id             TEXT NOT NULL PRIMARY KEY,
    -- 'access' or 'refresh'.
    key_use        TEXT NOT NULL,
    algorithm      TEXT NOT NULL,
    -- The key in whose place this one signs; empty for the first. NULL: it does not sign.
    predecessor    TEXT,
    -- The key as a JWK, under the master key: AES-256-GCM, with id and use as associated data.
    wrapped        BYTEA NOT NULL,
    created_at     BIGINT NOT NULL,
    signs_from     BIGINT NOT NULL,
    -- NULL: as long as there is no successor.
    verifies_until BIGINT
);

-- Of several replicas that rotate at once, one wins.
CREATE UNIQUE INDEX keys_predecessor ON keys (key_use, predecessor);
