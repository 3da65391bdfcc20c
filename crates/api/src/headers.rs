//! Headers of all answers.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use identity::limits::RemainingAllowance;

use crate::settings::PublicUrl;

/// Headers of all answers in which the handler has not set them (OWASP ASVS 5.0, V3.4).
#[derive(Clone, Debug)]
pub(crate) struct SecurityHeaders(Vec<(HeaderName, HeaderValue)>);

impl SecurityHeaders {
    pub(crate) fn new(public_url: &PublicUrl) -> Self {
        // For everything but our own pages: never cached, framed, sniffed or run.
        let mut headers = vec![
            (header::CACHE_CONTROL, "no-store"),
            (
                header::CONTENT_SECURITY_POLICY,
                "default-src 'none'; frame-ancestors 'none'",
            ),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::X_FRAME_OPTIONS, "DENY"),
            (header::REFERRER_POLICY, "no-referrer"),
        ];
        if public_url.is_https() {
            headers.push((header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"));
        }
        let values = headers
            .into_iter()
            .map(|(name, value)| (name, HeaderValue::from_static(value)));
        Self(values.collect())
    }

    pub(crate) fn add(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.0 {
            if !headers.contains_key(name) {
                headers.insert(name.clone(), value.clone());
            }
        }
    }
}

/// The remaining allowance of the client's address (draft-ietf-httpapi-ratelimit-headers-10).
pub(crate) fn add_rate_limit(headers: &mut HeaderMap, remaining: &RemainingAllowance) {
    let (name, allowance) = (remaining.name.replace('_', "-"), remaining.allowance);
    let window = allowance.within.as_secs();
    let policy = format!("\"{name}\";q={};w={window}", allowance.attempts);
    let wait = remaining.wait.as_millis().div_ceil(1000);
    let state = format!("\"{name}\";r={};t={wait}", remaining.remaining);
    for (name, value) in [("ratelimit-policy", policy), ("ratelimit", state)] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}
