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
        "The body is not valid JSON, or was truncated."
    RequestMalformed "request_malformed" 400 "Malformed request"
        "The request could not be read: its HTTP syntax or its query is invalid."
    InvalidCredentials "invalid_credentials" 401 "Wrong email or password"
        "No enabled user has this email address and password."
    TokenMissing "token_missing" 401 "Access token required"
        "The request has no access token. Send one as `Authorization: Bearer <access token>`."
    TokenMalformed "token_malformed" 401 "Malformed token"
        "The token is not a valid JWT of this service; it may have been truncated or altered."
    TokenExpired "token_expired" 401 "Token expired"
        "The token has expired. Get a new one from `POST /api/refresh_access`."
    TokenNotYetValid "token_not_yet_valid" 401 "Token not valid yet"
        "The token is not valid yet: the clocks of the issuer and the verifier differ."
    TokenOutdated "token_outdated" 401 "Token outdated"
        "The user's claims have changed since the token was issued. Get a new one from `POST /api/refresh_access`."
    TokenForged "token_forged" 401 "Invalid signature"
        "The token was not signed by this service, or was altered."
    TokenForeign "token_foreign" 401 "Token of another service"
        "The token has another issuer or audience, or was signed with an unknown key."
    TokenWrongType "token_wrong_type" 401 "Wrong type of token"
        "An access token cannot be used as a refresh token, nor the other way round."
    RefreshMissing "refresh_missing" 401 "Refresh token required"
        "The request has no refresh cookie. Sign in first."
    RefreshReused "refresh_reused" 401 "Refresh token reused"
        "An outdated refresh token was used, so it may have been stolen. The session was revoked. Sign in again."
    SessionExpired "session_expired" 401 "Session expired"
        "The session was not renewed in time, or reached its maximum lifetime. Sign in again."
    SessionRevoked "session_revoked" 401 "Session revoked"
        "The session was revoked; `reason` says why. Sign in again."
    SessionUnknown "session_unknown" 401 "Unknown session"
        "No session has this id. It expired and was deleted, or a backup was restored. Sign in again."
    SignInRequired "sign_in_required" 401 "Sign-in required"
        "The browser has no live session. Sign in first."
    ServiceKeyMissing "service_key_missing" 401 "Service key required"
        "The request has no service key. Send one as `Authorization: Bearer <service key>`; operators create keys with `symbolon service-key create`."
    ServiceKeyInvalid "service_key_invalid" 401 "Invalid service key"
        "The service key is unknown, revoked or expired."
    InsufficientScope "insufficient_scope" 403 "Insufficient scope"
        "The service key lacks the required scope."
    OriginDenied "origin_denied" 403 "Origin not allowed"
        "Pages may call this service from its own origin and from those in SYMBOLON_ALLOWED_ORIGINS."
    RegistrationClosed "registration_closed" 403 "Registration closed"
        "Registration is closed. Ask the operator for an account."
    EmailUnverified "email_unverified" 403 "Email address not proven"
        "The user must prove their email address before they can sign in. A mail with a link and a code was sent, unless the address got too many."
    OtherBrowser "other_browser" 403 "Another browser"
        "The link works only in the browser that asked for it. Enter the code from the mail there."
    UserDisabled "user_disabled" 403 "User disabled"
        "The user is disabled, so no session can be opened for them."
    ClaimRequired "claim_required" 403 "Claim required"
        "The access token lacks a claim that the query requires, or has another value."
    UserMismatch "user_mismatch" 403 "Session of another user"
        "The refresh token does not belong to the user whose `id` was sent."
    NotFound "not_found" 404 "Not found"
        "No endpoint has this path. All endpoints are listed at `/docs/`."
    SessionNotFound "session_not_found" 404 "Session not found"
        "There is no such session."
    UserUnknown "user_unknown" 404 "User not found"
        "No user has this id."
    SignInByMailOff "sign_in_by_mail_off" 404 "Sign-in by mail switched off"
        "Nobody signs in by mail here. The operator can switch it on (SYMBOLON_SIGN_IN_BY_MAIL)."
    MethodNotAllowed "method_not_allowed" 405 "Method not allowed"
        "The header `Allow` lists the allowed methods."
    RequestTimeout "request_timeout" 408 "Request timeout"
        "The body did not arrive in time."
    LinkInvalid "link_invalid" 404 "Invalid link"
        "The link has expired, was already used, or was replaced by a newer one. Request a new link."
    IdTaken "id_taken" 409 "Id taken"
        "Another user has this id."
    EmailTaken "email_taken" 409 "Email address taken"
        "Another user has this email address."
    EmailAlreadyVerified "email_already_verified" 409 "Email address already proven"
        "The user has proven their email address already."
    BodyTooLarge "body_too_large" 413 "Body too large"
        "The body must not exceed 16 KiB."
    UnsupportedMediaType "unsupported_media_type" 415 "Unsupported media type"
        "Send the media type that the endpoint documents, usually `Content-Type: application/json`."
    ValidationFailed "validation_failed" 422 "Validation failed"
        "`errors` names each invalid field and what is wrong with it."
    RateLimited "rate_limited" 429 "Too many attempts"
        "Try again after `Retry-After` seconds."
    Internal "internal" 500 "Internal error"
        "An unexpected error occurred. The log of the service has the details."
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
