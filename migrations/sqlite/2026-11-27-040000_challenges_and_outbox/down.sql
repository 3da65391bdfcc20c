CREATE TABLE password_links (
    hash       BLOB NOT NULL PRIMARY KEY,
    user_id    TEXT NOT NULL,
    expires_at INTEGER NOT NULL
);
CREATE INDEX password_links_user_id ON password_links (user_id);
DROP TABLE leases;
DROP TABLE outbox;
DROP TABLE challenges;
ALTER TABLE users DROP COLUMN locale;
ALTER TABLE users DROP COLUMN email_verified_at;
