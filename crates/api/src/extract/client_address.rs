//! The address of the client, with or without proxies.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderName};
use ipnet::IpNet;

use crate::settings::Http;

/// The proxies whose header is trusted.
#[derive(Debug)]
pub(crate) struct TrustedProxies {
    networks: Vec<IpNet>,
    /// The header that they set. Others are the client's own.
    header: HeaderName,
    has_warned: AtomicBool,
}

impl TrustedProxies {
    pub(crate) fn new(http: &Http) -> Self {
        Self {
            networks: http.trusted_proxies.clone(),
            header: http.client_address_header.clone(),
            has_warned: AtomicBool::new(false),
        }
    }

    /// The nearest address that is not one of a trusted proxy.
    pub(crate) fn client_address(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = peer_address(request)?;
        if !self.trusts(peer) {
            self.warn_of_an_unknown_proxy(request, peer);
            return Some(peer);
        }
        let mut address = peer;
        for hop in self.hops(request).iter().rev() {
            match *hop {
                Some(next) if self.trusts(address) => address = next,
                _ => break,
            }
        }
        Some(address)
    }

    /// Whether a trusted proxy sent the request.
    pub(crate) fn are_the_peer_of(&self, request: &HttpRequest) -> bool {
        peer_address(request).is_some_and(|peer| self.trusts(peer))
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks
            .iter()
            .any(|network| network.contains(&address))
    }

    /// The hops in the header, nearest last; `None` for one that cannot be read.
    fn hops(&self, request: &HttpRequest) -> Vec<Option<IpAddr>> {
        let is_forwarded = self.header == header::FORWARDED;
        let mut hops = Vec::new();
        for line in request.headers().get_all(&self.header) {
            match line.to_str() {
                // Quotes are of `Forwarded` alone. One that is not closed must not swallow what a proxy has
                // appended, so such a line counts for nothing.
                Ok(line) if is_forwarded && is_closed(line) => {
                    hops.extend(split(line, ',').map(forwarded_for));
                }
                Ok(line) if !is_forwarded => {
                    hops.extend(line.split(',').map(|hop| address(hop.trim())));
                }
                _ => hops.push(None),
            }
        }
        hops
    }

    /// Once, because anybody can send the header.
    fn warn_of_an_unknown_proxy(&self, request: &HttpRequest, peer: IpAddr) {
        let sent_by_proxies = [&self.header, &header::FORWARDED, &header::X_FORWARDED_FOR];
        let sent = sent_by_proxies
            .into_iter()
            .find(|name| request.headers().contains_key(*name));
        if let Some(sent) = sent
            && !self.has_warned.swap(true, Ordering::Relaxed)
        {
            log::warn!(
                "{peer} sent the header {sent}, but is not in SYMBOLON_TRUSTED_PROXIES. If it is your \
                 proxy, all clients behind it share one allowance of every limit, and sessions show its \
                 address: add it there"
            );
        }
    }
}

/// The address at the other end of the connection.
pub(crate) fn peer_address(request: &HttpRequest) -> Option<IpAddr> {
    request.peer_addr().map(|peer| peer.ip().to_canonical())
}

/// Whether a proxy has passed the request on.
pub(crate) fn came_through_a_proxy(request: &HttpRequest) -> bool {
    let set_by_proxies = [
        "cf-connecting-ip",
        "forwarded",
        "true-client-ip",
        "via",
        "x-client-ip",
        "x-forwarded-for",
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

/// The address in the `for` parameter of one element of `Forwarded` (RFC 7239 §4).
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let node = split(element, ';').find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        name.eq_ignore_ascii_case("for").then_some(value)
    })?;
    match node.strip_prefix('"') {
        Some(quoted) => address(&unescape(quoted.strip_suffix('"')?)),
        None => address(node),
    }
}

/// An IPv4 or IPv6 address, with or without a port and brackets.
fn address(node: &str) -> Option<IpAddr> {
    let bare = node.strip_prefix('[').and_then(|n| n.strip_suffix(']'));
    let address: Option<IpAddr> = bare.unwrap_or(node).parse().ok();
    address
        .or_else(|| Some(node.parse::<SocketAddr>().ok()?.ip()))
        .map(|address| address.to_canonical())
}

/// Follows a text through its quoted strings (RFC 9110 §5.6.4).
#[derive(Default)]
struct Quotes {
    is_open: bool,
    is_escaped: bool,
}

