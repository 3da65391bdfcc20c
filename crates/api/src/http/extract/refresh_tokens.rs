use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use paperclip::actix::Apiv2Security;

use super::data;
use crate::http::cookie::RefreshCookie;
use crate::http::problem::Problem;

/// The refresh tokens of a request: none, the one of an honest client, or several.
#[derive(Apiv2Security)]
#[openapi(apiKey, alias = "refreshToken", in = "cookie", name = "refreshToken")]
pub(crate) struct PresentedRefreshTokens(pub(crate) Vec<String>);

impl FromRequest for PresentedRefreshTokens {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(data::<RefreshCookie>(request).map(|cookie| Self(cookie.values(request))))
    }
}
