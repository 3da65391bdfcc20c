//! Known attacks on JWT verifiers, one test for each.

#![allow(clippy::panic, clippy::unwrap_used)]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwt_core::{
    Algorithm, Claims, Error, HmacAlgorithm, KeyError, KeyId, KeyRing, MAX_TOKEN_LEN, Malformed,
    NoClaims, NumericDate, RegisteredClaims, Signer, SigningKey, TokenType, Verifier, VerifyingKey,
};

mod algorithm;
mod claims;
mod encoding;
mod header;
#[path = "../support/pem.rs"]
mod pem;
mod signature;

const SECRET: &[u8; 64] = &[7; 64];

const NOW: u64 = 1_800_000_000;

fn key(algorithm: HmacAlgorithm, id: &str) -> SigningKey {
    SigningKey::from_secret(algorithm, SECRET, Some(KeyId::new(id).unwrap())).unwrap()
}

fn verifier() -> Verifier {
    let keys = KeyRing::new([key(HmacAlgorithm::HS256, "k1").verifying_key()]).unwrap();
    Verifier::new(TokenType::ACCESS_TOKEN, "us", Some("api"), keys)
}

fn verify(token: &str) -> Result<Claims, Error> {
    verifier().verify(token, NumericDate::from_secs(NOW).unwrap())
}

fn claims() -> Claims {
    Claims {
        registered: RegisteredClaims {
            iss: Some("us".into()),
            aud: Some("api".into()),
            exp: NumericDate::from_secs(NOW + 60),
            ..RegisteredClaims::default()
        },
        own: NoClaims {},
    }
}

const GOOD_HEADER: &str = r#"{"alg":"HS256","typ":"at+jwt","kid":"k1"}"#;

fn good_payload() -> String {
    format!(r#"{{"iss":"us","aud":"api","exp":{}}}"#, NOW + 60)
}

/// A token with an arbitrary header and payload, correctly signed with our key.
fn forge(header: &str, payload: &str) -> String {
    let input = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET);
    let tag = ring::hmac::sign(&key, input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn good() -> String {
    forge(GOOD_HEADER, &good_payload())
}

#[test]
fn the_good_token_that_the_others_are_made_from_is_accepted() {
    assert_eq!(
        verify(&good()).unwrap().registered.iss.as_deref(),
        Some("us")
    );
}

/// A verifier whose key ring contains only this key.
fn verifier_of(key: VerifyingKey) -> Verifier {
    let keys = KeyRing::new([key]).unwrap();
    Verifier::new(TokenType::ACCESS_TOKEN, "us", Some("api"), keys)
}
