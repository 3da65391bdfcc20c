//! Limits on how often an address may call: asked for in a handler's signature.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use paperclip::actix::OperationModifier;

use super::client_address::TrustedProxies;
use super::data;
use crate::http::outcomes::rate_limited;
use crate::http::problem::Problem;
use crate::limits::{AddressLimit, Limits};

/// Defines an extractor that counts the call, or refuses it.
macro_rules! limit {
    ($name:ident $limit:ident $meaning:literal) => {
        #[doc = $meaning]
        pub(crate) struct $name;

        impl paperclip::v2::schema::Apiv2Schema for $name {}

        impl OperationModifier for $name {}

        impl FromRequest for $name {
            type Error = Problem;
            type Future = Ready<Result<Self, Problem>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let limits = data::<Limits>(request);
                let counted = limits.and_then(|limits| count(request, limits.$limit.as_ref()));
                ready(counted.map(|()| Self))
            }
        }
    };
}

limit!(SignInLimit sign_in "The address may try to sign in.");
limit!(RegistrationLimit registration "The address may register.");
limit!(CallLimit calls "The address may call.");

/// Whether the address may call, counted only when that matters: a back end that proves itself is
/// not limited.
pub(crate) struct LaterCallLimit(HttpRequest);

impl LaterCallLimit {
    /// Counts the call.
    pub(crate) fn count(&self) -> Result<(), Problem> {
        count(&self.0, data::<Limits>(&self.0)?.calls.as_ref())
    }
}

impl paperclip::v2::schema::Apiv2Schema for LaterCallLimit {}

impl OperationModifier for LaterCallLimit {}

impl FromRequest for LaterCallLimit {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(request.clone())))
    }
}

fn count(request: &HttpRequest, limit: Option<&AddressLimit>) -> Result<(), Problem> {
    let address = data::<TrustedProxies>(request)?.client_address(request);
    let (Some(limit), Some(address)) = (limit, address) else {
        return Ok(());
    };
    let counted = limit.count(address);
    let (Ok(left) | Err(left)) = counted;
    // For the headers of the answer.
    request.extensions_mut().insert(left);
    counted.map(drop).map_err(|left| rate_limited(left.wait))
}
