//! Verifies arbitrary text as a token. It must never panic and never succeed: the keys are random,
//! and nothing is signed with them.

#![no_main]

use std::sync::LazyLock;

use jwt_core::{Algorithm, KeyRing, NumericDate, SigningKey, TokenType, Verifier};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

static KEYS: LazyLock<KeyRing> = LazyLock::new(|| {
    let algorithms = [Algorithm::HS256, Algorithm::EdDSA, Algorithm::ES256];
    let keys = algorithms.map(|algorithm| {
        let key = SigningKey::generate(algorithm).expect("the system has randomness");
        // Without an id, so that any header with this `alg` and no `kid` selects the key.
        key.verifying_key().with_id(None)
    });
    KeyRing::new(keys).expect("their algorithms differ")
});

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    Verifier::new(TokenType::ACCESS_TOKEN, "us", None, KEYS.clone())
        .dangerous_accept_any_type()
        .dangerous_accept_any_issuer()
        .dangerous_accept_any_audience()
        .dangerous_accept_expired()
});

fuzz_target!(|text: &str| {
    assert!(KEYS.verify_bytes(None, text).is_err());
    assert!(VERIFIER.verify::<Value>(text, NumericDate::MAX).is_err());
});
