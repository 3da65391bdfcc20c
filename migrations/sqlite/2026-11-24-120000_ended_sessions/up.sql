-- What every replica reads each second: the sessions revoked lately.
CREATE INDEX sessions_revoked ON sessions (revoked_at, id) WHERE revoked_at IS NOT NULL;

-- What is cleaned away. `expires_at` never changes, so a renewal touches neither index.
CREATE INDEX sessions_expires_at ON sessions (expires_at);

-- The live sessions of a user, the newest last; those that ended are never asked for by user.
DROP INDEX sessions_user_id;
CREATE INDEX sessions_live ON sessions (user_id, id) WHERE revoked_at IS NULL;
