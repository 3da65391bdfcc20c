//! Limits by address.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use identity::limits::{AddressLimit, Limits};
use paperclip::actix::OperationModifier;

use super::client_address::TrustedProxies;
use super::data;
use crate::outcomes::rate_limited;
use crate::problem::Problem;

/// Defines an extractor that counts a call, or refuses it.
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

limit!(SignInLimit sign_in "The client's address may try to sign in.");
limit!(RegistrationLimit registration "The client's address may register.");
limit!(CallLimit calls "The client's address may call.");

/// The limit on calls, for handlers that exempt authenticated back ends: they count the call when they
/// know that it is limited.
pub(crate) struct DeferredCallLimit(HttpRequest);

impl DeferredCallLimit {
    /// Counts the call, or refuses it.
    pub(crate) fn count(&self) -> Result<(), Problem> {
        count(&self.0, data::<Limits>(&self.0)?.calls.as_ref())
    }
}

impl paperclip::v2::schema::Apiv2Schema for DeferredCallLimit {}

impl OperationModifier for DeferredCallLimit {}

impl FromRequest for DeferredCallLimit {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(request.clone())))
    }
}

/// Counts a service key that is not known to be valid.
pub(super) fn count_service_key(request: &HttpRequest) -> Result<(), Problem> {
    count(request, data::<Limits>(request)?.service_keys.as_ref())
}

fn count(request: &HttpRequest, limit: Option<&AddressLimit>) -> Result<(), Problem> {
    let address = data::<TrustedProxies>(request)?.client_address(request);
    let (Some(limit), Some(address)) = (limit, address) else {
        return Ok(());
    };
    let counted = limit.count(address);
    let (Ok(remaining) | Err(remaining)) = counted;
    // For the headers of the answer.
    request.extensions_mut().insert(remaining);
    counted
        .map(drop)
        .map_err(|remaining| rate_limited(remaining.wait))
}
