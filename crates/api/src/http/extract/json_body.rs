use std::time::Duration;

use actix_rt::time::timeout;
use actix_web::http::header;
use actix_web::web::{Bytes, Payload};
use actix_web::{Error, FromRequest, HttpRequest, dev};
use paperclip::actix::OperationModifier;
use paperclip::actix::web::Json;
use paperclip::v2::models::{DefaultOperationRaw, DefaultSchemaRaw};
use paperclip::v2::schema::Apiv2Schema;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};

use crate::http::problem::{Code, FieldError, Problem};

/// The longest body, in bytes.
const MAX_LEN: usize = 16 * 1024;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// A JSON body of this shape, and nothing more.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned + Apiv2Schema + 'static> FromRequest for JsonBody<T> {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let is_json = is_json(request);
        let body = read(Payload::from_request(request, payload));
        Box::pin(async move {
            if !is_json {
                return Err(Code::UnsupportedMediaType.into());
            }
            parse(&body.await?).map(JsonBody)
        })
    }
}

/// The same, or no body at all.
pub(crate) struct OptionalJsonBody<T>(pub(crate) Option<T>);

impl<T: DeserializeOwned + Apiv2Schema + 'static> FromRequest for OptionalJsonBody<T> {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let is_json = is_json(request);
        let body = read(Payload::from_request(request, payload));
        Box::pin(async move {
            let body = body.await?;
            if body.is_empty() {
                return Ok(OptionalJsonBody(None));
            }
            if !is_json {
                return Err(Code::UnsupportedMediaType.into());
            }
            parse(&body).map(|body| OptionalJsonBody(Some(body)))
        })
    }
}

type Extraction<T> = std::pin::Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

/// Strictly: a form that a foreign page can send without a preflight never is.
fn is_json(request: &HttpRequest) -> bool {
    has_media_type(request, "application/json")
}

pub(super) fn has_media_type(request: &HttpRequest, media_type: &str) -> bool {
    request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|sent| sent.to_str().ok())
        .and_then(|sent| sent.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case(media_type))
}

pub(super) async fn read(
    payload: impl Future<Output = Result<Payload, Error>>,
) -> Result<Bytes, Problem> {
    let payload = payload.await.map_err(|_| Code::BodyMalformed)?;
    let body = payload.to_bytes_limited(MAX_LEN);
    match timeout(PATIENCE, body).await {
        Ok(Ok(Ok(body))) => Ok(body),
        Ok(Ok(Err(_))) => Err(Code::BodyMalformed.into()),
        Ok(Err(_too_large)) => Err(Code::BodyTooLarge.into()),
        Err(_elapsed) => Err(Code::RequestTimeout.into()),
    }
}

fn parse<T: DeserializeOwned + Apiv2Schema>(body: &[u8]) -> Result<T, Problem> {
    // Serde would also fill a struct from an array.
    if !body.trim_ascii_start().starts_with(b"{") {
        let json: Result<IgnoredAny, _> = serde_json::from_slice(body);
        json.map_err(|error| malformed(&error))?;
        return Err(Problem::invalid(vec![FieldError {
            field: "body".to_owned(),
            detail: "must be an object".to_owned(),
        }]));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        match error.into_inner() {
            error if error.is_data() => invalid::<T>(body, &path, &error),
            error => malformed(&error),
        }
    })?;
    json.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Problem {
    let place = format!("line {}, column {}", error.line(), error.column());
    Problem::from(Code::BodyMalformed).with_detail(format!("The body stops being JSON at {place}."))
}

