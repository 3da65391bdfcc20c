//! The algorithm and the kind of key, confused.

use super::*;

#[test]
fn no_signature_by_any_spelling_of_none() {
    for alg in ["none", "None", "NONE", "nOnE", "", " none"] {
        let header = format!(r#"{{"alg":"{alg}","typ":"at+jwt","kid":"k1"}}"#);
        let signed = forge(&header, &good_payload());
        assert_eq!(
            verify(&signed).unwrap_err(),
            Error::AlgorithmMismatch,
            "{alg}"
        );
        let unsigned = &signed[..=signed.rfind('.').unwrap()];
        assert_eq!(
            verify(unsigned).unwrap_err(),
            Error::AlgorithmMismatch,
            "{alg}"
        );
    }
}

#[test]
fn another_algorithm_with_the_same_secret() {
    for algorithm in [HmacAlgorithm::HS384, HmacAlgorithm::HS512] {
        let signer = Signer::new(TokenType::ACCESS_TOKEN, key(algorithm, "k1"));
        let token = signer.sign(&claims()).unwrap();
        assert_eq!(verify(&token).unwrap_err(), Error::AlgorithmMismatch);
    }
}

#[test]
fn a_public_key_taken_for_an_hmac_secret() {
    for algorithm in [Algorithm::RS256, Algorithm::PS256] {
        let key = SigningKey::from_pkcs8_pem(pem::RSA_PRIVATE, algorithm).unwrap();
        let kid = key.id().unwrap();
        let header = format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{kid}"}}"#);
        let input = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(good_payload())
        );
        for secret in [pem::RSA_PUBLIC.to_owned(), format!("{}\n", pem::RSA_PUBLIC)] {
            let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
            let tag = ring::hmac::sign(&secret, input.as_bytes());
            let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(tag));
            let now = NumericDate::from_secs(NOW).unwrap();
            let verified = verifier_of(key.verifying_key()).verify::<NoClaims>(&token, now);
            assert_eq!(verified.unwrap_err(), Error::AlgorithmMismatch);
        }
    }
}

#[test]
fn a_pem_block_configured_as_an_hmac_secret() {
    for block in [pem::RSA_PUBLIC, pem::ED25519_PRIVATE] {
        let secret = format!("\n{block}");
        let key = VerifyingKey::from_secret(HmacAlgorithm::HS256, secret.as_bytes(), None);
        assert!(matches!(key, Err(KeyError::Malformed(_))));
    }
}

#[test]
fn a_secret_given_as_a_public_key() {
    let secret = key(HmacAlgorithm::HS256, "k1").dangerous_private_jwk();
    assert_eq!(
        VerifyingKey::from_jwk(&secret).unwrap_err(),
        KeyError::Private
    );
    assert!(VerifyingKey::from_secret_jwk(&secret).is_ok());
}
