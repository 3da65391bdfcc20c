//! What each request meets first, and each answer last.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, ResponseError};

use super::csrf::OriginGuard;
use super::headers::{SecurityHeaders, add_rate_limit};
use super::problem::{Code, Problem};
use super::unexpected::as_problem;
use crate::limits::Left;
use crate::settings::Http;

/// The outermost layer. One for three tasks, as a layer costs more than each of them.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    origins: OriginGuard,
    headers: SecurityHeaders,
}

impl Edge {
    pub(crate) fn new(http: &Http) -> Self {
        Self {
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
        Ok(response)
    }
}
