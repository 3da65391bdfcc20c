//! The signature itself.

use super::*;

#[test]
fn empty_truncated_and_extended_signatures() {
    let token = good();
    let (input, signature) = token.rsplit_once('.').unwrap();
    let tag = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let longer = [tag.as_slice(), &[0]].concat();
    for forged in [&[][..], &tag[..16], &tag[..31], &longer] {
        let forged = format!("{input}.{}", URL_SAFE_NO_PAD.encode(forged));
        assert_eq!(verify(&forged).unwrap_err(), Error::BadSignature);
    }
}

/// The result of verifying a token with a forged signature.
fn verdict(key: &SigningKey, signature: &[u8]) -> Error {
    let token = Signer::new(TokenType::ACCESS_TOKEN, key.clone())
        .sign(&claims())
        .unwrap();
    let (input, _) = token.rsplit_once('.').unwrap();
    let forged = format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature));
    let now = NumericDate::from_secs(NOW).unwrap();
    let verified = verifier_of(key.verifying_key()).verify::<NoClaims>(&forged, now);
    verified.unwrap_err()
}

#[test]
fn ecdsa_signatures_that_are_zero_or_out_of_range() {
    for (algorithm, len) in [(Algorithm::ES256, 32), (Algorithm::ES384, 48)] {
        let key = SigningKey::generate(algorithm).unwrap();
        for signature in [
            vec![0; 2 * len],
            vec![0xff; 2 * len],
            vec![],
            vec![0; len],
            vec![1; 2 * len + 1],
        ] {
            assert_eq!(
                verdict(&key, &signature),
                Error::BadSignature,
                "{algorithm}"
            );
        }
    }
}

/// ECDSA allows exactly one second encoding: if (r, s) is a valid signature, so is (r, n - s), and
/// RFC 7518 does not forbid either. Lists of tokens must therefore identify them by `jti`.
#[test]
fn an_ecdsa_token_has_a_second_spelling_which_says_the_same() {
    // The order of P-256 (SEC 2 §2.4.2).
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63,
        0x25, 0x51,
    ];
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let signer = Signer::new(TokenType::ACCESS_TOKEN, key.clone());
    let token = signer.sign(&claims()).unwrap();
    let (input, signature) = token.rsplit_once('.').unwrap();
    let mut signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let mut borrow = 0;
    for (s, n) in signature[32..].iter_mut().zip(ORDER).rev() {
        let difference = i16::from(n) - i16::from(*s) - borrow;
        borrow = i16::from(difference < 0);
        *s = difference.rem_euclid(256).try_into().unwrap();
    }
    let other = format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature));
    assert_ne!(other, token);
    let now = NumericDate::from_secs(NOW).unwrap();
    let verifier = verifier_of(key.verifying_key());
    assert_eq!(
        verifier.verify::<NoClaims>(&other, now),
        verifier.verify::<NoClaims>(&token, now)
    );
}

#[test]
fn ecdsa_signatures_in_der() {
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let token = Signer::new(TokenType::ACCESS_TOKEN, key.clone())
        .sign(&claims())
        .unwrap();
    let (_, signature) = token.rsplit_once('.').unwrap();
    let raw = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let integer = |bytes: &[u8]| {
        let zero: &[u8] = if bytes[0] & 0x80 == 0 { &[] } else { &[0] };
        let content = [zero, bytes].concat();
        [
            &[2, u8::try_from(content.len()).unwrap()],
            content.as_slice(),
        ]
        .concat()
    };
    let numbers = [integer(&raw[..32]), integer(&raw[32..])].concat();
    let der = [
        &[0x30, u8::try_from(numbers.len()).unwrap()],
        numbers.as_slice(),
    ]
    .concat();
    assert_eq!(verdict(&key, &der), Error::BadSignature);
}

#[test]
fn rsa_and_ed25519_signatures_of_another_length() {
    let rsa = SigningKey::from_pkcs8_pem(pem::RSA_PRIVATE, Algorithm::RS256).unwrap();
    let ed25519 = SigningKey::generate(Algorithm::EdDSA).unwrap();
    for key in [rsa, ed25519] {
        for len in [0, 1, 63, 64, 255, 256, 257, 1023, 1024, 1025, 4000] {
            assert_eq!(verdict(&key, &vec![0; len]), Error::BadSignature, "{len}");
        }
    }
}

#[test]
fn ed25519_points_of_small_order() {
    // The eight torsion points and their non-canonical encodings (RFC 8032 §5.1.3), as in
    // libsodium's table.
    let points = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ];
    for point in points {
        let bytes: Vec<u8> = (0..32)
            .map(|n| u8::from_str_radix(&point[2 * n..2 * n + 2], 16).unwrap())
            .collect();
        let x = URL_SAFE_NO_PAD.encode(&bytes);
        let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#);
        let refused = VerifyingKey::from_jwk(&jwk).unwrap_err();
        assert_eq!(refused, KeyError::InvalidPoint, "{point}");
        let spki = [
            &b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"[..],
            &bytes,
        ]
        .concat();
        let refused = VerifyingKey::from_spki_der(&spki, Algorithm::EdDSA).unwrap_err();
        assert_eq!(refused, KeyError::InvalidPoint, "{point}");
    }
}
