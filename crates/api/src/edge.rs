//! The outermost layer around all calls.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use futures_util::FutureExt;
use identity::limits::RemainingAllowance;
use identity::metrics::{Metrics, Stopwatch};
use identity::request_id::{self, RequestId, RequestIds};

use super::canonical::make_canonical;
use super::cors::{is_preflight, is_public, open_to_all_origins, public_preflight};
use super::csrf::OriginGuard;
use super::extract::client_address::TrustedProxies;
use super::handlers::api::verify::{self, Verified};
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
    request_ids: Arc<RequestIds>,
    proxies: Data<TrustedProxies>,
    has_access_log: bool,
}

/// The target of requests in the log, at the level debug.
const ACCESS_LOG: &str = "symbolon::access";

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
        let method = method_label(&self.method);
        let route = pattern.as_deref().unwrap_or("none");
        metrics.answered(method, route, response.status().as_u16(), self.since);
    }
}

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

fn add_request_id(headers: &mut HeaderMap, id: &RequestId) {
    if let Ok(id) = HeaderValue::from_str(id.as_str()) {
        headers.insert(X_REQUEST_ID, id);
    }
}

/// Made-up methods would make an unlimited number of labels.
fn method_label(method: &Method) -> &str {
    match *method {
        Method::GET
        | Method::HEAD
        | Method::POST
        | Method::PATCH
        | Method::DELETE
        | Method::OPTIONS => method.as_str(),
        _ => "other",
    }
}

/// Which one counts would depend on who reads them: a proxy may read the other.
fn has_two_authorizations(request: &HttpRequest) -> bool {
    let mut all = request.headers().get_all(header::AUTHORIZATION);
    all.nth(1).is_some()
}

/// A handler has panicked: a bug, which must cost no more than its own request.
#[derive(Debug)]
struct Panicked {
    headers: SecurityHeaders,
    id: RequestId,
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a handler panicked")
    }
}

impl ResponseError for Panicked {
    fn error_response(&self) -> HttpResponse {
        let mut response = Problem::from(Code::Internal).error_response();
        self.headers.add(&mut response);
        add_request_id(response.headers_mut(), &self.id);
        response
    }
}

impl Edge {
    /// Requests are counted if there is a metrics listener.
    pub(crate) fn new(
        http: &Http,
        metrics: &Arc<Metrics>,
        request_ids: RequestIds,
        proxies: Data<TrustedProxies>,
    ) -> Self {
        Self {
            request_ids: Arc::new(request_ids),
            proxies,
            has_access_log: log::log_enabled!(target: ACCESS_LOG, log::Level::Debug),
            metrics: http.metrics_listen.map(|_| metrics.clone()),
            origins: OriginGuard::new(http),
            headers: SecurityHeaders::new(&http.public_url),
        }
    }

    /// Method and path, never a query or a header, which could hold a token.
    fn log_access(&self, timed: &Timed, response: &ServiceResponse<BoxBody>, id: &RequestId) {
        let request = response.request();
        let address = self.proxies.client_address(request);
        let client = address.map_or_else(|| "-".to_owned(), |address| address.to_string());
        let (method, path) = (timed.method.as_str(), request.path().escape_debug());
        let (status, ms) = (
            response.status().as_u16(),
            timed.since.elapsed().as_millis(),
        );
        log::debug!(
            target: ACCESS_LOG,
            client:%, method:%, path:%, status:%, ms:%, request:% = id.as_str();
            "{client} {method} {path} {status} {ms} ms request={}", id.as_str()
        );
    }

    /// The answer after a handler has panicked. The request is gone, and with it the route.
    fn after_panic(&self, timed: Option<Timed>, id: RequestId) -> Error {
        if let (Some(metrics), Some(Timed { since, method })) = (&self.metrics, timed) {
            metrics.answered(method_label(&method), "none", 500, since);
        }
        let headers = self.headers.clone();
        Panicked { headers, id }.into()
    }

    /// The id that a trusted proxy has given the request, or a new one.
    fn request_id(&self, request: &HttpRequest) -> RequestId {
        let given = request.headers().get(X_REQUEST_ID);
        let given = given.filter(|_| self.proxies.are_the_peer_of(request));
        let given = given.and_then(|id| RequestId::parse(id.to_str().ok()?));
        given.unwrap_or_else(|| self.request_ids.next())
    }

    /// Middleware: names the request, refuses cross-site requests, turns each error into a problem, and
    /// adds the headers that a handler has not set.
    pub(crate) async fn pass(
        edge: Data<Edge>,
        mut request: ServiceRequest,
        next: Next<impl MessageBody + 'static>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        let is_timed = edge.metrics.is_some() || edge.has_access_log;
        let timed = is_timed.then(|| Timed::new(request.request()));
        let id = edge.request_id(request.request());
        make_canonical(&mut request);
        let is_public = is_public(request.path());
        let mut response = if is_public && is_preflight(request.request()) {
            request.into_response(public_preflight())
        } else if has_two_authorizations(request.request()) {
            let refused = Problem::from(Code::RequestMalformed)
                .with_detail("There are several Authorization headers; send one.");
            request.into_response(refused.error_response())
        } else if edge.origins.admits(request.request()) {
            let answer = request_id::scope(id, async {
                if verify::is_plain(request.request()) {
                    let answer = Verified::answer(request.request());
                    return Ok(request.into_response(answer));
                }
                Ok::<_, Error>(next.call(request).await?.map_into_boxed_body())
            });
            match AssertUnwindSafe(answer).catch_unwind().await {
                Ok(answer) => as_problem(answer?),
                Err(_logged_by_the_hook) => return Err(edge.after_panic(timed, id)),
            }
        } else {
            let mut denied = Problem::from(Code::OriginDenied).error_response();
            let vary = HeaderValue::from_static("Origin, Sec-Fetch-Site");
            denied.headers_mut().insert(header::VARY, vary);
            request.into_response(denied)
        };
        if is_public {
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
        edge.headers.add(response.response_mut());
        add_request_id(response.headers_mut(), &id);
        if let Some(timed) = timed {
            if edge.has_access_log {
                edge.log_access(&timed, &response, &id);
            }
            if let Some(metrics) = &edge.metrics {
                timed.count(metrics, &response);
            }
        }
        Ok(response)
    }
}
