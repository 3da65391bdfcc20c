//! Headers of every answer, and the shape of errors that the framework makes by itself.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, ResponseError, dev::ServiceRequest};

use super::problem::{MEDIA_TYPE, Problem};
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

/// Middleware: an error that is not a problem document becomes one.
pub(crate) async fn unexpected_errors(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    let status = response.status();
    let is_problem = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|media_type| media_type == MEDIA_TYPE);
    if !(status.is_client_error() || status.is_server_error()) || is_problem {
        return Ok(response);
    }
    let problem = Problem::of_status(status).error_response();
    let allow = response.headers().get(header::ALLOW).cloned();
    let (request, old) = response.into_parts();
    let mut problem = ServiceResponse::new(request, problem);
    // What CORS and the router had to say stays.
    for (name, value) in old.headers() {
        if name.as_str().starts_with("access-control-") || name == header::VARY {
            problem.headers_mut().append(name.clone(), value.clone());
        }
    }
    if let Some(allow) = allow {
        problem.headers_mut().insert(header::ALLOW, allow);
    }
    Ok(problem)
}
