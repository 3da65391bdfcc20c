//! How a back end presents its service key (RFC 6749 §2.3.1, RFC 6750 §2.1).

use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::http::header;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use identity::service_keys::ServiceKeySecret;
use url::form_urlencoded;

use super::bearer;

/// A service key, and the name that was sent with it.
pub(super) struct ClientCredentials {
    pub(super) secret: ServiceKeySecret,
    name: Option<String>,
}

impl ClientCredentials {
    /// `Authorization: Bearer` with a service key, or `Authorization: Basic` with a name and a service key.
    pub(super) fn of_header(request: &HttpRequest) -> Option<Self> {
        if let Some(secret) = bearer(request).and_then(ServiceKeySecret::parse) {
            return Some(Self { secret, name: None });
        }
        let value = request
            .headers()
            .get(header::AUTHORIZATION)?
            .to_str()
            .ok()?;
        let (scheme, encoded) = value.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let pair = String::from_utf8(STANDARD.decode(encoded.trim_ascii()).ok()?).ok()?;
        let (name, secret) = pair.split_once(':')?;
        Self::named(name, secret)
    }

    /// A name and a secret, as they are or form-encoded: the standard says encoded, and clients differ.
    pub(super) fn named(name: &str, secret: &str) -> Option<Self> {
        let secret = ServiceKeySecret::parse(secret)
            .or_else(|| ServiceKeySecret::parse(&form_decoded(secret)))?;
        let name = Some(name.to_owned());
        Some(Self { secret, name })
    }

    /// Whether the name, if one was sent, is that of the key.
    pub(super) fn are_of(&self, key_name: &str) -> bool {
        let is_the_name = |name: &String| name == key_name || form_decoded(name) == key_name;
        self.name.as_ref().is_none_or(is_the_name)
    }
}

fn form_decoded(text: &str) -> Cow<'_, str> {
    // Only a `=` or a `&` could end the name of a parameter, and neither stays unencoded.
    match form_urlencoded::parse(text.as_bytes()).next() {
        Some((name, value)) if value.is_empty() => name,
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn basic(pair: &str) -> Option<ClientCredentials> {
        let value = format!("bAsIc {}", STANDARD.encode(pair));
        let request = TestRequest::default().insert_header((header::AUTHORIZATION, value));
        ClientCredentials::of_header(&request.to_http_request())
    }

    #[test]
    fn a_name_and_a_key_are_read_as_they_are_and_form_encoded() {
        for (pair, name) in [
            ("gateway:symbolon_sk_a-b_c", "gateway"),
            ("gateway:symbolon%5Fsk%5Fa-b%5Fc", "gateway"),
            ("my+gate%3Away:symbolon_sk_a-b_c", "my gate:way"),
            ("my gate+way:symbolon_sk_a-b_c", "my gate+way"),
        ] {
            let read = basic(pair).unwrap();
            assert_eq!(read.secret.expose(), "symbolon_sk_a-b_c", "{pair}");
            assert!(read.are_of(name), "{pair}");
            assert!(!read.are_of("other"), "{pair}");
        }
    }

    #[test]
    fn nothing_else_is_a_service_key() {
        for pair in [
            "",
            ":",
            "symbolon_sk_a",
            "gateway:",
            "gateway:secret",
            "symbolon_sk_a:x",
        ] {
            assert!(basic(pair).is_none(), "{pair}");
        }
        for value in [
            "Basic",
            "Basic !",
            "Basic Z2F0ZXdheTp4",
            "Digest Z2F0ZXdheTp4",
        ] {
            let request = TestRequest::default().insert_header((header::AUTHORIZATION, value));
            assert!(ClientCredentials::of_header(&request.to_http_request()).is_none());
        }
    }
}
