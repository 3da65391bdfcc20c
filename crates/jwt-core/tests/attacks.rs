//! Each way of getting a bad token past the verifier, by name.

#![allow(clippy::panic, clippy::unwrap_used)]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwt_core::{
    Algorithm, Claims, Error, HmacAlgorithm, KeyError, KeyId, KeyRing, MAX_TOKEN_LEN, Malformed,
    NoClaims, NumericDate, RegisteredClaims, Signer, SigningKey, TokenType, Verifier, VerifyingKey,
};

#[path = "support/pem.rs"]
mod pem;

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

/// A token with a header and payload of the attacker's choice, rightly signed with our key.
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

#[test]
fn no_signature_by_any_spelling_of_none() {
    for alg in ["none", "None", "NONE", "nOnE", "", " none"] {
        let header = format!(r#"{{"alg":"{alg}","typ":"at+jwt","kid":"k1"}}"#);
        let signed = forge(&header, &good_payload());
        assert_eq!(
            verify(&signed).unwrap_err(),
            Error::AlgorithmMismatch,
            "{alg}"
        );
        let unsigned = &signed[..=signed.rfind('.').unwrap()];
        assert_eq!(
            verify(unsigned).unwrap_err(),
            Error::AlgorithmMismatch,
            "{alg}"
        );
    }
}

#[test]
fn another_algorithm_with_the_same_secret() {
    for algorithm in [HmacAlgorithm::HS384, HmacAlgorithm::HS512] {
        let signer = Signer::new(TokenType::ACCESS_TOKEN, key(algorithm, "k1"));
        let token = signer.sign(&claims()).unwrap();
        assert_eq!(verify(&token).unwrap_err(), Error::AlgorithmMismatch);
    }
}

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

#[test]
fn a_missing_or_unknown_key_id() {
    for kid in ["", r#","kid":"k2""#, r#","kid":"../k1""#, r#","kid":"K1""#] {
        let header = format!(r#"{{"alg":"HS256","typ":"at+jwt"{kid}}}"#);
        assert_eq!(
            verify(&forge(&header, &good_payload())).unwrap_err(),
            Error::UnknownKey
        );
    }
}

#[test]
fn critical_extensions_and_null_parameters() {
    let with = |member: &str| {
        let header = format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"k1",{member}}}"#);
        verify(&forge(&header, &good_payload())).unwrap_err()
    };
    assert_eq!(with(r#""crit":["b64"],"b64":false"#), Error::CriticalHeader);
    assert_eq!(with(r#""crit":[]"#), Error::CriticalHeader);
    assert_eq!(with(r#""crit":null"#), Error::CriticalHeader);
    let null_kid = forge(
        r#"{"alg":"HS256","typ":"at+jwt","kid":null}"#,
        &good_payload(),
    );
    assert_eq!(verify(&null_kid).unwrap_err(), Malformed::Header.into());
}

#[test]
fn an_embedded_key_is_not_used() {
    let header = r#"{"alg":"HS256","typ":"at+jwt","kid":"k1","jwk":{"kty":"oct","k":"AAAA"},"jku":"https://evil.example"}"#;
    let attackers = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &[0; 3]);
    let token = forge(header, &good_payload());
    let (input, _) = token.rsplit_once('.').unwrap();
    let tag = ring::hmac::sign(&attackers, input.as_bytes());
    let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(tag));
    assert_eq!(verify(&token).unwrap_err(), Error::BadSignature);
}

#[test]
fn a_token_of_another_kind() {
    for typ in [r#""typ":"rt+jwt","#, r#""typ":"JWT","#, ""] {
        let header = format!(r#"{{"alg":"HS256",{typ}"kid":"k1"}}"#);
        assert_eq!(
            verify(&forge(&header, &good_payload())).unwrap_err(),
            Error::WrongType
        );
    }
}

#[test]
fn stripped_added_and_swapped_parts() {
    let token = good();
    let parts: Vec<_> = token.split('.').collect();
    for parts in [&parts[..1], &parts[..2], &[&parts[..], &["e30"]].concat()] {
        assert_eq!(
            verify(&parts.join(".")).unwrap_err(),
            Malformed::Parts.into()
        );
    }
    assert_eq!(verify("").unwrap_err(), Malformed::Parts.into());
    assert_eq!(verify("....").unwrap_err(), Malformed::Parts.into());
    let swapped = [parts[1], parts[0], parts[2]].join(".");
    assert_eq!(verify(&swapped).unwrap_err(), Malformed::Header.into());
    let exp = NOW + 61;
    let later = forge(
        GOOD_HEADER,
        &format!(r#"{{"iss":"us","aud":"api","exp":{exp}}}"#),
    );
    let later: Vec<_> = later.split('.').collect();
    for mixed in [
        [parts[0], later[1], parts[2]],
        [parts[0], parts[1], later[2]],
    ] {
        assert_eq!(verify(&mixed.join(".")).unwrap_err(), Error::BadSignature);
    }
}

#[test]
fn padding_white_space_and_stray_bits() {
    let token = good();
    assert_eq!(
        verify(&format!("{token}=")).unwrap_err(),
        Malformed::Base64url.into()
    );
    assert_eq!(
        verify(&format!("{token}\n")).unwrap_err(),
        Malformed::Base64url.into()
    );
    assert!(verify(&format!(" {token}")).is_err());
    // 32 bytes are 43 characters: the last one carries two bits that must be zero.
    let last = token.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let value = alphabet.find(last).unwrap();
    let stray = alphabet.chars().nth(value | 1).unwrap();
    let stray = format!("{}{stray}", &token[..token.len() - 1]);
    assert_ne!(stray, token);
    assert_eq!(verify(&stray).unwrap_err(), Malformed::Base64url.into());
}

#[test]
fn duplicate_members() {
    let header = r#"{"alg":"HS256","typ":"at+jwt","kid":"k1","kid":"k1"}"#;
    assert_eq!(
        verify(&forge(header, &good_payload())).unwrap_err(),
        Malformed::Header.into()
    );
    let exp = NOW + 60;
    for payload in [
        format!(r#"{{"iss":"us","aud":"api","exp":{exp},"exp":{exp}}}"#),
        format!(r#"{{"iss":"us","aud":"api","exp":{exp},"role":"a","role":"b"}}"#),
        format!(r#"{{"iss":"us","aud":"api","exp":{exp},"x":{{"y":1,"y":2}}}}"#),
    ] {
        assert_eq!(
            verify(&forge(GOOD_HEADER, &payload)).unwrap_err(),
            Malformed::Claims.into()
        );
    }
}

#[test]
fn dates_that_are_no_dates() {
    for exp in [
        "1e400",
        "-1",
        "253402300800",
        "1e30",
        "\"1900000000\"",
        "null",
        "NaN",
        "[]",
        "true",
    ] {
        let payload = format!(r#"{{"iss":"us","aud":"api","exp":{exp}}}"#);
        let token = forge(GOOD_HEADER, &payload);
        assert_eq!(
            verify(&token).unwrap_err(),
            Malformed::Claims.into(),
            "{exp}"
        );
    }
}

#[test]
fn times_at_their_very_second() {
    let at = |claim: &str, leeway| {
        let payload = format!(r#"{{"iss":"us","aud":"api",{claim}}}"#);
        let now = NumericDate::from_secs(NOW).unwrap();
        let token = forge(GOOD_HEADER, &payload);
        verifier()
            .with_leeway(leeway)
            .verify::<NoClaims>(&token, now)
            .err()
    };
    let exp = format!(r#""exp":{}"#, NOW + 60);
    assert_eq!(at(&format!(r#""exp":{NOW}"#), 0), Some(Error::Expired));
    assert_eq!(at(&format!(r#""exp":{NOW}"#), 1), None);
    assert_eq!(at(&format!(r#""exp":{NOW}.9"#), 0), Some(Error::Expired));
    assert_eq!(at(&format!(r#"{exp},"nbf":{NOW}"#), 0), None);
    assert_eq!(
        at(&format!(r#"{exp},"nbf":{}"#, NOW + 1), 0),
        Some(Error::NotYetValid)
    );
    assert_eq!(at(&format!(r#"{exp},"nbf":{}"#, NOW + 1), 1), None);
    assert_eq!(
        at(&format!(r#"{exp},"iat":{}"#, NOW + 1), 0),
        Some(Error::IssuedInTheFuture)
    );
}

#[test]
fn missing_and_foreign_claims() {
    let exp = NOW + 60;
    for (payload, error) in [
        (
            format!(r#"{{"aud":"api","exp":{exp}}}"#),
            Error::MissingClaim("iss"),
        ),
        (
            format!(r#"{{"iss":"them","aud":"api","exp":{exp}}}"#),
            Error::WrongIssuer,
        ),
        (
            format!(r#"{{"iss":"us","exp":{exp}}}"#),
            Error::MissingClaim("aud"),
        ),
        (
            format!(r#"{{"iss":"us","aud":"web","exp":{exp}}}"#),
            Error::WrongAudience,
        ),
        (
            format!(r#"{{"iss":"us","aud":[],"exp":{exp}}}"#),
            Error::WrongAudience,
        ),
        (
            r#"{"iss":"us","aud":"api"}"#.to_owned(),
            Error::MissingClaim("exp"),
        ),
    ] {
        assert_eq!(
            verify(&forge(GOOD_HEADER, &payload)).unwrap_err(),
            error,
            "{payload}"
        );
    }
    let several = format!(r#"{{"iss":"us","aud":["web","api"],"exp":{exp}}}"#);
    assert!(verify(&forge(GOOD_HEADER, &several)).is_ok());
}

#[test]
fn a_token_for_someone_where_no_audience_is_expected() {
    let keys = KeyRing::new([key(HmacAlgorithm::HS256, "k1").verifying_key()]).unwrap();
    let verifier = Verifier::new(TokenType::ACCESS_TOKEN, "us", None, keys);
    let result = verifier.verify::<NoClaims>(&good(), NumericDate::from_secs(NOW).unwrap());
    assert_eq!(result.unwrap_err(), Error::WrongAudience);
}

#[test]
fn deep_nesting() {
    // The deepest that is read: sixteen levels, of which the claims are the first.
    let nested = |levels: usize| {
        let (open, close) = ("[".repeat(levels), "]".repeat(levels));
        let exp = NOW + 60;
        let payload = format!(r#"{{"iss":"us","aud":"api","exp":{exp},"x":{open}{close}}}"#);
        verify(&forge(GOOD_HEADER, &payload))
    };
    assert!(nested(15).is_ok());
    for levels in [16, 100, 2500] {
        assert_eq!(nested(levels).unwrap_err(), Malformed::Claims.into());
    }
    let header = format!(r#"{{"alg":"HS256","x":{}"#, "[".repeat(5000));
    let token = forge(&header, &good_payload());
    assert_eq!(verify(&token).unwrap_err(), Malformed::Header.into());
}

#[test]
fn megabytes() {
    let padded = |length: usize| {
        let exp = NOW + 60;
        let token = |pad: usize| {
            let pad = "A".repeat(pad);
            let payload = format!(r#"{{"iss":"us","aud":"api","exp":{exp},"x":"{pad}"}}"#);
            forge(GOOD_HEADER, &payload)
        };
        // As long as it can be: four characters for three bytes.
        token((length - token(0).len()) / 4 * 3)
    };
    let longest = padded(MAX_TOKEN_LEN);
    assert!((MAX_TOKEN_LEN - 4..=MAX_TOKEN_LEN).contains(&longest.len()));
    assert!(verify(&longest).is_ok());
    for length in [MAX_TOKEN_LEN + 4, 1 << 20, 1 << 26] {
        assert_eq!(
            verify(&padded(length)).unwrap_err(),
            Malformed::TooLong.into()
        );
    }
}

#[test]
fn own_claims_that_shadow_registered_ones() {
    let mut own = std::collections::BTreeMap::new();
    own.insert("exp".to_owned(), 1);
    let claims = Claims {
        registered: claims().registered,
        own,
    };
    let signer = Signer::new(TokenType::ACCESS_TOKEN, key(HmacAlgorithm::HS256, "k1"));
    let error = signer.sign(&claims);
    assert!(error.unwrap_err().to_string().contains("`exp`"));
}

#[test]
fn each_check_is_left_out_by_its_dangerous_name_alone() {
    let now = NumericDate::from_secs(NOW).unwrap();
    let expired = format!(r#"{{"iss":"us","aud":"api","exp":{}}}"#, NOW - 1);
    let another_kind = GOOD_HEADER.replace("at+jwt", "rt+jwt");
    type Change = fn(Verifier) -> Verifier;
    let cases: [(&str, &str, Error, Change); 5] = [
        (
            GOOD_HEADER,
            &expired,
            Error::Expired,
            Verifier::dangerous_accept_expired,
        ),
        (
            GOOD_HEADER,
            r#"{"iss":"us","aud":"api"}"#,
            Error::MissingClaim("exp"),
            Verifier::dangerous_accept_missing_expiry,
        ),
        (
            &another_kind,
            &good_payload(),
            Error::WrongType,
            Verifier::dangerous_accept_any_type,
        ),
        (
            GOOD_HEADER,
            &good_payload().replace("us", "them"),
            Error::WrongIssuer,
            Verifier::dangerous_accept_any_issuer,
        ),
        (
            GOOD_HEADER,
            &good_payload().replace("api", "web"),
            Error::WrongAudience,
            Verifier::dangerous_accept_any_audience,
        ),
    ];
    for (n, (header, payload, error, _)) in cases.iter().enumerate() {
        let token = forge(header, payload);
        assert_eq!(verify(&token).unwrap_err(), *error);
        for (m, (_, _, _, change)) in cases.iter().enumerate() {
            let verified = change(verifier()).verify::<NoClaims>(&token, now);
            // Who ignores the end also accepts that there is none.
            let accepts = n == m || (n == 1 && m == 0);
            assert_eq!(verified.is_ok(), accepts, "{n} {m}");
        }
    }
    // The signature is checked whatever else is not.
    let lax = verifier()
        .dangerous_accept_expired()
        .dangerous_accept_any_type()
        .dangerous_accept_any_issuer()
        .dangerous_accept_any_audience();
    let forged = format!("{}AAAA", &good()[..good().len() - 4]);
    assert_eq!(
        lax.verify::<NoClaims>(&forged, now).unwrap_err(),
        Error::BadSignature
    );
}

/// A ring with this key alone, and the verifier of tokens that it signs.
fn verifier_of(key: VerifyingKey) -> Verifier {
    let keys = KeyRing::new([key]).unwrap();
    Verifier::new(TokenType::ACCESS_TOKEN, "us", Some("api"), keys)
}

/// The verdict on a token of which the attacker has made up the signature.
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
fn a_public_key_taken_for_an_hmac_secret() {
    for algorithm in [Algorithm::RS256, Algorithm::PS256] {
        let key = SigningKey::from_pkcs8_pem(pem::RSA_PRIVATE, algorithm).unwrap();
        let kid = key.id().unwrap();
        let header = format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{kid}"}}"#);
        let input = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(good_payload())
        );
        for secret in [pem::RSA_PUBLIC.to_owned(), format!("{}\n", pem::RSA_PUBLIC)] {
            let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
            let tag = ring::hmac::sign(&secret, input.as_bytes());
            let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(tag));
            let now = NumericDate::from_secs(NOW).unwrap();
            let verified = verifier_of(key.verifying_key()).verify::<NoClaims>(&token, now);
            assert_eq!(verified.unwrap_err(), Error::AlgorithmMismatch);
        }
    }
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

/// The one second spelling that there is: with (r, s), (r, n - s) is a signature too, and RFC 7518
/// has no rule by which one of them is wrong. Whoever keeps a list of tokens keeps their `jti`.
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
fn a_pem_block_configured_as_an_hmac_secret() {
    for block in [pem::RSA_PUBLIC, pem::ED25519_PRIVATE] {
        let secret = format!("\n{block}");
        let key = VerifyingKey::from_secret(HmacAlgorithm::HS256, secret.as_bytes(), None);
        assert!(matches!(key, Err(KeyError::Malformed(_))));
    }
}

#[test]
fn a_secret_given_as_a_public_key() {
    let secret = key(HmacAlgorithm::HS256, "k1").dangerous_private_jwk();
    assert_eq!(
        VerifyingKey::from_jwk(&secret).unwrap_err(),
        KeyError::Private
    );
    assert!(VerifyingKey::from_secret_jwk(&secret).is_ok());
}

#[test]
fn an_empty_issuer_or_audience_in_the_settings() {
    let key = key(HmacAlgorithm::HS256, "k1");
    let keys = || KeyRing::new([key.verifying_key()]).unwrap();
    let now = NumericDate::from_secs(NOW).unwrap();
    let payload = format!(r#"{{"iss":"","aud":"","exp":{}}}"#, NOW + 60);
    let token = forge(GOOD_HEADER, &payload);
    let verifier = Verifier::new(TokenType::ACCESS_TOKEN, "", None, keys());
    let verified = verifier.verify::<NoClaims>(&token, now);
    assert_eq!(verified.unwrap_err(), Error::WrongIssuer);
    let verifier = Verifier::new(TokenType::ACCESS_TOKEN, "us", Some(""), keys());
    let payload = format!(r#"{{"iss":"us","aud":"","exp":{}}}"#, NOW + 60);
    let verified = verifier.verify::<NoClaims>(&forge(GOOD_HEADER, &payload), now);
    assert_eq!(verified.unwrap_err(), Error::WrongAudience);
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
    // The eight torsion points and their encodings that are not reduced, as in RFC 8032 §5.1.3 and
    // the tables of libsodium.
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

#[test]
fn a_token_without_a_key_id_is_checked_with_keys_without_one_alone() {
    let named = SigningKey::generate(Algorithm::HS256).unwrap();
    let token = Signer::new(TokenType::ACCESS_TOKEN, named.clone().with_id(None));
    let token = token.sign(&claims()).unwrap();
    let now = NumericDate::from_secs(NOW).unwrap();
    let verify = |key| verifier_of(key).verify::<NoClaims>(&token, now);
    assert_eq!(
        verify(named.verifying_key()).unwrap_err(),
        Error::UnknownKey
    );
    assert!(verify(named.verifying_key().with_id(None)).is_ok());
}
