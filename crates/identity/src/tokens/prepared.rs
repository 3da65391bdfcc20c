//! What is computed once from a key ring and used for every token.

use std::sync::{Arc, PoisonError, RwLock};

use jwt_core::{JwkSet, KeyRing, Signer, TokenType, Verifier, VerifyingKey};

use super::typ;
use crate::clock::LEEWAY;
use crate::keys::Ring;

/// A ring of keys for access tokens.
#[derive(Debug)]
pub(super) struct AccessKeys {
    pub(super) signer: Signer,
    pub(super) forwarded_signer: Signer,
    pub(super) revocation_list_signer: Signer,
    pub(super) verifier: Verifier,
    pub(super) verifier_of_expired: Verifier,
    pub(super) jwk_set: String,
}

impl AccessKeys {
    pub(super) fn new(ring: Ring, issuer: &str, audience: &str) -> Self {
        let jwk_set = JwkSet::new(ring.verifying.clone()).to_json();
        let keys = key_ring(ring.verifying);
        // The clocks of replicas differ.
        let verifier = Verifier::new(TokenType::ACCESS_TOKEN, issuer, Some(audience), keys)
            .with_leeway(LEEWAY);
        Self {
            forwarded_signer: Signer::new(typ::FORWARDED, ring.signing.clone()),
            revocation_list_signer: Signer::new(typ::REVOCATION_LIST, ring.signing.clone()),
            signer: Signer::new(TokenType::ACCESS_TOKEN, ring.signing),
            verifier_of_expired: verifier.clone().dangerous_accept_expired(),
            verifier,
            jwk_set,
        }
    }
}

/// A ring of keys for refresh tokens, which live too long for differing clocks to matter.
#[derive(Debug)]
pub(super) struct RefreshKeys {
    pub(super) signer: Signer,
    pub(super) verifier: Verifier,
    pub(super) verifier_of_expired: Verifier,
}

impl RefreshKeys {
    pub(super) fn new(ring: Ring, issuer: &str) -> Self {
        let keys = key_ring(ring.verifying);
        let verifier = Verifier::new(TokenType::REFRESH_TOKEN, issuer, None, keys);
        Self {
            signer: Signer::new(TokenType::REFRESH_TOKEN, ring.signing),
            verifier_of_expired: verifier.clone().dangerous_accept_expired(),
            verifier,
        }
    }
}

#[expect(clippy::expect_used, reason = "the database has one key of each id")]
pub(super) fn key_ring(keys: Vec<VerifyingKey>) -> KeyRing {
    KeyRing::new(keys).expect("ids are unique")
}

pub(super) fn current<T>(keys: &RwLock<Arc<T>>) -> Arc<T> {
    keys.read().unwrap_or_else(PoisonError::into_inner).clone()
}

pub(super) fn replace<T>(keys: &RwLock<Arc<T>>, next: T) {
    *keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
}
