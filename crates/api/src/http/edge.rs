//! What each request meets first, and each answer last.

use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpRequest, ResponseError};

use super::csrf::OriginGuard;
use super::headers::{SecurityHeaders, add_rate_limit};
use super::problem::{Code, Problem};
use super::unexpected::as_problem;
use crate::limits::Left;
use crate::metrics::{Metrics, Stopwatch};
use crate::settings::Http;

/// The outermost layer. One for three tasks, as a layer costs more than each of them.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    origins: OriginGuard,
    headers: SecurityHeaders,
    metrics: Option<Arc<Metrics>>,
}

/// A request that is to be counted when it is answered.
struct Watched {
    since: Stopwatch,
    method: Method,
}

impl Watched {
    fn new(request: &HttpRequest) -> Self {
        Self {
            since: Stopwatch::start(),
            method: request.method().clone(),
        }
    }

    fn count(self, metrics: &Metrics, response: &ServiceResponse<BoxBody>) {
        let pattern = response.request().match_pattern();
        // Methods that anybody makes up would be labels without end.
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

impl Edge {
    /// Requests are counted where there is somebody who asks.
    pub(crate) fn new(http: &Http, metrics: &Arc<Metrics>) -> Self {
        Self {
            metrics: http.metrics_listen.map(|_| metrics.clone()),
            origins: OriginGuard::new(http),
            headers: SecurityHeaders::new(&http.public_url),
        }
    }

    /// Middleware: refuses what a foreign page sends, makes each error a problem, and adds the
    /// headers that a handler has not set.
    pub(crate) async fn pass(
        edge: Data<Edge>,
        request: ServiceRequest,
        next: Next<impl MessageBody + 'static>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        let watched = edge
            .metrics
            .is_some()
            .then(|| Watched::new(request.request()));
        let mut response = if edge.origins.admits(request.request()) {
            as_problem(next.call(request).await?.map_into_boxed_body())
        } else {
            request.into_response(Problem::from(Code::OriginDenied).error_response())
        };
        let left = response.request().extensions().get::<Left>().copied();
        if let Some(left) = left {
            add_rate_limit(response.headers_mut(), &left);
        }
        edge.headers.add(response.headers_mut());
        if let (Some(metrics), Some(watched)) = (&edge.metrics, watched) {
            watched.count(metrics, &response);
        }
        Ok(response)
    }
}
