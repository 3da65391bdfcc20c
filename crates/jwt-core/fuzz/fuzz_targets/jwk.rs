//! Reads arbitrary text as a JWK and as a JWK set. Keys that are accepted must be the same after
//! writing and reading them again.

#![no_main]

use jwt_core::{JwkSet, KeyRing, SigningKey, VerifyingKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(key) = VerifyingKey::from_jwk(text)
        && let Some(jwk) = key.public_jwk()
    {
        let again = VerifyingKey::from_jwk(&jwk).expect("it was written here");
        assert_eq!(again.thumbprint(), key.thumbprint());
        assert_eq!(again.algorithm(), key.algorithm());
        assert_eq!(again.id(), key.id());
        assert_eq!(again.public_jwk(), Some(jwk));
    }
    if let Ok(key) = SigningKey::from_jwk(text) {
        let jwk = key.dangerous_private_jwk();
        let again = SigningKey::from_jwk(&jwk).expect("it was written here");
        assert_eq!(again.dangerous_private_jwk(), jwk);
        assert!(VerifyingKey::from_jwk(text).is_err());
        let keys = KeyRing::new([again.verifying_key()]).expect("one key");
        let signed = key.sign_bytes(None, b"").expect("it signs");
        assert!(keys.verify_bytes(None, &signed).is_ok());
    }
    if let Ok(set) = JwkSet::parse(text) {
        let written = set.to_json();
        KeyRing::new(set.keys).expect("a set makes a key ring");
        let again = JwkSet::parse(&written).expect("it was written here");
        assert_eq!(again.to_json(), written);
    }
});
