//! The tables, as the migrations of both back ends create them.

diesel::table! {
    users (id) {
        id -> Text,
        name -> Text,
        email -> Text,
        email_key -> Text,
        password -> Nullable<Text>,
        claims -> Text,
        created_at -> BigInt,
        disabled_at -> Nullable<BigInt>,
        email_verified_at -> Nullable<BigInt>,
        locale -> Nullable<Text>,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        user_id -> Text,
        generation -> BigInt,
        created_at -> BigInt,
        rotated_at -> Nullable<BigInt>,
        idle_expires_at -> BigInt,
        expires_at -> BigInt,
        forgiven_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
        revoked_reason -> Nullable<Text>,
        last_outcome -> Nullable<Text>,
        auth_time -> BigInt,
        amr -> Text,
        claims -> Text,
        ip -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        label -> Nullable<Text>,
        revoked_by -> Nullable<Text>,
        client_id -> Nullable<Text>,
    }
}

diesel::table! {
    service_keys (id) {
        id -> Text,
        name -> Text,
        hash -> Binary,
        scopes -> Text,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    keys (id) {
        id -> Text,
        key_use -> Text,
        algorithm -> Text,
        predecessor -> Nullable<Text>,
        wrapped -> Binary,
        created_at -> BigInt,
        signs_from -> BigInt,
        verifies_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    events (id) {
        id -> Text,
        at -> BigInt,
        kind -> Text,
        outcome -> Text,
        user_id -> Nullable<Text>,
        session_id -> Nullable<Text>,
        ip -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        actor -> Nullable<Text>,
        reason -> Nullable<Text>,
        subject -> Nullable<Text>,
        request_id -> Nullable<Text>,
        replica -> Nullable<Text>,
    }
}

diesel::table! {
    sign_in_attempts (target) {
        target -> Binary,
        tat -> BigInt,
    }
}

diesel::table! {
    challenges (id) {
        id -> Text,
        kind -> Text,
        user_id -> Nullable<Text>,
        email -> Text,
        email_key -> Text,
        browser -> Nullable<Binary>,
        return_to -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> BigInt,
        attempts_left -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    outbox (id) {
        id -> Text,
        kind -> Text,
        user_id -> Nullable<Text>,
        challenge_id -> Nullable<Text>,
        recipient -> Text,
        locale -> Nullable<Text>,
        parameters -> Text,
        created_at -> BigInt,
        due_at -> BigInt,
        attempts -> BigInt,
        last_error -> Nullable<Text>,
        outcome -> Nullable<Text>,
        done_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    leases (name) {
        name -> Text,
        holder -> Text,
        expires_at -> BigInt,
    }
}

diesel::table! {
    claim_changes (user_id) {
        user_id -> Text,
        claims -> Text,
        changed_at -> BigInt,
    }
}

diesel::table! {
    deleted_users (id) {
        id -> Text,
        deleted_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(sessions, outbox, users);

diesel::table! {
    __diesel_schema_migrations (version) {
        version -> Text,
        run_on -> Timestamp,
    }
}
