//! Verifies arbitrary bytes as a correctly signed payload. Claims that are accepted must equal what
//! `serde_json` reads, and must be the same after signing and verifying them again.

#![no_main]

use std::sync::LazyLock;

use jwt_core::{
    Algorithm, KeyRing, NumericDate, SignError, Signer, SigningKey, TokenType, Verifier,
};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

static KEY: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::generate(Algorithm::HS256).expect("the system has randomness"));

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let keys = KeyRing::new([KEY.verifying_key()]).expect("one key");
    Verifier::new(TokenType::ACCESS_TOKEN, "us", None, keys)
        .dangerous_accept_any_issuer()
        .dangerous_accept_any_audience()
        .dangerous_accept_expired()
});

type Own = Map<String, Value>;

fuzz_target!(|payload: &[u8]| {
    let token = match KEY.sign_bytes(Some(&TokenType::ACCESS_TOKEN), payload) {
        Err(SignError::TooLong) => return,
        token => token.expect("any bytes can be signed"),
    };
    let Ok(claims) = VERIFIER.verify::<Own>(&token, NumericDate::MAX) else {
        return;
    };
    let read: Own = serde_json::from_slice(payload).expect("strict JSON is JSON");
    for (name, value) in &claims.own {
        assert_eq!(read.get(name), Some(value));
    }
    for registered in jwt_core::REGISTERED_NAMES {
        assert!(!claims.own.contains_key(registered));
    }
    let sub = read.get("sub").map(|sub| sub.as_str().expect("a string"));
    assert_eq!(claims.registered.sub.as_deref(), sub);

    let signer = Signer::new(TokenType::ACCESS_TOKEN, KEY.clone()).dangerous_without_expiry();
    let again = match signer.sign(&claims) {
        // Numbers such as `1e9` are longer when they are written again.
        Err(SignError::TooLong) => return,
        again => again.expect("it was read"),
    };
    assert_eq!(VERIFIER.verify(&again, NumericDate::MAX), Ok(claims));
});
