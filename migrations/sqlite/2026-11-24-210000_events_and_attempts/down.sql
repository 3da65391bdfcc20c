DROP TABLE password_links;
DROP TABLE sign_in_attempts;
DROP TABLE events;
