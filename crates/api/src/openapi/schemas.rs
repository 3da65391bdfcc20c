//! The constraints of schema fields, such as lengths, formats and alternatives, which get lost in the
//! conversion from version 2.

use serde_json::{Map, Value, json};
use store::challenges::ChallengeKind;
use store::events::{EventKind, EventOutcome};

use super::examples;
use crate::problem::Code;

pub(super) fn complete(document: &mut Value) {
    flow_descriptions(document);
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else {
        return;
    };
    share(schemas, "SessionList", "sessions", "Session");
    share(schemas, "EventList", "events", "Event");
    share(schemas, "UserList", "users", "ManagedUser");
    share(schemas, "Me", "user", "User");
    share(schemas, "Me", "session", "Session");
    for (name, schema) in schemas.iter_mut() {
        if let Some(example) = examples::of_schema(name) {
            schema["example"] = example;
        }
        // Requests with unknown members are refused, and answers have no others, except for the claims of
        // a token.
        schema["additionalProperties"] = json!(name == "Introspection");
    }
    for (schema, field, constraints) in constraints() {
        if let Some(schema) = schemas.get_mut(schema) {
            merge(&mut schema["properties"][field], constraints);
        }
    }
    schemas.insert("Problem".to_owned(), problem());
}

/// Line ends of a comment are not line ends of the description.
fn flow_descriptions(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == "description" => {
                        *text = text.replace("\n ", " ");
                    }
                    other => flow_descriptions(other),
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(flow_descriptions),
        _ => {}
    }
}

/// Moves the schema that paperclip inlined into a field, or into its elements, to a shared schema.
fn share(schemas: &mut Map<String, Value>, schema: &str, field: &str, name: &str) {
    let Some(place) = schemas
        .get_mut(schema)
        .and_then(|schema| schema["properties"].get_mut(field))
    else {
        return;
    };
    let place = match place.get("items") {
        Some(_) => &mut place["items"],
        None => place,
    };
    let reference = json!({ "$ref": format!("#/components/schemas/{name}") });
    let inline = std::mem::replace(place, reference);
    schemas.entry(name).or_insert(inline);
}

/// The constraints that paperclip does not express: schema, field, constraints.
fn constraints() -> Vec<(&'static str, &'static str, Value)> {
    let name = r"^(?=.*\S)[^\x00-\x1f\x7f-\x9f]+$";
    let password = json!({ "format": "password", "minLength": 8, "maxLength": 128 });
    let time = || json!({ "format": "date-time" });
    vec![
        (
            "Registration",
            "name",
            json!({ "minLength": 1, "maxLength": 150, "pattern": name }),
        ),
        (
            "Registration",
            "email",
            json!({ "format": "email", "maxLength": 254 }),
        ),
        ("Registration", "password", password.clone()),
        ("Credentials", "password", json!({ "format": "password" })),
        ("IssueRequest", "id", user_id()),
        ("RenewalRequest", "id", user_id()),
        ("AccessToken", "token_type", json!({ "enum": ["Bearer"] })),
        ("Message", "message", json!({ "enum": ["success"] })),
        ("Sent", "message", json!({ "enum": ["sent"] })),
        ("PasswordByLink", "new", password.clone()),
        ("InvitationAcceptance", "password", password.clone()),
        (
            "Link",
            "kind",
            words(ChallengeKind::ALL, |word| word.as_str()),
        ),
        ("Link", "expires_at", time()),
        ("Health", "status", json!({ "enum": ["live", "ready"] })),
        ("NewPassword", "current", json!({ "format": "password" })),
        ("NewPassword", "new", password.clone()),
        ("Event", "kind", words(EventKind::ALL, |word| word.as_str())),
        (
            "Event",
            "outcome",
            words(EventOutcome::ALL, |word| word.as_str()),
        ),
        ("Session", "id", json!({ "format": "uuid" })),
        ("Session", "renewed_at", time()),
        ("Session", "created_at", time()),
        ("Session", "idle_expires_at", time()),
        ("Session", "expires_at", time()),
    ]
}

fn words<T: Copy>(all: &[T], word: fn(T) -> &'static str) -> Value {
    let words: Vec<_> = all.iter().copied().map(word).collect();
    json!({ "enum": words })
}

fn user_id() -> Value {
    json!({
        "type": null,
        "oneOf": [
            { "type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$" },
            { "type": "integer", "format": "int64" }
        ]
    })
}

fn problem() -> Value {
    json!({
        "type": "object",
        "description": "An error (RFC 9457).",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": { "type": "string", "format": "uri-reference",
                      "description": "The explanation of the code." },
            "title": { "type": "string", "description": "A short title for people." },
            "status": { "type": "integer", "description": "The HTTP status." },
            "code": {
                "type": "string",
                "description": "A stable word that programs can match.",
                "enum": Code::ALL.iter().map(|code| code.word()).collect::<Vec<_>>()
            },
            "detail": { "type": "string", "description": "What happened and what to do." },
            "reason": { "type": "string", "description": "A stable word that says why a session ended." },
            "errors": {
                "type": "array",
                "description": "What is wrong with each field of the body.",
                "items": {
                    "type": "object",
                    "required": ["field", "detail"],
                    "properties": {
                        "field": { "type": "string" },
                        "detail": { "type": "string" }
                    }
                }
            }
        }
    })
}

/// Adds members to an object; `null` removes one.
fn merge(target: &mut Value, constraints: Value) {
    let (Some(target), Value::Object(constraints)) = (target.as_object_mut(), constraints) else {
        return;
    };
    for (name, value) in constraints {
        if value.is_null() {
            target.remove(&name);
        } else {
            target.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_constraint_and_example_belongs_to_something_that_exists() {
        let mut document = crate::openapi::by_paperclip();
        complete(&mut document);
        let schemas = &document["components"]["schemas"];
        for (schema, field, _) in constraints() {
            let description = &schemas[schema]["properties"][field]["description"];
            assert!(description.is_string(), "{schema}.{field}");
        }
        for (name, schema) in schemas.as_object().unwrap() {
            assert!(schema["example"].is_object() || name == "Problem", "{name}");
        }
    }
}
