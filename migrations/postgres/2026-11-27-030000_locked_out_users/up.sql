-- While legacy tokens are accepted, each replica asks every second whether somebody was disabled or deleted.
CREATE INDEX users_disabled ON users (disabled_at ASC) WHERE disabled_at IS NOT NULL;
CREATE INDEX deleted_users_deleted ON deleted_users (deleted_at ASC);
