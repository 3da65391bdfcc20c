DROP TABLE keys;
DROP TABLE service_keys;
DROP TABLE sessions;
DROP TABLE users;
