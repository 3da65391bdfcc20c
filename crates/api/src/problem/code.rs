//! The problem codes.

/// Defines [`Code`] by the one table that maps codes to status, title and meaning.
macro_rules! codes {
    ($($code:ident $word:literal $status:literal $title:literal $meaning:literal)*) => {
        /// A stable word that programs can match.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code {
            $(#[doc = $meaning] $code,)*
        }

        impl Code {
            /// All codes.
            pub(crate) const ALL: &[Code] = &[$(Code::$code),*];

            /// The word itself.
            pub(crate) fn word(self) -> &'static str {
                match self { $(Code::$code => $word,)* }
            }

            /// The HTTP status.
            pub(crate) fn status(self) -> u16 {
                match self { $(Code::$code => $status,)* }
            }

            /// A short title for people.
            pub(crate) fn title(self) -> &'static str {
                match self { $(Code::$code => $title,)* }
            }

            /// What it means, and what to do.
            pub(crate) fn meaning(self) -> &'static str {
                match self { $(Code::$code => $meaning,)* }
            }
        }
    };
}

codes! {
    BodyMalformed "body_malformed" 400 "Malformed body"
        "The body is not valid JSON, or was cut off."
    RequestMalformed "request_malformed" 400 "Malformed request"
        "The request is not valid HTTP."
    InvalidCredentials "invalid_credentials" 401 "Wrong email or password"
        "No enabled user has this email address and password."
    TokenMissing "token_missing" 401 "Access token required"
        "Send it as `Authorization: Bearer <access token>`."
    TokenMalformed "token_malformed" 401 "Malformed token"
        "The token is not a JWT of this service: it was cut off, altered, or is something else."
    TokenExpired "token_expired" 401 "Token expired"
        "Get a new one from `POST /api/refresh_access`."
    TokenNotYetValid "token_not_yet_valid" 401 "Token not valid yet"
        "The token was issued in the future: the clocks differ."
    TokenForged "token_forged" 401 "Invalid signature"
        "The token was not signed by this service, or was altered."
    TokenForeign "token_foreign" 401 "Token of another service"
        "The token has another issuer or audience, or was signed with an unknown key."
    TokenWrongType "token_wrong_type" 401 "Wrong type of token"
        "An access token cannot be used as a refresh token, nor the other way round."
    RefreshMissing "refresh_missing" 401 "Refresh token required"
        "Sign in first; the refresh token then comes in a cookie."
    RefreshReused "refresh_reused" 401 "Refresh token reused"
        "An outdated refresh token was used, so it may have been stolen. The session was revoked: sign in again."
    SessionExpired "session_expired" 401 "Session expired"
        "The session was not renewed in time, or reached its maximum lifetime: sign in again."
    SessionRevoked "session_revoked" 401 "Session revoked"
        "`reason` says why: sign in again."
    SessionUnknown "session_unknown" 401 "Unknown session"
        "The session ended long ago: sign in again."
    ServiceKeyMissing "service_key_missing" 401 "Service key required"
        "Send it as `Authorization: Bearer <service key>`; the operator creates one with `symbolon service-key create`."
    ServiceKeyInvalid "service_key_invalid" 401 "Invalid service key"
        "The service key is unknown, revoked or expired."
    InsufficientScope "insufficient_scope" 403 "Insufficient scope"
        "The service key lacks the required scope."
    OriginDenied "origin_denied" 403 "Origin not allowed"
        "Pages may call this service from its own origin and from those in SYMBOLON_ALLOWED_ORIGINS."
    RegistrationClosed "registration_closed" 403 "Registration closed"
        "Only the operator adds users here."
    UserDisabled "user_disabled" 403 "User disabled"
        "No session can be opened for this user."
    ClaimRequired "claim_required" 403 "Claim required"
        "The access token lacks a claim that the query requires, or has another value."
    UserMismatch "user_mismatch" 403 "Session of another user"
        "The refresh token does not belong to the user whose `id` was sent."
    NotFound "not_found" 404 "Not found"
        "There is no such path; /docs/ lists all calls."
    SessionNotFound "session_not_found" 404 "Session not found"
        "There is no such session."
    UserUnknown "user_unknown" 404 "User not found"
        "No user has this id."
    MethodNotAllowed "method_not_allowed" 405 "Method not allowed"
        "The header `Allow` lists the allowed methods."
    RequestTimeout "request_timeout" 408 "Request timeout"
        "The body did not arrive in time."
    LinkInvalid "link_invalid" 404 "Invalid link"
        "The link was used, has expired, or was replaced by a newer one: ask for another."
    IdTaken "id_taken" 409 "Id taken"
        "Another user has this id."
    EmailTaken "email_taken" 409 "Email address taken"
        "Another user has this email address."
    BodyTooLarge "body_too_large" 413 "Body too large"
        "A body may have at most 16 KiB."
    UnsupportedMediaType "unsupported_media_type" 415 "Unsupported media type"
        "Send JSON with `Content-Type: application/json`."
    ValidationFailed "validation_failed" 422 "Validation failed"
        "`errors` names each invalid field and what is wrong with it."
    RateLimited "rate_limited" 429 "Too many attempts"
        "Try again after `Retry-After` seconds."
    Internal "internal" 500 "Internal error"
        "This is a bug of the service; its log has the details."
    Unavailable "unavailable" 503 "Service unavailable"
        "The database is not available. Try again after `Retry-After` seconds."
    Busy "busy" 503 "Server busy"
        "Too many sign-ins are waiting. Try again after `Retry-After` seconds."
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
