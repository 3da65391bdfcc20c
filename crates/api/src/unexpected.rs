//! Errors that the framework answers by itself.

use actix_web::ResponseError;
use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{self, HeaderValue};

use super::problem::{MEDIA_TYPE, Problem};

/// Turns an error of the framework into a problem, and leaves other answers alone.
pub(crate) fn as_problem(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let status = response.status();
    let is_problem = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|media_type| media_type == MEDIA_TYPE);
    if !(status.is_client_error() || status.is_server_error()) || is_problem {
        return response;
    }
    let problem = Problem::of_status(status).error_response();
    let allow = response.headers().get(header::ALLOW).cloned();
    let (request, old) = response.into_parts();
    let mut problem = ServiceResponse::new(request, problem);
    // Keep the headers of CORS and the router.
    for (name, value) in old.headers() {
        if name.as_str().starts_with("access-control-") || name == header::VARY {
            problem.headers_mut().append(name.clone(), value.clone());
        }
    }
    if let Some(allow) = allow {
        let allow = with_head(&allow);
        problem.headers_mut().insert(header::ALLOW, allow);
    }
    problem
}

/// The router does not know that HEAD is answered where GET is.
fn with_head(allow: &HeaderValue) -> HeaderValue {
    let methods = allow.to_str().unwrap_or_default().split(", ");
    let methods: Vec<_> = methods
        .map(|method| match method {
            "GET" => "GET, HEAD",
            other => other,
        })
        .collect();
    HeaderValue::from_str(&methods.join(", ")).unwrap_or_else(|_| allow.clone())
}
