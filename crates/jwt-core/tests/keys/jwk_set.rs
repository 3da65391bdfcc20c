//! Keys in a JWK set.

use super::*;

#[test]
fn a_set_skips_what_it_cannot_use_and_publishes_nothing_secret() {
    let keys = keys();
    let published = JwkSet::new(keys.iter().map(SigningKey::verifying_key)).to_json();
    for key in &keys {
        let private = key.dangerous_private_jwk();
        for member in ["k", "d", "p", "q", "dp", "dq", "qi"] {
            if let Some(secret) = private.split(&format!("\"{member}\":\"")).nth(1) {
                let secret = secret.split('"').next().unwrap();
                assert!(!published.contains(secret), "{key:?}");
            }
        }
    }
    // The RSA key occurs once for each algorithm, always with the same thumbprint.
    let set = JwkSet::parse(&published).unwrap();
    assert_eq!((set.keys.len(), set.skipped.len()), (4, 5));
    assert!(
        set.skipped
            .iter()
            .all(|skipped| skipped.why == KeyError::DuplicateKeyId)
    );

    let private = SigningKey::generate(Algorithm::EdDSA)
        .unwrap()
        .dangerous_private_jwk();
    let set = format!(
        r#"{{"keys":[{{"kty":"XX"}},{{}},{{"kty":"oct","k":"{}","alg":"HS256"}},{},{{{ED25519},"x5c":["!"]}}],"more":1}}"#,
        "A".repeat(43),
        *private
    );
    let set = JwkSet::parse(&set).unwrap();
    assert_eq!(set.keys.len(), 1);
    let why: Vec<_> = set.skipped.iter().map(|skipped| skipped.why).collect();
    assert!(
        matches!(
            why[..],
            [
                KeyError::Unsupported(_),
                KeyError::Malformed(_),
                KeyError::Private,
                KeyError::Private
            ]
        ),
        "{why:?}"
    );
}

#[test]
fn a_set_that_was_read_always_makes_a_key_ring() {
    let nameless = |algorithm| {
        let key = SigningKey::generate(algorithm).unwrap().verifying_key();
        key.with_id(None).public_jwk().unwrap()
    };
    let (a, b) = (nameless(Algorithm::ES256), nameless(Algorithm::ES256));
    let other = nameless(Algorithm::EdDSA);
    let set = JwkSet::parse(&format!(r#"{{"keys":[{a},{b},{other}]}}"#)).unwrap();
    assert_eq!(set.skipped.len(), 1);
    assert_eq!(set.skipped[0].why, KeyError::DuplicateKeyId);
    assert_eq!(set.keys.len(), 2);
    assert!(KeyRing::new(set.keys).is_ok());
}

#[test]
fn a_set_is_bounded_and_strict() {
    for bad in [
        "",
        "[]",
        "{}",
        r#"{"keys":{}}"#,
        r#"{"keys":[],"keys":[]}"#,
        r#"{"keys":[1]}x"#,
    ] {
        assert!(
            matches!(JwkSet::parse(bad), Err(KeyError::Malformed(_))),
            "{bad}"
        );
    }
    let many = format!(r#"{{"keys":[{}]}}"#, vec!["{}"; 101].join(","));
    assert!(matches!(JwkSet::parse(&many), Err(KeyError::Malformed(_))));
    let long = format!(r#"{{"keys":[],"x":"{}"}}"#, "x".repeat(256 * 1024));
    assert!(matches!(JwkSet::parse(&long), Err(KeyError::Malformed(_))));
    assert_eq!(
        JwkSet::parse(
            r#"{"keys":[1,"x",null,["OKP",null,null,"EdDSA","k1","Ed25519","11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"]]}"#
        )
        .unwrap()
        .skipped
        .len(),
        4
    );
}
