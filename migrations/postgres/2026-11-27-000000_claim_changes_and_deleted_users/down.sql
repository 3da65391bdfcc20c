DROP TABLE deleted_users;
DROP TABLE claim_changes;
UPDATE events SET kind = 'session_revoked' WHERE kind = 'sessions_revoked';
