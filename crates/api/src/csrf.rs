//! Protection against cross-site request forgery, by the headers with which browsers name the origin of
//! a request.

use actix_web::HttpRequest;
use actix_web::http::header;

use crate::cors::is_preflight;
use crate::settings::{AllowedOrigin, Http, Origin};

/// The origins whose pages may send requests that change something.
#[derive(Clone, Debug)]
pub(crate) struct OriginGuard {
    own: Origin,
    allowed: Vec<AllowedOrigin>,
}

impl OriginGuard {
    pub(crate) fn new(http: &Http) -> Self {
        Self {
            own: http.public_url.origin().clone(),
            allowed: http.allowed_origins.clone(),
        }
    }

    /// Whether a request is safe, or does not come from a page of another origin. A preflight is as safe as
    /// the request that it announces.
    pub(crate) fn admits(&self, request: &HttpRequest) -> bool {
        let is_safe = request.method().is_safe() && !is_preflight(request);
        is_safe || self.is_same_origin(request)
    }

    fn is_same_origin(&self, request: &HttpRequest) -> bool {
        let headers = request.headers();
        let site = headers.get("sec-fetch-site").map(|site| site.as_bytes());
        // The browser's own verdict, by whatever name it reached the service.
        if site == Some(b"same-origin") {
            return true;
        }
        match headers.get(header::ORIGIN) {
            Some(origin) => origin.to_str().is_ok_and(|origin| {
                origin == self.own.as_str()
                    || self.allowed.iter().any(|allowed| allowed.admits(origin))
            }),
            // Without both headers, it is not a browser. `none`: its user typed the URL.
            None => matches!(site, None | Some(b"none")),
        }
    }
}

/// Whether a browser sent the request for a page.
pub(crate) fn is_from_a_page(request: &HttpRequest) -> bool {
    request.headers().contains_key(header::ORIGIN)
        || request.headers().contains_key("sec-fetch-site")
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::settings::{AllowedOrigin, tests};

    fn admits(headers: &[(&'static str, &str)]) -> bool {
        let mut http = tests::http("https://id.example.org");
        http.allowed_origins = vec![AllowedOrigin::parse("https://app.example.org").unwrap()];
        let guard = OriginGuard::new(&http);
        let request = headers.iter().fold(TestRequest::post(), |request, header| {
            request.insert_header(*header)
        });
        guard.admits(&request.to_http_request())
    }

    #[test]
    fn programs_and_pages_of_allowed_origins_are_admitted() {
        assert!(admits(&[]));
        assert!(admits(&[("origin", "https://id.example.org")]));
        assert!(admits(&[
            ("origin", "https://app.example.org"),
            ("sec-fetch-site", "same-site")
        ]));
        assert!(admits(&[
            ("origin", "http://127.0.0.1:8000"),
            ("sec-fetch-site", "same-origin")
        ]));
        assert!(admits(&[("sec-fetch-site", "none")]));
    }

    #[test]
    fn pages_of_other_origins_are_refused() {
        for origin in [
            "https://evil.example",
            "null",
            "",
            "http://id.example.org",
            "https://id.example.org.evil.example",
            "https://id.example.org:8443",
            "https://ID.example.org",
            "https://app.example.org, https://evil.example",
        ] {
            assert!(!admits(&[("origin", origin)]), "{origin}");
        }
        for site in ["cross-site", "same-site", "", "SAME-ORIGIN"] {
            assert!(!admits(&[("sec-fetch-site", site)]), "{site}");
        }
    }
}
