use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use paperclip::actix::{Apiv2Security, OperationModifier};

use super::data;
use crate::cookie::Cookies;
use crate::problem::Problem;

/// The refresh tokens in the cookies of a request: usually one, but there may be none or several.
#[derive(Apiv2Security)]
#[openapi(apiKey, alias = "refreshToken", in = "cookie", name = "refreshToken")]
pub(crate) struct PresentedRefreshTokens(pub(crate) Vec<String>);

/// The same where they are not needed: the session that the call opens replaces theirs.
pub(crate) struct RefreshTokensToReplace(pub(crate) Vec<String>);

impl paperclip::v2::schema::Apiv2Schema for RefreshTokensToReplace {}

impl OperationModifier for RefreshTokensToReplace {}

impl FromRequest for RefreshTokensToReplace {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(presented(request).map(Self))
    }
}

impl FromRequest for PresentedRefreshTokens {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(presented(request).map(Self))
    }
}

fn presented(request: &HttpRequest) -> Result<Vec<String>, Problem> {
    let cookies = data::<Cookies>(request)?;
    Ok(cookies.refresh.values(request))
}
