//! Forward authentication for whole sites: browsers send a cookie instead of an access token.

use std::collections::BTreeMap;
use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder, ResponseError};
use identity::challenges::BrowserSecret;
use identity::entropy::Entropy;
use identity::sessions::{BrowserSession, Sessions, site_state};
use paperclip::actix::web::Query;
use paperclip::actix::{Apiv2Schema, OperationModifier, api_v2_operation};
use paperclip::v2::models::{DefaultOperationRaw, DefaultResponseRaw, Either, Response};
use serde::Deserialize;
use serde_json::Map;
use url::form_urlencoded;

use super::identity_headers;
use crate::cookie::{Cookie, Cookies};
use crate::extract::data;
use crate::problem::{Code, Problem};
use crate::settings::{At, Origin, PublicUrl, Sites};

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[&[
    Code::SignInRequired,
    Code::OriginDenied,
    Code::ClaimRequired,
    Code::Unavailable,
]];

/// How a browser is sent to the sign-in.
#[derive(Deserialize, Apiv2Schema)]
pub(crate) struct RedirectQuery {
    /// `401` for proxies that pass no redirection on, such as nginx: the answer is a 401 with `Location`.
    redirect: Option<String>,
}

/// The request of a browser, as a proxy tells of it.
struct Forwarded<'a> {
    request: &'a HttpRequest,
    method: Method,
    uri: &'a str,
}

const METHOD: HeaderName = HeaderName::from_static("x-forwarded-method");
const URI: HeaderName = HeaderName::from_static("x-forwarded-uri");

/// Verify the cookie of a browser
///
/// For proxies in front of a whole site: on the same host as Symbolon, or on one that the operator names
/// (`SYMBOLON_SITES`), then with `X-Forwarded-Host`. Needs the headers `X-Forwarded-Method`
/// and `X-Forwarded-Uri` of the request that the proxy asks about, and its cookies. Answers 200 with the headers of
/// `GET /api/verify`; for navigations of whoever is not signed in 302 to `/sign-in`, from where the browser comes back;
/// for all else 401. Requests that change something must come from the site's own pages, or the answer is 403.
/// The query can require claims, as with `GET /api/verify`. Each call asks the database.
#[api_v2_operation(operation_id = "verifyBrowser", tags(Tokens))]
pub(crate) async fn verify_browser(
    request: HttpRequest,
    query: Query<RedirectQuery>,
    cookies: Data<Cookies>,
    sessions: Data<Sessions>,
    sites: Data<Sites>,
    sign_in: SignInPlace,
) -> Result<BrowserVerdict, Problem> {
    let at = sites.at(&request).ok_or_else(unknown_host)?;
    let forwarded = Forwarded::read(&request)?;
    if !forwarded.comes_from(at.origin()) {
        return Err(Code::OriginDenied.into());
    }
    let known = match at {
        At::Own(_) => {
            sessions
                .by_cookie(&cookies.refresh.values(&request))
                .await?
        }
        At::Other(site) => {
            let presented = cookies.site.values(&request);
            sessions.by_site_cookie(&presented, site.as_str()).await?
        }
    };
    let is_navigation = forwarded.is_navigation();
    let known = known.filter(|known| !(known.needs_renewal && is_navigation));
    let Some(BrowserSession { session, .. }) = known else {
        let as_401 = query.redirect.as_deref() == Some("401");
        return Ok(BrowserVerdict(forwarded.to_sign_in(at, &sign_in, as_401)));
    };
    let claims = || serde_json::from_str(&session.claims).unwrap_or_else(|_| Map::new());
    let answer = identity_headers(&request, &session.user_id, Some(session.id), claims)?;
    Ok(BrowserVerdict(answer))
}

impl<'a> Forwarded<'a> {
    /// Without these headers, nothing is known about the request.
    fn read(request: &'a HttpRequest) -> Result<Self, Problem> {
        let header = |name: &HeaderName| request.headers().get(name)?.to_str().ok();
        let method = header(&METHOD).and_then(|method| method.parse().ok());
        let uri = header(&URI).filter(|uri| uri.starts_with('/'));
        match (method, uri) {
            (Some(method), Some(uri)) => Ok(Self {
                request,
                method,
                uri,
            }),
            _ => Err(Problem::from(Code::RequestMalformed).with_detail(
                "The proxy must send X-Forwarded-Method and X-Forwarded-Uri of the request that it asks about.",
            )),
        }
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        self.request.headers().get(name).map(HeaderValue::as_bytes)
    }

