//! What holds for all claims, and for all changes to a token.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use jwt_core::{
    Audience, Claims, HmacAlgorithm, KeyId, KeyRing, NumericDate, RegisteredClaims, SigningKey,
    TokenType, Verifier,
};
use proptest::prelude::*;

type Own = BTreeMap<String, String>;

fn algorithms() -> impl Strategy<Value = HmacAlgorithm> {
    prop_oneof![
        Just(HmacAlgorithm::HS256),
        Just(HmacAlgorithm::HS384),
        Just(HmacAlgorithm::HS512)
    ]
}

fn claims() -> impl Strategy<Value = Claims<Own>> {
    (
        prop_oneof![
            any::<String>().prop_map(Audience::One),
            proptest::collection::vec(any::<String>(), 1..4).prop_map(Audience::Many)
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

fn key(algorithm: HmacAlgorithm, secret: [u8; 32]) -> SigningKey {
    let id = Some(KeyId::new("k").unwrap());
    SigningKey::from_secret(algorithm, &[secret, secret].concat(), id).unwrap()
}

const NOW: NumericDate = NumericDate::from_secs(0).unwrap();

proptest! {
    #[test]
    fn what_is_signed_verifies_unchanged(
        algorithm in algorithms(), secret: [u8; 32], claims in claims()
    ) {
        let key = key(algorithm, secret);
        let token = key.sign(&TokenType::ACCESS_TOKEN, &claims).unwrap();
        prop_assert_eq!(verifier(&key, &claims).verify::<Own>(&token, NOW), Ok(claims));
    }

    #[test]
    fn a_change_of_any_byte_is_refused(
        algorithm in algorithms(), secret: [u8; 32], claims in claims(),
        at: prop::sample::Index, byte in 0u8..128
    ) {
        let key = key(algorithm, secret);
        let token = key.sign(&TokenType::ACCESS_TOKEN, &claims).unwrap();
        let mut changed = token.clone().into_bytes();
        let at = at.index(changed.len());
        changed[at] = byte;
        let changed = String::from_utf8(changed).unwrap();
        prop_assume!(changed != token);
        prop_assert!(verifier(&key, &claims).verify::<Own>(&changed, NOW).is_err());
    }

    #[test]
    fn no_signed_payload_makes_the_verifier_panic(
        payload in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..80),
            r#"\{("(iss|sub|aud|exp|nbf|iat|jti|x|\\u0061)":("us"|-?[0-9]{1,20}|[0-9.eE+-]{1,9}|null|true|\[\]|\{\}),?){0,5}\}?"#
                .prop_map(String::into_bytes),
        ]
    ) {
        let key = key(HmacAlgorithm::HS256, [1; 32]);
        let token = key.sign_bytes(&TokenType::ACCESS_TOKEN, &payload);
        let keys = KeyRing::new([key.verifying_key()]).unwrap();
        let verifier = Verifier::new(TokenType::ACCESS_TOKEN, "us", None, keys);
        // Whatever comes of it, it comes.
        let _ = verifier.verify::<Own>(&token, NOW);
    }

    #[test]
    fn no_text_makes_the_verifier_panic(text in "\\PC{0,80}|([A-Za-z0-9_-]{0,40}\\.){0,4}[A-Za-z0-9_-]{0,40}") {
        let key = key(HmacAlgorithm::HS256, [1; 32]);
        let keys = KeyRing::new([key.verifying_key()]).unwrap();
        let verifier = Verifier::new(TokenType::ACCESS_TOKEN, "us", None, keys);
        prop_assert!(verifier.verify::<Own>(&text, NOW).is_err());
    }
}
