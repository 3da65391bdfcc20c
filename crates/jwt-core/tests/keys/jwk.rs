//! One key as a JWK.

use super::*;

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
    // Coordinates that are not less than the prime.
    let ones = format!("{}8", "_".repeat(42));
    assert_eq!(p256(&ones, &ones).unwrap_err(), KeyError::InvalidPoint);
    // Coordinates of the wrong length.
    assert!(matches!(p256(&x[..42], y), Err(KeyError::Malformed(_))));
    let p384 = format!(r#""kty":"EC","crv":"P-384","x":"{x}","y":"{y}""#);
    assert!(matches!(jwk(&p384), Err(KeyError::Malformed(_))));
    let p521 = format!(r#""kty":"EC","crv":"P-521","x":"{x}","y":"{y}""#);
    assert!(matches!(jwk(&p521), Err(KeyError::Unsupported(_))));
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
    // The public key of RFC 8037 appendix A with another private key.
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
        // In the middle, so that the number keeps its parity and length.
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        let mut changed = jwk.clone();
        changed.insert(part.to_owned(), URL_SAFE_NO_PAD.encode(bytes).into());
        let changed = serde_json::Value::Object(changed).to_string();
        match SigningKey::from_jwk(&changed) {
            Err(why) => assert_eq!(why, KeyError::Inconsistent, "{part}"),
            // ring does not sign with `d`, so the signatures are still correct.
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
        // An RSA key without `d` is still private, because it has the other private members.
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
