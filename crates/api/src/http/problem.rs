//! Errors, all in one shape: RFC 9457 problem documents.

use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use store::StoreError;

use crate::failure::Failure;

/// The media type of a problem document.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// Defines [`Code`] and the one table that says what each means.
macro_rules! codes {
    ($($code:ident $word:literal $status:literal $title:literal $meaning:literal)*) => {
        /// A stable word that a program can match.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code {
            $(#[doc = $meaning] $code,)*
        }

        impl Code {
            /// All of them.
            pub(crate) const ALL: &[Code] = &[$(Code::$code),*];

            /// The word itself.
            pub(crate) fn word(self) -> &'static str {
                match self { $(Code::$code => $word,)* }
            }

            /// The HTTP status.
            pub(crate) fn status(self) -> u16 {
                match self { $(Code::$code => $status,)* }
            }

            /// A few words for people.
            pub(crate) fn title(self) -> &'static str {
                match self { $(Code::$code => $title,)* }
            }

            /// A sentence or two: what it means and what to do.
            pub(crate) fn meaning(self) -> &'static str {
                match self { $(Code::$code => $meaning,)* }
            }
        }
    };
}

codes! {
    BodyMalformed "body_malformed" 400 "The body cannot be read"
        "The body is not JSON, or was cut off."
    RequestMalformed "request_malformed" 400 "The request cannot be read"
        "The request is not what HTTP asks for."
    InvalidCredentials "invalid_credentials" 401 "E-mail or password is wrong"
        "No enabled user has this e-mail address and this password."
    TokenMissing "token_missing" 401 "An access token is needed"
        "Send it as `Authorization: Bearer <access token>`."
    TokenMalformed "token_malformed" 401 "The token cannot be read"
        "It is not a JWT of ours: it was cut off, altered or is something else."
    TokenExpired "token_expired" 401 "The token has expired"
        "Get a new one from `POST /api/refresh_access`."
    TokenNotYetValid "token_not_yet_valid" 401 "The token is not valid yet"
        "It was issued in the future: the clocks differ."
    TokenForged "token_forged" 401 "The token's signature is wrong"
        "It was not signed by this service, or was altered."
    TokenForeign "token_foreign" 401 "The token is not for this service"
        "It is from another issuer, for another audience, or signed with a key not known here."
    TokenWrongType "token_wrong_type" 401 "The token is of another kind"
        "An access token is no refresh token, and the other way round."
    RefreshMissing "refresh_missing" 401 "A refresh token is needed"
        "Sign in first; the refresh token then comes in a cookie."
    RefreshReused "refresh_reused" 401 "The refresh token is outdated"
        "It was used again after it had been replaced. It may have been stolen, so its session was ended: sign in again."
    SessionExpired "session_expired" 401 "The session has expired"
        "It was not renewed in time, or reached its greatest age: sign in again."
    SessionRevoked "session_revoked" 401 "The session was ended"
        "`reason` says why: sign in again."
    SessionUnknown "session_unknown" 401 "There is no such session"
        "It ended long ago: sign in again."
    ServiceKeyMissing "service_key_missing" 401 "A service key is needed"
        "Send it as `Authorization: Bearer <service key>`; the operator makes one with `symbolon service-key create`."
    ServiceKeyInvalid "service_key_invalid" 401 "The service key is not valid"
        "It is unknown, revoked or expired."
    InsufficientScope "insufficient_scope" 403 "The service key may not do this"
        "It lacks the scope that is needed."
    OriginDenied "origin_denied" 403 "The page's origin is not allowed"
        "A page may call this service from its own origin and those in SYMBOLON_ALLOWED_ORIGINS."
    RegistrationClosed "registration_closed" 403 "Registration is closed"
        "Only the operator adds users here."
    UserDisabled "user_disabled" 403 "The user is disabled"
        "No session is opened for them."
    ClaimRequired "claim_required" 403 "The token lacks what is asked for"
        "A claim that the query of this call names is not in the access token, or is another."
    UserMismatch "user_mismatch" 403 "The session is another user's"
        "The refresh token does not belong to the user whose `id` was given."
    NotFound "not_found" 404 "There is nothing here"
        "No call has this path; the calls are listed at /docs/."
    SessionNotFound "session_not_found" 404 "There is no such session"
        "None of your live sessions has this id."
    UserUnknown "user_unknown" 404 "There is no such user"
        "No user has this id."
    MethodNotAllowed "method_not_allowed" 405 "The method is not allowed here"
        "The header `Allow` names those that are."
    RequestTimeout "request_timeout" 408 "The request took too long to arrive"
        "Send the body without a pause."
    LinkInvalid "link_invalid" 404 "The link is not good"
        "It was used, a newer one was made, or its time is over: ask for another."
    IdTaken "id_taken" 409 "The id is taken"
        "Another user has this id."
    NameTaken "name_taken" 409 "The name is taken"
        "Another user has this name."
    EmailTaken "email_taken" 409 "The e-mail address is taken"
        "Another user has this e-mail address."
    BodyTooLarge "body_too_large" 413 "The body is too large"
        "A body has at most 16 KiB."
    UnsupportedMediaType "unsupported_media_type" 415 "The body must be JSON"
        "Send it with `Content-Type: application/json`."
    ValidationFailed "validation_failed" 422 "A value will not do"
        "`errors` names each field and what is wrong with it."
    RateLimited "rate_limited" 429 "Too many attempts"
        "Try again after `Retry-After` seconds."
    Internal "internal" 500 "Something went wrong here"
        "It is a mistake of the service; its log says more."
    Unavailable "unavailable" 503 "Not now"
        "The database does not answer. Try again after `Retry-After` seconds."
    Busy "busy" 503 "Too much at once"
        "Too many sign-ins wait already. Try again after `Retry-After` seconds."
}

