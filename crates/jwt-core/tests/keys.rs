//! Keys from wherever they come, and where they must not come from.

#![allow(clippy::panic, clippy::unwrap_used)]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwt_core::{
    Algorithm, HmacAlgorithm, JwkSet, KeyError, KeyId, KeyRing, SigningKey, VerifyingKey,
};

#[path = "support/pem.rs"]
mod pem;

/// A key for each algorithm: made here, or for RSA imported.
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
fn a_private_jwk_comes_back_as_the_same_key() {
    for key in keys() {
        let jwk = key.dangerous_private_jwk();
        let again = SigningKey::from_jwk(&jwk).unwrap();
        assert_eq!((again.algorithm(), again.id()), (key.algorithm(), key.id()));
        assert!(verifies(key.verifying_key(), &again), "{key:?}");
    }
}

#[test]
fn a_public_jwk_comes_back_as_the_same_key_and_holds_nothing_private() {
    for key in keys() {
        let Some(jwk) = key.verifying_key().public_jwk() else {
            assert!(key.algorithm().name().starts_with("HS"));
            continue;
        };
        for private in [
            "\"d\"", "\"p\"", "\"q\"", "\"dp\"", "\"dq\"", "\"qi\"", "\"k\"",
        ] {
            assert!(!jwk.contains(private), "{jwk}");
        }
        let again = VerifyingKey::from_jwk(&jwk).unwrap();
        assert_eq!((again.algorithm(), again.id()), (key.algorithm(), key.id()));
        assert!(verifies(again, &key), "{key:?}");
        assert_eq!(SigningKey::from_jwk(&jwk).unwrap_err(), KeyError::Public);
    }
}

#[test]
fn what_openssl_writes_is_read() {
    for (private, public, algorithm) in [
        (pem::ED25519_PRIVATE, pem::ED25519_PUBLIC, Algorithm::EdDSA),
        (pem::P256_PRIVATE, pem::P256_PUBLIC, Algorithm::ES256),
        (pem::P384_PRIVATE, pem::P384_PUBLIC, Algorithm::ES384),
        (pem::RSA_PRIVATE, pem::RSA_PUBLIC, Algorithm::RS256),
        (pem::RSA_PRIVATE, pem::RSA_PUBLIC, Algorithm::PS512),
    ] {
        let signing = SigningKey::from_pkcs8_pem(private, algorithm).unwrap();
        let verifying = VerifyingKey::from_spki_pem(public, algorithm).unwrap();
        assert_eq!(signing.id(), verifying.id());
        assert_eq!(
            signing.id().map(KeyId::as_str),
            verifying.thumbprint().as_deref()
        );
        assert!(verifies(verifying, &signing), "{algorithm}");
    }
}

#[test]
fn a_key_of_another_algorithm_is_refused() {
    for (private, public, algorithm) in [
        (pem::ED25519_PRIVATE, pem::ED25519_PUBLIC, Algorithm::ES256),
        (pem::P256_PRIVATE, pem::P256_PUBLIC, Algorithm::ES384),
        (pem::P384_PRIVATE, pem::P384_PUBLIC, Algorithm::EdDSA),
        (pem::RSA_PRIVATE, pem::RSA_PUBLIC, Algorithm::HS256),
    ] {
        let wrong = KeyError::WrongAlgorithm(algorithm);
        assert_eq!(
            SigningKey::from_pkcs8_pem(private, algorithm).unwrap_err(),
            wrong
        );
        assert_eq!(
            VerifyingKey::from_spki_pem(public, algorithm).unwrap_err(),
            wrong
        );
    }
}

#[test]
fn a_short_rsa_key_is_refused() {
    let short = KeyError::RsaKeySize { bits: 1024 };
    let private = SigningKey::from_pkcs8_pem(pem::RSA_1024_PRIVATE, Algorithm::RS256);
    assert_eq!(private.unwrap_err(), short);
    let public = VerifyingKey::from_spki_pem(pem::RSA_1024_PUBLIC, Algorithm::PS256);
    assert_eq!(public.unwrap_err(), short);
}

#[test]
fn pem_is_one_block_of_its_kind() {
    let good = pem::ED25519_PRIVATE;
    let mixed = [good, good].concat();
    let cut = &good[..good.len() - 10];
    for bad in [
        "",
        "text",
        pem::ED25519_PUBLIC,
        &mixed,
        cut,
        &good.replace('M', "!"),
    ] {
        let error = SigningKey::from_pkcs8_pem(bad, Algorithm::EdDSA).unwrap_err();
        assert!(matches!(error, KeyError::Malformed(_)), "{bad}: {error}");
    }
    assert!(SigningKey::from_pkcs8_pem(&format!("\n {good} \n"), Algorithm::EdDSA).is_ok());
}

const ED25519: &str =
    r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;

