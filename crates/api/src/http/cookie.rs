//! The cookies (RFC 6265bis).

use actix_web::HttpRequest;
use actix_web::http::header;

use crate::settings::{Http, SameSite};
use crate::tokens::{DeviceToken, KNOWN_FOR, RefreshToken};

/// How the refresh cookie is named and guarded.
#[derive(Clone, Debug)]
pub(crate) struct RefreshCookie {
    name: &'static str,
    secure: bool,
    same_site: SameSite,
}

impl RefreshCookie {
    pub(crate) fn new(http: &Http) -> Self {
        let secure = http.public_url.is_https();
        Self {
            // A browser takes the prefixed name from this very host alone, over https alone.
            name: if secure {
                "__Host-refreshToken"
            } else {
                "refreshToken"
            },
            secure,
            same_site: http.same_site,
        }
    }

    /// Its name.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// `Set-Cookie` with a token, for so many seconds.
    pub(crate) fn set(&self, token: &RefreshToken, max_age: u64) -> String {
        self.write(token.as_str(), max_age)
    }

    /// `Set-Cookie` that removes it.
    pub(crate) fn clear(&self) -> String {
        self.write("", 0)
    }

    fn write(&self, value: &str, max_age: u64) -> String {
        format!(
            "{}={value}; HttpOnly; SameSite={}; Path=/; Max-Age={max_age}{}",
            self.name,
            self.same_site.as_str(),
            if self.secure { "; Secure" } else { "" },
        )
    }

    /// All its values in a request: other paths or domains may have left some behind.
    pub(crate) fn values(&self, request: &HttpRequest) -> Vec<String> {
        values(request, self.name)
    }
}

/// The cookie by which a device is known at the next sign-in, and which goes nowhere else.
#[derive(Clone, Debug)]
pub(crate) struct DeviceCookie {
    name: &'static str,
    secure: bool,
    same_site: SameSite,
}

impl DeviceCookie {
    pub(crate) fn new(http: &Http) -> Self {
        let secure = http.public_url.is_https();
        Self {
            // The prefix of the other asks for the path of all.
            name: if secure {
                "__Secure-knownDevice"
            } else {
                "knownDevice"
            },
            secure,
            same_site: http.same_site,
        }
    }

    /// `Set-Cookie` with a token.
    pub(crate) fn set(&self, token: &DeviceToken) -> String {
        format!(
            "{}={}; HttpOnly; SameSite={}; Path=/api/login; Max-Age={}{}",
            self.name,
            token.as_str(),
            self.same_site.as_str(),
            KNOWN_FOR.as_secs(),
            if self.secure { "; Secure" } else { "" },
        )
    }

    /// All its values in a request.
    pub(crate) fn values(&self, request: &HttpRequest) -> Vec<String> {
        values(request, self.name)
    }
}

fn values(request: &HttpRequest, name: &str) -> Vec<String> {
    request
        .headers()
        .get_all(header::COOKIE)
        // By bytes: another cookie beside it may hold what is no text.
        .flat_map(|header| header.as_bytes().split(|&byte| byte == b';'))
        .filter_map(|pair| {
            let pair = pair.trim_ascii().strip_prefix(name.as_bytes())?;
            let value = str::from_utf8(pair.strip_prefix(b"=")?).ok()?;
            let value = value.trim_matches('"');
            (!value.is_empty()).then(|| value.to_owned())
        })
        .collect()
}
