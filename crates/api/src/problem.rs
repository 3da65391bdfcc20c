//! Errors as problem documents (RFC 9457).

mod code;
mod field_errors;

use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use identity::Failure;
use serde::Serialize;
use store::StoreError;

pub(crate) use code::Code;
pub(crate) use field_errors::{FieldError, FieldErrors};

/// The media type of a problem document.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// Seconds after which a request that was answered with 503 may be retried.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

/// An error, as it is answered.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    code: Code,
    detail: Option<String>,
    errors: Vec<FieldError>,
    reason: Option<&'static str>,
    headers: Vec<(HeaderName, String)>,
    retry_after: Option<Duration>,
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self {
            code,
            detail: None,
            errors: Vec::new(),
            reason: None,
            headers: Vec::new(),
            retry_after: None,
        }
    }
}

impl Problem {
    /// Some values of the body are invalid.
    pub(crate) fn invalid(errors: Vec<FieldError>) -> Self {
        Self {
            errors,
            ..Code::ValidationFailed.into()
        }
    }

    /// One value of the body or the query is invalid.
    pub(crate) fn invalid_field(field: &str, why: &str) -> Self {
        Self::invalid(vec![FieldError {
            field: field.to_owned(),
            detail: why.to_owned(),
        }])
    }

    /// Replaces the detail of the code by a more precise one.
    pub(crate) fn with_detail(self, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..self
        }
    }

    /// Adds a stable word for the reason.
    pub(crate) fn with_reason(self, reason: &'static str) -> Self {
        Self {
            reason: Some(reason),
            ..self
        }
    }

    /// Sets the `WWW-Authenticate` header (RFC 6750 §3).
    pub(crate) fn with_challenge(self, challenge: impl Into<String>) -> Self {
        self.with_header(header::WWW_AUTHENTICATE, challenge.into())
    }

    /// Sets the `Retry-After` header, in seconds, rounded up.
    pub(crate) fn with_retry_after(self, wait: Duration) -> Self {
        Self {
            retry_after: Some(wait),
            ..self
        }
    }

    /// Sets a cookie.
    pub(crate) fn with_cookie(self, cookie: String) -> Self {
        self.with_header(header::SET_COOKIE, cookie)
    }

    fn with_header(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The problem for a response of the framework.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Code::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
            StatusCode::REQUEST_TIMEOUT => Code::RequestTimeout,
            StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
            status if status.is_client_error() => Code::RequestMalformed,
            _ => Code::Internal,
        }
        .into()
    }

    fn document(&self) -> Document<'_> {
        Document {
            kind: format!("/docs/problems#{}", self.code.word()),
            title: self.code.title(),
            status: self.code.status(),
            code: self.code.word(),
            detail: self.detail.as_deref().unwrap_or(self.code.meaning()),
            reason: self.reason,
            errors: &self.errors,
        }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    code: &'a str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    errors: &'a [FieldError],
}

/// An example of this code, for the OpenAPI document.
pub(crate) fn example(code: Code) -> serde_json::Value {
    let problem = match code {
        Code::ValidationFailed => Problem::invalid(vec![FieldError {
            field: "name".to_owned(),
            detail: "is missing".to_owned(),
        }]),
        Code::SessionRevoked => Problem::from(code).with_reason("logout"),
        Code::SessionExpired => Problem::from(code).with_reason("idle"),
        _ => code.into(),
    };
    serde_json::to_value(problem.document()).unwrap_or_default()
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.word())
    }
}

// `openapi::operations` lists what each operation can answer.
impl paperclip::v2::schema::Apiv2Errors for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((header::CONTENT_TYPE, MEDIA_TYPE));
        match self.retry_after {
            Some(wait) => {
                let seconds = wait.as_millis().div_ceil(1000).max(1);
                response.insert_header((header::RETRY_AFTER, seconds.to_string()));
            }
            None if self.code.status() == 503 => {
                response.insert_header((header::RETRY_AFTER, RETRY_AFTER));
            }
            None => {}
        }
        if self.code.status() == 401 {
            // RFC 9110 §15.5.2 requires one.
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        for (name, value) in &self.headers {
            response.insert_header((name.clone(), value.as_str()));
        }
        match serde_json::to_string(&self.document()) {
            Ok(document) => response.body(document),
            Err(_) => response.finish(),
        }
    }
}

/// The client learns no details of a failure; the operator finds them in the log.
impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match &failure {
            Failure::Store(StoreError::Unavailable(_)) => {
                log::warn!("{failure}");
                Code::Unavailable
            }
            // Not a warning for each of many sign-ins.
            Failure::Busy(_) => {
                log::debug!("{failure}");
                Code::Busy
            }
            Failure::Store(_) | Failure::Internal(_) => {
                log::error!("{failure}");
                Code::Internal
            }
        }
        .into()
    }
}
