//! The way of a browser from a site on another host to the sign-in and back.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use identity::challenges::BrowserSecret;
use identity::sessions::Sessions;
use identity::tokens::SITE_TTL;
use serde::Deserialize;
use url::form_urlencoded;

use super::redirect;
use crate::cookie::Cookies;
use crate::problem::{Code, Problem};
use crate::settings::{PublicUrl, Sites};

/// Where a browser wants to go.
#[derive(Deserialize)]
pub(super) struct Start {
    /// The URL at the site.
    to: String,
    /// The hash of the browser's secret at the site.
    state: String,
}

/// `/site/start`, at the public URL: to the site with a code, or to the sign-in first.
pub(super) async fn start(
    request: HttpRequest,
    query: Query<Start>,
    sites: Data<Sites>,
    cookies: Data<Cookies>,
    sessions: Data<Sessions>,
    public_url: Data<PublicUrl>,
) -> Result<HttpResponse, Problem> {
    let Some((site, path)) = sites.split(&query.to) else {
        let why = "The URL is not at one of the sites in SYMBOLON_SITES.";
        return Err(Problem::from(Code::RequestMalformed).with_detail(why));
    };
    let known = sessions
        .by_cookie(&cookies.refresh.values(&request))
        .await?;
    let Some(known) = known.filter(|known| !known.needs_renewal) else {
        let back = format!("{}{}", public_url.issuer(), request.uri());
        return Ok(redirect(&public_url.sign_in(&back)));
    };
    let code = sessions.site_code(&known.session, site.as_str(), query.state.clone())?;
    let path: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
    let callback = format!("{site}/.symbolon/callback?code={}&to={path}", code.as_str());
    Ok(redirect(&callback))
}

/// What a browser brings back.
#[derive(Deserialize)]
pub(super) struct Callback {
    /// The code.
    code: String,
    /// The path at the site.
    to: String,
}

/// `/.symbolon/callback`, at the site: the code becomes a cookie there.
pub(super) async fn callback(
    request: HttpRequest,
    query: Query<Callback>,
    sites: Data<Sites>,
    cookies: Data<Cookies>,
    sessions: Data<Sessions>,
) -> Result<HttpResponse, Problem> {
    let site = sites.of_request(&request).ok_or_else(|| {
        Problem::from(Code::RequestMalformed)
            .with_detail("X-Forwarded-Host is not the host of a site in SYMBOLON_SITES.")
    })?;
    let to = format!("{site}{}", query.to);
    let place = sites
        .split(&to)
        .filter(|(at, _)| *at == site && query.to.starts_with('/'));
    let secrets = cookies.site_state.values(&request).into_iter();
    let secrets: Vec<_> = secrets.map(BrowserSecret::presented).collect();
    let token = sessions
        .redeem_site_code(&query.code, site.as_str(), &secrets)
        .await?;
    let (Some((_, path)), Some(token)) = (place, token) else {
        return Err(Problem::from(Code::LinkInvalid).with_detail(
            "The sign-in was not completed in time, or not in this browser. Open the site again.",
        ));
    };
    let mut response = redirect(&path);
    let set = cookies.site.set(token.as_str(), SITE_TTL.as_secs());
    for cookie in [set, cookies.site_state.clear()] {
        if let Ok(cookie) = HeaderValue::try_from(cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    Ok(response)
}
