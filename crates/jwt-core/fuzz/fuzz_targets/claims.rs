//! Any bytes as a payload that is signed. What is read as claims is what `serde_json` reads, and
//! comes back the same when it is signed again.

#![no_main]

use std::sync::LazyLock;

use jwt_core::{
    Algorithm, KeyRing, NumericDate, SignError, Signer, SigningKey, TokenType, Verifier,
};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

static KEY: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::generate(Algorithm::HS256).expect("there is randomness"));

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
    let read: Own = serde_json::from_slice(payload).expect("what is strict JSON is JSON");
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
        // What is written again can be longer: `1e9` is.
        Err(SignError::TooLong) => return,
        again => again.expect("it was read"),
    };
    assert_eq!(VERIFIER.verify(&again, NumericDate::MAX), Ok(claims));
});
