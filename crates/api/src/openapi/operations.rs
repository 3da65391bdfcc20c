//! Each operation's problems, headers and ways to prove who calls.

use serde_json::{Map, Value, json};

use crate::http::handlers::well_known::JWK_SET;
use crate::http::handlers::{
    admin, change_password, delete_me, end_other_sessions, end_session, health, introspect,
    list_events, list_sessions, login, logout, me, refresh_access, refresh_all, register, revoke,
    set_password, tokens, update_me, verify,
};
use crate::http::problem::{self, Code};

/// Which problems each operation can answer with, beside those of its kind.
const PROBLEMS: &[(&str, &[&[Code]])] = &[
    ("register", register::PROBLEMS),
    ("login", login::PROBLEMS),
    ("tokens", tokens::PROBLEMS),
    ("refreshAccess", refresh_access::PROBLEMS),
    ("refreshAll", refresh_all::PROBLEMS),
    ("logout", logout::PROBLEMS),
    ("introspect", introspect::PROBLEMS),
    ("revoke", revoke::PROBLEMS),
    ("me", me::PROBLEMS),
    ("verify", verify::PROBLEMS),
    ("listEvents", list_events::PROBLEMS),
    ("listSessions", list_sessions::PROBLEMS),
    ("endSession", end_session::PROBLEMS),
    ("endOtherSessions", end_other_sessions::PROBLEMS),
    ("changePassword", change_password::PROBLEMS),
    ("updateMe", update_me::PROBLEMS),
    ("deleteMe", delete_me::PROBLEMS),
    ("setPassword", set_password::PROBLEMS),
    ("listUsers", admin::LIST_PROBLEMS),
    ("createUser", admin::CREATE_PROBLEMS),
    ("readUser", admin::READ_PROBLEMS),
    ("updateUser", admin::CHANGE_PROBLEMS),
    ("deleteUser", admin::DELETE_PROBLEMS),
    ("endUserSessions", admin::DELETE_PROBLEMS),
    ("makePasswordLink", admin::DELETE_PROBLEMS),
    ("ready", health::PROBLEMS),
];

fn problems_of(operation_id: &str) -> Vec<Code> {
    let own = PROBLEMS.iter().filter(|(id, _)| *id == operation_id);
    own.flat_map(|(_, codes)| codes.concat()).collect()
}

/// What every call that changes something can answer.
const GUARDED: &[Code] = &[Code::OriginDenied];

/// What every call with a body can answer.
const WITH_BODY: &[Code] = &[
    Code::BodyMalformed,
    Code::RequestTimeout,
    Code::BodyTooLarge,
    Code::UnsupportedMediaType,
    Code::ValidationFailed,
];

pub(super) fn complete(document: &mut Value) {
    let Some(paths) = document["paths"].as_object_mut() else {
        return;
    };
    for methods in paths.values_mut().filter_map(Value::as_object_mut) {
        for (method, operation) in methods {
            if operation.is_object() {
                complete_operation(method, operation);
            }
        }
    }
}