/// All fields that are missing or unknown, and the first that is wrong otherwise.
fn invalid<T: Apiv2Schema>(body: &[u8], path: &str, error: &serde_json::Error) -> Problem {
    let present: Map<String, Value> = match serde_json::from_slice(body) {
        Ok(present) => present,
        Err(error) => return malformed(&error),
    };
    let schema = T::raw_schema();
    let missing = schema
        .required
        .iter()
        .filter(|field| !present.contains_key(*field));
    let unknown = present
        .keys()
        .filter(|field| !schema.properties.contains_key(*field));
    let mut errors: Vec<_> = missing
        .map(|field| field_error(field, "is missing"))
        .chain(unknown.map(|field| field_error(field, "is not known here")))
        .collect();
    let message = error.to_string();
    if message.starts_with("duplicate field") {
        let field = message.split('`').nth(1).unwrap_or(path);
        errors.push(field_error(field, "is there twice"));
    } else if let Some((_, expected)) = message.rsplit_once("expected ")
        && !message.starts_with("unknown field")
    {
        // Without what was found instead: that could be a password.
        let expected = expected.split(" at line").next().unwrap_or(expected);
        errors.push(field_error(path, &format!("must be {expected}")));
    }
    Problem::invalid(errors)
}

fn field_error(field: &str, detail: &str) -> FieldError {
    FieldError {
        field: field.chars().take(100).collect(),
        detail: detail.to_owned(),
    }
}

impl<T: Apiv2Schema> Apiv2Schema for JsonBody<T> {
    fn name() -> Option<String> {
        T::name()
    }

    fn raw_schema() -> DefaultSchemaRaw {
        T::raw_schema()
    }
}

impl<T: Apiv2Schema> OperationModifier for JsonBody<T> {
    fn update_parameter(operation: &mut DefaultOperationRaw) {
        Json::<T>::update_parameter(operation);
    }
}

impl<T: Apiv2Schema> Apiv2Schema for OptionalJsonBody<T> {
    fn name() -> Option<String> {
        T::name()
    }

    fn raw_schema() -> DefaultSchemaRaw {
        T::raw_schema()
    }
}

impl<T: Apiv2Schema> OperationModifier for OptionalJsonBody<T> {
    fn update_parameter(operation: &mut DefaultOperationRaw) {
        Json::<T>::update_parameter(operation);
        if let Some(paperclip::v2::models::Either::Right(body)) = operation.parameters.last_mut() {
            body.required = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError;
    use actix_web::body::MessageBody;
    use paperclip::actix::Apiv2Schema;
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, Apiv2Schema)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[allow(dead_code)]
        name: String,
        #[allow(dead_code)]
        password: String,
    }

    fn document(json: &str) -> serde_json::Value {
        let Err(problem) = parse::<Body>(json.as_bytes()) else {
            panic!("{json} was accepted");
        };
        let body = problem.error_response().into_body().try_into_bytes();
        serde_json::from_slice(&body.unwrap()).unwrap()
    }

    fn errors(json: &str) -> Vec<(String, String)> {
        let document = document(json);
        assert!(!document.to_string().contains("s3cret"), "{document}");
        let text = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
        let errors = document["errors"].as_array().unwrap().iter();
        errors
            .map(|e| (text(e, "field"), text(e, "detail")))
            .collect()
    }

    #[test]
    fn each_mistake_names_its_field_and_quotes_no_value() {
        for (json, expected) in [
            (
                "{}",
                &[("name", "is missing"), ("password", "is missing")][..],
            ),
            (
                r#"{"password":"s3cret","x":1,"y":2}"#,
                &[
                    ("name", "is missing"),
                    ("x", "is not known here"),
                    ("y", "is not known here"),
                ],
            ),
            (
                r#"{"name":"a","password":"s3cret","password":"s3cret"}"#,
                &[("password", "is there twice")],
            ),
            (
                r#"{"name":"a","password":["s3cret"]}"#,
                &[("password", "must be a string")],
            ),
            (
                r#"{"password":{"s3cret":1}}"#,
                &[("name", "is missing"), ("password", "must be a string")],
            ),
            (r#"["s3cret"]"#, &[("body", "must be an object")]),
            ("5", &[("body", "must be an object")]),
        ] {
            let expected = expected
                .iter()
                .map(|(f, d)| ((*f).to_owned(), (*d).to_owned()));
            assert_eq!(errors(json), expected.collect::<Vec<_>>(), "{json}");
        }
    }

    #[test]
    fn what_is_not_json_has_no_fields() {
        for json in [
            "",
            "{",
            "{'a':1}",
            r#"{"name":"","password":""}{}"#,
            "\u{feff}{}",
        ] {
            assert_eq!(document(json)["code"], "body_malformed", "{json}");
        }
    }
}
