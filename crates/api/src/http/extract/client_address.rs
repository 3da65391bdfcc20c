//! The address of a client, behind proxies or not.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header;
use ipnet::IpNet;

/// The proxies whose word on a client's address is believed.
#[derive(Clone, Debug)]
pub(crate) struct TrustedProxies(pub(crate) Vec<IpNet>);

impl TrustedProxies {
    /// The nearest address that is not one of a trusted proxy.
    pub(crate) fn client_address(&self, request: &HttpRequest) -> Option<IpAddr> {
        let mut address = peer_address(request)?;
        for forwarded in hops(request).iter().rev() {
            if !self.trusts(address) {
                break;
            }
            match forwarded_address(forwarded) {
                Some(next) => address = next,
                None => break,
            }
        }
        Some(address)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// The address at the other end of the connection.
pub(crate) fn peer_address(request: &HttpRequest) -> Option<IpAddr> {
    request.peer_addr().map(|peer| peer.ip().to_canonical())
}

/// Whether a proxy says that it passed the request on.
pub(crate) fn came_through_a_proxy(request: &HttpRequest) -> bool {
    let said_by_proxies = [
        "forwarded",
        "via",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-real-ip",
    ];
    said_by_proxies
        .iter()
        .any(|name| request.headers().contains_key(*name))
}

/// What the proxies wrote, the nearest one last: `Forwarded` (RFC 7239), else `X-Forwarded-For`.
fn hops(request: &HttpRequest) -> Vec<&str> {
    let list = |name: &str| -> Vec<&str> {
        request
            .headers()
            .get_all(name)
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect()
    };
    let forwarded = list(header::FORWARDED.as_str());
    if forwarded.is_empty() {
        list("x-forwarded-for")
    } else {
        forwarded
    }
}

/// The address in `for=…` of RFC 7239, or alone; with or without a port.
fn forwarded_address(hop: &str) -> Option<IpAddr> {
    let node = match hop.contains('=') {
        true => hop.split(';').find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            name.eq_ignore_ascii_case("for").then_some(value)
        })?,
        false => hop,
    };
    let node = node.trim().trim_matches('"');
    let bare = node.trim_start_matches('[').trim_end_matches(']');
    let address: Option<IpAddr> = bare.parse().ok();
    address
        .or_else(|| Some(node.parse::<std::net::SocketAddr>().ok()?.ip()))
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn client(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let proxies = TrustedProxies(vec!["10.0.0.0/8".parse().unwrap()]);
        let request = TestRequest::get().peer_addr(peer.parse().unwrap());
        let request = headers
            .iter()
            .fold(request, |request, header| request.append_header(*header));
        let address = proxies.client_address(&request.to_http_request());
        address.unwrap().to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let claim = [("x-forwarded-for", "192.0.2.9")];
        assert_eq!(client("10.0.0.1:9", &claim), "192.0.2.9");
        assert_eq!(client("198.51.100.1:9", &claim), "198.51.100.1");
        assert_eq!(client("[::ffff:10.0.0.1]:9", &claim), "192.0.2.9");
    }

    #[test]
    fn the_nearest_address_that_is_no_trusted_proxy_counts() {
        let chain = [("x-forwarded-for", "1.1.1.1, 192.0.2.9, 10.0.0.2")];
        assert_eq!(client("10.0.0.1:9", &chain), "192.0.2.9");
        let twice = [
            ("x-forwarded-for", "1.1.1.1"),
            ("x-forwarded-for", "192.0.2.9"),
        ];
        assert_eq!(client("10.0.0.1:9", &twice), "192.0.2.9");
    }

    #[test]
    fn forwarded_goes_first_in_all_its_spellings() {
        for (value, expected) in [
            ("for=192.0.2.9", "192.0.2.9"),
            ("For=\"192.0.2.9:4711\";proto=https", "192.0.2.9"),
            ("proto=https; for=\"[2001:db8::1]:80\"", "2001:db8::1"),
            ("for=\"[2001:db8::1]\"", "2001:db8::1"),
            ("for=unknown", "10.0.0.1"),
            ("for=_hidden", "10.0.0.1"),
            ("nonsense", "10.0.0.1"),
        ] {
            let headers = [("forwarded", value), ("x-forwarded-for", "1.1.1.1")];
            assert_eq!(client("10.0.0.1:9", &headers), expected, "{value}");
        }
    }
}
