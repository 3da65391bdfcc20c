//! The outermost layer around all calls.

use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpRequest, ResponseError};
use identity::limits::RemainingAllowance;
use identity::metrics::{Metrics, Stopwatch};

use super::csrf::OriginGuard;
use super::headers::{SecurityHeaders, add_rate_limit};
use super::problem::{Code, Problem};
use super::unexpected::as_problem;
use crate::settings::Http;

/// The outermost layer: one for three tasks, because a layer costs more than each of them.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    origins: OriginGuard,
    headers: SecurityHeaders,
    metrics: Option<Arc<Metrics>>,
}

/// A request, to be counted when it is answered.
struct Timed {
    since: Stopwatch,
    method: Method,
}

impl Timed {
    fn new(request: &HttpRequest) -> Self {
        Self {
            since: Stopwatch::start(),
            method: request.method().clone(),
        }
    }

    fn count(self, metrics: &Metrics, response: &ServiceResponse<BoxBody>) {
        let pattern = response.request().match_pattern();
        // Made-up methods would make an unlimited number of labels.
        let method = match self.method {
            Method::GET | Method::POST | Method::PATCH | Method::DELETE | Method::OPTIONS => {
                self.method.as_str()
            }
            _ => "other",
        };
        let route = pattern.as_deref().unwrap_or("none");
        metrics.answered(method, route, response.status().as_u16(), self.since);
    }
}

/// The public documents are for pages of all origins, and therefore without credentials (Fetch standard,
/// "CORS protocol and credentials").
fn open_to_all_origins(headers: &mut HeaderMap) {
    headers.remove(header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
}

impl Edge {
    /// Requests are counted if there is a metrics listener.
    pub(crate) fn new(http: &Http, metrics: &Arc<Metrics>) -> Self {
        Self {
            metrics: http.metrics_listen.map(|_| metrics.clone()),
            origins: OriginGuard::new(http),
            headers: SecurityHeaders::new(&http.public_url),
        }
    }

    /// Middleware: refuses cross-site requests, turns each error into a problem, and adds the headers
    /// that a handler has not set.
    pub(crate) async fn pass(
        edge: Data<Edge>,
        request: ServiceRequest,
        next: Next<impl MessageBody + 'static>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        let timed = edge
            .metrics
            .is_some()
            .then(|| Timed::new(request.request()));
        let mut response = if edge.origins.admits(request.request()) {
            as_problem(next.call(request).await?.map_into_boxed_body())
        } else {
            let mut denied = Problem::from(Code::OriginDenied).error_response();
            let vary = HeaderValue::from_static("Origin, Sec-Fetch-Site");
            denied.headers_mut().insert(header::VARY, vary);
            request.into_response(denied)
        };
        if response.request().path().starts_with("/.well-known/") {
            open_to_all_origins(response.headers_mut());
        }
        let allowance = response
            .request()
            .extensions()
            .get::<RemainingAllowance>()
            .copied();
        if let Some(allowance) = allowance {
            add_rate_limit(response.headers_mut(), &allowance);
        }
        edge.headers.add(response.headers_mut());
        if let (Some(metrics), Some(timed)) = (&edge.metrics, timed) {
            timed.count(metrics, &response);
        }
        Ok(response)
    }
}
