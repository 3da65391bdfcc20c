//! Example bodies that work in the order of the tour in `docs/tour.md`.

use serde_json::{Value, json};

pub(super) fn of_schema(name: &str) -> Option<Value> {
    request(name)
        .or_else(|| token(name))
        .or_else(|| account(name))
        .or_else(|| admin(name))
}

fn request(name: &str) -> Option<Value> {
    Some(match name {
        "Registration" => json!({
            "name": "Ann",
            "email": "ann@example.org",
            "password": "correct horse battery"
        }),
        "Credentials" => json!({
            "email": "ann@example.org",
            "password": "correct horse battery"
        }),
        "IssueRequest" => json!({ "id": 7 }),
        "RenewalRequest" => json!({}),
        "AccountUpdate" => json!({ "name": "Ann Lee" }),
        "AccountDeletion" => json!({ "password": "correct horse battery staple" }),
        "NewPassword" => json!({
            "current": "correct horse battery",
            "new": "correct horse battery staple"
        }),
        "PasswordByLink" => json!({
            "token": "AZLwwZsMfR6PIDFCU2R1hg…",
            "new": "correct horse battery staple"
        }),
        "MailRequest" => json!({ "email": "ann@example.org" }),
        "MailedCredentials" => json!({ "code": "1234 5678" }),
        "EmailProof" => json!({ "token": "AZLwwZsMfR6PIDFCU2R1hg…" }),
        "EmailChangeUndo" => json!({ "token": "AZLwwZsMfR6PIDFCU2R1hg…" }),
        "LinkToken" => json!({ "token": "AZLwwZsMfR6PIDFCU2R1hg…" }),
        "InvitationAcceptance" => json!({
            "token": "AZLwwZsMfR6PIDFCU2R1hg…",
            "name": "Cy",
            "password": "correct horse battery"
        }),
        "UserCreation" => json!({ "id": 9, "name": "Cy", "email": "cy@example.org" }),
        "UserUpdate" => json!({ "claims": { "role": "admin" } }),
        _ => return None,
    })
}

fn token(name: &str) -> Option<Value> {
    Some(match name {
        "AccessToken" => json!({
            "token": "eyJhbGciOiJIUzUxMiIsImtpZCI6Im…",
            "token_type": "Bearer",
            "expires_in": 300
        }),
        "RevokedSessions" => json!({
            "sessions": ["0192f0c1-8a9b-7c0d-9e1f-203142536475"],
            "proof": "eyJhbGciOiJFZERTQSIsInR5cCI6InJldm…"
        }),
        "Introspection" => json!({ "active": false }),
        "ServerMetadata" => json!({
            "issuer": "https://id.example.org",
            "jwks_uri": "https://id.example.org/.well-known/jwks.json",
            "introspection_endpoint": "https://id.example.org/api/introspect",
            "revocation_endpoint": "https://id.example.org/api/revoke",
            "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "Bearer"],
            "revocation_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post", "Bearer"],
            "response_types_supported": [],
            "grant_types_supported": [],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "service_documentation": "https://id.example.org/docs/"
        }),
        _ => return None,
    })
}

fn account(name: &str) -> Option<Value> {
    let user = json!({
        "id": "0192f0c1-2d3e-7a4b-8c5d-6e7f80910a1b",
        "name": "Ann",
        "email": "ann@example.org",
        "email_verified": true,
        "locale": "en"
    });
    let session = json!({
        "id": "0192f0c1-8a9b-7c0d-9e1f-203142536475",
        "current": true,
        "label": "Firefox on Linux",
        "ip": "192.0.2.17",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "created_at": "2026-11-24T09:00:00Z",
        "renewed_at": "2026-11-24T09:00:00Z",
        "idle_expires_at": "2026-11-27T09:00:00Z",
        "expires_at": "2026-12-24T09:00:00Z"
    });
    let event = json!({
        "id": "0192f0c1-9b0c-7d1e-8f20-314253647586",
        "at": "2026-11-24T09:00:00Z",
        "kind": "sign_in",
        "outcome": "done",
        "actor": "user:0192f0c1-2d3e-7a4b-8c5d-6e7f80910a1b",
        "session": "0192f0c1-8a9b-7c0d-9e1f-203142536475",
        "ip": "192.0.2.17",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
    });
    Some(match name {
        "User" => user,
        "Session" => session,
        "Me" => json!({ "user": user, "session": session }),
        "SessionList" => json!({ "sessions": [session] }),
        "Event" => event,
        "EventList" => json!({ "events": [event] }),
        "Revoked" => json!({ "revoked": 2 }),
        "Sent" => json!({ "message": "sent" }),
        "VerifiedEmail" => json!({ "email": "ann@example.org", "email_verified": true }),
        "RestoredEmail" => json!({ "email": "ann@example.org" }),
        "Link" => json!({
            "kind": "reset_password",
            "email": "ann@example.org",
            "name": "Ann",
            "expires_at": "2026-11-24T10:00:00Z"
        }),
        "Message" => json!({ "message": "success" }),
        "Health" => json!({ "status": "ready" }),
        _ => return None,
    })
}

fn admin(name: &str) -> Option<Value> {
    let user = json!({
        "id": "9",
        "name": "Cy",
        "email": "cy@example.org",
        "email_verified": false,
        "claims": { "role": "admin" },
        "has_password": false,
        "disabled": false,
        "created_at": "2026-11-24T09:00:00Z"
    });
    Some(match name {
        "ManagedUser" => user,
        "UserList" => json!({ "users": [user] }),
        "PasswordLink" => json!({
            "token": "AZLwwZsMfR6PIDFCU2R1hg…",
            "expires_at": "2026-11-25T09:00:00Z"
        }),
        "ManagedSession" => json!({
            "id": "0192f0c1-8a9b-7c0d-9e1f-203142536475",
            "user": "9",
            "label": "Firefox on Linux",
            "ip": "192.0.2.17",
            "created_at": "2026-11-24T09:00:00Z",
            "renewed_at": "2026-11-24T09:00:00Z",
            "idle_expires_at": "2026-11-27T09:00:00Z",
            "expires_at": "2026-12-24T09:00:00Z",
            "ended_at": "2026-11-24T10:00:00Z",
            "end_reason": "revoked_by_operator",
            "ended_by": "service_key:hr"
        }),
        _ => return None,
    })
}
