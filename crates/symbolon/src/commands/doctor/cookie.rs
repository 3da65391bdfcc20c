//! Whether browsers send the refresh cookie from a front end, and whether its calls are allowed.

use api::settings::{Http, SameSite, is_local};
use url::{Host, Url};

use super::Findings;

/// How browsers relate a front end to the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Distance {
    /// The same scheme, host and port.
    SameOrigin,
    /// The same host, or one below the same domain; and the same scheme.
    SameSite,
    /// Anything else.
    CrossSite,
}

pub(super) fn look(front_end: &Url, http: &Http, findings: &mut Findings) {
    let origin = front_end.origin().ascii_serialization();
    let Ok(service) = Url::parse(http.public_url.issuer()) else {
        return;
    };
    let distance = distance(front_end, &service);
    let is_allowed = http
        .allowed_origins
        .iter()
        .any(|allowed| allowed.admits(&origin));
    if distance == Distance::SameOrigin {
        findings.ok(format!(
            "front end {origin}: the same origin as the service; nothing to do"
        ));
        return;
    }
    match is_allowed {
        true => findings.ok(format!(
            "front end {origin}: it is in SYMBOLON_ALLOWED_ORIGINS"
        )),
        false => findings.bad(format!(
            "front end {origin}: requests from it are refused (403 origin_denied); add it to \
             SYMBOLON_ALLOWED_ORIGINS"
        )),
    }
    match (distance, http.same_site) {
        (Distance::SameOrigin | Distance::SameSite, _) => findings.ok(format!(
            "cookie: {origin} and {service} are the same site, so browsers send it (unless their \
             common domain is a public suffix)"
        )),
        (Distance::CrossSite, _) if is_local(front_end) && is_local(&service) => {
            findings.bad(format!(
                "cookie: for browsers, localhost and 127.0.0.1 are different sites; open the front \
                 end with the same host as {service}"
            ));
        }
        (Distance::CrossSite, SameSite::None) => findings.bad(
            "cookie: the front end and the service are on different sites. With SameSite=None, only \
             browsers that still allow third-party cookies send it; serve both from one domain, or \
             behind one proxy",
        ),
        (Distance::CrossSite, _) => findings.bad(
            "cookie: the front end and the service are on different sites (different domains or \
             schemes), so browsers do not send it with SameSite=Lax or Strict; serve both from one \
             domain, or behind one proxy",
        ),
    }
}

fn distance(front_end: &Url, service: &Url) -> Distance {
    if front_end.origin() == service.origin() {
        return Distance::SameOrigin;
    }
    let same_site = match (front_end.host(), service.host()) {
        (Some(Host::Domain(one)), Some(Host::Domain(other))) => site(one) == site(other),
        (one, other) => one == other,
    };
    match same_site && front_end.scheme() == service.scheme() {
        true => Distance::SameSite,
        false => Distance::CrossSite,
    }
}

/// The last two labels, which is what people register for most top-level domains.
fn site(host: &str) -> &str {
    let mut dots = host.rmatch_indices('.').map(|(at, _)| at);
    match (dots.next(), dots.next()) {
        (Some(_), Some(second)) => &host[second + 1..],
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::resolve;

    fn found(front_end: &str, arguments: &[&str]) -> (usize, String) {
        let mut findings = Findings::default();
        let settings = resolve(arguments).unwrap();
        look(
            &Url::parse(front_end).unwrap(),
            &settings.service.http,
            &mut findings,
        );
        (findings.bad, findings.lines.join("\n"))
    }

    #[test]
    fn the_same_origin_needs_nothing() {
        let (bad, told) = found(
            "https://id.example.org/app/",
            &["--public-url=https://id.example.org"],
        );
        assert_eq!(bad, 0, "{told}");
    }

    #[test]
    fn the_same_site_needs_an_allowed_origin() {
        let service = "--public-url=https://id.example.org";
        let (bad, told) = found("https://app.example.org", &[service]);
        assert!(
            bad == 1 && told.contains("SYMBOLON_ALLOWED_ORIGINS"),
            "{told}"
        );
        let allowed = "--allowed-origins=https://app.example.org";
        assert_eq!(found("https://app.example.org/", &[service, allowed]).0, 0);
        assert_eq!(
            found(
                "http://localhost:9000",
                &["--allowed-origins=http://localhost:9000"]
            )
            .0,
            0
        );
    }

    #[test]
    fn different_sites_are_explained() {
        for (front_end, service, why) in [
            (
                "https://app.example.net",
                "https://id.example.org",
                "different sites",
            ),
            (
                "http://app.localhost:9000",
                "https://id.localhost",
                "localhost",
            ),
            (
                "http://127.0.0.1:8000",
                "http://localhost:8000",
                "127.0.0.1",
            ),
            (
                "https://notexample.org",
                "https://example.org",
                "different sites",
            ),
        ] {
            let service = format!("--public-url={service}");
            let allowed = format!("--allowed-origins={front_end}");
            let (bad, told) = found(front_end, &[&service, &allowed]);
            assert!(bad == 1 && told.contains(why), "{front_end}: {told}");
        }
        let none = [
            "--public-url=https://id.example.org",
            "--cookie-samesite=None",
            "--allowed-origins=https://app.example.net",
        ];
        assert!(
            found("https://app.example.net", &none)
                .1
                .contains("third-party")
        );
    }
}
