-- The service key that opened the session (client_id, RFC 9068); NULL if its user signed in.
ALTER TABLE sessions ADD COLUMN client_id TEXT;
