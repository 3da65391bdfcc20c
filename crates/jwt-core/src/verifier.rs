use std::fmt;

use ring::hmac;
use serde::de::DeserializeOwned;

use crate::claims::{self, Audience, Claims, RegisteredClaims};
use crate::error::{Error, Malformed};
use crate::header::{self, Header};
use crate::json::NotStrict;
use crate::jws::Compact;
use crate::key_ring::KeyRing;
use crate::numeric_date::NumericDate;
use crate::token_type::TokenType;
use crate::verifying_key::VerifyingKey;

/// Verifies tokens of one type, from one issuer, for one audience.
///
/// Checks run in a fixed order: size, `typ`, key, signature, claims. The first one that fails
/// rejects the token.
///
/// ```
/// use jwt_core::{Algorithm, Claims, Error, KeyRing, NoClaims, NumericDate, RegisteredClaims};
/// use jwt_core::{Signer, SigningKey, TokenType, Verifier};
///
/// let key = SigningKey::generate(Algorithm::EdDSA)?;
/// let verifier = Verifier::new(
///     TokenType::ACCESS_TOKEN,
///     "https://id.example",
///     Some("https://api.example"),
///     KeyRing::new([key.verifying_key()])?,
/// );
///
/// let signer = Signer::new(TokenType::ACCESS_TOKEN, key);
/// let token = signer.sign(&Claims {
///     registered: RegisteredClaims {
///         iss: Some("https://id.example".into()),
///         aud: Some("https://api.example".into()),
///         exp: NumericDate::from_secs(1_800_000_300),
///         ..RegisteredClaims::default()
///     },
///     own: NoClaims {},
/// })?;
/// let at = |secs| NumericDate::from_secs(secs).unwrap();
/// assert!(verifier.verify::<NoClaims>(&token, at(1_800_000_299)).is_ok());
/// assert_eq!(verifier.verify::<NoClaims>(&token, at(1_800_000_300)), Err(Error::Expired));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Verifier {
    typ: Option<TokenType>,
    issuer: Option<String>,
    audience: Expected,
    expiry: Expiry,
    leeway: u8,
    keys: KeyRing,
    /// The header of the tokens that this crate signs with each key, in the order of `keys`.
    known: Vec<Known>,
}

/// The header of the tokens that this crate signs with one key. Tokens with exactly this header
/// are verified without parsing its JSON.
#[derive(Clone)]
struct Known {
    /// The encoded header.
    header: String,
    /// An HMAC that has already hashed the header.
    prepared: Option<hmac::Context>,
}

#[derive(Clone, Debug)]
enum Expected {
    Named(String),
    Nobody,
    Anyone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expiry {
    Checked,
    MayBeMissing,
    Ignored,
}

impl Verifier {
    /// Accepts tokens of type `typ` whose `iss` is `issuer` and whose `aud` contains `audience`. If
    /// `audience` is `None`, tokens must have no `aud` (RFC 7519 §4.1.3). There is no leeway.
    ///
    /// If `issuer` or `audience` is an empty string, every token is rejected: it usually means that
    /// a setting is missing. Any of `keys` can sign tokens of `issuer`, so pass only its keys.
    pub fn new(typ: TokenType, issuer: &str, audience: Option<&str>, keys: KeyRing) -> Self {
        let known = |key: &VerifyingKey| {
            let header = header::encode(key.algorithm(), Some(&typ), key.id());
            Known {
                prepared: key.prepare(&header),
                header,
            }
        };
        let known = keys.keys().iter().map(known).collect();
        Self {
            typ: Some(typ),
            issuer: Some(issuer.to_owned()),
            audience: match audience {
                Some(audience) => Expected::Named(audience.to_owned()),
                None => Expected::Nobody,
            },
            expiry: Expiry::Checked,
            leeway: 0,
            keys,
            known,
        }
    }

