//! Access tokens of the service that was here before. They are good until they expire, for asking
//! whose they are and nothing else: there is no session behind them.

use std::collections::BTreeMap;

use jwt_core::{KeyError, KeyId, KeyRing, VerifyingKey};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::UnixMillis;
use store::users::UserId;

use super::LEEWAY;

/// What the tokens of a key look like that another service has signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OlderTokens {
    /// The claim with the user's id, a string or a number.
    pub user_claim: String,
    /// Claims that must be there with these values: that of `token_type` is what tells access from
    /// refresh tokens of SimpleJWT.
    pub required: BTreeMap<String, String>,
}

/// A key of the service that was here before, and what its tokens look like.
#[derive(Clone, Debug)]
pub struct OlderKey {
    keys: KeyRing,
    tokens: OlderTokens,
}

/// What a good token of the service that was here before says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OlderClaims {
    /// Whose it is.
    pub user_id: UserId,
    /// All that it says.
    pub all: Map<String, Value>,
}

impl OlderKey {
    /// Its tokens may name it or not: most of them have no `kid`.
    ///
    /// # Errors
    ///
    /// None that can be provoked.
    pub(crate) fn new(id: &str, key: VerifyingKey, tokens: OlderTokens) -> Result<Self, KeyError> {
        let named = key.clone().with_id(Some(KeyId::new(id)?));
        Ok(Self {
            keys: KeyRing::new([named, key.with_id(None)])?,
            tokens,
        })
    }

    /// What a token says that is good now. One without an end is not.
    pub fn verify(&self, token: &str, now: UnixMillis) -> Option<OlderClaims> {
        let token = self.keys.verify_bytes(None, token).ok()?;
        let all: Map<String, Value> = serde_json::from_slice(&token.payload).ok()?;
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
        (is_now && has_all).then_some(OlderClaims {
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

    fn whose(claims: &Value) -> Option<String> {
        let tokens = OlderTokens {
            user_claim: "user_id".to_owned(),
            required: BTreeMap::from([("token_type".to_owned(), "access".to_owned())]),
        };
        let key = OlderKey::new("django", signing_key().verifying_key(), tokens).unwrap();
        let payload = claims.to_string();
        let token = signing_key().sign_bytes(None, payload.as_bytes()).unwrap();
        let claims = key.verify(&token, NOW)?;
        Some(claims.user_id.to_string())
    }

    fn claims() -> Value {
        json!({ "token_type": "access", "user_id": 7, "exp": 1_800_000_001 })
    }

    #[test]
    fn a_token_of_the_shape_that_was_told_says_whose_it_is() {
        assert_eq!(whose(&claims()).as_deref(), Some("7"));
        let mut text = claims();
        text["user_id"] = json!("7");
        assert_eq!(whose(&text).as_deref(), Some("7"));
    }

    #[test]
    fn a_token_of_any_other_shape_does_not() {
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
            assert_eq!(whose(&claims), None, "{claims}");
        }
    }

    #[test]
    fn a_token_of_another_key_does_not() {
        let key = OlderKey::new(
            "django",
            SigningKey::from_secret(HmacAlgorithm::HS256, &[8; 32], None)
                .unwrap()
                .verifying_key(),
            OlderTokens {
                user_claim: "user_id".to_owned(),
                required: BTreeMap::new(),
            },
        );
        let payload = claims().to_string();
        let token = signing_key().sign_bytes(None, payload.as_bytes()).unwrap();
        assert_eq!(key.unwrap().verify(&token, NOW), None);
    }
}
