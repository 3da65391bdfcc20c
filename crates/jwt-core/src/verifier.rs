use serde::de::DeserializeOwned;

use crate::claims::{Claims, RegisteredClaims};
use crate::error::{Error, Malformed};
use crate::header::{self, Header};
use crate::json;
use crate::jws::Compact;
use crate::key::VerifyingKey;
use crate::key_ring::KeyRing;
use crate::numeric_date::NumericDate;
use crate::token_type::TokenType;

/// Verifies tokens of one kind, from one issuer, for one audience.
///
/// The order is fixed: size, `typ`, key, signature, then the claims. What it is not told to
/// expect, it refuses.
#[derive(Clone, Debug)]
pub struct Verifier {
    typ: TokenType,
    issuer: String,
    audience: Option<String>,
    leeway: u8,
    accept_expired: bool,
    keys: KeyRing,
    /// The encoded header of the tokens that each key signs here, in the order of the keys: such
    /// a token needs no look at its header's JSON.
    known_headers: Vec<String>,
}

impl Verifier {
    /// Tokens of kind `typ` whose `iss` is `issuer` and whose `aud` names `audience`; without an
    /// audience, tokens that have no `aud` (RFC 7519 §4.1.3). No leeway.
    pub fn new(typ: TokenType, issuer: &str, audience: Option<&str>, keys: KeyRing) -> Self {
        let known_headers = keys
            .keys()
            .iter()
            .map(|key| header::encode(key.algorithm(), &typ, key.id()))
            .collect();
        Self {
            typ,
            issuer: issuer.to_owned(),
            audience: audience.map(str::to_owned),
            leeway: 0,
            accept_expired: false,
            keys,
            known_headers,
        }
    }

    /// Allows clocks to differ by so many seconds (RFC 7519 §4.1.4).
    #[must_use]
    pub fn with_leeway(self, seconds: u8) -> Self {
        Self {
            leeway: seconds,
            ..self
        }
    }

    /// Also accepts a token whose time has run out. It proves who it was given to, no longer
    /// what they may do: good for signing out, and little else.
    #[must_use]
    pub fn dangerous_accept_expired(self) -> Self {
        Self {
            accept_expired: true,
            ..self
        }
    }

    /// The claims of a token that is good at `now`. `Own` is what the application put beside the
    /// registered claims.
    ///
    /// # Errors
    ///
    /// [`Error`] says which check it failed first.
    pub fn verify<Own: DeserializeOwned>(
        &self,
        token: &str,
        now: NumericDate,
    ) -> Result<Claims<Own>, Error> {
        let payload = self.verified_payload(token)?;
        if !json::is_strict_object(&payload) {
            return Err(Malformed::Claims.into());
        }
        let claims: Claims<Own> =
            serde_json::from_slice(&payload).map_err(|_| Malformed::Claims)?;
        self.check(&claims.registered, now)?;
        Ok(claims)
    }

    fn verified_payload(&self, token: &str) -> Result<Vec<u8>, Error> {
        let compact = Compact::split(token)?;
        if let Some(key) = self.key_of_known_header(compact.header) {
            return key.verify(compact);
        }
        let header = Header::decode(compact.header)?;
        // Before the key is looked for: a token of another kind has a key of its own, and would
        // else be taken for a stranger's.
        if !header
            .typ
            .as_deref()
            .is_some_and(|typ| self.typ.matches(typ))
        {
            return Err(Error::WrongType);
        }
        self.keys.find(&header)?.verify(compact)
    }

    fn key_of_known_header(&self, header: &str) -> Option<&VerifyingKey> {
        let n = self
            .known_headers
            .iter()
            .position(|known| known == header)?;
        self.keys.keys().get(n)
    }

    fn check(&self, claims: &RegisteredClaims, now: NumericDate) -> Result<(), Error> {
        match &claims.iss {
            None => return Err(Error::MissingClaim("iss")),
            Some(iss) if *iss != self.issuer => return Err(Error::WrongIssuer),
            Some(_) => {}
        }
        match (&self.audience, &claims.aud) {
            (None, None) => {}
            (Some(expected), Some(aud)) if aud.contains(expected) => {}
            (Some(_), None) => return Err(Error::MissingClaim("aud")),
            (_, Some(_)) => return Err(Error::WrongAudience),
        }
        let latest_now = now.saturating_add(self.leeway.into());
        if claims.nbf.is_some_and(|nbf| nbf > latest_now) {
            return Err(Error::NotYetValid);
        }
        if claims.iat.is_some_and(|iat| iat > latest_now) {
            return Err(Error::IssuedInTheFuture);
        }
        let exp = claims.exp.ok_or(Error::MissingClaim("exp"))?;
        if exp.saturating_add(self.leeway.into()) <= now && !self.accept_expired {
            return Err(Error::Expired);
        }
        Ok(())
    }
}
