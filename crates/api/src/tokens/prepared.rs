//! What is made of a key ring once, and used for every token.

use std::sync::{Arc, PoisonError, RwLock};

use jwt_core::{JwkSet, KeyRing, Signer, TokenType, Verifier};

use super::LEEWAY;
use crate::keys::Ring;

/// The kind of the proof that a list of revoked sessions is ours.
const REVOKED_SESSIONS: TokenType = TokenType::new("revoked-sessions+jwt");

/// The kind of an identity token: it cannot be taken for an access token.
const IDENTITY: TokenType = TokenType::new("identity+jwt");

/// What a key ring gives for one kind of token, prepared once.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) signer: Signer,
    pub(super) revoked_sessions: Signer,
    pub(super) identity: Signer,
    pub(super) verifier: Verifier,
    pub(super) expired_too: Verifier,
    pub(super) public_keys: String,
}

impl Prepared {
    pub(super) fn for_access(ring: Ring, issuer: &str, audience: &str) -> Self {
        // Replicas' clocks differ; refresh tokens live too long for that to matter.
        Self::new(TokenType::ACCESS_TOKEN, ring, |keys| {
            Verifier::new(TokenType::ACCESS_TOKEN, issuer, Some(audience), keys).with_leeway(LEEWAY)
        })
    }

    pub(super) fn for_refresh(ring: Ring, issuer: &str) -> Self {
        Self::new(TokenType::REFRESH_TOKEN, ring, |keys| {
            Verifier::new(TokenType::REFRESH_TOKEN, issuer, None, keys)
        })
    }

    #[expect(clippy::expect_used, reason = "the database has one key of each id")]
    fn new(typ: TokenType, ring: Ring, verifier: impl FnOnce(KeyRing) -> Verifier) -> Self {
        let public_keys = JwkSet::new(ring.verifying.clone()).to_json();
        let verifier = verifier(KeyRing::new(ring.verifying).expect("no key has a twin"));
        Self {
            revoked_sessions: Signer::new(REVOKED_SESSIONS, ring.signing.clone()),
            identity: Signer::new(IDENTITY, ring.signing.clone()),
            signer: Signer::new(typ, ring.signing),
            expired_too: verifier.clone().dangerous_accept_expired(),
            verifier,
            public_keys,
        }
    }
}

pub(super) fn current<T>(now: &RwLock<Arc<T>>) -> Arc<T> {
    now.read().unwrap_or_else(PoisonError::into_inner).clone()
}

pub(super) fn replace<T>(now: &RwLock<Arc<T>>, next: T) {
    *now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
}
