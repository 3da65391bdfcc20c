//! The address of the client, with or without proxies.

use std::net::IpAddr;

use actix_web::HttpRequest;
use ipnet::IpNet;

/// RFC 7239.
const FORWARDED: &str = "forwarded";

/// What most proxies send instead.
const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// The proxies whose headers are trusted.
#[derive(Clone, Debug)]
pub(crate) struct TrustedProxies(pub(crate) Vec<IpNet>);

impl TrustedProxies {
    /// The nearest address that is not one of a trusted proxy.
    pub(crate) fn client_address(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = peer_address(request)?;
        let by = |header| self.nearest_stranger(peer, &hops(request, header));
        let headers = request.headers();
        let has = |header: &str| headers.contains_key(header);
        Some(match (has(FORWARDED), has(X_FORWARDED_FOR)) {
            (true, false) => by(FORWARDED),
            (false, true) => by(X_FORWARDED_FOR),
            // A proxy sets one of them and passes the other on as the client sent it.
            (true, true) if by(FORWARDED) == by(X_FORWARDED_FOR) => by(FORWARDED),
            _ => peer,
        })
    }

    fn nearest_stranger(&self, peer: IpAddr, hops: &[&str]) -> IpAddr {
        let mut address = peer;
        for hop in hops.iter().rev() {
            match forwarded_address(hop) {
                Some(next) if self.trusts(address) => address = next,
                _ => break,
            }
        }
        address
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// The address at the other end of the connection.
pub(crate) fn peer_address(request: &HttpRequest) -> Option<IpAddr> {
    request.peer_addr().map(|peer| peer.ip().to_canonical())
}

/// Whether a proxy has passed the request on.
pub(crate) fn came_through_a_proxy(request: &HttpRequest) -> bool {
    let set_by_proxies = [
        FORWARDED,
        X_FORWARDED_FOR,
        "cf-connecting-ip",
        "true-client-ip",
        "via",
        "x-client-ip",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-proto",
        "x-forwarded-server",
        "x-real-ip",
    ];
    set_by_proxies
        .iter()
        .any(|name| request.headers().contains_key(*name))
}

/// The hops in a header, nearest last. A line that is not text is a hop that cannot be read.
fn hops<'a>(request: &'a HttpRequest, header: &str) -> Vec<&'a str> {
    let lines = request.headers().get_all(header);
    let lines = lines.map(|line| line.to_str().unwrap_or_default());
    lines.flat_map(|line| line.split(',')).collect()
}

/// The address in `for=…` (RFC 7239) or on its own, with or without a port.
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
    fn headers_of_other_peers_are_ignored() {
        let claim = [("x-forwarded-for", "192.0.2.9")];
        assert_eq!(client("10.0.0.1:9", &claim), "192.0.2.9");
        assert_eq!(client("198.51.100.1:9", &claim), "198.51.100.1");
        assert_eq!(client("[::ffff:10.0.0.1]:9", &claim), "192.0.2.9");
    }

    #[test]
    fn the_nearest_address_that_is_not_a_trusted_proxy_counts() {
        let chain = [("x-forwarded-for", "1.1.1.1, 192.0.2.9, 10.0.0.2")];
        assert_eq!(client("10.0.0.1:9", &chain), "192.0.2.9");
        let twice = [
            ("x-forwarded-for", "1.1.1.1"),
            ("x-forwarded-for", "192.0.2.9"),
        ];
        assert_eq!(client("10.0.0.1:9", &twice), "192.0.2.9");
    }

    #[test]
    fn every_form_of_forwarded_is_read() {
        for (value, expected) in [
            ("for=192.0.2.9", "192.0.2.9"),
            ("For=\"192.0.2.9:4711\";proto=https", "192.0.2.9"),
            ("proto=https; for=\"[2001:db8::1]:80\"", "2001:db8::1"),
            ("for=\"[2001:db8::1]\"", "2001:db8::1"),
            ("for=unknown", "10.0.0.1"),
            ("for=_hidden", "10.0.0.1"),
            ("nonsense", "10.0.0.1"),
        ] {
            assert_eq!(
                client("10.0.0.1:9", &[("forwarded", value)]),
                expected,
                "{value}"
            );
        }
    }

    #[test]
    fn headers_that_disagree_are_ignored() {
        let both = |forwarded| {
            let headers = [("forwarded", forwarded), ("x-forwarded-for", "192.0.2.9")];
            client("10.0.0.1:9", &headers)
        };
        assert_eq!(both("for=1.1.1.1"), "10.0.0.1");
        assert_eq!(both("for=192.0.2.9"), "192.0.2.9");
    }
}
