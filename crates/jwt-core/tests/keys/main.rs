//! Reading, writing and generating keys, and rejecting invalid ones.

#![allow(clippy::panic, clippy::unwrap_used)]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwt_core::{
    Algorithm, HmacAlgorithm, JwkSet, KeyError, KeyId, KeyRing, SigningKey, VerifyingKey,
};

mod der;
mod jwk;
mod jwk_set;
#[path = "../support/pem.rs"]
mod pem;

/// The members of the Ed25519 key of RFC 8037, appendix A.2.
const ED25519: &str =
    r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;

/// A key for each algorithm: generated, or imported for RSA.
fn keys() -> Vec<SigningKey> {
    let key = |algorithm: &Algorithm| match algorithm.name() {
        name if name.starts_with("HS") || name.starts_with('E') => SigningKey::generate(*algorithm),
        _ => SigningKey::from_pkcs8_pem(pem::RSA_PRIVATE, *algorithm),
    };
    Algorithm::ALL
        .iter()
        .map(|algorithm| key(algorithm).unwrap())
        .collect()
}

fn verifies(verifying: VerifyingKey, signing: &SigningKey) -> bool {
    let signed = signing.sign_bytes(None, b"payload").unwrap();
    KeyRing::new([verifying])
        .unwrap()
        .verify_bytes(None, &signed)
        .is_ok()
}

#[test]
fn each_algorithm_signs_and_verifies_and_no_other_key_does() {
    let keys = keys();
    for (n, signer) in keys.iter().enumerate() {
        for (m, other) in keys.iter().enumerate() {
            let verifying = other.verifying_key().with_id(signer.id().cloned());
            assert_eq!(verifies(verifying, signer), n == m, "{signer:?} {other:?}");
        }
    }
}

#[test]
fn an_hmac_key_is_never_named_after_its_secret() {
    let secret = [7; 32];
    let key = SigningKey::from_secret(HmacAlgorithm::HS256, &secret, None).unwrap();
    assert_eq!(key.id(), None);
    assert_eq!(key.verifying_key().thumbprint(), None);
    let made = || {
        SigningKey::generate(Algorithm::HS256)
            .unwrap()
            .id()
            .cloned()
            .unwrap()
    };
    assert_ne!(made(), made());
}

#[test]
fn debug_output_shows_no_secret() {
    let key = SigningKey::from_secret(HmacAlgorithm::HS256, &[b'A'; 32], None).unwrap();
    let shown = format!("{key:?} {:?}", key.verifying_key());
    assert!(
        !shown.contains("AAAA") && !shown.contains("65, 65"),
        "{shown}"
    );
}

#[test]
fn short_secrets_and_ambiguous_key_rings_are_refused() {
    for algorithm in HmacAlgorithm::ALL {
        let needed = algorithm.output_len();
        let key = |len| SigningKey::from_secret(*algorithm, &vec![7; len], None);
        assert_eq!(
            key(needed - 1).unwrap_err(),
            KeyError::SecretTooShort { needed }
        );
        assert!(key(needed).is_ok());
    }
    let key = |algorithm| {
        SigningKey::from_secret(algorithm, &[7; 64], None)
            .unwrap()
            .verifying_key()
    };
    let named = |algorithm| key(algorithm).with_id(Some(KeyId::new("k").unwrap()));
    let (a, b) = (HmacAlgorithm::HS256, HmacAlgorithm::HS512);
    assert_eq!(
        KeyRing::new([named(a), named(b)]).unwrap_err(),
        KeyError::DuplicateKeyId
    );
    assert_eq!(
        KeyRing::new([key(a), key(a)]).unwrap_err(),
        KeyError::DuplicateKeyId
    );
    assert!(KeyRing::new([key(a), key(b), named(a)]).is_ok());
}

#[test]
fn a_key_id_is_short_and_plain() {
    assert!(KeyId::new("ключ 1").is_ok());
    for bad in ["", "a\nb", &"x".repeat(129)] {
        assert_eq!(KeyId::new(bad).unwrap_err(), KeyError::InvalidKeyId);
    }
}
