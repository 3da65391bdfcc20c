//! `SYMBOLON_LISTEN`, `SYMBOLON_KEEP_ALIVE`, `SYMBOLON_PUBLIC_URL`, `SYMBOLON_DANGER_INSECURE_PUBLIC_URL`,
//! `SYMBOLON_AUDIENCE`, `SYMBOLON_ALLOWED_ORIGINS`, `SYMBOLON_SITES`, `SYMBOLON_COOKIE_SAMESITE`,
//! `SYMBOLON_TRUSTED_ISSUERS`, `SYMBOLON_TRUSTED_PROXIES`, `SYMBOLON_CLIENT_ADDRESS_HEADER`,
//! `SYMBOLON_VERIFY_CLAIMS`, `SYMBOLON_FORWARDED_TOKEN_TTL`, `SYMBOLON_METRICS_LISTEN`.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use api::settings::{
    AllowedOrigin, ClaimHeader, Http, Origin, PublicUrl, SameSite, Sites, parse_header_name,
};
use clap::Args;
use identity::tokens::Audiences;
use ipnet::IpNet;

use super::{Mistakes, duration};

/// The address to listen on, as text.
#[derive(Args, Clone)]
pub struct ListenArgs {
    /// Address and port of the service; port 0 picks a free port
    #[arg(
        long,
        env = "SYMBOLON_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8000"
    )]
    listen: String,
}

/// The settings of HTTP, as text.
#[derive(Args, Clone)]
pub(super) struct HttpArgs {
    #[command(flatten)]
    listen: ListenArgs,

    /// How long an idle connection stays open; longer than a proxy in front keeps it, which answers 502 otherwise
    #[arg(
        long,
        env = "SYMBOLON_KEEP_ALIVE",
        value_name = "TIME",
        default_value = "150s"
    )]
    keep_alive: String,

    /// The URL by which clients know the service, and the issuer of its tokens. With https, cookies are
    /// secure
    #[arg(
        long,
        env = "SYMBOLON_PUBLIC_URL",
        value_name = "URL",
        default_value = "http://localhost:8000"
    )]
    public_url: String,

    /// Allow a public URL with http on a host other than localhost; tokens are then sent unencrypted
    #[arg(long, env = "SYMBOLON_DANGER_INSECURE_PUBLIC_URL")]
    danger_insecure_public_url: bool,

    /// Audience (`aud` claim) of access tokens; several separated by commas, of which the first is for
    /// Symbolon itself [default: the public URL]
    #[arg(long, env = "SYMBOLON_AUDIENCE", value_name = "NAMES")]
    audience: Option<String>,

    /// Client (`client_id` claim, RFC 9068) in access tokens of those who sign in themselves. In tokens of
    /// sessions that a service key opens, it is the name of the key
    #[arg(
        long,
        env = "SYMBOLON_CLIENT_ID",
        value_name = "NAME",
        default_value = "symbolon"
    )]
    client_id: String,

    /// Other origins with front ends, separated by commas, such as https://app.example.org,
    /// https://*.example.org or capacitor://localhost
    #[arg(
        long,
        env = "SYMBOLON_ALLOWED_ORIGINS",
        value_name = "ORIGINS",
        default_value = "",
        hide_default_value = true
    )]
    allowed_origins: String,

    /// Origins of sites on other hosts that a proxy protects with a cookie, separated by commas, such as
    /// https://wiki.example.net
    #[arg(
        long,
        env = "SYMBOLON_SITES",
        value_name = "ORIGINS",
        default_value = "",
        hide_default_value = true
    )]
    sites: String,

    /// SameSite attribute of the cookies: Strict, Lax or None (None requires https)
    #[arg(
        long,
        env = "SYMBOLON_COOKIE_SAMESITE",
        value_name = "VALUE",
        default_value = "Lax"
    )]
    cookie_samesite: String,

    /// Networks whose hosts may issue tokens without a service key, separated by commas, such as
    /// 10.1.0.0/16
    #[arg(
        long,
        env = "SYMBOLON_TRUSTED_ISSUERS",
        value_name = "NETWORKS",
        default_value = "",
        hide_default_value = true
    )]
    trusted_issuers: String,

    /// Networks of proxies whose header with the client's address is trusted, separated by commas
    #[arg(
        long,
        env = "SYMBOLON_TRUSTED_PROXIES",
        value_name = "NETWORKS",
        default_value = "",
        hide_default_value = true
    )]
    trusted_proxies: String,

    /// The header in which trusted proxies pass the client's address on: X-Forwarded-For, Forwarded, or
    /// one such as X-Real-IP or CF-Connecting-IP. Proxies must set it, whatever the client sends
    #[arg(
        long,
        env = "SYMBOLON_CLIENT_ADDRESS_HEADER",
        value_name = "NAME",
        default_value = "X-Forwarded-For"
    )]
    client_address_header: String,

    /// Custom claims that /api/verify returns as headers, separated by commas: role becomes
    /// X-Claim-Role
    #[arg(
        long,
        env = "SYMBOLON_VERIFY_CLAIMS",
        value_name = "NAMES",
        default_value = "",
        hide_default_value = true
    )]
    verify_claims: String,

    /// Lifetime of forwarded tokens, which /api/verify returns in X-Forwarded-Token; at most 5m; 0s
    /// turns them off
    #[arg(
        long,
        env = "SYMBOLON_FORWARDED_TOKEN_TTL",
        value_name = "TIME",
        default_value = "0s"
    )]
    forwarded_token_ttl: String,

    /// Address and port of a separate listener that serves only /metrics, for Prometheus [default:
    /// none]
    #[arg(long, env = "SYMBOLON_METRICS_LISTEN", value_name = "ADDRESS")]
    metrics_listen: Option<String>,
}

