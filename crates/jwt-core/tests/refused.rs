//! Each way of getting a bad token past the verifier, by name.

#![allow(clippy::unwrap_used)]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwt_core::{
    Claims, Error, HmacAlgorithm, KeyError, KeyId, KeyRing, MAX_TOKEN_LEN, Malformed, NoClaims,
    NumericDate, RegisteredClaims, SigningKey, TokenType, Verifier,
};

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
        let claims = Claims {
            registered: RegisteredClaims {
                iss: Some("us".into()),
                aud: Some("api".into()),
                exp: NumericDate::from_secs(NOW + 60),
                ..RegisteredClaims::default()
            },
            own: NoClaims {},
        };
        let token = key(algorithm, "k1").sign(&TokenType::ACCESS_TOKEN, &claims);
        assert_eq!(
            verify(&token.unwrap()).unwrap_err(),
            Error::AlgorithmMismatch
        );
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
fn megabytes() {
    let token = good();
    let long = format!("{token}{}", "A".repeat(MAX_TOKEN_LEN));
    assert_eq!(verify(&long).unwrap_err(), Malformed::TooLong.into());
}

#[test]
fn own_claims_that_shadow_registered_ones() {
    let mut own = std::collections::BTreeMap::new();
    own.insert("exp".to_owned(), 1);
    let claims = Claims {
        registered: RegisteredClaims::default(),
        own,
    };
    let error = key(HmacAlgorithm::HS256, "k1").sign(&TokenType::ACCESS_TOKEN, &claims);
    assert!(error.unwrap_err().to_string().contains("`exp`"));
}

#[test]
fn short_secrets_and_ambiguous_key_rings() {
    for (algorithm, needed) in [
        (HmacAlgorithm::HS256, 32),
        (HmacAlgorithm::HS384, 48),
        (HmacAlgorithm::HS512, 64),
    ] {
        let short = SigningKey::from_secret(algorithm, &SECRET[..needed - 1], None);
        assert_eq!(short.unwrap_err(), KeyError::SecretTooShort { needed });
        assert!(SigningKey::from_secret(algorithm, &SECRET[..needed], None).is_ok());
    }
    let twins = [
        key(HmacAlgorithm::HS256, "k1"),
        key(HmacAlgorithm::HS512, "k1"),
    ];
    let ring = KeyRing::new(twins.iter().map(SigningKey::verifying_key));
    assert_eq!(ring.unwrap_err(), KeyError::DuplicateKeyId);
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
