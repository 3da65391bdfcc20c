//! The cookies (RFC 6265bis).

use actix_web::HttpRequest;
use actix_web::http::header;
use identity::challenges::BrowserSecret;

use crate::settings::{Http, SameSite};

/// The cookies of the service.
#[derive(Clone, Debug)]
pub(crate) struct Cookies {
    /// The refresh token.
    pub(crate) refresh: Cookie,
    /// The token by which a device is known at the next sign-in.
    pub(crate) device: Cookie,
    /// The secret by which the browser that asked for a mail is known again.
    pub(crate) asking: Cookie,
    /// At a site on another host: the session.
    pub(crate) site: Cookie,
    /// At such a site: the secret of the browser that is on its way to the sign-in.
    pub(crate) site_state: Cookie,
}

/// The language that was chosen on a page. No secret: pages read and write it.
pub(crate) const LANGUAGE: Cookie = Cookie {
    name: "language",
    path: "/",
    secure: false,
    same_site: SameSite::Lax,
};

impl Cookies {
    pub(crate) fn new(http: &Http) -> Self {
        let cookie = |name, secure_name, path| {
            let secure = http.public_url.is_https();
            Cookie {
                name: if secure { secure_name } else { name },
                path,
                secure,
                same_site: http.same_site,
            }
        };
        Self {
            // Browsers accept the prefix `__Host-` only from this host over https, for all paths.
            refresh: cookie("refreshToken", "__Host-refreshToken", "/"),
            asking: cookie("askedForMail", "__Host-askedForMail", "/"),
            site: cookie("symbolonSite", "__Host-symbolonSite", "/"),
            site_state: cookie("symbolonState", "__Host-symbolonState", "/"),
            device: cookie("knownDevice", "__Secure-knownDevice", "/api/login"),
        }
    }
}

impl Cookies {
    /// `Set-Cookie` of the browser that asked for a mail.
    pub(crate) fn asking_browser(&self, secret: &BrowserSecret) -> String {
        self.asking.set(secret.expose(), ASKING)
    }
}

/// Seconds for which the browser that asked is known again: as long as the link is valid that is valid longest
/// among those that only this browser can use.
const ASKING: u64 = 24 * 3600;

/// A cookie's name and attributes.
#[derive(Clone, Debug)]
pub(crate) struct Cookie {
    name: &'static str,
    path: &'static str,
    secure: bool,
    same_site: SameSite,
}

impl Cookie {
    /// Its name.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// `Set-Cookie` with a value, for `max_age` seconds.
    pub(crate) fn set(&self, value: &str, max_age: u64) -> String {
        format!(
            "{}={value}; HttpOnly; SameSite={}; Path={}; Max-Age={max_age}{}",
            self.name,
            self.same_site.as_str(),
            self.path,
            if self.secure { "; Secure" } else { "" },
        )
    }

    /// `Set-Cookie` that removes it.
    pub(crate) fn clear(&self) -> String {
        self.set("", 0)
    }

    /// All its values in a request: other paths or domains may have left some behind.
    pub(crate) fn values(&self, request: &HttpRequest) -> Vec<String> {
        request
            .headers()
            .get_all(header::COOKIE)
            // By bytes, because another cookie may hold what is not text.
            .flat_map(|header| header.as_bytes().split(|&byte| byte == b';'))
            .filter_map(|pair| {
                let pair = pair.trim_ascii().strip_prefix(self.name.as_bytes())?;
                let value = str::from_utf8(pair.strip_prefix(b"=")?).ok()?;
                let value = value.trim_matches('"');
                (!value.is_empty()).then(|| value.to_owned())
            })
            .collect()
    }
}
