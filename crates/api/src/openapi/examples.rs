//! Bodies that work when pasted, in the order of the README's tour.

use serde_json::{Value, json};

pub(super) fn of_schema(name: &str) -> Option<Value> {
    let user = json!({
        "id": "0192f0c1-2d3e-7a4b-8c5d-6e7f80910a1b",
        "name": "Ann",
        "email": "ann@example.org"
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
    let managed = json!({
        "id": "9",
        "name": "Cy",
        "email": "cy@example.org",
        "claims": { "role": "admin" },
        "has_password": false,
        "disabled": false,
        "created_at": "2026-11-24T09:00:00Z"
    });
    let event = json!({
        "id": "0192f0c1-9b0c-7d1e-8f20-314253647586",
        "at": "2026-11-24T09:00:00Z",
        "kind": "sign_in",
        "outcome": "done",
        "session": "0192f0c1-8a9b-7c0d-9e1f-203142536475",
        "ip": "192.0.2.17",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
    });
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
        "AccessToken" => json!({
            "token": "eyJhbGciOiJIUzUxMiIsImtpZCI6Im…",
            "token_type": "Bearer",
            "expires_in": 300
        }),
        "Message" => json!({ "message": "success" }),
        "RevokedSessions" => json!({
            "sessions": ["0192f0c1-8a9b-7c0d-9e1f-203142536475"],
            "proof": "eyJhbGciOiJFZERTQSIsInR5cCI6InJldm…"
        }),
        "Introspection" => json!({ "active": false }),
        "Health" => json!({ "status": "ready" }),
        "AuthorizationServer" => json!({
            "issuer": "https://id.example.org",
            "jwks_uri": "https://id.example.org/.well-known/jwks.json",
            "introspection_endpoint": "https://id.example.org/api/introspect",
            "revocation_endpoint": "https://id.example.org/api/revoke",
            "revocation_endpoint_auth_methods_supported": ["none"],
            "response_types_supported": [],
            "grant_types_supported": [],
            "service_documentation": "https://id.example.org/docs/"
        }),
        "User" => user,
        "Session" => session,
        "SessionList" => json!({ "sessions": [session] }),
        "AccountUpdate" => json!({ "name": "Ann Lee" }),
        "AccountDeletion" => json!({ "password": "correct horse battery staple" }),
        "PasswordByLink" => json!({
            "token": "symbolon_pl_…",
            "new": "correct horse battery staple"
        }),
        "UserCreation" => json!({ "id": 9, "name": "Cy", "email": "cy@example.org" }),
        "UserUpdate" => json!({ "claims": { "role": "admin" } }),
        "PasswordLink" => json!({
            "token": "symbolon_pl_…",
            "expires_at": "2026-11-25T09:00:00Z"
        }),
        "ManagedUser" => managed,
        "UserList" => json!({ "users": [managed] }),
        "Event" => event,
        "EventList" => json!({ "events": [event] }),
        "Ended" => json!({ "ended": 2 }),
        "NewPassword" => json!({
            "current": "correct horse battery",
            "new": "correct horse battery staple"
        }),
        "Me" => json!({ "user": user, "session": session }),
        _ => return None,
    })
}
