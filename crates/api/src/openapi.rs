//! The OpenAPI 3 document. paperclip generates it from the routes; one pass before the service starts
//! completes what paperclip cannot express or loses when it converts from version 2.

mod examples;
mod operations;
mod order;
mod schemas;

use actix_web::App;
use actix_web::web::Bytes;
use paperclip::actix::OpenApiExt;
use paperclip::v2::models::{DefaultApiRaw, Info, License, Tag};
use serde_json::{Value, json};

use self::order::Ordered;
use crate::cookie::{Cookie, Cookies};
use crate::routes;
use crate::settings::Http;

/// The document, as it is served.
#[derive(Clone, Debug)]
pub struct Document {
    /// In JSON.
    pub json: Bytes,
    /// In YAML.
    pub yaml: Bytes,
}

/// The document of a service with these settings.
pub fn document(http: &Http) -> Document {
    document_with(&Cookies::new(http))
}

/// The document of a service with these cookies.
pub(crate) fn document_with(cookies: &Cookies) -> Document {
    let document = complete(by_paperclip(), &cookies.refresh);
    let ordered = Ordered(&document);
    let json = serde_json::to_string_pretty(&ordered).unwrap_or_else(|_| document.to_string());
    // JSON is valid YAML, should the conversion ever fail.
    let yaml = serde_yaml::to_string(&ordered).unwrap_or_else(|_| json.clone());
    Document {
        json: json.into(),
        yaml: yaml.into(),
    }
}

fn complete(mut document: Value, refresh_cookie: &Cookie) -> Value {
    // Relative, so that the pages call the service they were loaded from.
    document["servers"] = json!([{ "url": "/" }]);
    document["components"]["securitySchemes"] = security_schemes(refresh_cookie);
    schemas::complete(&mut document);
    operations::complete(&mut document);
    document
}

fn by_paperclip() -> Value {
    let mut document = Value::Null;
    let _ = App::new()
        .wrap_api_with_spec(base())
        .configure(routes::api)
        .with_raw_json_spec_v3(|app, spec| {
            document = spec;
            app
        });
    document
}

fn base() -> DefaultApiRaw {
    let tag = |name: &str, description: &str| Tag {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        external_docs: None,
    };
    DefaultApiRaw {
        info: Info {
            title: "Symbolon".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            description: Some(include_str!("openapi/description.md").into()),
            license: Some(License {
                name: Some("MIT OR Apache-2.0".into()),
                url: None,
            }),
            ..Info::default()
        },
        tags: vec![
            tag(
                "Accounts",
                "Registration, signing in and out, and the user's own account.",
            ),
            tag(
                "Tokens",
                "For back ends and proxies: issuing, verifying and revoking tokens.",
            ),
            tag(
                "Administration",
                "For trusted back ends: users and their sessions.",
            ),
            tag("Keys", "What other services need to verify tokens."),
            tag("Operation", "The health of the service."),
        ],
        ..DefaultApiRaw::default()
    }
}

fn security_schemes(refresh_cookie: &Cookie) -> Value {
    json!({
        "accessToken": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The access token of a signed-in user."
        },
        "serviceKey": {
            "type": "http",
            "scheme": "bearer",
            "description": "The secret of a trusted back end, created with \
                            `symbolon service-key create`."
        },
        "refreshToken": {
            "type": "apiKey",
            "in": "cookie",
            "name": refresh_cookie.name(),
            "description": "The refresh token. Browsers store and send it by themselves."
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::http;

    #[test]
    fn every_reference_can_be_resolved() {
        let cookies = Cookies::new(&http("http://localhost:8000"));
        let document = complete(by_paperclip(), &cookies.refresh);
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1) {
            let pointer = reference.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
    }

    #[test]
    fn every_schema_has_an_example() {
        let cookies = Cookies::new(&http("http://localhost:8000"));
        let document = complete(by_paperclip(), &cookies.refresh);
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            assert!(name == "Problem" || schema["example"].is_object(), "{name}");
        }
    }
}
