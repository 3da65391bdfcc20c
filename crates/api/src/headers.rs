//! Headers of all answers.

use actix_web::HttpResponse;
use actix_web::body::MessageBody;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use identity::limits::RemainingAllowance;

use crate::settings::PublicUrl;

/// Headers of all answers in which the handler has not set them (OWASP ASVS 5.0, V3.4).
#[derive(Clone, Debug)]
pub(crate) struct SecurityHeaders {
    always: Vec<(HeaderName, HeaderValue)>,
    /// A successful answer without a body, such as that to a proxy, has nothing to frame, sniff or run.
    with_body: Vec<(HeaderName, HeaderValue)>,
}

impl SecurityHeaders {
    pub(crate) fn new(public_url: &PublicUrl) -> Self {
        // For everything but our own pages: never cached, framed, sniffed or run.
        let mut always = vec![(header::CACHE_CONTROL, "no-store")];
        if public_url.is_https() {
            always.push((header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"));
        }
        let with_body = vec![
            (
                header::CONTENT_SECURITY_POLICY,
                "default-src 'none'; frame-ancestors 'none'",
            ),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::X_FRAME_OPTIONS, "DENY"),
            (header::REFERRER_POLICY, "no-referrer"),
        ];
        Self {
            always: values(always),
            with_body: values(with_body),
        }
    }

    pub(crate) fn add<B: MessageBody>(&self, response: &mut HttpResponse<B>) {
        let is_bare = response.status().is_success() && response.body().size().is_eof();
        let with_body = if is_bare { &[] } else { &self.with_body[..] };
        let headers = response.headers_mut();
        for (name, value) in self.always.iter().chain(with_body) {
            if !headers.contains_key(name) {
                headers.insert(name.clone(), value.clone());
            }
        }
    }
}

fn values(headers: Vec<(HeaderName, &'static str)>) -> Vec<(HeaderName, HeaderValue)> {
    headers
        .into_iter()
        .map(|(name, value)| (name, HeaderValue::from_static(value)))
        .collect()
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
