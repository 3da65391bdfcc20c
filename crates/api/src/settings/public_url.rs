use std::fmt;

use url::{Host, Url, form_urlencoded};

use super::Origin;

/// The URL by which clients know the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    text: String,
    origin: Origin,
    is_local: bool,
}

impl PublicUrl {
    /// Reads a URL. It must use https unless it is local or `insecure` is set.
    ///
    /// # Errors
    ///
    /// A message that says which values are valid.
    pub fn parse(text: &str, insecure: bool) -> Result<Self, &'static str> {
        let url = Url::parse(text).map_err(|_| "must be a URL, such as https://id.example.org")?;
        let origin = Origin::of(&url)?;
        if url.path() != "/" {
            return Err("must not have a path: the service is served from the root of its host");
        }
        let is_local = is_local(&url);
        if url.scheme() != "https" && !is_local && !insecure {
            return Err(
                "must use https unless it is localhost (SYMBOLON_DANGER_INSECURE_PUBLIC_URL=true \
                        overrides this)",
            );
        }
        Ok(Self {
            text: origin.to_string(),
            origin,
            is_local,
        })
    }

    /// The `iss` claim of tokens: the URL without a trailing slash.
    pub fn issuer(&self) -> &str {
        &self.text
    }

    /// The page on which users sign in, and from which the browser goes back to this URL.
    pub(crate) fn sign_in(&self, return_to: &str) -> String {
        let back: String = form_urlencoded::byte_serialize(return_to.as_bytes()).collect();
        format!("{self}/sign-in?return_to={back}")
    }

    /// The origin of the service's own pages.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Whether only this machine can reach it.
    pub fn is_local(&self) -> bool {
        self.is_local
    }

    /// Whether cookies can be secure.
    pub fn is_https(&self) -> bool {
        self.text.starts_with("https://")
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether browsers treat the host of a URL as this machine.
pub fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
