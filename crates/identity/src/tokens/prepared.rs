//! What is computed once from a key ring and used for every token.

use std::sync::{Arc, PoisonError, RwLock};

use jwt_core::{JwkSet, KeyId, KeyRing, Signer, TokenType, Verifier, VerifyingKey};

use super::AccessRules;
use super::seen::SeenTokens;
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
    pub(super) seen: SeenTokens,
    /// The ids of the keys: that of the one that signs first.
    ids: Vec<Option<KeyId>>,
    /// Of the keys in the set, each once.
    pub(super) algorithms: Vec<&'static str>,
}

impl AccessKeys {
    /// Whether these are the keys of this ring.
    pub(super) fn are_of(&self, ring: &Ring) -> bool {
        self.ids == ids(ring)
    }

    pub(super) fn new(ring: Ring, rules: &AccessRules) -> Self {
        let ids = ids(&ring);
        let jwk_set = JwkSet::new(ring.verifying.clone()).to_json();
        let public = ring
            .verifying
            .iter()
            .filter(|key| key.public_jwk().is_some());
        let mut algorithms: Vec<_> = public.map(|key| key.algorithm().name()).collect();
        algorithms.sort_unstable();
        algorithms.dedup();
        let keys = key_ring(ring.verifying);
        // The clocks of replicas differ.
        let (issuer, audience) = (&rules.issuer, &rules.audience.own);
        let verifier = Verifier::new(TokenType::ACCESS_TOKEN, issuer, Some(audience), keys)
            .with_leeway(LEEWAY);
        Self {
            forwarded_signer: Signer::new(typ::FORWARDED, ring.signing.clone()),
            revocation_list_signer: Signer::new(typ::REVOCATION_LIST, ring.signing.clone()),
            signer: Signer::new(TokenType::ACCESS_TOKEN, ring.signing),
            verifier_of_expired: verifier.clone().dangerous_accept_expired(),
            verifier,
            seen: SeenTokens::default(),
            ids,
            jwk_set,
            algorithms,
        }
    }
}

/// The key of an id never changes.
fn ids(ring: &Ring) -> Vec<Option<KeyId>> {
    let verifying = ring.verifying.iter().map(VerifyingKey::id);
    let all = [ring.signing.id()].into_iter().chain(verifying);
    all.map(|id| id.cloned()).collect()
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