    /// Allows clocks to differ by up to `seconds` when checking `exp`, `nbf` and `iat` (RFC 7519
    /// §4.1.4).
    ///
    /// ```
    #[doc = include_str!("../docs/a_token.rs.in")]
    /// let token = sign(registered)?;
    /// // It expired at 1000; the time is 1005.
    /// let strict = Verifier::new(TokenType::ACCESS_TOKEN, "us", Some("api"), keys);
    /// assert_eq!(strict.verify::<NoClaims>(&token, at(1005)), Err(Error::Expired));
    /// assert!(strict.with_leeway(10).verify::<NoClaims>(&token, at(1005)).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_leeway(self, seconds: u8) -> Self {
        Self {
            leeway: seconds,
            ..self
        }
    }

    /// Also accepts expired tokens and tokens without `exp`. Such a token still proves to whom it
    /// was issued, but no longer grants access. Use this only for purposes such as signing out.
    ///
    /// ```
    #[doc = include_str!("../docs/a_token.rs.in")]
    /// let token = sign(registered)?;
    /// // It expired at 1000; the time is 9000.
    /// let strict = Verifier::new(TokenType::ACCESS_TOKEN, "us", Some("api"), keys);
    /// assert_eq!(strict.verify::<NoClaims>(&token, at(9000)), Err(Error::Expired));
    /// let lax = strict.dangerous_accept_expired();
    /// assert!(lax.verify::<NoClaims>(&token, at(9000)).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn dangerous_accept_expired(self) -> Self {
        Self {
            expiry: Expiry::Ignored,
            ..self
        }
    }

    /// Also accepts tokens without `exp`. Such a token is valid for as long as its key is.
    ///
    /// ```
    #[doc = include_str!("../docs/a_token.rs.in")]
    /// let token = sign(RegisteredClaims { exp: None, ..registered })?;
    /// let strict = Verifier::new(TokenType::ACCESS_TOKEN, "us", Some("api"), keys);
    /// assert_eq!(strict.verify::<NoClaims>(&token, at(500)), Err(Error::MissingClaim("exp")));
    /// let lax = strict.dangerous_accept_missing_expiry();
    /// assert!(lax.verify::<NoClaims>(&token, at(500)).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn dangerous_accept_missing_expiry(self) -> Self {
        let expiry = match self.expiry {
            Expiry::Checked | Expiry::MayBeMissing => Expiry::MayBeMissing,
            Expiry::Ignored => Expiry::Ignored,
        };
        Self { expiry, ..self }
    }

    /// Accepts tokens of any type. A token issued for one purpose can then be used for another
    /// (RFC 8725 §2.8).
    ///
    /// ```
    #[doc = include_str!("../docs/a_token.rs.in")]
    /// let token = sign(registered)?;
    /// // It is an access token.
    /// let strict = Verifier::new(TokenType::REFRESH_TOKEN, "us", Some("api"), keys);
    /// assert_eq!(strict.verify::<NoClaims>(&token, at(500)), Err(Error::WrongType));
    /// let lax = strict.dangerous_accept_any_type();
    /// assert!(lax.verify::<NoClaims>(&token, at(500)).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn dangerous_accept_any_type(self) -> Self {
        Self { typ: None, ..self }
    }

    /// Accepts tokens of any issuer, or without `iss`.
    ///
    /// ```
    #[doc = include_str!("../docs/a_token.rs.in")]
    /// let token = sign(registered)?;
    /// let strict = Verifier::new(TokenType::ACCESS_TOKEN, "them", Some("api"), keys);
    /// assert_eq!(strict.verify::<NoClaims>(&token, at(500)), Err(Error::WrongIssuer));
    /// let lax = strict.dangerous_accept_any_issuer();
    /// assert!(lax.verify::<NoClaims>(&token, at(500)).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn dangerous_accept_any_issuer(self) -> Self {
        Self {
            issuer: None,
            ..self
        }
    }

    /// Accepts tokens for any audience, or without `aud`. A service that receives a token can then
    /// use it at another service (RFC 8725 §2.7).
    ///
    /// ```
    #[doc = include_str!("../docs/a_token.rs.in")]
    /// let token = sign(registered)?;
    /// let strict = Verifier::new(TokenType::ACCESS_TOKEN, "us", Some("shop"), keys);
    /// assert_eq!(strict.verify::<NoClaims>(&token, at(500)), Err(Error::WrongAudience));
    /// let lax = strict.dangerous_accept_any_audience();
    /// assert!(lax.verify::<NoClaims>(&token, at(500)).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn dangerous_accept_any_audience(self) -> Self {
        Self {
            audience: Expected::Anyone,
            ..self
        }
    }

    /// Verifies a token at the time `now` and returns its claims. `Own` is the type of the custom
    /// claims.
    ///
    /// # Errors
    ///
    /// An [`Error`] that names the first check that failed.
    pub fn verify<Own: DeserializeOwned>(
        &self,
        token: &str,
        now: NumericDate,
    ) -> Result<Claims<Own>, Error> {
        let compact = Compact::split(token)?;
        self.verify_signature(compact)?;
        let mut registered = RegisteredClaims::default();
        let own = compact.with_payload(|payload| {
            let payload = str::from_utf8(payload).map_err(|_| Malformed::Claims)?;
            claims::read(payload, &mut registered).map_err(|why| match why {
                NotStrict::Json => Malformed::Claims.into(),
                NotStrict::Missing(name) => Error::MissingClaim(name),
            })
        })?;
        self.check(&registered, now)?;
        Ok(Claims { registered, own })
    }

    fn verify_signature(&self, token: Compact<'_>) -> Result<(), Error> {
        for (known, key) in self.known.iter().zip(self.keys.keys()) {
            if known.header == token.header {
                return key.verify_prepared(known.prepared.as_ref(), token);
            }
        }
        let header = Header::decode(token.header)?;
        // Check the type before looking for the key: a token of another type may be signed with a
        // key that is not in this ring, and `WrongType` explains that better than `UnknownKey`.
        if self.typ.as_ref().is_some_and(|typ| !header.is_of(typ)) {
            return Err(Error::WrongType);
        }
        self.keys.find(&header)?.verify(token)
    }

    fn check(&self, claims: &RegisteredClaims, now: NumericDate) -> Result<(), Error> {
        if let Some(expected) = &self.issuer {
            let iss = claims.iss.as_ref().ok_or(Error::MissingClaim("iss"))?;
            if iss != expected || expected.is_empty() {
                return Err(Error::WrongIssuer);
            }
        }
        self.check_audience(claims.aud.as_ref())?;
        let latest_now = now.saturating_add(self.leeway.into());
        if claims.nbf.is_some_and(|nbf| nbf > latest_now) {
            return Err(Error::NotYetValid);
        }
        if claims.iat.is_some_and(|iat| iat > latest_now) {
            return Err(Error::IssuedInTheFuture);
        }
        match (self.expiry, claims.exp) {
            (Expiry::Ignored, _) | (Expiry::MayBeMissing, None) => Ok(()),
            (Expiry::Checked, None) => Err(Error::MissingClaim("exp")),
            (_, Some(exp)) if exp.saturating_add(self.leeway.into()) <= now => Err(Error::Expired),
            (_, Some(_)) => Ok(()),
        }
    }

    fn check_audience(&self, aud: Option<&Audience>) -> Result<(), Error> {
        match (&self.audience, aud) {
            (Expected::Anyone, _) | (Expected::Nobody, None) => Ok(()),
            (Expected::Named(_), None) => Err(Error::MissingClaim("aud")),
            (Expected::Named(name), Some(aud)) if aud.contains(name) && !name.is_empty() => Ok(()),
            (_, Some(_)) => Err(Error::WrongAudience),
        }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("typ", &self.typ)
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .field("expiry", &self.expiry)
            .field("leeway", &self.leeway)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}