fn complete_operation(method: &str, operation: &mut Value) {
    let id = operation["operationId"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let mut codes = problems_of(&id);
    if ["post", "patch", "delete"].contains(&method) {
        codes.extend(GUARDED);
    }
    if id == "introspect" || id == "revoke" {
        operation["requestBody"] = token_form();
    }
    if operation["requestBody"].is_object() {
        codes.extend(WITH_BODY);
    }
    if let Some(responses) = operation["responses"].as_object_mut() {
        if id == "revokedSessions" {
            let unchanged = json!({ "description": "It is what the caller has." });
            responses.insert("304".to_owned(), unchanged);
        }
        add_success_headers(&id, responses);
        add_problems(&codes, responses);
    }
    if id == "logout" || id == "refreshAll" || id == "tokens" || id == "revoke" {
        // Nothing at all may do as well: for signing out always, else from a trusted network.
        if let Some(alternatives) = operation["security"].as_array_mut() {
            alternatives.push(json!({}));
        }
    }
}

/// A token, as OAuth sends it.
fn token_form() -> Value {
    json!({
        "required": true,
        "content": { "application/x-www-form-urlencoded": { "schema": {
            "type": "object",
            "required": ["token"],
            "properties": {
                "token": { "type": "string", "description": "The token, access or refresh." },
                "token_type_hint": {
                    "type": "string",
                    "description": "Not needed: a token says itself what it is."
                }
            }
        } } }
    })
}

fn add_success_headers(operation_id: &str, responses: &mut Map<String, Value>) {
    let Some(success) = responses.get_mut("200") else {
        return;
    };
    let sets_cookie = json!({
        "description": "The refresh cookie: new, where the caller does not have it yet.",
        "schema": { "type": "string" }
    });
    match operation_id {
        "login" | "tokens" | "refreshAll" | "refreshAccess" => {
            success["headers"] = json!({
                "Authorization": {
                    "description": "The access token, as it is to be sent.",
                    "schema": { "type": "string" }
                },
                "Set-Cookie": sets_cookie
            });
        }
        "verify" => {
            let id = |of: &str| json!({ "description": of, "schema": { "type": "string" } });
            success["headers"] = json!({
                "X-User-Id": id("The user's id."),
                "X-Session-Id": id("The session's id."),
            });
        }
        "jwks" => {
            success["content"] = json!({
                JWK_SET: { "schema": { "type": "object", "required": ["keys"], "properties": {
                    "keys": { "type": "array", "items": { "type": "object" } }
                } } }
            });
        }
        "revokedSessions" => {
            success["headers"] = json!({
                "ETag": {
                    "description": "For `If-None-Match`.",
                    "schema": { "type": "string" }
                }
            });
        }
        "logout" | "endSession" | "deleteMe" => {
            success["headers"] = json!({
                "Set-Cookie": {
                    "description": "Removes the refresh cookie.",
                    "schema": { "type": "string" }
                }
            });
        }
        _ => {}
    }
}

/// One response a status, with an example for each code.
fn add_problems(codes: &[Code], responses: &mut Map<String, Value>) {
    for &code in codes {
        let response = responses
            .entry(code.status().to_string())
            .or_insert_with(|| empty_response(code));
        let description = response["description"].as_str().unwrap_or_default();
        let description = match description {
            "" => format!("`{}`: {}.", code.word(), code.title()),
            _ => format!("{description} `{}`: {}.", code.word(), code.title()),
        };
        response["description"] = description.into();
        response["content"][problem::MEDIA_TYPE]["examples"][code.word()] = json!({
            "summary": code.title(),
            "value": problem::example(code)
        });
    }
}

fn empty_response(code: Code) -> Value {
    let mut response = json!({
        "description": "",
        "content": {
            problem::MEDIA_TYPE: {
                "schema": { "$ref": "#/components/schemas/Problem" },
                "examples": {}
            }
        }
    });
    match code.status() {
        429 => {
            response["headers"] = json!({
                "Retry-After": {
                    "description": "Seconds to wait before trying again.",
                    "schema": { "type": "integer" }
                },
                "RateLimit-Policy": {
                    "description": "How often an address may try.",
                    "schema": { "type": "string" }
                },
                "RateLimit": {
                    "description": "What it has left.",
                    "schema": { "type": "string" }
                }
            });
        }
        401 => {
            response["headers"]["WWW-Authenticate"] = json!({
                "description": "How to prove who calls (RFC 6750).",
                "schema": { "type": "string" }
            });
        }
        503 => {
            response["headers"]["Retry-After"] = json!({
                "description": "Seconds to wait before trying again.",
                "schema": { "type": "integer" }
            });
        }
        _ => {}
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_that_can_fail_says_how() {
        let document = crate::openapi::by_paperclip();
        let methods = document["paths"].as_object().unwrap().values();
        let operations = methods.flat_map(|methods| methods.as_object().unwrap().values());
        let mut ids: Vec<_> = operations
            .filter_map(|o| o["operationId"].as_str())
            .collect();
        ids.retain(|id| !["live", "jwks", "authorizationServer", "revokedSessions"].contains(id));
        let mut told: Vec<_> = PROBLEMS.iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        told.sort_unstable();
        assert_eq!(ids, told);
    }
}
