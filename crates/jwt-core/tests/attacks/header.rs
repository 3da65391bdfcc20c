//! The header, and which key it leads to.

use super::*;

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
