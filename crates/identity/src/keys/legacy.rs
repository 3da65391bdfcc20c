//! Legacy tokens: access tokens of the service that was replaced. They stay valid until they expire,
//! for verification and introspection only, because they have no session.

use std::collections::BTreeMap;

use jwt_core::{KeyError, KeyId, KeyRing, VerifyingKey};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::UnixMillis;
use store::users::UserId;

use crate::clock::LEEWAY;
use crate::strict_json::StrictValue;

/// The shape of the legacy tokens of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegacyTokens {
    /// The claim with the user's id, a string or a number.
    pub user_claim: String,
    /// Claims that must have these values. With SimpleJWT, `token_type` distinguishes access tokens
    /// from refresh tokens.
    pub required: BTreeMap<String, String>,
}

/// A key of the service that was replaced, and the shape of its tokens.
#[derive(Clone, Debug)]
pub struct LegacyKey {
    keys: KeyRing,
    tokens: LegacyTokens,
}

/// The claims of a verified legacy token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegacyClaims {
    /// The user.
    pub user_id: UserId,
    /// All claims.
    pub all: Map<String, Value>,
}

impl LegacyKey {
    /// Its tokens may or may not have a `kid`.
    ///
    /// # Errors
    ///
    /// [`KeyError`] if the id is not a valid `kid`; ids in the database are.
    pub(crate) fn new(id: &str, key: VerifyingKey, tokens: LegacyTokens) -> Result<Self, KeyError> {
        let named = key.clone().with_id(Some(KeyId::new(id)?));
        Ok(Self {
            keys: KeyRing::new([named, key.with_id(None)])?,
            tokens,
        })
    }

    /// Verifies a token; one without `exp` is invalid.
    pub fn verify(&self, token: &str, now: UnixMillis) -> Option<LegacyClaims> {
        let token = self.keys.verify_bytes(None, token).ok()?;
        let StrictValue {
            value: Value::Object(all),
            flaw: None,
        } = serde_json::from_slice(&token.payload).ok()?
        else {
            return None;
        };
        let seconds = |name| all.get(name).map(Value::as_f64);
        #[expect(
            clippy::cast_precision_loss,
            reason = "exact for the next 200 million years"
        )]
        let now = now.as_millis() as f64 / 1000.0;
        let expires = seconds("exp")??;
        let begins = match seconds("nbf") {
            Some(begins) => begins?,
            None => 0.0,
        };
        let is_now = begins - f64::from(LEEWAY) <= now && now < expires;
        let has_all = self.tokens.required.iter().all(|(name, value)| {
            let claim = all.get(name);
            claim.and_then(Value::as_str) == Some(value)
        });
        let user_id = match all.get(&self.tokens.user_claim)? {
            Value::String(id) => UserId::parse(id),
            Value::Number(id) => UserId::parse(&id.to_string()),
            _ => return None,
        };
        (is_now && has_all).then_some(LegacyClaims {
            user_id: user_id.ok()?,
            all,
        })
    }
}

#[cfg(test)]
mod tests {
    use jwt_core::{HmacAlgorithm, SigningKey};
    use serde_json::json;

    use super::*;

    const NOW: UnixMillis = UnixMillis::from_millis(1_800_000_000_000);

    fn signing_key() -> SigningKey {
        SigningKey::from_secret(HmacAlgorithm::HS256, &[7; 32], None).unwrap()
    }

    fn user_of(claims: &Value) -> Option<String> {
        user_of_text(&claims.to_string())
    }

    fn user_of_text(payload: &str) -> Option<String> {
        let tokens = LegacyTokens {
            user_claim: "user_id".to_owned(),
            required: BTreeMap::from([("token_type".to_owned(), "access".to_owned())]),
        };
        let key = LegacyKey::new("django", signing_key().verifying_key(), tokens).unwrap();
        let token = signing_key().sign_bytes(None, payload.as_bytes()).unwrap();
        let claims = key.verify(&token, NOW)?;
        Some(claims.user_id.to_string())
    }

    fn claims() -> Value {
        json!({ "token_type": "access", "user_id": 7, "exp": 1_800_000_001 })
    }

    #[test]
    fn a_token_of_the_configured_shape_is_verified() {
        assert_eq!(user_of(&claims()).as_deref(), Some("7"));
        let mut text = claims();
        text["user_id"] = json!("7");
        assert_eq!(user_of(&text).as_deref(), Some("7"));
    }

    #[test]
    fn a_token_of_any_other_shape_is_refused() {
        for (name, value) in [
            ("exp", json!(1_800_000_000)),
            ("exp", json!("1900000000")),
            ("exp", Value::Null),
            ("nbf", json!(1_800_000_003)),
            ("nbf", json!("soon")),
            ("token_type", json!("refresh")),
            ("token_type", Value::Null),
            ("user_id", Value::Null),
            ("user_id", json!([7])),
        ] {
            let mut claims = claims();
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                value => claims[name] = value,
            }
            assert_eq!(user_of(&claims), None, "{claims}");
        }
    }

    #[test]
    fn a_token_that_parsers_disagree_about_is_refused() {
        let good = r#"{"token_type":"access","user_id":7,"exp":1800000001}"#;
        assert!(user_of_text(good).is_some());
        for member in [
            r#""user_id":8"#,
            r#""user_id":7"#,
            r#""\u0075ser_id":7"#,
            r#""exp":1900000000"#,
            r#""x":{"a":1,"a":1}"#,
            r#""x":18446744073709551616"#,
        ] {
            let twice = good.replace('}', &format!(",{member}}}"));
            assert_eq!(user_of_text(&twice), None, "{twice}");
        }
        assert_eq!(user_of_text("[]"), None);
    }

    #[test]
    fn a_token_of_another_key_is_refused() {
        let key = LegacyKey::new(
            "django",
            SigningKey::from_secret(HmacAlgorithm::HS256, &[8; 32], None)
                .unwrap()
                .verifying_key(),
            LegacyTokens {
                user_claim: "user_id".to_owned(),
                required: BTreeMap::new(),
            },
        );
        let payload = claims().to_string();
        let token = signing_key().sign_bytes(None, payload.as_bytes()).unwrap();
        assert_eq!(key.unwrap().verify(&token, NOW), None);
    }
}
