//! The resolved settings of the service: types that cannot hold an invalid value.

mod allowed_origin;
mod origin;
mod public_url;
mod return_urls;
mod sites;

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::http::header::HeaderName;
use identity::brand::Brand;
use identity::credentials::HashingParams;
use identity::database::Database;
use identity::keys::{KeyRules, MasterKeySource};
use identity::limits::LimitRules;
use identity::mail::{Sender, Templates, Transport};
use identity::sessions::SessionRules;
use identity::tokens::{AccessRules, Audiences, is_reserved_claim};
use identity::users::AccountRules;
use ipnet::IpNet;
use store::outbox::MailKind;

pub use allowed_origin::AllowedOrigin;
pub use origin::Origin;
pub use public_url::{PublicUrl, is_local};
pub use return_urls::ReturnUrls;
pub(crate) use sites::At;
pub use sites::Sites;

/// All settings of the service.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The database.
    pub database: Database,
    /// How the service is reached.
    pub http: Http,
    /// The signing keys.
    pub keys: Keys,
    /// The lifetime of access tokens.
    pub access_ttl: Duration,
    /// Sessions.
    pub sessions: SessionRules,
    /// User accounts.
    pub accounts: Accounts,
    /// Mail.
    pub mail: Mail,
    /// How the service presents itself to users.
    pub brand: Brand,
    /// Limits on attempts and calls.
    pub limits: LimitRules,
    /// How long events of the audit trail are kept; `None` is for ever.
    pub audit_retention: Option<Duration>,
    /// The name of this replica in events.
    pub replica: String,
}

impl Settings {
    /// What all access tokens have in common.
    pub fn access_rules(&self) -> AccessRules {
        AccessRules {
            issuer: self.http.public_url.issuer().to_owned(),
            audience: self.http.audience.clone(),
            client_id: self.http.client_id.clone(),
            ttl: self.access_ttl,
        }
    }
}

/// The signing keys.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Where the master key comes from.
    pub master_key: MasterKeySource,
    /// The settings of the key ring.
    pub rules: KeyRules,
}

/// User accounts.
#[derive(Clone, Debug)]
pub struct Accounts {
    /// Who may register, and what they must prove.
    pub rules: AccountRules,
    /// Whether users may sign in with a mailed code or link.
    pub sign_in_by_mail: bool,
    /// Whether there are pages for users.
    pub pages: bool,
    /// Whether there is a page that shows tokens.
    pub playground: bool,
    /// How passwords are hashed.
    pub hashing: HashingParams,
}

/// Mail.
#[derive(Clone, Debug)]
pub struct Mail {
    /// What hands mails over; without, they wait in the outbox.
    pub transport: Option<Transport>,
    /// Whom mails are from.
    pub sender: Sender,
    /// The words of mails.
    pub templates: Templates,
    /// Which notices users get.
    pub notices: Vec<MailKind>,
}

/// How the service is reached.
#[derive(Clone, Debug)]
pub struct Http {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// How long an idle connection stays open.
    pub keep_alive: Duration,
    /// The URL by which clients know the service.
    pub public_url: PublicUrl,
    /// The `aud` claim of access tokens.
    pub audience: Audiences,
    /// The `client_id` claim of access tokens for those who signed in themselves.
    pub client_id: String,
    /// Other origins with front ends.
    pub allowed_origins: Vec<AllowedOrigin>,
    /// Sites that a proxy protects with a cookie.
    pub sites: Sites,
    /// The `SameSite` attribute of cookies.
    pub same_site: SameSite,
    /// Networks whose hosts may issue tokens without a service key.
    pub trusted_issuers: Vec<IpNet>,
    /// Proxies whose [`client_address_header`](Self::client_address_header) is trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which they pass the client's address on.
    pub client_address_header: HeaderName,
    /// Custom claims that verification answers as headers.
    pub verify_claims: Vec<ClaimHeader>,
    /// The lifetime of forwarded tokens; `None` if verification issues none.
    pub forwarded_token_ttl: Option<Duration>,
    /// The address of the metrics listener, if there is one.
    pub metrics_listen: Option<SocketAddr>,
}

/// A custom claim, and the header it is answered in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimHeader {
    /// The name of the claim.
    pub claim: String,
    /// The name of the header.
    pub header: HeaderName,
}

impl ClaimHeader {
    /// The header of the custom claim of this name: `role` becomes `X-Claim-Role`.
    ///
    /// # Errors
    ///
    /// Why the claim cannot be sent as a header.
    pub fn parse(name: &str) -> Result<Self, &'static str> {
        if is_reserved_claim(name) {
            return Err("is not a custom claim; X-User-Id and X-Session-Id are always sent");
        }
        let header = format!("x-claim-{}", name.to_ascii_lowercase().replace('_', "-"));
        Ok(Self {
            claim: name.to_owned(),
            header: header
                .parse()
                .map_err(|_| "cannot be used in a header name")?,
        })
    }
}

/// Reads the name of a header.
///
/// # Errors
///
/// What it must look like.
pub fn parse_header_name(text: &str) -> Result<HeaderName, &'static str> {
    text.parse()
        .map_err(|_| "must be the name of a header, such as X-Forwarded-For")
}

/// Which requests carry the cookies (RFC 6265bis §5.4.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// Requests from the same site.
    Strict,
    /// Those, and navigation from other sites.
    Lax,
    /// All requests; only with https.
    None,
}

impl SameSite {
    /// Reads the attribute, in any case.
    ///
    /// # Errors
    ///
    /// A message that says which values are valid.
    pub fn parse(text: &str, is_https: bool) -> Result<Self, &'static str> {
        match text.to_ascii_lowercase().as_str() {
            "strict" => Ok(SameSite::Strict),
            "lax" => Ok(SameSite::Lax),
            "none" if is_https => Ok(SameSite::None),
            "none" => Err("requires an https public URL; browsers reject the cookie otherwise"),
            _ => Err("must be Strict, Lax or None"),
        }
    }

    /// The attribute's value.
    pub fn as_str(self) -> &'static str {
        match self {
            SameSite::Strict => "Strict",
            SameSite::Lax => "Lax",
            SameSite::None => "None",
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::net::Ipv4Addr;

    use actix_web::http::header;

    use super::*;

    /// Settings for unit tests of this crate.
    pub(crate) fn http(public_url: &str) -> Http {
        let public_url = PublicUrl::parse(public_url, false).unwrap();
        Http {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            keep_alive: Duration::from_secs(150),
            audience: Audiences {
                own: public_url.issuer().to_owned(),
                others: Vec::new(),
            },
            client_id: "symbolon".to_owned(),
            sites: Sites::new(&public_url, Vec::new()),
            public_url,
            allowed_origins: Vec::new(),
            same_site: SameSite::Lax,
            trusted_issuers: Vec::new(),
            trusted_proxies: Vec::new(),
            client_address_header: header::X_FORWARDED_FOR,
            verify_claims: Vec::new(),
            forwarded_token_ttl: None,
            metrics_listen: None,
        }
    }
}
