DROP INDEX sessions_live;
CREATE INDEX sessions_user_id ON sessions (user_id);
DROP INDEX sessions_expires_at;
DROP INDEX sessions_revoked;
