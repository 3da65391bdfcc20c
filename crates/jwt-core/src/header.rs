use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use crate::algorithm::Algorithm;
use crate::error::{Error, Malformed};
use crate::key_id::KeyId;
use crate::token_type::TokenType;
use crate::{base64url, json};

/// The header parameters that are read (RFC 7515 §4.1). `jwk`, `jku`, `x5u` and `x5c` are ignored:
/// a token cannot choose the key that verifies it.
#[derive(Debug, Deserialize)]
pub(crate) struct Header {
    pub(crate) alg: String,
    #[serde(default, deserialize_with = "not_null")]
    pub(crate) kid: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    pub(crate) typ: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    crit: Option<IgnoredAny>,
}

/// Rejects `null`, which serde would otherwise read as an absent member.
pub(crate) fn not_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    json: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(json).map(Some)
}

impl Header {
    pub(crate) fn decode(encoded: &str) -> Result<Self, Error> {
        let json = String::from_utf8(base64url::decode(encoded)?).map_err(|_| Malformed::Header)?;
        let header: Header = json::from_str(&json).map_err(|_| Malformed::Header)?;
        match header.crit {
            Some(_) => Err(Error::CriticalHeader),
            None => Ok(header),
        }
    }

    /// Whether this is the header of a token of type `typ`.
    pub(crate) fn is_of(&self, typ: &TokenType) -> bool {
        self.typ.as_deref().is_some_and(|own| typ.matches(own))
    }
}

/// The header of a token that this crate signs, base64url encoded.
pub(crate) fn encode(algorithm: Algorithm, typ: Option<&TokenType>, id: Option<&KeyId>) -> String {
    let mut json = format!("{{\"alg\":\"{}\"", algorithm.name());
    for (name, value) in [
        ("typ", typ.map(TokenType::as_str)),
        ("kid", id.map(KeyId::as_str)),
    ] {
        if let Some(value) = value {
            // `Value` escapes the string as JSON requires.
            json.push_str(&format!(",\"{name}\":{}", serde_json::Value::from(value)));
        }
    }
    json.push('}');
    base64url::encode(json.as_bytes())
}
