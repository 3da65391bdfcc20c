//! Extractors: what a handler requires is in its signature.

pub(crate) mod access_token;
pub(crate) mod asking_browser;
pub(crate) mod client_address;
pub(crate) mod device;
pub(crate) mod json_body;
pub(crate) mod known_device;
pub(crate) mod limit;
pub(crate) mod refresh_tokens;
pub(crate) mod service_key;
pub(crate) mod token_call;
pub(crate) mod token_issuer;

mod client_credentials;
mod form_body;

use actix_web::HttpRequest;
use actix_web::http::header;
use actix_web::web::Data;

use crate::problem::{Code, Problem};

/// The token after `Authorization: Bearer` (RFC 6750 §2.1).
fn bearer(request: &HttpRequest) -> Option<&str> {
    let header = request.headers().get(header::AUTHORIZATION)?;
    // Much faster than the `to_str` of headers, which matters for tokens of some hundred bytes.
    let header = str::from_utf8(header.as_bytes()).ok()?;
    let (scheme, token) = header.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim_ascii())
}

/// Something that the application was built with.
pub(crate) fn data<T: 'static>(request: &HttpRequest) -> Result<&Data<T>, Problem> {
    request.app_data::<Data<T>>().ok_or_else(|| {
        let name = std::any::type_name::<T>();
        log::error!("the application was built without {name}");
        Code::Internal.into()
    })
}