fn jwk(members: &str) -> Result<VerifyingKey, KeyError> {
    VerifyingKey::from_jwk(&format!("{{{members}}}"))
}

#[test]
fn use_and_key_ops_must_fit() {
    let with = |members: &str| jwk(&format!("{ED25519}{members}")).err();
    assert_eq!(with(""), None);
    assert_eq!(with(r#","use":"sig","key_ops":["verify"]"#), None);
    assert_eq!(with(r#","key_ops":["sign","verify"]"#), None);
    assert_eq!(with(r#","use":"enc""#), Some(KeyError::WrongUse));
    assert_eq!(with(r#","key_ops":["sign"]"#), Some(KeyError::WrongUse));
    assert_eq!(with(r#","key_ops":[]"#), Some(KeyError::WrongUse));
    let signing = format!(
        "{{{ED25519},\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\",\"key_ops\":[\"verify\"]}}"
    );
    assert_eq!(
        SigningKey::from_jwk(&signing).unwrap_err(),
        KeyError::WrongUse
    );
}

#[test]
fn alg_must_be_one_that_the_key_can_do() {
    let with = |alg: &str| jwk(&format!(r#"{ED25519},"alg":"{alg}""#)).err();
    assert_eq!(with("EdDSA"), None);
    // RFC 9864 §2.2.
    assert_eq!(with("Ed25519"), None);
    assert_eq!(
        with("ES256"),
        Some(KeyError::WrongAlgorithm(Algorithm::ES256))
    );
    assert_eq!(
        with("HS256"),
        Some(KeyError::WrongAlgorithm(Algorithm::HS256))
    );
    for unknown in ["none", "eddsa", "", "RSA-OAEP"] {
        assert!(
            matches!(with(unknown), Some(KeyError::Unsupported(_))),
            "{unknown}"
        );
    }
    let jwk = |members: &str| VerifyingKey::from_secret_jwk(&format!("{{{members}}}"));
    let secret = r#""kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA""#;
    assert!(matches!(jwk(secret), Err(KeyError::Unsupported(_))));
    let rs256 = KeyError::WrongAlgorithm(Algorithm::RS256);
    assert_eq!(
        jwk(&format!(r#"{secret},"alg":"RS256""#)).unwrap_err(),
        rs256
    );
    assert!(jwk(&format!(r#"{secret},"alg":"HS256""#)).is_ok());
    let short = KeyError::SecretTooShort { needed: 64 };
    assert_eq!(
        jwk(&format!(r#"{secret},"alg":"HS512""#)).unwrap_err(),
        short
    );
}

#[test]
fn points_off_their_curve_are_refused() {
    let zero = "A".repeat(43);
    let p256 = |x: &str, y: &str| jwk(&format!(r#""kty":"EC","crv":"P-256","x":"{x}","y":"{y}""#));
    // RFC 7515 appendix A.3.
    let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    let y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
    assert!(p256(x, y).is_ok());
    assert_eq!(p256(&zero, &zero).unwrap_err(), KeyError::InvalidPoint);
    assert_eq!(p256(y, x).unwrap_err(), KeyError::InvalidPoint);
    assert_eq!(p256(x, x).unwrap_err(), KeyError::InvalidPoint);
    // Coordinates not below the prime.
    let ones = format!("{}8", "_".repeat(42));
    assert_eq!(p256(&ones, &ones).unwrap_err(), KeyError::InvalidPoint);
    // Coordinates of another length.
    assert!(matches!(p256(&x[..42], y), Err(KeyError::Malformed(_))));
    let p384 = format!(r#""kty":"EC","crv":"P-384","x":"{x}","y":"{y}""#);
    assert!(matches!(jwk(&p384), Err(KeyError::Malformed(_))));
    let p521 = format!(r#""kty":"EC","crv":"P-521","x":"{x}","y":"{y}""#);
    assert!(matches!(jwk(&p521), Err(KeyError::Unsupported(_))));
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
    // The public key of RFC 8037 appendix A with another private one.
    let other = format!("{{{ED25519},\"d\":\"{}\"}}", "A".repeat(43));
    assert_eq!(
        SigningKey::from_jwk(&other).unwrap_err(),
        KeyError::Inconsistent
    );
    let p256 = SigningKey::generate(Algorithm::ES256)
        .unwrap()
        .dangerous_private_jwk();
    let scalar = p256
        .split("\"d\":\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let one = format!("{}E", "A".repeat(42));
    let changed = p256.replace(scalar, &one);
    assert_eq!(
        SigningKey::from_jwk(&changed).unwrap_err(),
        KeyError::Inconsistent
    );
}

#[test]
fn an_rsa_key_that_would_sign_wrongly_is_refused() {
    let key = SigningKey::from_pkcs8_pem(pem::RSA_PRIVATE, Algorithm::RS256).unwrap();
    let jwk = key.dangerous_private_jwk();
    let jwk: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&jwk).unwrap();
    for part in ["d", "p", "q", "dp", "dq", "qi"] {
        let mut bytes = URL_SAFE_NO_PAD.decode(jwk[part].as_str().unwrap()).unwrap();
        // In the middle, so that the number stays as odd and as long as it was.
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        let mut changed = jwk.clone();
        changed.insert(part.to_owned(), URL_SAFE_NO_PAD.encode(bytes).into());
        let changed = serde_json::Value::Object(changed).to_string();
        match SigningKey::from_jwk(&changed) {
            Err(why) => assert_eq!(why, KeyError::Inconsistent, "{part}"),
            // `d` alone is not used, and what the others sign is right.
            Ok(key) => {
                let signed = key.sign_bytes(None, b"").unwrap();
                let keys = KeyRing::new([key.verifying_key()]).unwrap();
                assert!(keys.verify_bytes(None, &signed).is_ok(), "{part}");
                assert_eq!(part, "d");
            }
        }
    }
}

#[test]
fn a_private_key_is_refused_where_public_ones_are_read() {
    for key in keys()
        .iter()
        .filter(|key| key.verifying_key().thumbprint().is_some())
    {
        let private = VerifyingKey::from_jwk(&key.dangerous_private_jwk());
        assert_eq!(private.unwrap_err(), KeyError::Private, "{key:?}");
        // Nor is one without the part that signs alone.
        let without_d = key.dangerous_private_jwk().replace("\"d\"", "\"other\"");
        let is_rsa = without_d.contains("\"p\"");
        let error = VerifyingKey::from_jwk(&without_d).err();
        assert_eq!(error, is_rsa.then_some(KeyError::Private), "{key:?}");
    }
    for member in ["d", "p", "q", "dp", "dq", "qi", "k"] {
        let stray = jwk(&format!(r#"{ED25519},"{member}":"AAAA""#));
        assert_eq!(stray.unwrap_err(), KeyError::Private, "{member}");
    }
}

#[test]
fn no_member_of_a_jwk_is_null() {
    for member in ["use", "key_ops", "alg", "kid", "d"] {
        let with_null = jwk(&format!(r#"{ED25519},"{member}":null"#));
        assert!(matches!(with_null, Err(KeyError::Malformed(_))), "{member}");
    }
}

/// The DER in a PEM block, with something changed.
fn der_of(pem: &str, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with("--")).collect();
    let mut der = base64::engine::general_purpose::STANDARD
        .decode(body)
        .unwrap();
    change(&mut der);
    der
}

#[test]
fn der_has_nothing_that_does_not_belong_there() {
    let longer = |der: &mut Vec<u8>| {
        // SEQUENCE, with a length of one byte or of two.
        match der[1] {
            0x82 => der[3] += 3,
            0x81 => der[2] += 3,
            _ => der[1] += 3,
        }
        der.extend([0xff; 3]);
    };
    for (block, algorithm) in [
        (pem::ED25519_PRIVATE, Algorithm::EdDSA),
        (pem::P256_PRIVATE, Algorithm::ES256),
        (pem::RSA_PRIVATE, Algorithm::RS256),
    ] {
        assert!(SigningKey::from_pkcs8_der(&der_of(block, |_| ()), algorithm).is_ok());
        let error = SigningKey::from_pkcs8_der(&der_of(block, longer), algorithm);
        assert!(matches!(error, Err(KeyError::Malformed(_))), "{algorithm}");
    }
    // The parameters of rsaEncryption are NULL, which has no content.
    let filled = der_of(pem::RSA_PUBLIC, |der| {
        let null = der.windows(2).position(|two| two == [5, 0]).unwrap();
        der[null + 1] = 2;
        der.splice(null + 2..null + 2, [0xde, 0xad]);
        der[3] += 2;
        der[5] += 2;
    });
    let error = VerifyingKey::from_spki_der(&filled, Algorithm::RS256).unwrap_err();
    assert!(matches!(error, KeyError::Malformed(_)), "{error}");
}

#[test]
fn an_even_modulus_is_refused() {
    let key = SigningKey::from_pkcs8_pem(pem::RSA_PRIVATE, Algorithm::RS256).unwrap();
    let jwk: serde_json::Value =
        serde_json::from_str(&key.verifying_key().public_jwk().unwrap()).unwrap();
    let base64url = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let mut n = base64url.decode(jwk["n"].as_str().unwrap()).unwrap();
    *n.last_mut().unwrap() &= 0xfe;
    let jwk = format!(
        r#"{{"kty":"RSA","alg":"RS256","e":"AQAB","n":"{}"}}"#,
        base64url.encode(n)
    );
    let error = VerifyingKey::from_jwk(&jwk).unwrap_err();
    assert!(matches!(error, KeyError::Malformed(_)), "{error}");
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
    // The RSA key is there once for each algorithm, with one thumbprint.
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
