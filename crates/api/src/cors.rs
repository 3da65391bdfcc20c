//! Which pages of other origins may read answers (Fetch standard, "CORS protocol").

use actix_cors::Cors;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};

use crate::settings::AllowedOrigin;

/// CORS with credentials, for the allowed origins only. Others get no CORS headers, and
/// [`Edge`](crate::edge::Edge) refuses their requests.
pub(crate) fn cors(allowed: Vec<AllowedOrigin>) -> Cors {
    Cors::default()
        .allowed_origin_fn(move |origin, _| {
            let origin = origin.to_str();
            origin.is_ok_and(|origin| allowed.iter().any(|allowed| allowed.admits(origin)))
        })
        .allowed_methods([
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PATCH,
            Method::DELETE,
        ])
        // Monitoring adds headers of its own, and no header protects anything here.
        .allow_any_header()
        .expose_headers([
            header::AUTHORIZATION,
            header::RETRY_AFTER,
            HeaderName::from_static("x-request-id"),
        ])
        .supports_credentials()
        .block_on_origin_mismatch(false)
        .max_age(600)
}

/// Whether a browser asks if it may send a request.
pub(crate) fn is_preflight(request: &HttpRequest) -> bool {
    let headers = request.headers();
    *request.method() == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Whether this path has one of the documents that are for all origins.
pub(crate) fn is_public(path: &str) -> bool {
    path.starts_with("/.well-known/")
}

/// The public documents are for pages of all origins, and therefore without credentials.
pub(crate) fn open_to_all_origins(headers: &mut HeaderMap) {
    headers.remove(header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
}

/// The answer to a preflight for a public document.
pub(crate) fn public_preflight() -> HttpResponse {
    let mut answer = HttpResponse::NoContent();
    answer.insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"));
    answer.insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, "*"));
    answer.insert_header((header::ACCESS_CONTROL_MAX_AGE, "600"));
    answer.finish()
}
