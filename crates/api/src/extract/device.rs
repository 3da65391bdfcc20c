use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};
use paperclip::actix::OperationModifier;
use store::sessions::Device;

use super::client_address::TrustedProxies;
use super::data;
use crate::problem::Problem;

/// Maximum length of a stored user agent, in characters.
const MAX_USER_AGENT: usize = 255;

/// Where a request comes from.
pub(crate) struct ClientDevice(pub(crate) Device);

impl paperclip::v2::schema::Apiv2Schema for ClientDevice {}

impl OperationModifier for ClientDevice {}

impl FromRequest for ClientDevice {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(DeviceOnDemand(request.clone()).look())))
    }
}

/// Where a request comes from, read only if needed: most renewals do not.
pub(crate) struct DeviceOnDemand(HttpRequest);

impl DeviceOnDemand {
    /// Reads where the request comes from.
    pub(crate) fn look(&self) -> Device {
        let proxies = data::<TrustedProxies>(&self.0).ok();
        Device {
            ip: proxies
                .and_then(|proxies| proxies.client_address(&self.0))
                .map(|ip| ip.to_string()),
            user_agent: user_agent(&self.0),
            label: None,
        }
    }
}

impl paperclip::v2::schema::Apiv2Schema for DeviceOnDemand {}

impl OperationModifier for DeviceOnDemand {}

impl FromRequest for DeviceOnDemand {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(request.clone())))
    }
}

fn user_agent(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get(header::USER_AGENT)?;
    let text = String::from_utf8_lossy(header.as_bytes());
    let text = text.chars().filter(|c| !c.is_control());
    Some(text.take(MAX_USER_AGENT).collect())
}
