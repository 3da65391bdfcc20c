use actix_cors::Cors;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName};

use crate::settings::Origin;

/// CORS with credentials, for the allowed origins only. Others get no CORS headers, and
/// [`Edge`](crate::edge::Edge) refuses their requests.
pub(crate) fn cors(allowed: &[Origin]) -> Cors {
    let cors = Cors::default()
        .allowed_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allowed_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .expose_headers([
            header::AUTHORIZATION,
            header::RETRY_AFTER,
            HeaderName::from_static("x-request-id"),
        ])
        .supports_credentials()
        .block_on_origin_mismatch(false)
        .max_age(600);
    allowed
        .iter()
        .fold(cors, |cors, origin| cors.allowed_origin(origin.as_str()))
}
