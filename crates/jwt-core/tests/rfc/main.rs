//! The examples in RFCs: RFC 7515 appendix A, RFC 7520 §4, RFC 7638 §3.1, RFC 7797 §4 and
//! RFC 8037 appendix A.

#![allow(clippy::panic, clippy::unwrap_used)]

mod examples;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use examples::{EXAMPLES, Outcome, SIGNED, THUMBPRINTS};
use jwt_core::{
    Error, KeyError, KeyRing, NoClaims, NumericDate, SigningKey, TokenType, Verifier, VerifyingKey,
};

#[test]
fn each_example_is_verified_or_refused_as_its_rfc_says() {
    for example in EXAMPLES {
        let key = match VerifyingKey::from_jwk(example.jwk) {
            Err(KeyError::Private) => VerifyingKey::from_secret_jwk(example.jwk),
            key => key,
        };
        let key = match (key, example.outcome) {
            (Err(KeyError::Unsupported(_)), Outcome::KeyUnsupported) => continue,
            (Ok(key), Outcome::Verifies | Outcome::Refused) => key,
            // The key of RFC 7520 §4.8 has no `alg`, and an RSA key does not imply one.
            (Err(KeyError::Unsupported(_)), Outcome::Refused) => continue,
            (other, _) => panic!("{}: {other:?}", example.name),
        };
        let verified = KeyRing::new([key])
            .unwrap()
            .verify_bytes(None, example.token);
        assert_eq!(
            verified.is_ok(),
            example.outcome == Outcome::Verifies,
            "{}",
            example.name
        );
        if let Ok(jws) = verified {
            let payload = example.token.split('.').nth(1).unwrap();
            assert_eq!(
                jws.payload,
                URL_SAFE_NO_PAD.decode(payload).unwrap(),
                "{}",
                example.name
            );
        }
    }
}

#[test]
fn where_there_is_one_signature_it_is_ours_to_the_byte() {
    for signed in SIGNED {
        let key = SigningKey::from_jwk(signed.private_jwk).unwrap();
        let payload = URL_SAFE_NO_PAD.decode(signed.payload).unwrap();
        assert_eq!(
            key.sign_bytes(None, &payload).unwrap(),
            signed.token,
            "{}",
            signed.name
        );
    }
}

#[test]
fn thumbprints_are_those_of_the_rfcs() {
    for (jwk, thumbprint) in THUMBPRINTS {
        let key = VerifyingKey::from_jwk(jwk).unwrap();
        assert_eq!(key.thumbprint().as_deref(), Some(*thumbprint));
    }
}

/// The token of RFC 7515 appendix A.1 and RFC 7519 §3.1.
#[test]
fn the_example_of_rfc_7519_is_good_until_it_expires() {
    let example = EXAMPLES
        .iter()
        .find(|e| e.name == "rfc7515-A.1-HS256")
        .unwrap();
    let keys = KeyRing::new([VerifyingKey::from_secret_jwk(example.jwk).unwrap()]).unwrap();
    let verifier = Verifier::new(TokenType::new("JWT"), "joe", None, keys);
    let at =
        |secs| verifier.verify::<NoClaims>(example.token, NumericDate::from_secs(secs).unwrap());

    let claims = at(1_300_819_379).unwrap();
    assert_eq!(claims.registered.iss.as_deref(), Some("joe"));
    assert_eq!(at(1_300_819_380).unwrap_err(), Error::Expired);
}
