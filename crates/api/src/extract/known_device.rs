use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use identity::clock::Clock;
use identity::tokens::{DeviceTokens, KnownDevice};
use paperclip::actix::OperationModifier;

use super::data;
use crate::cookie::Cookies;
use crate::problem::Problem;

/// The device, if a user has signed in on it before.
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
    let cookies = data::<Cookies>(request)?;
    let tokens = data::<DeviceTokens>(request)?;
    let now = data::<Arc<dyn Clock>>(request)?.now();
    // Other paths or domains may have left some behind; only a few are considered.
    let values = cookies.device.values(request).into_iter().take(4);
    Ok(values.filter_map(|token| tokens.verify(&token, now)).next())
}
