//! Reads arbitrary bytes as a key in DER, and as PEM if they are UTF-8.

#![no_main]

use jwt_core::{Algorithm, KeyRing, SigningKey, VerifyingKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for algorithm in [
        Algorithm::EdDSA,
        Algorithm::ES256,
        Algorithm::ES384,
        Algorithm::PS256,
    ] {
        if let Ok(key) = VerifyingKey::from_spki_der(bytes, algorithm) {
            let jwk = key.public_jwk().expect("a public key has one");
            let again = VerifyingKey::from_jwk(&jwk).expect("it was written here");
            assert_eq!(again.thumbprint(), key.thumbprint());
        }
        if let Ok(key) = SigningKey::from_pkcs8_der(bytes, algorithm) {
            let keys = KeyRing::new([key.verifying_key()]).expect("one key");
            let signed = key.sign_bytes(None, b"").expect("it signs");
            assert!(keys.verify_bytes(None, &signed).is_ok());
        }
        if let Ok(text) = str::from_utf8(bytes) {
            let _ = VerifyingKey::from_spki_pem(text, algorithm);
            let _ = SigningKey::from_pkcs8_pem(text, algorithm);
        }
    }
});
