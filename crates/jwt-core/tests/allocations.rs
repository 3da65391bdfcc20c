//! The heap allocations of a verification.

#![allow(clippy::unwrap_used)]

use std::hint::black_box;

use allocation_counter::{AllocationInfo, measure};
use jwt_core::{
    Algorithm, Claims, KeyRing, NumericDate, RegisteredClaims, Signer, SigningKey, TokenType,
    Verifier,
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Own {
    sid: String,
    roles: Vec<String>,
}

const ISSUER: &str = "https://id.example";

fn claims(roles: &[&str]) -> Claims<Own> {
    Claims {
        registered: RegisteredClaims {
            iss: Some(ISSUER.into()),
            sub: Some("0192f0c1-2d3e-7a4b".into()),
            aud: Some(ISSUER.into()),
            exp: NumericDate::from_secs(2000),
            iat: NumericDate::from_secs(1000),
            jti: Some("MDEyMzQ1Njc4".into()),
            nbf: None,
        },
        own: Own {
            sid: "s-17".into(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        },
    }
}

/// The allocations for cloning the claims, and those for verifying a token that contains them.
fn compare(algorithm: Algorithm, claims: &Claims<Own>) -> (AllocationInfo, AllocationInfo) {
    let key = SigningKey::generate(algorithm).unwrap();
    let keys = KeyRing::new([key.verifying_key()]).unwrap();
    let verifier = Verifier::new(TokenType::ACCESS_TOKEN, ISSUER, Some(ISSUER), keys);
    let signer = Signer::new(TokenType::ACCESS_TOKEN, key);
    let token = signer.sign(claims).unwrap();
    let now = NumericDate::from_secs(1500).unwrap();
    let verify = || verifier.verify::<Own>(&token, now).unwrap();
    assert_eq!(verify(), *claims);
    let needed = measure(|| {
        black_box(claims.clone());
    });
    let taken = measure(|| {
        black_box(verify());
    });
    (needed, taken)
}

#[test]
fn a_verification_allocates_what_its_claims_need_and_nothing_else() {
    for algorithm in [
        Algorithm::HS256,
        Algorithm::HS384,
        Algorithm::HS512,
        Algorithm::EdDSA,
        Algorithm::ES256,
        Algorithm::ES384,
    ] {
        let (needed, taken) = compare(algorithm, &claims(&[]));
        assert_eq!(needed.count_total, 5, "iss, sub, aud, jti, sid");
        assert_eq!(taken, needed, "{algorithm}");
    }
}

#[test]
fn a_long_payload_takes_one_buffer_more() {
    let role = "a role whose name is long, so that the claims are as well".repeat(10);
    let (needed, taken) = compare(Algorithm::HS256, &claims(&[&role]));
    assert_eq!(taken.count_total, needed.count_total + 1);
}

#[test]
fn a_token_that_is_refused_allocates_nothing() {
    let key = SigningKey::generate(Algorithm::HS256).unwrap();
    let keys = KeyRing::new([key.verifying_key()]).unwrap();
    let verifier = Verifier::new(TokenType::ACCESS_TOKEN, ISSUER, Some(ISSUER), keys);
    let signer = Signer::new(TokenType::ACCESS_TOKEN, key);
    let token = signer.sign(&claims(&[])).unwrap();
    let now = NumericDate::from_secs(1500).unwrap();
    for refused in [
        token[..token.len() - 1].to_owned(),
        format!("{}AAAA", &token[..token.len() - 4]),
        token.replace('.', ""),
        "a".repeat(1 << 20),
    ] {
        let taken = measure(|| {
            black_box(verifier.verify::<Own>(&refused, now).unwrap_err());
        });
        assert_eq!(taken.count_total, 0, "{refused}");
    }
}
