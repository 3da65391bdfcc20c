//! Custom claims types: derived ones, and careless `Deserialize` implementations.

#![allow(clippy::panic, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use jwt_core::{
    Algorithm, Claims, Error, KeyRing, Malformed, NumericDate, RegisteredClaims, SignError, Signer,
    SigningKey, TokenType, Verifier,
};
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const NOW: u64 = 1000;

struct Pair {
    signer: Signer,
    verifier: Verifier,
}

fn pair() -> Pair {
    let key = SigningKey::generate(Algorithm::HS256).unwrap();
    let keys = KeyRing::new([key.verifying_key()]).unwrap();
    Pair {
        verifier: Verifier::new(TokenType::ACCESS_TOKEN, "us", None, keys),
        signer: Signer::new(TokenType::ACCESS_TOKEN, key),
    }
}

fn claims<Own>(own: Own) -> Claims<Own> {
    Claims {
        registered: RegisteredClaims {
            iss: Some("us".into()),
            exp: NumericDate::from_secs(2 * NOW),
            ..RegisteredClaims::default()
        },
        own,
    }
}

fn sign<Own: Serialize>(own: Own) -> Result<String, SignError> {
    pair().signer.sign(&claims(own))
}

/// Verifies a correctly signed token whose payload has these additional members.
fn read<Own: DeserializeOwned>(members: &str) -> Result<Claims<Own>, Error> {
    let key = SigningKey::generate(Algorithm::HS256).unwrap();
    let keys = KeyRing::new([key.verifying_key()]).unwrap();
    let payload = format!(r#"{{"iss":"us","exp":2000,{members}}}"#);
    let token = key.sign_bytes(Some(&TokenType::ACCESS_TOKEN), payload.as_bytes());
    Verifier::new(TokenType::ACCESS_TOKEN, "us", None, keys)
        .verify(&token.unwrap(), NumericDate::from_secs(NOW).unwrap())
}

#[track_caller]
fn round_trip<Own>(own: Own)
where
    Own: Serialize + DeserializeOwned + PartialEq + fmt::Debug,
{
    let pair = pair();
    let claims = claims(own);
    let token = pair.signer.sign(&claims).unwrap();
    let now = NumericDate::from_secs(NOW).unwrap();
    assert_eq!(pair.verifier.verify::<Own>(&token, now), Ok(claims));
}

#[test]
fn what_serde_can_sign_it_can_read() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Newtype(BTreeMap<String, u8>);
    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    struct UserId(String);
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        Person { name: String },
        Robot,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Flat {
        role: String,
        #[serde(flatten)]
        more: BTreeMap<String, Value>,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Keyed {
        numbers: BTreeMap<u32, u8>,
        signed: BTreeMap<i64, u8>,
        truths: BTreeMap<bool, u8>,
        newtypes: BTreeMap<UserId, u8>,
    }

    round_trip(Newtype(BTreeMap::from([("a".into(), 1)])));
    round_trip(Some(BTreeMap::from([("a".to_owned(), 1)])));
    round_trip(BTreeMap::from([(UserId("a".into()), 1)]));
    round_trip(Tagged::Person { name: "Ann".into() });
    round_trip(Tagged::Robot);
    round_trip(Flat {
        role: "editor".into(),
        more: BTreeMap::from([("a".into(), json!([1]))]),
    });
    round_trip(Keyed {
        numbers: BTreeMap::from([(0, 1), (4_294_967_295, 2)]),
        signed: BTreeMap::from([(-7, 1)]),
        truths: BTreeMap::from([(true, 1), (false, 2)]),
        newtypes: BTreeMap::from([(UserId("a".into()), 1)]),
    });
}

#[test]
fn a_key_that_is_a_number_has_one_spelling() {
    type Keyed = BTreeMap<String, BTreeMap<u32, u8>>;
    assert!(read::<Keyed>(r#""x":{"1":1}"#).is_ok());
    for bad in ["01", "+1", " 1", "1.0", "-1", "4294967296", ""] {
        let members = format!(r#""x":{{"{bad}":1}}"#);
        assert!(read::<Keyed>(&members).is_err(), "{bad}");
    }
}

#[test]
fn a_member_is_not_signed_twice() {
    #[derive(Serialize)]
    struct Own {
        role: &'static str,
        #[serde(flatten)]
        from_the_user: BTreeMap<&'static str, &'static str>,
    }
    let own = |name| Own {
        role: "user",
        from_the_user: BTreeMap::from([(name, "admin")]),
    };
    assert!(sign(own("city")).is_ok());
    assert!(matches!(sign(own("role")), Err(SignError::Claims(_))));
}

#[test]
fn a_field_named_as_a_registered_claim_is_refused_and_not_left_empty() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Shadowing {
        jti: Option<String>,
    }
    assert_eq!(
        read::<Shadowing>(r#""jti":"1""#).unwrap_err(),
        Malformed::Claims.into()
    );
}

#[test]
fn a_member_that_is_missing_is_named() {
    #[derive(Debug, Deserialize)]
    struct Own {
        #[allow(dead_code)]
        role: String,
    }
    assert_eq!(
        read::<Own>(r#""rule":"editor""#).unwrap_err(),
        Error::MissingClaim("role")
    );
}

#[test]
fn what_no_verifier_would_accept_is_not_signed() {
    let long = BTreeMap::from([("a", "a".repeat(9000))]);
    assert!(matches!(sign(long), Err(SignError::TooLong)));
    let key = SigningKey::generate(Algorithm::EdDSA).unwrap();
    let bytes = key.sign_bytes(None, &[0; 9000]);
    assert!(matches!(bytes, Err(SignError::TooLong)));
    let without_exp = pair().signer.sign(&Claims::<jwt_core::NoClaims>::default());
    assert!(matches!(without_exp, Err(SignError::MissingExpiry)));
}

/// A type that asks for more members after the last one.
#[derive(Debug, PartialEq)]
struct Greedy(Vec<String>);

impl<'de> Deserialize<'de> for Greedy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InPairs;
        impl<'de> Visitor<'de> for InPairs {
            type Value = Greedy;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything with elements")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Greedy, A::Error> {
                let mut names = Vec::new();
                for _ in 0..10 {
                    let member = map.next_entry::<String, IgnoredAny>()?;
                    names.extend(member.map(|(name, _)| name));
                }
                Ok(Greedy(names))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Greedy, A::Error> {
                let mut elements = Vec::new();
                for _ in 0..10 {
                    elements.extend(seq.next_element::<String>()?);
                }
                Ok(Greedy(elements))
            }
        }
        deserializer.deserialize_any(InPairs)
    }
}

#[test]
fn a_type_that_asks_again_after_the_end_gets_nothing_of_what_follows() {
    type Own = BTreeMap<String, Greedy>;
    let early = read::<Own>(r#""x":{"a":1,"b":2},"nbf":9999"#);
    assert_eq!(early.unwrap_err(), Error::NotYetValid);
    let claims = read::<Own>(r#""x":["a","b"],"y":["c"]"#).unwrap();
    assert_eq!(claims.own["x"], Greedy(vec!["a".into(), "b".into()]));
    assert_eq!(claims.own["y"], Greedy(vec!["c".into()]));
    let top = read::<Greedy>(r#""x":1,"nbf":1"#).unwrap();
    assert_eq!(top.own, Greedy(vec!["x".into()]));
}

/// A type that ignores any error.
struct Lenient<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let _ = T::deserialize(deserializer);
        Ok(Self(PhantomData))
    }
}

#[test]
fn a_type_that_passes_over_errors_neither_panics_nor_reads_on_from_anywhere() {
    type Own<T> = BTreeMap<String, Vec<Lenient<T>>>;
    let nested = "[".repeat(20);
    let deep = format!(r#""x":[{nested}{}"#, format!(",{nested}").repeat(100));
    assert!(read::<Own<Value>>(&deep).is_err());
    // Otherwise the reader would continue inside the abandoned object, and could skip `nbf`.
    assert!(read::<Own<u8>>(r#""x":[{"a":1}],"nbf":9999"#).is_err());
    // Otherwise the content of an invalid string would be read as elements.
    assert!(read::<Own<u8>>("\"x\":[\",1,\n2]").is_err());
    assert!(read::<Own<u8>>(r#""x":["\q,1]"#).is_err());
    // A value of the wrong type that was read to its end is harmless.
    assert!(read::<Own<u8>>(r#""x":[1,"no number"]"#).is_ok());
}

/// A type that does not read all members.
#[derive(Debug)]
struct Lazy;

impl<'de> Deserialize<'de> for Lazy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Nothing;
        impl<'de> Visitor<'de> for Nothing {
            type Value = Lazy;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Lazy, A::Error> {
                Ok(Lazy)
            }
        }
        deserializer.deserialize_map(Nothing)
    }
}

#[test]
fn a_type_that_stops_early_does_not_leave_registered_claims_unread() {
    assert_eq!(
        read::<Lazy>(r#""x":1,"nbf":9999"#).unwrap_err(),
        Malformed::Claims.into()
    );
    assert_eq!(
        read::<Lazy>(r#""nbf":9999"#).unwrap_err(),
        Malformed::Claims.into()
    );
}
