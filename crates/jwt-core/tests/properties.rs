//! Properties that hold for all claims and for all changes to a token.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use jwt_core::{
    Algorithm, Audience, Claims, HmacAlgorithm, JwkSet, KeyRing, NumericDate, RegisteredClaims,
    Signer, SigningKey, TokenType, Verifier, VerifyingKey,
};
use proptest::prelude::*;

#[path = "support/pem.rs"]
mod pem;

type Own = BTreeMap<String, String>;

/// A key for each algorithm. Asymmetric keys are the same in all cases; only what they sign varies.
fn keys() -> impl Strategy<Value = SigningKey> {
    let key = |algorithm: &Algorithm| {
        let pem = match algorithm {
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => {
                return SigningKey::generate(*algorithm).unwrap();
            }
            Algorithm::EdDSA => pem::ED25519_PRIVATE,
            Algorithm::ES256 => pem::P256_PRIVATE,
            Algorithm::ES384 => pem::P384_PRIVATE,
            _ => pem::RSA_PRIVATE,
        };
        SigningKey::from_pkcs8_pem(pem, *algorithm).unwrap()
    };
    let keys: Vec<_> = Algorithm::ALL.iter().map(key).collect();
    prop::sample::select(keys)
}

fn claims() -> impl Strategy<Value = Claims<Own>> {
    (
        prop_oneof![
            "\\PC{1,8}".prop_map(Audience::One),
            proptest::collection::vec("\\PC{1,8}", 1..4).prop_map(Audience::Many)
        ],
        proptest::option::of(any::<String>()),
        1u64..1_000_000,
        // No registered name has four letters.
        proptest::collection::btree_map("[a-z]{4,8}|\\PC{4,8}", any::<String>(), 0..5),
    )
        .prop_map(|(aud, sub, exp, own)| Claims {
            registered: RegisteredClaims {
                iss: Some("us".into()),
                sub,
                aud: Some(aud),
                exp: NumericDate::from_secs(exp),
                nbf: NumericDate::from_secs(0),
                ..RegisteredClaims::default()
            },
            own,
        })
}

fn verifier(key: &SigningKey, claims: &Claims<Own>) -> Verifier {
    let audience = match claims.registered.aud.as_ref().unwrap() {
        Audience::One(one) => one,
        Audience::Many(many) => &many[0],
    };
    let keys = KeyRing::new([key.verifying_key()]).unwrap();
    Verifier::new(TokenType::ACCESS_TOKEN, "us", Some(audience), keys)
}

fn sign(key: &SigningKey, claims: &Claims<Own>) -> String {
    Signer::new(TokenType::ACCESS_TOKEN, key.clone())
        .dangerous_without_expiry()
        .sign(claims)
        .unwrap()
}

fn hs256() -> SigningKey {
    SigningKey::from_secret(HmacAlgorithm::HS256, &[1; 32], None).unwrap()
}

const NOW: NumericDate = NumericDate::from_secs(0).unwrap();

proptest! {
    #[test]
    fn what_is_signed_verifies_unchanged(key in keys(), claims in claims()) {
        let token = sign(&key, &claims);
        prop_assert_eq!(verifier(&key, &claims).verify::<Own>(&token, NOW), Ok(claims));
    }

    #[test]
    fn a_change_of_any_byte_is_refused(
        key in keys(), claims in claims(), at: prop::sample::Index, byte in 0u8..128
    ) {
        let token = sign(&key, &claims);
        let mut changed = token.clone().into_bytes();
        let at = at.index(changed.len());
        changed[at] = byte;
        let changed = String::from_utf8(changed).unwrap();
        prop_assume!(changed != token);
        prop_assert!(verifier(&key, &claims).verify::<Own>(&changed, NOW).is_err());
    }

    #[test]
    fn any_bytes_that_are_signed_come_back(
        key in keys(), payload in proptest::collection::vec(any::<u8>(), 0..3000)
    ) {
        let token = key.sign_bytes(None, &payload).unwrap();
        let keys = KeyRing::new([key.verifying_key()]).unwrap();
        prop_assert_eq!(keys.verify_bytes(None, &token).unwrap().payload, payload);
    }

    #[test]
    fn no_text_makes_a_reader_of_keys_panic(
        members in r#"("(kty|crv|alg|use|kid|x|y|n|e|d|k|p|keys)":("(oct|OKP|EC|RSA|P-256|Ed25519|RS256|sig)"|"[A-Za-z0-9_-]{0,90}"|\\[\\]|null|1),?){0,8}"#,
        bytes in proptest::collection::vec(any::<u8>(), 0..90)
    ) {
        let json = format!("{{{}}}", members.trim_end_matches(','));
        let _ = (VerifyingKey::from_jwk(&json), SigningKey::from_jwk(&json), JwkSet::parse(&json));
        for algorithm in [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256] {
            prop_assert!(SigningKey::from_pkcs8_der(&bytes, algorithm).is_err());
            prop_assert!(VerifyingKey::from_spki_der(&bytes, algorithm).is_err());
        }
    }

    #[test]
    fn no_signed_payload_makes_the_verifier_panic(
        payload in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..80),
            r#"\{("(iss|sub|aud|exp|nbf|iat|jti|x|\\u0061)":("us"|-?[0-9]{1,20}|[0-9.eE+-]{1,9}|null|true|\[\]|\{\}),?){0,5}\}?"#
                .prop_map(String::into_bytes),
        ]
    ) {
        let key = hs256();
        let token = key.sign_bytes(Some(&TokenType::ACCESS_TOKEN), &payload).unwrap();
        let keys = KeyRing::new([key.verifying_key()]).unwrap();
        let verifier = Verifier::new(TokenType::ACCESS_TOKEN, "us", None, keys);
        // Any result is fine, as long as it returns.
        let _ = verifier.verify::<Own>(&token, NOW);
    }

    #[test]
    fn no_text_makes_the_verifier_panic(text in "\\PC{0,80}|([A-Za-z0-9_-]{0,40}\\.){0,4}[A-Za-z0-9_-]{0,40}") {
        let key = hs256();
        let keys = KeyRing::new([key.verifying_key()]).unwrap();
        let verifier = Verifier::new(TokenType::ACCESS_TOKEN, "us", None, keys);
        prop_assert!(verifier.verify::<Own>(&text, NOW).is_err());
    }
}
