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

use crate::http::problem::{Code, FieldError, Problem};

/// The longest body, in bytes.
const MAX_LEN: usize = 16 * 1024;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// A JSON body of this shape, and nothing more.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned + 'static> FromRequest for JsonBody<T> {
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

impl<T: DeserializeOwned + 'static> FromRequest for OptionalJsonBody<T> {
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
    request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|media_type| media_type.to_str().ok())
        .and_then(|media_type| media_type.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

async fn read(payload: impl Future<Output = Result<Payload, Error>>) -> Result<Bytes, Problem> {
    let payload = payload.await.map_err(|_| Code::BodyMalformed)?;
    let body = payload.to_bytes_limited(MAX_LEN);
    match timeout(PATIENCE, body).await {
        Ok(Ok(Ok(body))) => Ok(body),
        Ok(Ok(Err(_))) => Err(Code::BodyMalformed.into()),
        Ok(Err(_too_large)) => Err(Code::BodyTooLarge.into()),
        Err(_elapsed) => Err(Code::RequestTimeout.into()),
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // Serde would also fill a struct from an array.
    if !body.trim_ascii_start().starts_with(b"{") {
        let json: Result<IgnoredAny, _> = serde_json::from_slice(body);
        json.map_err(|error| explain(".", &error))?;
        return Err(Problem::invalid(vec![field_error(
            ".",
            "expected an object",
        )]));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let field = error.path().to_string();
        explain(&field, error.inner())
    })?;
    json.end().map_err(|error| explain(".", &error))?;
    Ok(value)
}

fn explain(path: &str, error: &serde_json::Error) -> Problem {
    if !error.is_data() {
        let place = format!("line {}, column {}", error.line(), error.column());
        return Problem::from(Code::BodyMalformed)
            .with_detail(format!("The body stops being JSON at {place}."));
    }
    Problem::invalid(vec![field_error(path, &error.to_string())])
}

/// From serde's message, without the value that it may quote: that could be a password.
fn field_error(path: &str, message: &str) -> FieldError {
    let quoted = message.split('`').nth(1).unwrap_or(path);
    let (field, detail) = if message.starts_with("missing field") {
        (quoted, "is missing".to_owned())
    } else if message.starts_with("unknown field") {
        (quoted, "is not known here".to_owned())
    } else if message.starts_with("duplicate field") {
        (quoted, "is there twice".to_owned())
    } else {
        let expected = message
            .rsplit_once("expected ")
            .map_or("another value", |(_, what)| what);
        let expected = expected.split(" at line").next().unwrap_or(expected);
        (path, format!("must be {expected}"))
    };
    let field = match field {
        "." => "body".to_owned(),
        field => field.chars().take(100).collect(),
    };
    FieldError { field, detail }
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

    use super::*;

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
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

    fn error(json: &str) -> (String, String) {
        let document = document(json);
        assert!(!document.to_string().contains("s3cret"), "{document}");
        let text = |name: &str| document["errors"][0][name].as_str().unwrap().to_owned();
        (text("field"), text("detail"))
    }

    #[test]
    fn each_mistake_names_its_field_and_quotes_no_value() {
        let pair = |field: &str, detail: &str| (field.to_owned(), detail.to_owned());
        assert_eq!(error("{}"), pair("password", "is missing"));
        assert_eq!(
            error(r#"{"password":"s3cret","x":1}"#),
            pair("x", "is not known here")
        );
        assert_eq!(
            error(r#"{"password":"s3cret","password":"s3cret"}"#),
            pair("password", "is there twice")
        );
        assert_eq!(
            error(r#"{"password":["s3cret"]}"#),
            pair("password", "must be a string")
        );
        assert_eq!(
            error(r#"{"password":5}"#),
            pair("password", "must be a string")
        );
        assert_eq!(error(r#"["s3cret"]"#), pair("body", "must be an object"));
        assert_eq!(error("5").0, "body");
    }

    #[test]
    fn what_is_not_json_has_no_fields() {
        for json in ["", "{", "{'a':1}", r#"{"password":""}{}"#, "\u{feff}{}"] {
            assert_eq!(document(json)["code"], "body_malformed", "{json}");
        }
    }
}
