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

/// The devices whose tokens came along: at most one is the client's own.
pub(crate) struct KnownDevices(pub(crate) Vec<KnownDevice>);

impl paperclip::v2::schema::Apiv2Schema for KnownDevices {}

impl OperationModifier for KnownDevices {}

impl FromRequest for KnownDevices {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(known_devices(request).map(Self))
    }
}

fn known_devices(request: &HttpRequest) -> Result<Vec<KnownDevice>, Problem> {
    let cookies = data::<Cookies>(request)?;
    let tokens = data::<DeviceTokens>(request)?;
    let now = data::<Arc<dyn Clock>>(request)?.now();
    // Other paths or domains may have left some behind, or planted them in front of the client's own. The
    // length of a request bounds their number.
    let values = cookies.device.values(request);
    Ok(values
        .into_iter()
        .filter_map(|token| tokens.verify(&token, now))
        .collect())
}
