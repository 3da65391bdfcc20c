//! Keys in PEM and DER.

use super::*;

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

/// The DER in a PEM block, after applying `change`.
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
        // Extend the outer SEQUENCE, whose length is encoded in one, two or three bytes.
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
    // The parameters of rsaEncryption are NULL, which must be empty.
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
