use actix_web::http::Uri;
use url::Url;

use super::{AllowedOrigin, Http, Origin};

/// The URLs to which a browser may be sent after it has signed in: those of our own and of allowed origins.
#[derive(Clone, Debug)]
pub struct ReturnUrls {
    own: Origin,
    allowed: Vec<AllowedOrigin>,
}

/// Maximum length of such a URL.
const MAX_LEN: usize = 1024;

impl ReturnUrls {
    /// The URLs of these origins.
    pub fn new(http: &Http) -> Self {
        Self {
            own: http.public_url.origin().clone(),
            allowed: http.allowed_origins.clone(),
        }
    }

    /// Reads a URL, or a path on our own origin, as browsers do; `None` if its origin is another one. The
    /// outcome is written anew, so that a browser cannot read it otherwise.
    pub fn parse(&self, text: &str) -> Option<String> {
        if text.len() > MAX_LEN || text.contains(|c: char| c.is_control()) {
            return None;
        }
        let own = Url::parse(self.own.as_str()).ok()?;
        let url = own.join(text).ok()?;
        let is_plain = ["http", "https"].contains(&url.scheme())
            && url.username().is_empty()
            && url.password().is_none();
        let origin = url.origin().ascii_serialization();
        let is_allowed = origin == self.own.as_str()
            || self.allowed.iter().any(|allowed| allowed.admits(&origin));
        // What cannot be sent in a header is no URL either.
        let written = url.to_string();
        (is_plain && is_allowed && written.parse::<Uri>().is_ok()).then_some(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests;

    fn urls() -> ReturnUrls {
        let mut http = tests::http("https://id.example.org");
        http.allowed_origins = vec![
            AllowedOrigin::parse("https://app.example.org").unwrap(),
            AllowedOrigin::parse("https://*.apps.example.org").unwrap(),
            AllowedOrigin::parse("capacitor://localhost").unwrap(),
        ];
        ReturnUrls::new(&http)
    }

    #[test]
    fn own_and_allowed_origins_are_accepted() {
        for (text, written) in [
            ("/playground", "https://id.example.org/playground"),
            ("account?a=b#c", "https://id.example.org/account?a=b#c"),
            ("https://app.example.org", "https://app.example.org/"),
            (
                "https://app.example.org:443/a b",
                "https://app.example.org/a%20b",
            ),
            (
                "https://one.apps.example.org/x",
                "https://one.apps.example.org/x",
            ),
            ("HTTPS://APP.example.org/x", "https://app.example.org/x"),
            // A path, as browsers read it.
            ("https:evil.example", "https://id.example.org/evil.example"),
        ] {
            assert_eq!(urls().parse(text).as_deref(), Some(written), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        let long = format!("/{}", "a".repeat(MAX_LEN));
        for text in [
            "//evil.example",
            "///evil.example",
            "\\\\evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "https:/\\evil.example",
            "https://evil.example",
            "https://app.example.org.evil.example",
            "https://app.example.org@evil.example",
            "https://ann@app.example.org",
            "https://ann:x@app.example.org",
            "https://app.example.org:8443",
            "http://app.example.org",
            "https://apps.example.org",
            "https://a.b.apps.example.org",
            "https://evil.example#.apps.example.org",
            "https://evil.example\\.apps.example.org",
            "https://evil.example%2f.apps.example.org",
            "javascript:alert(1)",
            "data:text/html,x",
            "capacitor://localhost/x",
            "blob:https://id.example.org/x",
            "/a\r\nSet-Cookie: x",
            "/\t/evil.example",
            &long,
        ] {
            assert_eq!(urls().parse(text), None, "{text}");
        }
    }
}
