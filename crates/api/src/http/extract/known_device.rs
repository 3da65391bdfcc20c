use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use paperclip::actix::OperationModifier;

use super::data;
use crate::clock::Clock;
use crate::http::cookie::DeviceCookie;
use crate::http::problem::Problem;
use crate::tokens::{DeviceTokens, KnownDevice};

/// The device, if somebody has signed in on it before.
pub(crate) struct MaybeKnownDevice(pub(crate) Option<KnownDevice>);

impl paperclip::v2::schema::Apiv2Schema for MaybeKnownDevice {}

impl OperationModifier for MaybeKnownDevice {}

impl FromRequest for MaybeKnownDevice {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(known_device(request).map(Self))
    }
}

fn known_device(request: &HttpRequest) -> Result<Option<KnownDevice>, Problem> {
    let cookie = data::<DeviceCookie>(request)?;
    let tokens = data::<DeviceTokens>(request)?;
    let now = data::<Arc<dyn Clock>>(request)?.now();
    // Other paths or domains may have left some behind: few are looked at.
    let values = cookie.values(request).into_iter().take(4);
    Ok(values.filter_map(|token| tokens.verify(&token, now)).next())
}