/// Each open connection takes memory.
const MOST_KEEP_ALIVE: Duration = Duration::from_secs(3600);

/// Forwarded tokens are for one request, and cannot be revoked.
const MOST_FORWARDED_TTL: Duration = Duration::from_secs(300);

impl HttpArgs {
    pub(super) fn resolve(self, mistakes: &mut Mistakes) -> Option<Http> {
        let listen = self.listen.resolve(mistakes);
        let keep_alive = duration(&self.keep_alive, Duration::from_secs(1)).and_then(|time| {
            let is_short = time <= MOST_KEEP_ALIVE;
            is_short
                .then_some(time)
                .ok_or("must be at most 1h".to_owned())
        });
        let keep_alive = mistakes.note("SYMBOLON_KEEP_ALIVE", &self.keep_alive, keep_alive);
        let public_url = PublicUrl::parse(&self.public_url, self.danger_insecure_public_url);
        let public_url = mistakes.note("SYMBOLON_PUBLIC_URL", &self.public_url, public_url);
        let allowed_origins = mistakes.note_each(
            "SYMBOLON_ALLOWED_ORIGINS",
            &self.allowed_origins,
            AllowedOrigin::parse,
        );
        let sites = mistakes.note_each("SYMBOLON_SITES", &self.sites, |text| {
            site(text, public_url.as_ref())
        });
        let secure = public_url.as_ref().is_none_or(PublicUrl::is_https);
        let same_site = SameSite::parse(&self.cookie_samesite, secure);
        let same_site = mistakes.note("SYMBOLON_COOKIE_SAMESITE", &self.cookie_samesite, same_site);
        let trusted_issuers =
            mistakes.note_each("SYMBOLON_TRUSTED_ISSUERS", &self.trusted_issuers, network);
        let trusted_proxies =
            mistakes.note_each("SYMBOLON_TRUSTED_PROXIES", &self.trusted_proxies, network);
        let client_address_header = mistakes.note(
            "SYMBOLON_CLIENT_ADDRESS_HEADER",
            &self.client_address_header,
            parse_header_name(&self.client_address_header),
        );
        let verify_claims = mistakes.note_each(
            "SYMBOLON_VERIFY_CLAIMS",
            &self.verify_claims,
            ClaimHeader::parse,
        );
        if let Some((one, other)) = verify_claims.as_deref().and_then(with_one_header) {
            let why = format!("{one} and {other} would be sent in the same header");
            mistakes.add("SYMBOLON_VERIFY_CLAIMS", Some(&self.verify_claims), why);
        }
        let ttl = duration(&self.forwarded_token_ttl, Duration::ZERO).and_then(|ttl| {
            let is_short = ttl <= MOST_FORWARDED_TTL;
            is_short
                .then_some(ttl)
                .ok_or("must be at most 5m".to_owned())
        });
        let forwarded_token_ttl = mistakes.note(
            "SYMBOLON_FORWARDED_TOKEN_TTL",
            &self.forwarded_token_ttl,
            ttl,
        );
        let metrics_listen = self.metrics_listen.as_deref().and_then(|text| {
            let address = text.parse();
            let address =
                address.map_err(|_| "must be an address and a port, such as 127.0.0.1:9100");
            mistakes.note("SYMBOLON_METRICS_LISTEN", text, address)
        });
        let public_url = public_url?;
        Some(Http {
            listen: listen?,
            keep_alive: keep_alive?,
            audience: audiences(self.audience.as_deref(), &public_url),
            client_id: self.client_id,
            sites: Sites::new(&public_url, sites?),
            public_url,
            allowed_origins: allowed_origins?,
            same_site: same_site?,
            trusted_issuers: trusted_issuers?,
            trusted_proxies: trusted_proxies?,
            client_address_header: client_address_header?,
            verify_claims: verify_claims?,
            forwarded_token_ttl: forwarded_token_ttl.filter(|ttl| !ttl.is_zero()),
            metrics_listen,
        })
    }
}

