//! `SYMBOLON_LISTEN`, `SYMBOLON_PUBLIC_URL`, `SYMBOLON_DANGER_INSECURE_PUBLIC_URL`,
//! `SYMBOLON_AUDIENCE`, `SYMBOLON_ALLOWED_ORIGINS`, `SYMBOLON_COOKIE_SAMESITE`,
//! `SYMBOLON_TRUSTED_ISSUERS`, `SYMBOLON_TRUSTED_PROXIES`, `SYMBOLON_VERIFY_CLAIMS`,
//! `SYMBOLON_VERIFY_IDENTITY`, `SYMBOLON_METRICS_LISTEN`.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use actix_web::http::header::HeaderName;
use clap::Args;
use ipnet::IpNet;
use url::{Host, Url};

use super::{Mistakes, duration};
use crate::tokens::is_reserved_claim;

/// Where the service listens, as it was given.
#[derive(Args, Clone)]
pub struct ListenArgs {
    /// Address and port to listen on; port 0 picks a free one
    #[arg(
        long,
        env = "SYMBOLON_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8000"
    )]
    listen: String,
}

/// How the service is reached, as it was given.
#[derive(Args, Clone)]
pub(super) struct HttpArgs {
    #[command(flatten)]
    listen: ListenArgs,

    /// What clients know the service by: the issuer of its tokens. With https cookies are secure
    #[arg(
        long,
        env = "SYMBOLON_PUBLIC_URL",
        value_name = "URL",
        default_value = "http://localhost:8000"
    )]
    public_url: String,

    /// Accept a public URL with http elsewhere than on localhost: tokens then travel unencrypted
    #[arg(long, env = "SYMBOLON_DANGER_INSECURE_PUBLIC_URL")]
    danger_insecure_public_url: bool,

    /// `aud` of access tokens [default: the public URL]
    #[arg(long, env = "SYMBOLON_AUDIENCE", value_name = "NAME")]
    audience: Option<String>,

    /// Origins of front ends elsewhere, separated by commas, as in https://app.example.org
    #[arg(
        long,
        env = "SYMBOLON_ALLOWED_ORIGINS",
        value_name = "ORIGINS",
        default_value = "",
        hide_default_value = true
    )]
    allowed_origins: String,

    /// SameSite of the refresh cookie: Strict, Lax or None (None with https alone)
    #[arg(
        long,
        env = "SYMBOLON_COOKIE_SAMESITE",
        value_name = "VALUE",
        default_value = "Lax"
    )]
    cookie_samesite: String,

    /// Networks whose hosts may issue tokens without a service key, separated by commas, as in
    /// 10.1.0.0/16
    #[arg(
        long,
        env = "SYMBOLON_TRUSTED_ISSUERS",
        value_name = "NETWORKS",
        default_value = "",
        hide_default_value = true
    )]
    trusted_issuers: String,

    /// Networks of proxies whose Forwarded or X-Forwarded-For is believed, separated by commas
    #[arg(
        long,
        env = "SYMBOLON_TRUSTED_PROXIES",
        value_name = "NETWORKS",
        default_value = "",
        hide_default_value = true
    )]
    trusted_proxies: String,

    /// The user's own claims that /api/verify puts into headers, separated by commas: role becomes
    /// X-Claim-Role
    #[arg(
        long,
        env = "SYMBOLON_VERIFY_CLAIMS",
        value_name = "NAMES",
        default_value = "",
        hide_default_value = true
    )]
    verify_claims: String,

    /// How long the identity token is good that /api/verify gives to what is behind a proxy, in
    /// X-Identity-Token; 0s is none
    #[arg(
        long,
        env = "SYMBOLON_VERIFY_IDENTITY",
        value_name = "TIME",
        default_value = "0s"
    )]
    verify_identity: String,

    /// Address and port for Prometheus, which asks for /metrics there, and nothing else is [default:
    /// none]
    #[arg(long, env = "SYMBOLON_METRICS_LISTEN", value_name = "ADDRESS")]
    metrics_listen: Option<String>,
}

/// How the service is reached.
#[derive(Clone, Debug)]
pub struct Http {
    /// Where it listens.
    pub listen: SocketAddr,
    /// What it is known by.
    pub public_url: PublicUrl,
    /// `aud` of access tokens.
    pub audience: String,
    /// Front ends elsewhere.
    pub allowed_origins: Vec<Origin>,
    /// Of the refresh cookie.
    pub same_site: SameSite,
    /// Who may issue tokens without a service key.
    pub trusted_issuers: Vec<IpNet>,
    /// Whose `Forwarded` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The user's own claims that verification puts into headers.
    pub verify_claims: Vec<ClaimHeader>,
    /// How long an identity token is good; `None` if verification gives none.
    pub verify_identity: Option<Duration>,
    /// Where metrics are told, if anywhere.
    pub metrics_listen: Option<SocketAddr>,
}

/// An identity token is for one request, and cannot be taken back.
const MOST_IDENTITY: Duration = Duration::from_secs(300);

/// A claim of the user's own, and the header that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimHeader {
    /// The claim's name.
    pub claim: String,
    /// The header's.
    pub header: HeaderName,
}

impl ClaimHeader {
    fn parse(name: &str) -> Result<Self, &'static str> {
        if is_reserved_claim(name) {
            return Err(
                "is no claim of the user's own; X-User-Id and X-Session-Id are always there",
            );
        }
        let header = format!("x-claim-{}", name.to_ascii_lowercase().replace('_', "-"));
        Ok(Self {
            claim: name.to_owned(),
            header: header
                .parse()
                .map_err(|_| "no name for a header can be made of it")?,
        })
    }
}

