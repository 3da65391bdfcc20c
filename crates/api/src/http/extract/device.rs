use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};
use paperclip::actix::OperationModifier;
use store::sessions::Device;

use super::client_address::TrustedProxies;
use super::data;
use crate::http::problem::Problem;

/// The longest user agent that is kept, in characters.
const MAX_USER_AGENT: usize = 255;

/// Whence a request comes, for a session to remember.
pub(crate) struct ClientDevice(pub(crate) Device);

impl paperclip::v2::schema::Apiv2Schema for ClientDevice {}

impl OperationModifier for ClientDevice {}

impl FromRequest for ClientDevice {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(data::<TrustedProxies>(request).map(|proxies| {
            Self(Device {
                ip: proxies.client_address(request).map(|ip| ip.to_string()),
                user_agent: user_agent(request),
                label: None,
            })
        }))
    }
}

fn user_agent(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get(header::USER_AGENT)?;
    let text = String::from_utf8_lossy(header.as_bytes());
    let text = text.chars().filter(|c| !c.is_control());
    Some(text.take(MAX_USER_AGENT).collect())
}