    /// Whether a page of the site itself sends the request, or it is one that changes nothing and that any page may
    /// cause. A request for a WebSocket is a GET, but one that lasts.
    fn comes_from(&self, site: &Origin) -> bool {
        let own = site.as_str().as_bytes();
        let is_own = |origin: &[u8]| origin == own;
        match (self.header("origin"), self.header("sec-fetch-site")) {
            (Some(origin), _) if !is_own(origin) => false,
            (_, Some(b"same-origin")) | (Some(_), None) => true,
            _ => self.is_safe() && self.header("sec-fetch-mode") != Some(b"websocket"),
        }
    }

    fn is_safe(&self) -> bool {
        self.method == Method::GET || self.method == Method::HEAD
    }

    /// Whether the browser shows the answer as a page.
    fn is_navigation(&self) -> bool {
        let accepts_pages = || {
            let accept = self.header("accept").unwrap_or_default();
            accept.windows(9).any(|part| part == b"text/html")
        };
        self.method == Method::GET
            && match self.header("sec-fetch-mode") {
                Some(mode) => mode == b"navigate",
                None => accepts_pages(),
            }
    }

    /// To the sign-in, and back from there.
    fn to_sign_in(&self, at: At<'_>, sign_in: &SignInPlace, as_401: bool) -> HttpResponse {
        let refusal = Problem::from(Code::SignInRequired).error_response();
        if !self.is_navigation() {
            return refusal;
        }
        let back = format!("{}{}", at.origin(), self.uri);
        let (place, cookie) = match at {
            At::Own(_) => (sign_in.page(&back), None),
            At::Other(_) => {
                let (place, cookie) = sign_in.site_start(&back);
                (place, Some(cookie))
            }
        };
        let mut response = match as_401 {
            true => refusal,
            false => HttpResponse::Found().finish(),
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in [
            (header::LOCATION, Some(place)),
            (header::SET_COOKIE, cookie),
        ] {
            if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
                headers.insert(name, value);
            }
        }
        response
    }
}

/// Where browsers sign in.
pub(crate) struct SignInPlace {
    public_url: Data<PublicUrl>,
    state: Cookie,
    /// The secret of the browser at the site: that which it has already, because another tab may be on its way, or
    /// a new one.
    secret: BrowserSecret,
}

/// Seconds that a browser may take to sign in.
const STATE_TTL: u64 = 3600;

impl SignInPlace {
    /// The page, from where the browser comes back.
    fn page(&self, back: &str) -> String {
        self.public_url.sign_in(back)
    }

    /// From a site on another host, and the cookie by which the browser is known when it comes back.
    fn site_start(&self, back: &str) -> (String, String) {
        let to: String = form_urlencoded::byte_serialize(back.as_bytes()).collect();
        let url = &**self.public_url;
        let state = site_state(&self.secret);
        let place = format!("{url}/site/start?to={to}&state={state}");
        (place, self.state.set(self.secret.expose(), STATE_TTL))
    }
}

fn unknown_host() -> Problem {
    Problem::from(Code::RequestMalformed).with_detail(
        "X-Forwarded-Host is neither the host of the public URL nor of a site in SYMBOLON_SITES.",
    )
}

impl paperclip::v2::schema::Apiv2Schema for SignInPlace {}

impl OperationModifier for SignInPlace {}

impl FromRequest for SignInPlace {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = || {
            let state = data::<Cookies>(request)?.site_state.clone();
            let known = state.values(request).into_iter().next();
            let entropy = data::<Arc<dyn Entropy>>(request)?;
            Ok(Self {
                public_url: data::<PublicUrl>(request)?.clone(),
                secret: known.map_or_else(
                    || BrowserSecret::generate(&****entropy),
                    BrowserSecret::presented,
                ),
                state,
            })
        };
        ready(read())
    }
}

/// The session of the browser in headers, or where it signs in.
pub(crate) struct BrowserVerdict(HttpResponse);

impl Responder for BrowserVerdict {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.0
    }
}

impl paperclip::v2::schema::Apiv2Schema for BrowserVerdict {}

impl OperationModifier for BrowserVerdict {
    fn update_response(operation: &mut DefaultOperationRaw) {
        let response = |text: &str| {
            Either::Right(Response {
                description: Some(text.to_owned()),
                ..DefaultResponseRaw::default()
            })
        };
        operation.responses = BTreeMap::from([
            ("200".to_owned(), response("The browser is signed in.")),
            (
                StatusCode::FOUND.as_str().to_owned(),
                response("The browser has to sign in, at `Location`."),
            ),
        ]);
    }
}