/// A site beside the public URL.
fn site(text: &str, own: Option<&PublicUrl>) -> Result<Origin, &'static str> {
    let site = Origin::parse(text)?;
    let is_https = site.as_str().starts_with("https://");
    match own {
        Some(own) if own.is_https() != is_https => {
            Err("must use https if the public URL does, and http otherwise")
        }
        Some(own) if *own.origin() == site => Err("is the public URL, which is always a site"),
        _ => Ok(site),
    }
}

impl ListenArgs {
    /// Resolves this setting without others.
    ///
    /// # Errors
    ///
    /// The [`Mistakes`] in it.
    pub fn resolve_alone(self) -> Result<SocketAddr, Mistakes> {
        let mut mistakes = Mistakes::default();
        self.resolve(&mut mistakes).ok_or(mistakes)
    }

    fn resolve(self, mistakes: &mut Mistakes) -> Option<SocketAddr> {
        let listen = self.listen.parse();
        let listen = listen.map_err(|_| "must be an address and a port, such as 0.0.0.0:8000");
        mistakes.note("SYMBOLON_LISTEN", &self.listen, listen)
    }
}

/// Reads a network, or a single address.
fn network(text: &str) -> Result<IpNet, &'static str> {
    text.parse()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "must be a network, such as 10.1.0.0/16")
}
/// Two claims that would be sent in the same header.
fn with_one_header(claims: &[ClaimHeader]) -> Option<(&str, &str)> {
    let others = claims.iter().enumerate();
    let mut pairs =
        others.flat_map(|(n, one)| claims.iter().take(n).map(move |other| (other, one)));
    pairs
        .find(|(one, other)| one.header == other.header)
        .map(|(one, other)| (one.claim.as_str(), other.claim.as_str()))
}

/// The names in a list, or else the public URL.
fn audiences(list: Option<&str>, public_url: &PublicUrl) -> Audiences {
    let names = list.unwrap_or_default().split(',').map(str::trim);
    let mut names = names.filter(|name| !name.is_empty()).map(str::to_owned);
    Audiences {
        own: names
            .next()
            .unwrap_or_else(|| public_url.issuer().to_owned()),
        others: names.collect(),
    }
}
