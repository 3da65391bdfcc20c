use url::Url;

use super::Origin;

/// Which pages of other origins may call the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedOrigin {
    /// Those of one origin.
    Exactly(Origin),
    /// Those of every host with one more label: `https://*.example.org`.
    Subdomains {
        /// `https://`
        before: String,
        /// `.example.org`, with the port unless it is the scheme's.
        after: String,
    },
}

impl AllowedOrigin {
    /// Reads an origin, in which `*` may stand for the first label of the host. Schemes of applications with
    /// a web view, such as `capacitor://localhost`, are origins too.
    ///
    /// # Errors
    ///
    /// A message that says which values are valid.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if let Some((before, after)) = text.split_once("://*.") {
            // The labels that replace it are letters, digits and hyphens, as this one.
            let origin = Origin::parse(&format!("{before}://x.{after}"))?;
            let (before, after) = origin
                .as_str()
                .split_once("://x.")
                .ok_or("must have a domain name after the *")?;
            if before != "https" && before != "http" {
                return Err("must start with https:// or http://, if it has a *");
            }
            let host = after.split(':').next().unwrap_or_default();
            if after.contains('*') || !host.contains('.') {
                return Err(
                    "must have one *, before a domain of your own, as in https://*.example.org",
                );
            }
            return Ok(Self::Subdomains {
                before: format!("{before}://"),
                after: format!(".{after}"),
            });
        }
        if text.contains('*') {
            return Err(
                "may have a * only as the first label of the host, as in https://*.example.org",
            );
        }
        Origin::parse(text)
            .or_else(|why| of_an_application(text).ok_or(why))
            .map(Self::Exactly)
    }

    /// Whether it is this `Origin` of a request.
    pub fn admits(&self, origin: &str) -> bool {
        match self {
            Self::Exactly(allowed) => origin == allowed.as_str(),
            Self::Subdomains { before, after } => origin
                .strip_prefix(before.as_str())
                .and_then(|rest| rest.strip_suffix(after.as_str()))
                .is_some_and(is_label),
        }
    }
}

fn is_label(text: &str) -> bool {
    let is_valid = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(is_valid)
}

/// The origin of an application's own scheme, which browsers send as it is. Those that all pages can make
/// (`data`, `blob`) or all files share (`file`) have none.
fn of_an_application(text: &str) -> Option<Origin> {
    let url = Url::parse(text).ok()?;
    let shared = [
        "about",
        "blob",
        "data",
        "file",
        "filesystem",
        "ftp",
        "http",
        "https",
        "javascript",
    ];
    let (scheme, host) = text.split_once("://")?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    let is_origin = scheme == url.scheme() && !host.is_empty() && host.bytes().all(is_plain);
    (is_origin && !shared.contains(&scheme)).then(|| Origin::verbatim(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_one_label() {
        let allowed = AllowedOrigin::parse("https://*.Example.org").unwrap();
        for origin in ["https://a.example.org", "https://b-2.example.org"] {
            assert!(allowed.admits(origin), "{origin}");
        }
        for origin in [
            "https://example.org",
            "https://.example.org",
            "https://a.b.example.org",
            "http://a.example.org",
            "https://a.example.org:8443",
            "https://a.example.org.evil.example",
            "https://evil.example/.example.org",
            "https://evil.example#.example.org",
            "https://u@a.example.org",
            "https://evil.example%00.example.org",
            "https://A.example.org",
            "null",
        ] {
            assert!(!allowed.admits(origin), "{origin}");
        }
        let port = AllowedOrigin::parse("http://*.app.localhost.test:3000").unwrap();
        assert!(port.admits("http://a.app.localhost.test:3000"));
        assert!(!port.admits("http://a.app.localhost.test"));
    }

    #[test]
    fn other_stars_are_refused() {
        for text in [
            "*",
            "https://*",
            "https://*.org",
            "https://*.localhost:3000",
            "https://*.*.example.org",
            "https://a*.example.org",
            "https://a.*.example.org",
            "https://example.org:*",
            "*://example.org",
            "capacitor://*.example.org",
            "https://*.example.org/path",
            "https://u@*.example.org",
        ] {
            assert!(AllowedOrigin::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn applications_with_schemes_of_their_own_are_origins() {
        for text in [
            "capacitor://localhost",
            "ionic://localhost",
            "tauri://localhost",
            "app://obsidian.md",
            "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb",
            "moz-extension://0b1c2d3e-0000-4000-8000-000000000000",
        ] {
            assert!(AllowedOrigin::parse(text).unwrap().admits(text), "{text}");
        }
        for text in [
            "",
            "null",
            "file://localhost",
            "data://x",
            "blob://x",
            "ftp://example.org",
            "Capacitor://localhost",
            "capacitor://",
            "capacitor://localhost/",
            "capacitor:localhost",
            "https://example.org/path",
            "http://u@example.org",
        ] {
            assert!(AllowedOrigin::parse(text).is_err(), "{text}");
        }
    }
}
