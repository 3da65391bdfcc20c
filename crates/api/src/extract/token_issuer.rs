//! Who may issue tokens by user id: the bearer of a service key, or a host of a trusted network.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use ipnet::IpNet;
use paperclip::actix::{Apiv2Security, OperationModifier};
use store::Actor;
use store::service_keys::Scope;

use super::client_address::{came_through_a_proxy, peer_address};
use super::{data, service_key};
use crate::csrf::is_from_a_page;
use crate::problem::Problem;
use crate::settings::Http;

/// Networks whose hosts may issue tokens without a service key.
#[derive(Clone, Debug)]
pub(crate) struct TrustedIssuers {
    networks: Vec<IpNet>,
    proxies: Vec<IpNet>,
}

impl TrustedIssuers {
    pub(crate) fn new(http: &Http) -> Self {
        Self {
            networks: http.trusted_issuers.clone(),
            proxies: http.trusted_proxies.clone(),
        }
    }

    /// Decides by the address of the peer only. A request that a proxy passed on, or that a browser sent
    /// for a page, comes from somebody else.
    fn trusts(&self, request: &HttpRequest) -> bool {
        let Some(peer) = peer_address(request) else {
            return false;
        };
        let among = |networks: &[IpNet]| networks.iter().any(|network| network.contains(&peer));
        among(&self.networks)
            && !among(&self.proxies)
            && !came_through_a_proxy(request)
            && !is_from_a_page(request)
    }
}

/// A caller that may issue tokens: by a service key with the scope `tokens:issue`, or by its address.
#[derive(Apiv2Security)]
#[openapi(apiKey, alias = "serviceKey", in = "header", name = "Authorization")]
pub(crate) struct TokenIssuer(pub(crate) Actor);

impl FromRequest for TokenIssuer {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            match find_issuer(&request).await? {
                Some(issuer) => Ok(Self(issuer)),
                None => Err(service_key::missing(&request)),
            }
        })
    }
}

/// The same where there may be none: the caller then has to prove in another way who they are.
pub(crate) struct OptionalTokenIssuer(pub(crate) Option<Actor>);

impl paperclip::v2::schema::Apiv2Schema for OptionalTokenIssuer {}

impl OperationModifier for OptionalTokenIssuer {
    fn update_security(operation: &mut paperclip::v2::models::DefaultOperationRaw) {
        TokenIssuer::update_security(operation);
    }
}

impl FromRequest for OptionalTokenIssuer {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { find_issuer(&request).await.map(Self) })
    }
}

/// Without a service key, the address decides.
async fn find_issuer(request: &HttpRequest) -> Result<Option<Actor>, Problem> {
    if let Some(actor) = service_key::presented(request, Scope::TokensIssue).await? {
        return Ok(Some(actor));
    }
    let trusted = data::<TrustedIssuers>(request)?.trusts(request);
    Ok(trusted.then_some(Actor::TrustedNetwork))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::settings::tests::http;

    fn trusts(peer: &str, headers: &[(&'static str, &'static str)]) -> bool {
        let networks = |list: &[&str]| list.iter().map(|net| net.parse().unwrap()).collect();
        let mut http = http("http://localhost:8000");
        http.trusted_issuers = networks(&["10.0.0.0/8", "2001:db8::/32"]);
        http.trusted_proxies = networks(&["10.9.9.9/32"]);
        let issuers = TrustedIssuers::new(&http);
        let request = TestRequest::post().peer_addr(peer.parse().unwrap());
        let request = headers
            .iter()
            .fold(request, |request, header| request.insert_header(*header));
        issuers.trusts(&request.to_http_request())
    }

    #[test]
    fn a_host_of_a_trusted_network_is_trusted() {
        assert!(trusts("10.1.2.3:5", &[]));
        assert!(trusts("[::ffff:10.1.2.3]:5", &[]));
        assert!(trusts("[2001:db8::7]:5", &[]));
        assert!(!trusts("10.9.9.9:5", &[]));
        assert!(!trusts("11.1.2.3:5", &[]));
        assert!(!trusts("[2001:db9::7]:5", &[]));
    }

    #[test]
    fn no_header_makes_another_host_trusted() {
        for header in ["forwarded", "x-forwarded-for", "x-real-ip", "client-ip"] {
            assert!(!trusts("192.0.2.1:5", &[(header, "10.1.2.3")]), "{header}");
        }
    }

    #[test]
    fn requests_through_a_proxy_or_from_a_page_are_not_trusted() {
        for header in [
            "forwarded",
            "via",
            "x-forwarded-for",
            "x-real-ip",
            "origin",
            "sec-fetch-site",
        ] {
            assert!(
                !trusts("10.1.2.3:5", &[(header, "same-origin")]),
                "{header}"
            );
        }
    }
}
