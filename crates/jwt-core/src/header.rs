use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use crate::error::{Error, Malformed};
use crate::json;
use crate::key_id::KeyId;
use crate::token_type::TokenType;
use crate::{Algorithm, base64url};

/// The header parameters that are looked at (RFC 7515 §4.1). `jwk`, `jku`, `x5u` and `x5c` are
/// not among them: a token does not choose the key it is checked with.
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

/// A member that is there has a value: `null` would otherwise read as absent.
fn not_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    json: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(json).map(Some)
}

impl Header {
    pub(crate) fn decode(encoded: &str) -> Result<Self, Error> {
        let json = base64url::decode(encoded)?;
        if !json::is_strict_object(&json) {
            return Err(Malformed::Header.into());
        }
        let header: Header = serde_json::from_slice(&json).map_err(|_| Malformed::Header)?;
        match header.crit {
            Some(_) => Err(Error::CriticalHeader),
            None => Ok(header),
        }
    }
}

/// The header of a token that is signed here, base64url encoded.
pub(crate) fn encode(algorithm: Algorithm, typ: &TokenType, key_id: Option<&KeyId>) -> String {
    let mut header = serde_json::Map::new();
    header.insert("alg".into(), algorithm.name().into());
    header.insert("typ".into(), typ.as_str().into());
    if let Some(key_id) = key_id {
        header.insert("kid".into(), key_id.as_str().into());
    }
    base64url::encode(serde_json::Value::Object(header).to_string().as_bytes())
}