impl Quotes {
    /// Takes the next character, and returns whether it is neither in a quoted string nor a quote.
    fn take(&mut self, c: char) -> bool {
        let was_escaped = std::mem::take(&mut self.is_escaped);
        match c {
            _ if was_escaped => {}
            '\\' => self.is_escaped = self.is_open,
            '"' => self.is_open = !self.is_open,
            _ => return !self.is_open,
        }
        false
    }
}

/// Splits at a separator, but not within quoted strings.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quotes = Quotes::default();
    text.split(move |c| quotes.take(c) && c == separator)
}

/// Whether every quoted string in it ends.
fn is_closed(text: &str) -> bool {
    let mut quotes = Quotes::default();
    for c in text.chars() {
        quotes.take(c);
    }
    !quotes.is_open
}

/// The text of a quoted string, without its backslashes.
fn unescape(quoted: &str) -> String {
    let mut text = String::new();
    let mut rest = quoted.chars();
    while let Some(c) = rest.next() {
        text.extend(match c {
            '\\' => rest.next(),
            c => Some(c),
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::settings::tests::http;

    fn client_by(header: &str, peer: &str, headers: &[(&'static str, &str)]) -> String {
        let mut http = http("http://localhost:8000");
        http.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        http.client_address_header = header.parse().unwrap();
        let request = TestRequest::get().peer_addr(peer.parse().unwrap());
        let request = headers
            .iter()
            .fold(request, |request, header| request.append_header(*header));
        let proxies = TrustedProxies::new(&http);
        let address = proxies.client_address(&request.to_http_request());
        address.unwrap().to_string()
    }

    fn client(peer: &str, headers: &[(&'static str, &str)]) -> String {
        client_by("x-forwarded-for", peer, headers)
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
        let unreadable = [("x-forwarded-for", "1.1.1.1, nonsense")];
        assert_eq!(client("10.0.0.1:9", &unreadable), "10.0.0.1");
    }

    #[test]
    fn a_quote_of_the_client_swallows_no_hop_of_the_proxy() {
        let opened = [("x-forwarded-for", "\", 192.0.2.9")];
        assert_eq!(client("10.0.0.1:9", &opened), "192.0.2.9");
        let opened = [("forwarded", "for=\"1.1.1.1\";x=\", for=192.0.2.9")];
        let by = |headers: &[_]| client_by("forwarded", "10.0.0.1:9", headers);
        assert_eq!(by(&opened), "10.0.0.1");
    }

    #[test]
    fn only_the_header_that_the_proxy_sets_counts() {
        let both = [
            ("forwarded", "for=1.1.1.1"),
            ("x-forwarded-for", "192.0.2.9"),
            ("x-real-ip", "2001:db8::7"),
        ];
        let by = |header| client_by(header, "10.0.0.1:9", &both);
        assert_eq!(by("x-forwarded-for"), "192.0.2.9");
        assert_eq!(by("forwarded"), "1.1.1.1");
        assert_eq!(by("x-real-ip"), "2001:db8::7");
        assert_eq!(by("cf-connecting-ip"), "10.0.0.1");
    }

    #[test]
    fn every_form_of_forwarded_is_read() {
        for (value, expected) in [
            ("for=192.0.2.9", "192.0.2.9"),
            ("For=\"192.0.2.9:4711\";proto=https", "192.0.2.9"),
            ("proto=https; for=\"[2001:db8::1]:80\"", "2001:db8::1"),
            ("for=\"[2001:db8::1]\"", "2001:db8::1"),
            ("for=\"192.0.2\\.9\"", "192.0.2.9"),
            // Separators within quoted strings.
            ("by=\"a,b\";for=192.0.2.9", "192.0.2.9"),
            ("by=\"a;for=1.1.1.1\";for=192.0.2.9", "192.0.2.9"),
            ("by=\"\\\",for=1.1.1.1\";for=192.0.2.9", "192.0.2.9"),
            (
                "for=1.1.1.1;by=\"x, for=2.2.2.2\", for=192.0.2.9",
                "192.0.2.9",
            ),
            ("for=unknown", "10.0.0.1"),
            ("for=_hidden", "10.0.0.1"),
            ("for=\"192.0.2.9", "10.0.0.1"),
            ("for=x", "10.0.0.1"),
            ("192.0.2.9", "10.0.0.1"),
            ("nonsense", "10.0.0.1"),
        ] {
            let client = client_by("forwarded", "10.0.0.1:9", &[("forwarded", value)]);
            assert_eq!(client, expected, "{value}");
        }
    }
}
