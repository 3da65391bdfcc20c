DROP INDEX deleted_users_deleted;
DROP INDEX users_disabled;
