//! The OpenAPI 3 document. paperclip makes it from the routes; what it cannot say, or says
//! wrongly after its conversion from version 2, is put right in one pass, once, before the
//! service starts.

mod examples;
mod operations;
mod schemas;

use actix_web::App;
use paperclip::actix::OpenApiExt;
use paperclip::v2::models::{DefaultApiRaw, Info, License, Tag};
use serde_json::{Value, json};

use crate::http::cookie::RefreshCookie;
use crate::http::handlers::docs::Document;
use crate::http::routes;

/// The document of a service with this refresh cookie, as it is served.
pub(crate) fn document(cookie: &RefreshCookie) -> Document {
    let document = complete(by_paperclip(), cookie);
    let json = format!("{document:#}");
    // JSON is YAML too, should that one ever fail.
    let yaml = serde_yaml::to_string(&document).unwrap_or_else(|_| json.clone());
    Document {
        json: json.into(),
        yaml: yaml.into(),
    }
}

fn complete(mut document: Value, cookie: &RefreshCookie) -> Value {
    // Relative, so that the pages try the service they came from.
    document["servers"] = json!([{ "url": "/" }]);
    document["components"]["securitySchemes"] = security_schemes(cookie);
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
            tag("Accounts", "Who may sign in."),
            tag("Sessions", "Signing in, renewing tokens, signing out."),
            tag("Keys", "What others need to verify tokens."),
            tag("Operation", "For whoever runs the service."),
        ],
        ..DefaultApiRaw::default()
    }
}

fn security_schemes(cookie: &RefreshCookie) -> Value {
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
            "description": "The secret of a trusted back end, made with \
                            `symbolon service-key create`."
        },
        "refreshToken": {
            "type": "apiKey",
            "in": "cookie",
            "name": cookie.name(),
            "description": "The refresh token. A browser keeps and sends it by itself."
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::resolve;

    #[test]
    fn every_reference_leads_somewhere() {
        let cookie = RefreshCookie::new(&resolve(&[]).unwrap().http);
        let document = complete(by_paperclip(), &cookie);
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1) {
            let pointer = reference.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
    }
}
