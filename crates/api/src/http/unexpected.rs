//! The shape of errors that the framework makes by itself.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError};

use super::problem::{MEDIA_TYPE, Problem};

/// Middleware: an error that is not a problem document becomes one.
pub(crate) async fn shape_errors(
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
