//! Headers of every answer.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;

use crate::settings::PublicUrl;

/// Headers of every answer (OWASP ASVS 5.0, V3.4).
#[derive(Clone, Debug)]
pub(crate) struct SecurityHeaders {
    https: bool,
}

impl SecurityHeaders {
    pub(crate) fn new(public_url: &PublicUrl) -> Self {
        Self {
            https: public_url.is_https(),
        }
    }

    fn add(&self, headers: &mut HeaderMap) {
        let mut add = |name: HeaderName, value: &'static str| {
            if !headers.contains_key(&name) {
                headers.insert(name, HeaderValue::from_static(value));
            }
        };
        // What is not a page of ours is never cached, framed, sniffed or run.
        add(header::CACHE_CONTROL, "no-store");
        add(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        );
        add(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        add(header::X_FRAME_OPTIONS, "DENY");
        add(header::REFERRER_POLICY, "no-referrer");
        if self.https {
            add(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
        }
    }
}

/// Middleware: adds [`SecurityHeaders`] where a handler has not set its own.
pub(crate) async fn secure_headers(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let security = request.app_data::<Data<SecurityHeaders>>().cloned();
    let mut response = next.call(request).await?;
    if let Some(security) = security {
        security.add(response.headers_mut());
    }
    Ok(response)
}
