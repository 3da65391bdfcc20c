//! The claims, and the checks of each of them.

use super::*;

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
            // `dangerous_accept_expired` also accepts a missing `exp`.
            let accepts = n == m || (n == 1 && m == 0);
            assert_eq!(verified.is_ok(), accepts, "{n} {m}");
        }
    }
    // The signature is checked even if all other checks are disabled.
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
