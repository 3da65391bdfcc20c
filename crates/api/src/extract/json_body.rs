//! JSON bodies, strictly: of one shape, and nothing more.

mod deserializer;

use std::collections::BTreeMap;
use std::time::Duration;

use actix_rt::time::timeout;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Bytes, Payload};
use actix_web::{Error, FromRequest, HttpRequest, dev};
use deserializer::{Members, Mismatch};
use paperclip::actix::OperationModifier;
use paperclip::actix::web::Json;
use paperclip::v2::models::{DefaultOperationRaw, DefaultSchemaRaw};
use paperclip::v2::schema::Apiv2Schema;
use serde::de::DeserializeOwned;

use crate::problem::{Code, FieldError, Problem};

/// Maximum length of a body, in bytes.
const MAX_LEN: usize = 16 * 1024;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// A JSON body of this shape.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned + Apiv2Schema + 'static> FromRequest for JsonBody<T> {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let is_json = is_json(request);
        let is_encoded = is_encoded(request);
        let body = read(Payload::from_request(request, payload));
        Box::pin(async move {
            if !is_json {
                return Err(Code::UnsupportedMediaType.into());
            }
            if is_encoded {
                return Err(encoded());
            }
            parse(&body.await?).map(JsonBody)
        })
    }
}

/// A JSON body of this shape, or no body.
pub(crate) struct OptionalJsonBody<T>(pub(crate) Option<T>);

impl<T: DeserializeOwned + Apiv2Schema + 'static> FromRequest for OptionalJsonBody<T> {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let is_json = is_json(request);
        let is_encoded = is_encoded(request);
        let body = read(Payload::from_request(request, payload));
        Box::pin(async move {
            if is_encoded {
                return Err(encoded());
            }
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

/// Fields that one answer names.
const MAX_ERRORS: usize = 20;

/// Required, because pages of other origins can send forms without a preflight, but not JSON.
fn is_json(request: &HttpRequest) -> bool {
    has_media_type(request, "application/json")
}

/// Whether the body is compressed or otherwise encoded (RFC 9110 §8.4).
pub(super) fn is_encoded(request: &HttpRequest) -> bool {
    let encodings = request.headers().get_all(header::CONTENT_ENCODING);
    let mut encodings = encodings.map(HeaderValue::as_bytes);
    encodings.any(|encoding| !encoding.eq_ignore_ascii_case(b"identity"))
}

pub(super) fn encoded() -> Problem {
    Problem::from(Code::UnsupportedMediaType)
        .with_detail("The body has a Content-Encoding; send it as it is.")
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
    if let Some(why) = not_utf_8(body) {
        return Err(Problem::from(Code::BodyMalformed).with_detail(why));
    }
    let members: Members = match serde_json::from_slice(body) {
        Ok(members) => members,
        Err(error) if error.is_data() => {
            return Err(Problem::invalid_field("body", "must be an object"));
        }
        Err(error) => return Err(malformed(&error)),
    };
    let flaws = members.flaws();
    if !flaws.is_empty() {
        let errors = flaws.iter().take(MAX_ERRORS);
        let errors = errors.map(|(field, flaw)| field_error(field, flaw));
        return Err(Problem::invalid(errors.collect()));
    }
    let names = members.count_names();
    match T::deserialize(members.into_deserializer()) {
        Ok(body) => Ok(body),
        Err(Mismatch { field, expected }) => {
            let mut errors = shape_errors::<T>(&names);
            if let (Some(field), Some(expected)) = (field, expected) {
                errors.push(field_error(&field, &format!("must be {expected}")));
            }
            Err(Problem::invalid(errors))
        }
    }
}

/// Why a body is not in UTF-8 without a byte order mark (RFC 8259 §8.1).
fn not_utf_8(body: &[u8]) -> Option<&'static str> {
    match body {
        [0xef, 0xbb, 0xbf, ..] => {
            Some("The body begins with a byte order mark; send UTF-8 without one.")
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [b'{', 0, ..] | [0, b'{', ..] => {
            Some("The body is in UTF-16; send UTF-8.")
        }
        _ => None,
    }
}

fn malformed(error: &serde_json::Error) -> Problem {
    let (line, column) = (error.line(), error.column());
    Problem::from(Code::BodyMalformed).with_detail(format!(
        "The body is not valid JSON: error at line {line}, column {column}."
    ))
}

/// The fields that are missing, unknown or sent twice; not more than [`MAX_ERRORS`].
fn shape_errors<T: Apiv2Schema>(names: &BTreeMap<String, usize>) -> Vec<FieldError> {
    let schema = T::raw_schema();
    let missing = schema
        .required
        .iter()
        .filter(|field| !names.contains_key(*field))
        .map(|field| field_error(field, "is missing"));
    let unknown = names
        .keys()
        .filter(|field| !schema.properties.contains_key(*field))
        .map(|field| field_error(field, "is unknown"));
    let repeated = names
        .iter()
        .filter(|(_, count)| **count > 1)
        .map(|(field, _)| field_error(field, "must be sent only once"));
    let errors = missing.chain(unknown).chain(repeated);
    errors.take(MAX_ERRORS).collect()
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
    use serde_json::Value;

    use super::*;

    #[derive(Debug, Deserialize, Apiv2Schema)]
    struct Body {
        #[allow(dead_code)]
        name: String,
        #[allow(dead_code)]
        password: String,
        #[serde(default)]
        on: Option<bool>,
    }

    fn document(json: &str) -> Value {
        let problem = parse::<Body>(json.as_bytes()).expect_err(json);
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
                    ("x", "is unknown"),
                    ("y", "is unknown"),
                ],
            ),
            (
                r#"{"name":"a","password":"s3cret","password":"s3cret"}"#,
                &[("password", "must be sent only once")],
            ),
            (
                r#"{"name":"a","password":["s3cret"]}"#,
                &[("password", "must be a string")],
            ),
            (
                r#"{"name":"a","password":"s3cret","on":"s3cret"}"#,
                &[("on", "must be a boolean")],
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
    fn a_body_of_the_shape_is_read() {
        let body: Body = parse(br#"{"name":"a","password":"b","on":true}"#).unwrap();
        assert_eq!(body.on, Some(true));
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