/// Seconds after which a 503 may be tried again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

/// An error as it is answered.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    code: Code,
    detail: Option<String>,
    errors: Vec<FieldError>,
    reason: Option<&'static str>,
    challenge: Option<String>,
    retry_after: Option<Duration>,
}

/// What is wrong with one field of the body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct FieldError {
    /// The field's name.
    pub(crate) field: String,
    /// What is wrong with it.
    pub(crate) detail: String,
}

/// What is wrong with the fields of a body, each of which is looked at.
#[derive(Debug, Default)]
pub(crate) struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// The value, or a note of why there is none.
    pub(crate) fn check<T, E: fmt::Display>(
        &mut self,
        field: &str,
        value: Result<T, E>,
    ) -> Option<T> {
        let note = |why: E| {
            self.0.push(FieldError {
                field: field.to_owned(),
                detail: why.to_string(),
            });
        };
        value.map_err(note).ok()
    }
}

impl From<FieldErrors> for Problem {
    fn from(errors: FieldErrors) -> Self {
        Self::invalid(errors.0)
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self {
            code,
            detail: None,
            errors: Vec::new(),
            reason: None,
            challenge: None,
            retry_after: None,
        }
    }
}

impl Problem {
    /// Some values of the body will not do.
    pub(crate) fn invalid(errors: Vec<FieldError>) -> Self {
        Self {
            errors,
            ..Code::ValidationFailed.into()
        }
    }

    /// One value of the body or the query will not do.
    pub(crate) fn invalid_field(field: &str, why: &str) -> Self {
        Self::invalid(vec![FieldError {
            field: field.to_owned(),
            detail: why.to_owned(),
        }])
    }

    /// Says more than the code does.
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
        Self {
            challenge: Some(challenge.into()),
            ..self
        }
    }

    /// Sets the `Retry-After` header, in whole seconds that are enough.
    pub(crate) fn with_retry_after(self, wait: Duration) -> Self {
        Self {
            retry_after: Some(wait),
            ..self
        }
    }

    /// The problem that fits a response of the framework's own.
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

/// A document of this code, as the OpenAPI document shows it.
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

// What each operation can answer is told in `openapi::operations`.
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
        match &self.challenge {
            Some(challenge) => {
                response.insert_header((header::WWW_AUTHENTICATE, challenge.as_str()));
            }
            // RFC 9110 §15.5.2: a 401 always has one.
            None if self.code.status() == 401 => {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
            }
            None => {}
        }
        match serde_json::to_string(&self.document()) {
            Ok(document) => response.body(document),
            Err(_) => response.finish(),
        }
    }
}

/// The client learns nothing of what failed; the operator does, in the log.
impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match &failure {
            Failure::Store(StoreError::Unavailable(_)) => {
                log::warn!("{failure}");
                Code::Unavailable
            }
            // Not a line for each sign-in of a storm.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_snake_case_and_unique() {
        let words: Vec<_> = Code::ALL.iter().map(|code| code.word()).collect();
        for (n, word) in words.iter().enumerate() {
            assert!(
                word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
                "{word}"
            );
            assert!(!words[..n].contains(word), "{word}");
        }
    }
}
