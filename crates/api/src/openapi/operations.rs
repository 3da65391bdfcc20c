//! The problems, headers and security requirements of each operation.

use serde_json::{Map, Value, json};

use crate::handlers::api::{
    admin, email, events, introspect, invitation, link, login, logout, me, password,
    refresh_access, refresh_all, register, revoke, sessions, tokens, verify,
};
use crate::handlers::health;
use crate::handlers::well_known::jwks::JWK_SET;
use crate::handlers::well_known::revoked_sessions;
use crate::problem::{self, Code};

/// Which problems each operation can answer, besides those of its kind.
const PROBLEMS: &[(&str, &[&[Code]])] = &[
    ("register", register::PROBLEMS),
    ("login", login::PROBLEMS),
    ("tokens", tokens::PROBLEMS),
    ("refreshAccess", refresh_access::PROBLEMS),
    ("refreshAll", refresh_all::PROBLEMS),
    ("logout", logout::PROBLEMS),
    ("introspect", introspect::PROBLEMS),
    ("revoke", revoke::PROBLEMS),
    ("me", me::read::PROBLEMS),
    ("updateMe", me::update::PROBLEMS),
    ("deleteMe", me::delete::PROBLEMS),
    ("deleteMeByPost", me::delete::PROBLEMS),
    ("verify", verify::PROBLEMS),
    ("verifyBrowser", verify::browser::PROBLEMS),
    ("listEvents", events::PROBLEMS),
    ("listSessions", sessions::list::PROBLEMS),
    ("revokeSession", sessions::revoke::PROBLEMS),
    ("revokeOtherSessions", sessions::revoke_others::PROBLEMS),
    ("changePassword", password::change::PROBLEMS),
    ("setPassword", password::set::PROBLEMS),
    ("forgotPassword", password::forgot::PROBLEMS),
    ("sendLoginCode", login::send_code::PROBLEMS),
    ("loginByMail", login::by_mail::PROBLEMS),
    ("verifyEmail", email::verify::PROBLEMS),
    ("sendVerification", email::send::PROBLEMS),
    ("undoEmailChange", email::undo::PROBLEMS),
    ("readLink", link::PROBLEMS),
    ("acceptInvitation", invitation::PROBLEMS),
    ("listUsers", admin::users::list::PROBLEMS),
    ("createUser", admin::users::create::PROBLEMS),
    ("readUser", admin::users::read::PROBLEMS),
    ("updateUser", admin::users::update::PROBLEMS),
    ("deleteUser", admin::users::delete::PROBLEMS),
    (
        "revokeUserSessions",
        admin::users::revoke_sessions::PROBLEMS,
    ),
    (
        "createPasswordLink",
        admin::users::create_password_link::PROBLEMS,
    ),
    ("readSession", admin::sessions::read::PROBLEMS),
    ("ready", health::PROBLEMS),
    ("revokedSessions", revoked_sessions::PROBLEMS),
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
    codes.push(Code::RequestMalformed);
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
            let unchanged = json!({ "description": "The list has not changed." });
            responses.insert("304".to_owned(), unchanged);
        }
        add_success_headers(&id, responses);
        add_problems(&codes, responses);
    }
    if id == "verifyEmail"
        || id == "logout"
        || id == "refreshAll"
        || id == "tokens"
        || id == "revoke"
    {
        // No security requirement is an alternative: for signing out always, else from a trusted network.
        if let Some(alternatives) = operation["security"].as_array_mut() {
            alternatives.push(json!({}));
        }
    }
}

/// A form with a token, as OAuth sends it.
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
                    "description": "Ignored, except that only `refresh_token` lets a refresh token be introspected: a token states its type."
                },
                "client_id": {
                    "type": "string",
                    "description": "The name of the service key, if it is not in the header."
                },
                "client_secret": { "type": "string", "description": "The service key." }
            }
        } } }
    })
}

fn add_success_headers(operation_id: &str, responses: &mut Map<String, Value>) {
    let Some(success) = responses.get_mut("200") else {
        return;
    };
    let sets_cookie = json!({
        "description": "The refresh cookie, if it is new to the caller.",
        "schema": { "type": "string" }
    });
    match operation_id {
        "login" | "loginByMail" | "tokens" | "refreshAll" | "refreshAccess" => {
            success["headers"] = json!({
                "Authorization": {
                    "description": "The access token, as clients send it.",
                    "schema": { "type": "string" }
                },
                "Set-Cookie": sets_cookie
            });
        }
        "verify" | "verifyBrowser" => {
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
        "logout" | "revokeSession" | "deleteMe" | "deleteMeByPost" => {
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

/// One response for each status, with an example for each code.
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
                    "description": "The limit: requests per address and time window.",
                    "schema": { "type": "string" }
                },
                "RateLimit": {
                    "description": "The remaining allowance of the address.",
                    "schema": { "type": "string" }
                }
            });
        }
        401 => {
            response["headers"]["WWW-Authenticate"] = json!({
                "description": "How to authenticate (RFC 6750).",
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
    fn every_operation_that_can_fail_lists_its_problems() {
        let document = crate::openapi::by_paperclip();
        let methods = document["paths"].as_object().unwrap().values();
        let operations = methods.flat_map(|methods| methods.as_object().unwrap().values());
        let mut ids: Vec<_> = operations
            .filter_map(|o| o["operationId"].as_str())
            .collect();
        ids.retain(|id| {
            !["live", "jwks", "authorizationServer", "openidConfiguration"].contains(id)
        });
        let mut listed: Vec<_> = PROBLEMS.iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        listed.sort_unstable();
        assert_eq!(ids, listed);
    }

    #[test]
    fn every_code_is_listed_by_an_operation() {
        // Answered before an operation is reached, or instead of it.
        let of_the_framework = [
            Code::RequestMalformed,
            Code::NotFound,
            Code::MethodNotAllowed,
            Code::Internal,
        ];
        let listed = PROBLEMS.iter().flat_map(|(_, codes)| codes.concat());
        let listed: Vec<_> = listed.chain([GUARDED, WITH_BODY].concat()).collect();
        for code in Code::ALL {
            assert!(
                listed.contains(code) || of_the_framework.contains(code),
                "{code:?}"
            );
        }
    }
}
