-- When the user proved that they read the mail of their address; NULL if they have not.
ALTER TABLE users ADD COLUMN email_verified_at BIGINT;
-- The language of mails and pages, such as ru; NULL if the user's browser named none that we have.
ALTER TABLE users ADD COLUMN locale TEXT;

-- What was asked for and is awaited: a mailed code or link. The secret is computed from the id, never stored.
CREATE TABLE challenges (
    id            TEXT NOT NULL PRIMARY KEY,
    kind          TEXT NOT NULL,
    -- NULL if nobody has the address: asking takes as long, and leaves as much behind.
    user_id       TEXT,
    email         TEXT NOT NULL,
    email_key     TEXT NOT NULL,
    -- The SHA-256 of the cookie of the browser that asked.
    browser       BYTEA,
    return_to     TEXT,
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    attempts_left BIGINT NOT NULL,
    used_at       BIGINT
);

CREATE INDEX challenges_email ON challenges (email_key);
CREATE INDEX challenges_user ON challenges (user_id);
CREATE INDEX challenges_browser ON challenges (browser);
CREATE INDEX challenges_expires ON challenges (expires_at ASC);

-- Mails to be delivered, at least once. A row holds no code and no link.
CREATE TABLE outbox (
    id           TEXT NOT NULL PRIMARY KEY,
    kind         TEXT NOT NULL,
    user_id      TEXT,
    challenge_id TEXT,
    recipient    TEXT NOT NULL,
    locale       TEXT,
    -- A JSON object.
    parameters   TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    attempts     BIGINT NOT NULL,
    last_error   TEXT,
    -- sent, given_up or suppressed; NULL while it waits.
    outcome      TEXT,
    done_at      BIGINT
);

CREATE INDEX outbox_due ON outbox (due_at ASC) WHERE done_at IS NULL;
CREATE INDEX outbox_created ON outbox (created_at ASC);

-- What only one replica does at a time.
CREATE TABLE leases (
    name       TEXT NOT NULL PRIMARY KEY,
    holder     TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- A link for setting a password is a challenge now. Those that were made before, at most a day ago, end.
DROP TABLE password_links;
