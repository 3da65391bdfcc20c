-- What every replica reads each second: the sessions revoked lately.
CREATE INDEX sessions_revoked ON sessions (revoked_at, id) WHERE revoked_at IS NOT NULL;

-- What is cleaned away. `expires_at` never changes, so a renewal touches neither index.
CREATE INDEX sessions_expires_at ON sessions (expires_at);
