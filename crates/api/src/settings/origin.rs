use std::fmt;

use url::Url;

/// The origin of a page (RFC 6454), as browsers write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// Reads an origin.
    ///
    /// # Errors
    ///
    /// A message that says which values are valid.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let url =
            Url::parse(text).map_err(|_| "must be an origin, such as https://app.example.org")?;
        match url.path() {
            "/" => Self::of(&url),
            _ => Err("must have no path"),
        }
    }

    pub(super) fn of(url: &Url) -> Result<Self, &'static str> {
        let is_plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        match url.scheme() {
            "http" | "https" if is_plain => Ok(Self(url.origin().ascii_serialization())),
            "http" | "https" => Err("must consist of scheme, host and port only"),
            _ => Err("must start with https:// or http://"),
        }
    }

    pub(super) fn verbatim(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The origin as a browser sends it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