impl HttpArgs {
    pub(super) fn resolve(self, mistakes: &mut Mistakes) -> Option<Http> {
        let listen = self.listen.resolve(mistakes);
        let public_url = PublicUrl::parse(&self.public_url, self.danger_insecure_public_url);
        let public_url = mistakes.note("SYMBOLON_PUBLIC_URL", &self.public_url, public_url);
        let allowed_origins = mistakes.note_each(
            "SYMBOLON_ALLOWED_ORIGINS",
            &self.allowed_origins,
            Origin::parse,
        );
        let secure = public_url.as_ref().is_none_or(PublicUrl::is_https);
        let same_site = SameSite::parse(&self.cookie_samesite, secure);
        let same_site = mistakes.note("SYMBOLON_COOKIE_SAMESITE", &self.cookie_samesite, same_site);
        let trusted_issuers =
            mistakes.note_each("SYMBOLON_TRUSTED_ISSUERS", &self.trusted_issuers, network);
        let trusted_proxies =
            mistakes.note_each("SYMBOLON_TRUSTED_PROXIES", &self.trusted_proxies, network);
        let verify_claims = mistakes.note_each(
            "SYMBOLON_VERIFY_CLAIMS",
            &self.verify_claims,
            ClaimHeader::parse,
        );
        let identity = duration(&self.verify_identity, Duration::ZERO).and_then(|ttl| {
            let is_short = ttl <= MOST_IDENTITY;
            is_short
                .then_some(ttl)
                .ok_or("must be at most 5m".to_owned())
        });
        let identity = mistakes.note("SYMBOLON_VERIFY_IDENTITY", &self.verify_identity, identity);
        let metrics_listen = self.metrics_listen.as_deref().and_then(|text| {
            let address = text.parse();
            let address = address.map_err(|_| "an address and a port, as in 127.0.0.1:9100");
            mistakes.note("SYMBOLON_METRICS_LISTEN", text, address)
        });
        let public_url = public_url?;
        Some(Http {
            listen: listen?,
            audience: self
                .audience
                .unwrap_or_else(|| public_url.issuer().to_owned()),
            public_url,
            allowed_origins: allowed_origins?,
            same_site: same_site?,
            trusted_issuers: trusted_issuers?,
            trusted_proxies: trusted_proxies?,
            verify_claims: verify_claims?,
            verify_identity: identity.filter(|ttl| !ttl.is_zero()),
            metrics_listen,
        })
    }
}

impl ListenArgs {
    /// # Errors
    ///
    /// The [`Mistakes`] in it.
    pub fn resolve_alone(self) -> Result<SocketAddr, Mistakes> {
        let mut mistakes = Mistakes::default();
        self.resolve(&mut mistakes).ok_or(mistakes)
    }

    fn resolve(self, mistakes: &mut Mistakes) -> Option<SocketAddr> {
        let listen = self.listen.parse();
        let listen = listen.map_err(|_| "an address and a port, as in 0.0.0.0:8000");
        mistakes.note("SYMBOLON_LISTEN", &self.listen, listen)
    }
}

/// A network, or the one address that is written without a prefix.
fn network(text: &str) -> Result<IpNet, &'static str> {
    text.parse()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "a network, as in 10.1.0.0/16")
}

/// What clients know the service by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    text: String,
    origin: Origin,
    is_local: bool,
}

/// Whether its host is this machine, to a browser.
pub(crate) fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl PublicUrl {
    fn parse(text: &str, insecure: bool) -> Result<Self, &'static str> {
        let url = Url::parse(text).map_err(|_| "a URL, as in https://id.example.org")?;
        let origin = Origin::of(&url)?;
        if url.path() != "/" {
            return Err("must have no path: the service answers at the root of its host");
        }
        let is_local = is_local(&url);
        if url.scheme() != "https" && !is_local && !insecure {
            return Err(
                "must be https elsewhere than on localhost (or be forced with \
                        SYMBOLON_DANGER_INSECURE_PUBLIC_URL=true)",
            );
        }
        Ok(Self {
            text: origin.to_string(),
            origin,
            is_local,
        })
    }

    /// `iss` of the tokens: the URL without a slash at its end.
    pub fn issuer(&self) -> &str {
        &self.text
    }

    /// The origin of pages on it.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Whether it is of this machine alone.
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

/// The origin of a page (RFC 6454), as browsers write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text).map_err(|_| "an origin, as in https://app.example.org")?;
        match url.path() {
            "/" => Self::of(&url),
            _ => Err("an origin has no path"),
        }
    }

    fn of(url: &Url) -> Result<Self, &'static str> {
        let plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        match url.scheme() {
            "http" | "https" if plain => Ok(Self(url.origin().ascii_serialization())),
            "http" | "https" => Err("must have no more than scheme, host and port"),
            _ => Err("must begin with https:// or http://"),
        }
    }

    /// As a browser sends it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// To which requests the refresh cookie is added (RFC 6265bis §5.4.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// Those from the same site.
    Strict,
    /// Those, and navigation from elsewhere.
    Lax,
    /// All; only with https.
    None,
}

impl SameSite {
    fn parse(text: &str, secure: bool) -> Result<Self, &'static str> {
        match text.to_ascii_lowercase().as_str() {
            "strict" => Ok(SameSite::Strict),
            "lax" => Ok(SameSite::Lax),
            "none" if secure => Ok(SameSite::None),
            "none" => Err("browsers drop such a cookie unless the public URL is https"),
            _ => Err("one of Strict, Lax, None"),
        }
    }

    /// As it stands in the cookie.
    pub fn as_str(self) -> &'static str {
        match self {
            SameSite::Strict => "Strict",
            SameSite::Lax => "Lax",
            SameSite::None => "None",
        }
    }
}
