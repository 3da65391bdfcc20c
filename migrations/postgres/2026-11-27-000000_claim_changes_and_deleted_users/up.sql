-- The custom claims of users whose claims changed lately: access tokens with others are refused.
CREATE TABLE claim_changes (
    user_id    TEXT NOT NULL PRIMARY KEY,
    -- A JSON object: the claims since then.
    claims     TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);

CREATE INDEX claim_changes_changed_at ON claim_changes (changed_at ASC);

-- The ids of users who were deleted. They are not given again: other systems may still know them.
CREATE TABLE deleted_users (
    id         TEXT NOT NULL PRIMARY KEY,
    deleted_at BIGINT NOT NULL
);
